"""Sources of elements: each is an async generator, opened again for every pass.

To add one: write the async generator here, a constructor in `dataset.py`, a test in `tests/data/`.
"""

from __future__ import annotations

import csv
import operator
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyengine.data.elements import Element, as_element, map_leaves
from pyengine.errors import ArgumentError, DataError, describe, unknown_name

_WRAPPER = {"value", "done"}


async def rows_of(arrays: Element, count: int) -> AsyncGenerator[Element, None]:
    """One element per row of the arrays."""
    if isinstance(arrays, tuple) and all(isinstance(array, np.ndarray) for array in arrays):
        for row in zip(*arrays, strict=True):
            yield row
    else:
        for i in range(count):
            yield map_leaves(operator.itemgetter(i), arrays)


async def items_of(produced: Any, described: str) -> AsyncGenerator[Element, None]:
    """The elements of an iterable, iterator or async iterator, or of an awaitable that gives one.

    `{"value": element}` and `{"value": element, "done": False}`, JavaScript's iterator results, are
    unwrapped; `done` that is true ends the pass.
    """
    if hasattr(produced, "__await__"):
        produced = await produced
    if isinstance(produced, (str, bytes, dict)) or not _iterable(produced):
        raise DataError(
            where=described,
            expected="to return an iterator or a list",
            got=describe(produced),
            fix="Give a function that yields elements, or that returns a list or an iterator of them.",
        )
    try:
        if hasattr(produced, "__aiter__"):
            async for item in produced:
                item, done = _unwrap(item)
                if done:
                    return
                yield as_element(item)
        else:
            for item in produced:
                item, done = _unwrap(item)
                if done:
                    return
                yield as_element(item)
    finally:
        if hasattr(produced, "aclose"):
            await produced.aclose()
        elif hasattr(produced, "close"):
            produced.close()


async def calls_of(function: Callable[[], Any], described: str) -> AsyncGenerator[Element, None]:
    """What a function returns, call after call, until it returns `{"done": True}`."""
    while True:
        item = function()
        if hasattr(item, "__await__"):
            item = await item
        if item is None:
            raise DataError(
                where=described,
                expected="to return an element",
                got="`None`",
                fix="Return `{'done': True}` to end the pass.",
            )
        item, done = _unwrap(item)
        if done:
            return
        yield as_element(item)


def _iterable(produced: Any) -> bool:
    return hasattr(produced, "__iter__") or hasattr(produced, "__aiter__")


def _unwrap(item: Any) -> tuple[Any, bool]:
    if isinstance(item, dict) and item and item.keys() <= _WRAPPER:
        return item.get("value"), bool(item.get("done", False))
    return item, False


class Once:
    """An iterator that was given in place of a function: good for one pass, an error in the second."""

    def __init__(self, iterator: Any, described: str) -> None:
        self.iterator = iterator
        self.described = described
        self.used = False

    def __call__(self) -> Any:
        if self.used:
            raise DataError(
                where=self.described,
                expected="to be read only once",
                got="a second pass (the next epoch)",
                fix="Give the function that makes it instead of the iterator itself: `from_generator(rows)`, not "
                "`from_generator(rows())`.",
            )
        self.used = True
        return self.iterator


class Fresh:
    """A function that makes iterators; giving the same one twice is an error, since it has nothing left."""

    def __init__(self, function: Callable[[], Any], described: str) -> None:
        self.function = function
        self.described = described
        self.last: Any = None

    def __call__(self) -> Any:
        produced = self.function()
        if produced is self.last and produced is not None and hasattr(produced, "__next__"):
            raise DataError(
                where=self.described,
                expected="to return a new iterator for every pass",
                got="the same one for a second pass (the next epoch), which is used up",
                fix="Make a new iterator in every call.",
            )
        self.last = produced
        return produced


async def csv_rows(
    path: Path, *, header: bool, columns: Sequence[str] | None, label: str | None, delimiter: str
) -> AsyncGenerator[Element, None]:
    """The rows of a CSV file: `{column: value}`, or `(x, y)` where one column is the label."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        names: list[str] | None = None
        for values in reader:
            if not values:
                continue  # an empty line, as at the end of many files
            if names is None:
                names = values if header else [str(i) for i in range(len(values))]
                wanted = _wanted_columns(path, names, columns, label)
                if header:
                    continue
            if len(values) != len(names):
                raise DataError(
                    where=str(path),
                    argument=f"line {reader.line_num}",
                    expected=f"{len(names)} values, for the columns {', '.join(names)}",
                    got=str(len(values)),
                    fix="Correct the line, or give another `delimiter`.",
                )
            row = dict(zip(names, values, strict=True))
            if label is None:
                yield {name: _value(row[name]) for name in wanted}
            else:
                numbers = [_number(row[name], name, path, reader.line_num) for name in (*wanted, label)]
                yield np.array(numbers[:-1], np.float32), np.float32(numbers[-1])


def _wanted_columns(
    path: Path, names: list[str], columns: Sequence[str] | None, label: str | None
) -> list[str]:
    if len(set(names)) < len(names):
        raise DataError(
            where=str(path),
            argument="columns",
            expected="names that differ",
            got=", ".join(names),
            fix="Rename them in the file, or read it with `header=False`.",
        )
    for name in (*(columns or ()), *([label] if label is not None else ())):
        if name not in names:
            raise unknown_name(f"column of {path}", name, names)
    wanted = list(columns) if columns is not None else [name for name in names if name != label]
    if label in wanted:
        raise ArgumentError(
            where="Dataset.from_csv",
            argument="columns",
            expected=f"columns other than the label, {label!r}",
            got=describe(columns),
            fix="Leave the label out of the columns.",
        )
    return wanted


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _number(text: str, column: str, path: Path, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(
            where=str(path),
            argument=f"line {line}, column {column!r}",
            expected="a number",
            got=describe(text),
            fix="Choose numeric columns with `columns=[…]`, or read without a label and convert with `map`.",
        ) from None
