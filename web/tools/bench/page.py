"""The steps of the engine in headless Chromium, from dist/site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from web.tools.bench.measure import BLOCK_SECONDS, BLOCKS, Result
from web.tools.bench.workloads import Workload
from web.tools.browser import launched
from web.tools.serve import serving
from web.tools.site import site

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).parent
LIMIT = """async (source) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  const python = await loadPyodide({ indexURL: "/pyodide/" });
  await python.loadPackage("numpy");
  python.runPython(source);
  return python.runPython("limit()");
}"""
MEASURE = """async (workload) => {
  const { loadPyEngine } = await import("/pyengine.js");
  const { measure } = await import("/bench/page.js");
  return measure(await loadPyEngine(), workload);
}"""


def results(workloads: list[Workload]) -> list[Result]:
    """Time each workload, in a page of its own."""
    found = []
    with serving(site(), mounts={"/bench/": HERE}) as address, launched() as browser:

        def ask(function: str, argument: Any) -> Any:
            page: Page = browser.new_page()
            try:
                page.goto(f"{address}bench/page.html")
                return page.evaluate(function, argument)
            finally:
                page.close()

        top = ask(LIMIT, (HERE / "limit.py").read_text())
        for workload in workloads:
            answer = ask(MEASURE, described(workload))
            found.append(Result("browser", workload, answer["losses"], answer["milliseconds"], top))
            print(found[-1], flush=True)
    return found


def described(workload: Workload) -> dict[str, Any]:
    """The workload as the page takes it."""
    x, y = workload.data()
    return {
        "inputShape": workload.input_shape,
        "batch": workload.batch,
        "optimizer": workload.optimizer,
        "loss": workload.loss,
        "layers": workload.layers,
        "x": x.ravel().tolist(),
        "y": y.ravel().tolist(),
        "yShape": y.shape[1:],
        "weights": [(array.ravel().tolist(), array.shape) for array in workload.weights()],
        "checked": len(workload.losses),
        "blocks": BLOCKS,
        "blockSeconds": BLOCK_SECONDS,
    }
