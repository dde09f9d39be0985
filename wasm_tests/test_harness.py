"""The harness itself: it sees what it is there to see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import BLANK, Complaints, long_tasks, run

BUSY = (
    "(milliseconds) => { const start = performance.now(); while (performance.now() - start < milliseconds); }"
)


def test_a_task_of_80_ms_is_seen_as_long(page: Page) -> None:
    page.goto(BLANK)
    with long_tasks(page) as tasks:
        run(page, BUSY, 80)
    assert len(tasks) == 1
    assert tasks.longest >= 80


def test_short_tasks_are_not_seen_as_long(page: Page) -> None:
    page.goto(BLANK)
    with long_tasks(page) as tasks:
        for _ in range(3):
            run(page, BUSY, 5)
    assert tasks.longest == 0


@pytest.mark.parametrize(
    ("deed", "complaint"),
    [
        (
            "() => { setTimeout(() => { throw new Error('out of ink'); }); }",
            "nobody caught: Error: out of ink",
        ),
        ("() => { Promise.reject(new Error('broken word')); }", "nobody caught: Error: broken word"),
        ("() => console.error('a red line')", "on the console: a red line"),
        ("() => { fetch('http://example.org/').catch(() => {}); }", "another host: http://example.org/"),
        ("() => { fetch('/no-such-file').catch(() => {}); }", "status of 404"),
    ],
    ids=["error", "rejection", "console", "other host", "missing file"],
)
def test_what_goes_wrong_in_a_page_is_complained_about(
    page: Page, complaints: Complaints, deed: str, complaint: str
) -> None:
    page.goto(BLANK)
    page.evaluate(deed)
    page.wait_for_timeout(300)
    with pytest.raises(AssertionError, match=complaint):
        complaints.settle()
    assert complaints == []


def test_other_hosts_cannot_be_reached(page: Page, complaints: Complaints) -> None:
    page.goto(BLANK)
    answer = page.evaluate(
        "() => fetch('http://localhost.example.org/').then(() => 'reached', () => 'not reached')"
    )
    assert answer == "not reached"
    complaints.clear()


def test_python_loads_the_engine_by_its_name(page: Page) -> None:
    page.goto(BLANK)
    names = page.evaluate(
        """async () => {
          const { loadPyodide } = await import("/pyodide/pyodide.mjs");
          const python = await loadPyodide({ indexURL: "/pyodide/" });
          const loaded = await python.loadPackage("pyengine");
          python.runPython("import pyengine.errors, numpy");
          return loaded.map((item) => item.name).sort();
        }"""
    )
    assert names == ["numpy", "pyengine"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("pyodide/pyodide.mjs", "text/javascript"),
        ("pyodide/pyodide.asm.wasm", "application/wasm"),
        ("vendor/uplot/uPlot.min.css", "text/css"),
        ("data/mnist/t10k-labels-idx1-ubyte.gz", "application/gzip"),
        (BLANK, "text/html"),
    ],
)
def test_files_are_served_as_what_they_are(page: Page, address: str, kind: str) -> None:
    answer = page.request.head(f"/{address}")
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert "content-encoding" not in answer.headers
