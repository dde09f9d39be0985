"""Docstrings of layers: their section of arguments completed by those of the weights and of the bases."""

from __future__ import annotations

import inspect
import re

from pyengine.layers.weight import declared, documentation

SECTION = re.compile(r"^Arguments:(?: see `\w+`\.)?\n((?:    .*\n?)*)", re.MULTILINE)
ENTRY = re.compile(r"^    (?! ).*\n?(?:     .*\n?)*", re.MULTILINE)
BASE = re.compile(r"^    …: see `\w+`\.|^Arguments: see `\w+`\.", re.MULTILINE)


def documented(cls: type) -> str:
    """The class's docstring, in which "see `Base`" has become what the base says, and each weight's arguments stand.

    >>> from pyengine import layers
    >>> "return_sequences: " in layers.LSTM.__doc__, "recurrent_initializer, " in layers.LSTM.__doc__
    (True, True)
    """
    text = inspect.cleandoc(vars(cls).get("__doc__") or "")
    section = SECTION.search(text)
    weights = documentation(declared(cls).values())
    if section is None or not (weights or BASE.search(section[0])):
        return text
    entries = [entry for entry in ENTRY.findall(section[1]) if not entry.startswith("    …")]
    if BASE.search(section[0]):
        told = {names(entry) for entry in entries}
        entries += [entry for entry in of_base(cls) if names(entry) not in told]
    entries = [entry.rstrip("\n") for entry in entries if not names(entry).endswith(KINDS)]
    lines = [*entries, *(f"    {line}" for line in weights)]
    return f"{text[: section.start()]}Arguments:\n" + "\n".join(lines) + f"\n{text[section.end() :]}"


KINDS = ("_initializer", "_regularizer", "_constraint")


def names(entry: str) -> str:
    """What an entry is about: "units", or "center, scale"."""
    return entry.strip().split(":")[0]


def of_base(cls: type) -> list[str]:
    """The entries of the nearest base that has some."""
    for base in cls.__mro__[1:]:
        section = SECTION.search(inspect.cleandoc(vars(base).get("__doc__") or ""))
        if section is not None:
            return ENTRY.findall(section[1])
    return []
