"""The JavaScript of the README runs in a page as it stands, given images `xs` and their labels `ys`."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route

from tests.test_repository import readme_blocks
from wasm_tests.harness import BLANK

BLOCKS = [pytest.param(*block, id=f"line {block[0]}") for block in readme_blocks("js")]
SUPPLY = """() => {
  const list = (length, value) => Array.from({ length }, (_, index) => value(index));
  const table = (columns, value) => list(64, (row) => list(columns, (column) => value(row, column)));
  globalThis.xs = table(784, (row, column) => ((row * column) % 7) / 7);
  globalThis.ys = table(10, (row, column) => Number(column === row % 10));
}"""


@pytest.mark.parametrize(("line", "code"), BLOCKS)
def test_javascript_of_the_readme_runs(page: Page, line: int, code: str) -> None:
    def answer(route: Route) -> None:
        # Empty lines before it: an error then names the line of the README.
        route.fulfill(body="\n" * (line - 1) + code, content_type="text/javascript")

    page.route("**/README.js", answer)
    page.goto(BLANK)
    page.evaluate(SUPPLY)
    page.evaluate("async () => { await import('/README.js'); }")
