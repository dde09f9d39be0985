"""The JSDoc of every public function says what it does, what it takes, returns and throws, and shows it.

The examples run in `wasm_tests/test_jsdoc_examples.py`.
"""

from __future__ import annotations

import re

import pytest

from tests.jsdoc import Member, members


def lacking(member: Member) -> list[str]:
    """The parts that its JSDoc does not have."""
    lacks = []
    if len(member.description.split()) < 2 or not re.search(r"[.:;)]$", member.description):
        lacks.append("description")
    said = {}
    for text in member.tags("param"):
        found = re.match(r"(\{.*\}\s+)(\[?)(?:\.\.\.)?(\w+)(?:=([^\]]*))?\]?\s*(.*)", text, re.DOTALL)
        assert found, f"{member.name}: {text}"
        said[found[3]] = found
    for name, default in member.parameters.items():
        if name not in said:
            lacks.append(f"@param {name}")
        elif not said[name][5]:
            lacks.append(f"meaning of {name}")
        elif (said[name][2] or default) and not (said[name][4] or "default" in said[name][5].lower()):
            lacks.append(f"default of {name}")
        elif said[name][4] and default and " " not in default and said[name][4] != default:
            lacks.append(f"default of {name}: {default}")
    lacks += [
        f"no such parameter: {name}" for name in said if member.parameters and name not in member.parameters
    ]
    if member.returns and not member.tags("returns"):
        lacks.append("@returns")
    if re.search(r"\bthrow\b", member.body) and not member.tags("throws"):
        lacks.append("@throws")
    if member.kind == "function" and not member.tags("example"):
        lacks.append("@example")
    return lacks


@pytest.mark.parametrize("name", members())
def test_public_jsdoc_has_every_part_that_applies(name: str) -> None:
    assert not lacking(members()[name])
