"""Datasets that JavaScript feeds, and elements on their way between the two.

A plain JavaScript array of numbers is an array here but shall be a plain array again when a JavaScript function
sees it, so such arrays carry a mark: `Plain`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import tempfile
from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pyengine.bridge.crossing import outward, page
from pyengine.data import Dataset
from pyengine.errors import ArgumentError, DataError


class Plain(np.ndarray):
    """An array that was a plain JavaScript array and is converted back to one."""


def parcel_element(parcel: Any) -> Any:
    """The element in a parcel of the page: [layout, numbers], or [element] where it crossed part by part."""
    if len(parcel) == 1:
        return parcel[0]
    numbers = np.frombuffer(parcel[1].to_bytes(), np.float64)
    element, _ = laid_out(layout(parcel[0]), numbers, 0)
    return element


@lru_cache(maxsize=64)
def layout(text: str) -> Any:
    return json.loads(text)


def laid_out(plan: Any, numbers: np.ndarray, begin: int) -> tuple[Any, int]:
    """The element that a layout describes, from its numbers; and where the next one's begin.

    >>> laid_out({"map": {"xs": {"plain": [2], "dtype": "float32"}, "ys": "number"}}, np.array([3.0, 4.0, 1.0]), 0)
    ({'xs': Plain([3., 4.], dtype=float32), 'ys': 1.0}, 3)
    """
    if plan == "number":
        return float(numbers[begin]), begin + 1
    if plan == "boolean":
        return bool(numbers[begin]), begin + 1
    if "map" in plan:
        element = {}
        for name, part in plan["map"].items():
            element[name], begin = laid_out(part, numbers, begin)
        return element, begin
    if "list" in plan:
        parts = []
        for part in plan["list"]:
            value, begin = laid_out(part, numbers, begin)
            parts.append(value)
        return tuple(parts), begin
    shape = plan["plain"] if "plain" in plan else plan["tensor"]
    end = begin + math.prod(shape)
    array = numbers[begin:end].reshape(shape).astype(plan["dtype"])
    return (array.view(Plain) if "plain" in plan else array), end


def element_outward(element: Any) -> Any:
    """An element as JavaScript functions see it: Tensors, numbers, plain arrays and objects of them."""
    if isinstance(element, Plain):
        return page.make.nested(outward(np.asarray(element)))
    if isinstance(element, (list, tuple)):
        return page.make.list(*map(element_outward, element))
    if isinstance(element, Mapping):
        flat = [part for key, value in element.items() for part in (str(key), element_outward(value))]
        return page.make.map(*flat)
    return outward(element)


def from_reader(open_reader: Any, name: str, size: int | None = None) -> Dataset:
    """A dataset whose elements come from the page.

    Arguments:
        open_reader: called for every pass; gives an object with `next()`, which returns a
            parcel (see `parcel_element`), a promise of one, or null at the end, and `close()`.
        name: of the source, for errors.
        size: how many elements a pass has, None where only reading tells.
    """

    async def elements() -> AsyncGenerator[Any, None]:
        reader = open_reader()
        cancelled = False
        try:
            while True:
                item = reader.next()
                if hasattr(item, "then"):
                    item = await item
                if item is None:
                    return
                yield parcel_element(item)
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            closing = reader.close()
            # JavaScript closes an async generator behind its next element, which may never come.
            if hasattr(closing, "then") and not cancelled:
                await closing

    elements.__name__ = elements.__qualname__ = name
    dataset = Dataset.from_generator(elements)
    dataset._size = size
    return dataset


def from_arrays(element: Any) -> Dataset:
    """One element per row of an array, or of each array in a map."""
    return Dataset.from_arrays(element)


def zipped(datasets: Any) -> Dataset:
    return Dataset.zip(datasets)


def from_csv(fetch_text: Any, address: str, settings: Mapping[str, Any]) -> Dataset:
    """The rows of a CSV file that the page fetches again for every pass.

    With labels, elements are {"xs": {column: value}, "ys": {column: value}}, as TensorFlow.js gives them.
    """

    async def read() -> AsyncGenerator[Any, None]:
        text = await fetch_text()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, PurePosixPath(address).name or "rows.csv")
            path.write_text(text)
            async for row in Dataset.csv(
                path, columns=settings["columns"], header=settings["header"], delimiter=settings["delimiter"]
            ):
                yield row

    rows = Dataset.from_generator(read)
    names = settings["names"]
    if names:
        rows = rows.map(lambda row: dict(zip(names, row.values(), strict=True)))
    labels = set(settings["labels"])
    defaults, required = settings["defaults"], {*settings["required"], *labels}

    def filled(row: dict[str, Any]) -> dict[str, Any]:
        for name, value in row.items():
            if value == "" and name in required and name not in defaults:
                raise DataError(
                    where="tf.data.csv",
                    expected=f"a value in every row of column {name!r}, which is required or a label",
                    got="an empty field",
                    fix="Give the column a default in columnConfigs.",
                )
        return {name: defaults.get(name, value) if value == "" else value for name, value in row.items()}

    rows = rows.map(filled)
    if not labels:
        return rows

    def split(row: dict[str, Any]) -> dict[str, Any]:
        missing = labels - row.keys()
        if missing:
            raise ArgumentError(
                where="tf.data.csv",
                argument="columnConfigs",
                expected=f"labels among the columns {', '.join(row)}",
                got=", ".join(sorted(missing)),
                fix="Correct the names, or give columnNames.",
            )
        return {
            "xs": {name: value for name, value in row.items() if name not in labels},
            "ys": {name: value for name, value in row.items() if name in labels},
        }

    return rows.map(split)


class Reading:
    """One pass over a dataset, element by element, for the page."""

    def __init__(self, dataset: Dataset) -> None:
        self._elements = aiter(dataset)

    async def next(self) -> Any:
        """The next element in a list, or None at the end."""
        try:
            return page.make.list(element_outward(await anext(self._elements)))
        except StopAsyncIteration:
            return None

    async def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            await self._elements.aclose()  # type: ignore[attr-defined]


def mapped(dataset: Dataset, function: Any, name: str) -> Dataset:
    def call(element: Any) -> Any:
        result = function(element_outward(element))
        return later(result) if hasattr(result, "then") else parcel_element(result)

    async def later(promise: Any) -> Any:
        return parcel_element(await promise)

    call.__name__ = call.__qualname__ = name or "function"
    return dataset.map(call)


def filtered(dataset: Dataset, predicate: Any, name: str) -> Dataset:
    def call(element: Any) -> Any:
        return predicate(element_outward(element))

    call.__name__ = call.__qualname__ = name or "function"
    return dataset.filter(call)
