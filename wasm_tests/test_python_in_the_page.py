"""Python code in a page, without the JavaScript face: the same wheel, blocking calls, the page alive."""

from __future__ import annotations

import json

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


TRAINING = """
import asyncio
import js
import numpy as np
import pyengine
from pyengine import layers
from pyengine.training import host

turns = []  # how many frames or messages there had been at each pause
pause = host.pause

async def noted():
    turns.append(js.turns)
    await pause()

host.pause = noted
model = pyengine.Sequential([layers.Dense(64, activation="relu", input_shape=(256,)), layers.Dense(4)])
model.compile("adam", "mse")
x = np.ones((4000, 256), "float32")
await model.fit_async(x, x[:, :4], epochs=100, verbose=0)
host.pause = pause
turns.append(js.turns)
turns
"""

FRAMES = """async (program) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  const pyodide = await loadPyodide({ indexURL: "/pyodide/" });
  await pyodide.loadPackage("pyengine", { messageCallback() {} });
  await pyodide.runPythonAsync("import pyengine");
  globalThis.turns = 0;
  const box = document.body.appendChild(document.createElement("p"));
  const frame = () => {
    globalThis.turns += 1;
    box.textContent = `Frame ${globalThis.turns}`; // there is something to paint
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return (await pyodide.runPythonAsync(program)).toJs();
}"""


def test_training_in_a_python_of_ones_own_lets_every_due_frame_come(page: Page) -> None:
    """A stretch of work takes as long as a frame: with asyncio's own pauses, half of the frames are late."""
    page.goto(BLANK)
    turns = page.evaluate(FRAMES, TRAINING)
    assert len(turns) > 20
    assert turns[-1] - turns[0] > 0.8 * len(turns)


WORKER = """
  import { loadPyodide } from "/pyodide/pyodide.mjs";
  const pyodide = await loadPyodide({ indexURL: "/pyodide/" });
  await pyodide.loadPackage("pyengine", { messageCallback() {} });
  await pyodide.runPythonAsync("import pyengine");
  globalThis.turns = 0;
  onmessage = () => {
    globalThis.turns += 1;
    postMessage(null);
  };
  postMessage(null);
  const turns = await pyodide.runPythonAsync(PROGRAM);
  postMessage(turns.toJs());
"""

IN_WORKER = """(source) => new Promise((resolve, reject) => {
  const text = source.replaceAll('"/', `"${location.origin}/`);
  const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })), { type: "module" });
  worker.onerror = (event) => reject(new Error(event.message));
  worker.onmessage = ({ data }) => {
    if (data) resolve(data);
    else worker.postMessage(null); // as soon as it has answered: one message a turn
  };
})"""


def test_training_in_a_worker_answers_messages_meanwhile(page: Page) -> None:
    """Each answer makes the page send the next message, so there is not one at every pause."""
    page.goto(BLANK)
    turns = page.evaluate(IN_WORKER, WORKER.replace("PROGRAM", json.dumps(TRAINING)))
    assert len(turns) > 20
    assert turns[-1] - turns[0] > 0.25 * len(turns)
