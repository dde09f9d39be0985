"""Calls as people write them for TensorFlow.js: every example runs as it stands, given a `tf`."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import run

EXAMPLES = Path(__file__).parent / "pages" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.js") if path.stem != "supply")


@pytest.mark.parametrize("name", NAMES)
def test_example_runs(engine: Page, name: str) -> None:
    run(engine, "async (name) => (await import(`/wasm_tests/examples/${name}.js`)).default(tf)", name)
