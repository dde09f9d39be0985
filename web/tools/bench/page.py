"""Headless Chromium: the engine from dist/site, and TensorFlow.js beside it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyengine.bridge import names
from pyengine.names import camel
from web.tools.bench import peak
from web.tools.bench.steps import BLOCK_SECONDS, BLOCKS, REPEATED
from web.tools.bench.workloads import Charlm, Workload
from web.tools.browser import launch_browser
from web.tools.failure import StepFailed, run
from web.tools.paths import CACHE
from web.tools.serve import serving
from web.tools.site import site
from web.tools.stamps import alone, fingerprint, is_fresh, write_stamp

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Found = dict[str, Any]
HERE = Path(__file__).parent
SOURCES = ("workloads.py", "kernels.py", "steps.py", "charlm.py", "planning.py")
MINUTES = 60_000

# The Python of a page, with this package's own files in it.
PYTHON = """async ([sources, executor]) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  window.python = await loadPyodide({ indexURL: "/pyodide/", env: { PYENGINE_EXECUTOR: executor } });
  await python.loadPackage("pyengine", { messageCallback: () => {} });
  const folder = "/bench/web/tools/bench";
  python.FS.mkdirTree(folder);
  for (const [name, text] of Object.entries(sources)) python.FS.writeFile(`${folder}/${name}`, text);
  python.runPython("import sys; sys.path.insert(0, '/bench')");
}"""
KERNELS = """([library, names]) => {
  python.FS.writeFile("/bench/peak.wasm", Uint8Array.from(atob(library), (c) => c.charCodeAt(0)));
  python.globals.set("names", python.toPy(names));
  python.globals.set("tell", (row) => window.tell(row));
  return python.runPython(`
from web.tools.bench import kernels
kernels.everything("/bench/peak.wasm", list(names), tell)
`);
}"""
STEPS = """(name) => {
  python.globals.set("name", name);
  return python.runPython("from web.tools.bench import steps; steps.answer(name)");
}"""
PLANNING = """() => python.runPython("from web.tools.bench import planning; planning.answer()")"""
ENGINE = """async (simd) => {
  const { loadPyEngine } = await import("/pyengine.js");
  window.tf = await loadPyEngine({ simd });
}"""
TENSORFLOW = """async () => {
  const script = (name) => new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: `/npm/@tensorflow/${name}`, onload: resolve, onerror: reject });
    document.head.append(element);
  });
  await script("tfjs/dist/tf.min.js");
  await script("tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  tf.wasm.setWasmPaths("/npm/@tensorflow/tfjs-backend-wasm/dist/");
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // one thread, as ours
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js has no wasm backend here");
  await tf.ready();
}"""
MEASURE = """async ([workload, foreign]) => (await import("/bench/page.js")).measure(tf, workload, foreign)"""
PRODUCTS = """async (sizes) => (await import("/bench/page.js")).products(tf, sizes)"""


class Pages:
    """One browser and the served site; every measurement gets a page of its own."""

    def __init__(self, browser: Browser, address: str):
        self.browser, self.address = browser, address

    @contextmanager
    def page(self, start: str, argument: Any = None) -> Iterator[Any]:
        page = self.browser.new_page()
        page.set_default_timeout(10 * MINUTES)
        try:
            page.goto(f"{self.address}bench/page.html")
            page.evaluate(start, argument)
            yield page
        finally:
            page.close()

    def python(self, mode: str) -> Any:
        """A page with Python in it, for what has no face in JavaScript."""
        sources = {name: (HERE / name).read_text() for name in SOURCES}
        return self.page(PYTHON, [sources, f"simd:{mode}"])

    def measure_kernels(self, mode: str, names_: list[str], tell: Callable[[Found], None]) -> Found:
        """Limits of this browser and rows of kernels."""
        library = base64.b64encode(peak.wasm(mode).read_bytes()).decode()
        with self.python(mode) as page:
            page.expose_function("tell", lambda row: tell(json.loads(row)))
            return json.loads(page.evaluate(KERNELS, [library, names_]))

    def measure_workload(self, mode: str, workload: Workload) -> Found:
        """Through the JavaScript face; what only the Python face can build, through that."""
        if isinstance(workload, Charlm):
            with self.python(mode) as page:
                return json.loads(page.evaluate(STEPS, workload.name))
        with self.page(ENGINE, mode) as page:
            return page.evaluate(MEASURE, [workload_for_page(workload), False])

    def measure_planning(self, mode: str) -> Found:
        """Through the Python face: the work is the same in both."""
        with self.python(mode) as page:
            return json.loads(page.evaluate(PLANNING))

    def measure_tensorflow(self, workload: Workload) -> Found:
        """The same in TensorFlow.js; {"error"} says what it cannot do."""
        if isinstance(workload, Charlm):
            return {"error": "it has no attention layer"}
        from playwright.sync_api import Error

        with self.page(TENSORFLOW) as page:
            try:
                return page.evaluate(MEASURE, [workload_for_page(workload), True])
            except Error as error:
                return {"error": error.message.splitlines()[0].removeprefix("Page.evaluate: Error: ")}

    def measure_products(self, mode: str | None, sizes: list[int]) -> list[float]:
        """GFLOP/s of tf.matMul with its result read; mode None is TensorFlow.js."""
        start, argument = (ENGINE, mode) if mode else (TENSORFLOW, None)
        with self.page(start, argument) as page:
            return page.evaluate(PRODUCTS, sizes)

    @property
    def version(self) -> str:
        return f"Chromium {self.browser.version}"


@contextmanager
def pages(*, tensorflow: bool) -> Iterator[Pages]:
    """A browser that can open the site, and TensorFlow.js if asked."""
    mounts = {"/bench/": HERE}
    if tensorflow:
        mounts["/npm/"] = packages()
    with serving(site(), mounts=mounts) as address, launch_browser() as browser:
        yield Pages(browser, address)


def packages() -> Path:
    """TensorFlow.js from npm, which nothing but this benchmark needs: in a folder of its own, as its lockfile says."""
    folder = CACHE / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    listed = [HERE / "package.json", HERE / "package-lock.json"]
    with alone("bench"):
        key = fingerprint(listed)
        if not is_fresh(folder / "installed", key, [folder / "node_modules"]):
            npm = shutil.which("npm")
            if npm is None:
                raise StepFailed(
                    "npm", happened="there is none on PATH", remedy="Install Node.js 18 or newer with npm."
                )
            for path in listed:
                shutil.copy(path, folder)
            print("Installing TensorFlow.js, to compare with", flush=True)
            run([npm, "ci"], folder=folder, needed="TensorFlow.js from npm", remedy="Check `npm ping`.")
            write_stamp(folder / "installed", key)
    return folder / "node_modules"


def workload_for_page(workload: Workload) -> Found:
    """The workload as the page takes it: names as JavaScript has them."""
    x, y = workload.data()
    layers = [
        (names.factory(name), {camel(key): value for key, value in settings.items()})
        for name, settings in workload.layers
    ]
    return {
        "inputShape": workload.input_shape,
        "batch": workload.batch,
        "optimizer": workload.optimizer,
        "loss": camel(workload.loss),
        "layers": layers,
        "x": x.ravel().tolist(),
        "y": y.ravel().tolist(),
        "yShape": y.shape[1:],
        "weights": [
            [(array.ravel().tolist(), array.shape) for array in arrays] for arrays in workload.weights()
        ],
        "checked": len(workload.losses),
        "blocks": BLOCKS,
        "blockSeconds": BLOCK_SECONDS,
        "repeated": REPEATED,
    }
