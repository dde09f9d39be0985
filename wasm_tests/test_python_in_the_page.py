"""Python code in a page, without the JavaScript face: the same wheel, blocking calls, the page alive."""

from __future__ import annotations

from playwright.sync_api import Page

from wasm_tests.harness import BLANK

PROGRAM = """
import numpy as np
import pyengine
from pyengine import layers
pyengine.set_random_seed(1)
model = pyengine.Sequential([layers.Dense(64, activation="relu", input_shape=(256,)), layers.Dense(4)])
model.compile("adam", "mse")
x = pyengine.random.uniform((1, 2), (2000, 256))
history = model.fit(x, x[:, :4], epochs=300, verbose=0)
history.history["loss"]
"""

TICKING = """async (program) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  const pyodide = await loadPyodide({ indexURL: "/pyodide/" });
  await pyodide.loadPackage("pyengine", { messageCallback() {} });
  await pyodide.runPythonAsync("import pyengine");
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 20);
  const losses = (await pyodide.runPythonAsync(program)).toJs();
  clearInterval(timer);
  return { losses, ticks, switching: "Suspending" in WebAssembly };
}"""


def test_a_blocking_fit_lets_the_page_live_on_where_stacks_can_be_switched(page: Page) -> None:
    page.goto(BLANK)
    result = page.evaluate(TICKING, PROGRAM)
    assert result["switching"], "Chromium has stack switching; the fall-back is tested in CPython"
    assert result["losses"][-1] < result["losses"][0]
    assert result["ticks"] >= 3


PRODUCT = """
import numpy as np
from pyengine import executors, ops
from pyengine.ops.matmul import Matmul

executors.default()  # its self-test compares with what is refused below

def refuse(*arrays):
    raise AssertionError("NumPy was asked")

Matmul.evaluate = refuse
random = np.random.default_rng(1)
a, b = random.normal(size=(2, 100, 100)).astype("float32")
float(np.abs(ops.matmul(a, b) - a @ b).max())
"""

ONCE = """async (program) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  const pyodide = await loadPyodide({ indexURL: "/pyodide/" });
  await pyodide.loadPackage("pyengine", { messageCallback() {} });
  return pyodide.runPython(program);
}"""


def test_products_of_arrays_are_the_librarys(page: Page) -> None:
    page.goto(BLANK)
    assert page.evaluate(ONCE, PRODUCT) < 1e-4
