"""The examples in the JSDoc of public functions run in a page and give what they say."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page

from tests.jsdoc import members
from wasm_tests.harness import run

EXAMPLES = {name: example for name, member in members().items() for example in member.tags("example")}
SAYS = re.compile(r"^(.*\S) {2}// (.*)$")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_what_it_says(engine: Page, name: str) -> None:
    lines, expected = [], []
    for line in EXAMPLES[name].split("\n"):
        if says := SAYS.match(line):
            lines.append(f"found.push({says[1]});")
            expected.append(json.loads(says[2]))
        else:
            lines.append(line)
    code = "\n".join(lines)
    assert run(engine, f"async () => {{ const found = []; {{\n{code}\n}} return found; }}") == expected
