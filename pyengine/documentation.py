"""Docstrings without repetition: what follows from the signature and the base classes is filled in.

A class writes what is its own. When its `__doc__` is read, arguments that it leaves to a base ("see `Loss`", or not
mentioned at all) are described as there, defaults are those of the signature, and shapes and errors that it does not
mention are those of the nearest base that does.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

TITLES = ("Shapes", "Weights", "Arguments", "Attributes", "Returns", "Errors")
TITLE = re.compile(rf"({'|'.join(TITLES)}):")
SOURCE = re.compile(r"Source|Agrees with")
LAST = re.compile(r">>> |Source|Agrees with")
REFERENCE = re.compile(r"see `\w+`\.?$")
Entries = dict[tuple[str, ...], str]


class Documentation:
    """A class's `__doc__`, completed when it is first read."""

    def __init__(self, written: str):
        self.written = written
        self.complete: str | None = None

    def __get__(self, instance: Any, cls: type) -> str:
        if self.complete is None:
            self.complete = complete_docstring(cls)
        return self.complete


def source_docstring(cls: type) -> str:
    """The docstring as written in the source."""
    text = vars(cls).get("__doc__") or ""
    return inspect.cleandoc(text.written if isinstance(text, Documentation) else text)


def complete_docstring(cls: type) -> str:
    """The class's docstring with what its signature and its bases add.

    >>> from pyengine import optimizers
    >>> [line for line in complete_docstring(optimizers.AdamW).splitlines() if line.startswith("    beta_1")]
    ['    beta_1: β₁, 0 ≤ β₁ < 1. Default 0.9.']
    """
    head, sections, tail = parts(source_docstring(cls))
    bases = [parts(source_docstring(base))[1] for base in cls.__mro__[1:]]
    arguments = argument_lines(cls, [entries(each.get("Arguments", [])) for each in (sections, *bases)])
    if arguments:
        sections["Arguments"] = ["Arguments:", *arguments]
    for title in ("Shapes", "Errors"):
        inherited = (each[title] for each in bases if title in each)
        if title not in sections and (lines := next(inherited, None)):
            sections[title] = lines
    middle = [line for title in TITLES for line in sections.get(title, [])]
    return "\n\n".join(filter(None, ("\n".join(lines).strip("\n") for lines in (head, middle, tail)))) + "\n"


def parts(text: str) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """The lines before the sections, those of each section by title, and those behind them: example, then source."""
    head: list[str] = []
    sections: dict[str, list[str]] = {}
    tail: list[str] = []
    current, lines = head, text.splitlines()
    for number, line in enumerate(lines):
        found = TITLE.match(line)
        if current is head and LAST.match(line):
            current = tail
        if found and current is not tail:
            current = sections[found[1]] = []
        elif not line and current not in (head, tail):
            if not any(map(TITLE.match, lines[number + 1 : number + 2])):
                current = tail
            else:
                continue
        current.append(line)
    paragraphs = "\n".join(tail).strip("\n").split("\n\n")
    paragraphs.sort(key=lambda paragraph: bool(SOURCE.match(paragraph)))
    return head, sections, "\n\n".join(paragraphs).splitlines()


def entries(section: Iterable[str]) -> Entries:
    """What a section says of each argument, by the names that stand together; references left out."""
    found: Entries = {}
    names: tuple[str, ...] = ()
    for line in section:
        if line.startswith("     ") and names:
            found[names] += f"\n{line}"
        elif line.startswith("    "):
            listed, _, text = line.strip().partition(": ")
            names = tuple(listed.split(", "))
            found[names] = text
    return {names: text for names, text in found.items() if not REFERENCE.search(text)}


def argument_lines(cls: type, levels: list[Entries]) -> list[str]:
    """A line (or more) for the arguments of a constructor, in their order, with their defaults.

    Arguments:
        cls: the class.
        levels: what it and its bases say, the nearest first.
    """
    parameters = {
        name: parameter.default
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    generated: Entries = getattr(cls, "described_arguments", dict)()
    texts: dict[str, tuple[tuple[str, ...], str]] = {}
    for level in (generated, *levels):
        for names, text in level.items():
            kept = tuple(name for name in names if name in parameters and name not in texts)
            texts.update((name, (kept, text)) for name in kept)
    for name in texts.keys() - parameters.keys():
        del texts[name]
    lines = dict.fromkeys(texts[name] for name in parameters if name in texts)
    variadic = [f"    {', '.join(names)}: {text}" for names, text in levels[0].items() if names[0][0] == "*"]
    return [
        f"    {', '.join(names)}: {with_defaults(text, [parameters[name] for name in names])}"
        for names, text in lines
    ] + variadic


def with_defaults(text: str, defaults: list[Any]) -> str:
    """The text of an argument, its default behind it unless it is mentioned.

    >>> with_defaults("fraction that is dropped.", [0.5])
    'fraction that is dropped. Default 0.5.'
    """
    given_defaults = [default for default in defaults if default is not inspect.Parameter.empty]
    if (
        not given_defaults
        or "default" in text.lower()
        or REFERENCE.search(text)
        or (given_defaults == [None] and "None" in text)
    ):
        return text
    listed = list(map(shown, given_defaults))
    alike = len({*listed}) == 1
    return f"{text} Default {listed[0]}." if alike else f"{text} Defaults {', '.join(listed)}."


def shown(default: Any) -> str:
    if isinstance(default, str):
        return f'"{default}"'
    return default.__name__ if callable(default) and hasattr(default, "__name__") else repr(default)
