"""TensorFlow.js code runs as it is written: each file of examples/ in a page with the engine as `tf`.

An example throws where something is not as it must be. To add one: a file there whose default export takes `tf`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

EXAMPLES = Path(__file__).parent / "examples"
HELPERS = {"check", "data", "base"}
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.js") if path.stem not in HELPERS)

RUN = """async (name) => {
  const { default: example } = await import(`/examples/${name}.js`);
  await example(tf);
}"""


@pytest.mark.parametrize("name", NAMES)
def test_example(engine: Page, name: str) -> None:
    def answer(route: Route) -> None:
        file = EXAMPLES / route.request.url.rpartition("/")[2]
        route.fulfill(body=file.read_text(encoding="utf-8"), content_type="text/javascript")

    engine.route("**/examples/*.js", answer)
    engine.evaluate(RUN, name)
