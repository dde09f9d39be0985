"""Transformations of elements: each stage is an async generator over the one before it.

A stage that ends early closes the stage it reads from, so a file or a generator at the source is closed as soon as
no more of it is needed.

To add one: write the async generator here, a method in `dataset.py`, a row in `tests/data/test_dataset.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from typing import Any

from pyengine import random
from pyengine.data.elements import Element, as_element, stack, unstack
from pyengine.errors import DataError

Stage = AsyncGenerator[Element, None]
Open = Callable[[], Stage]


async def batch(upstream: Stage, size: int, drop_remainder: bool) -> Stage:
    """`size` elements at a time, stacked."""
    async with aclosing(upstream):
        elements: list[Element] = []
        begin = 0
        async for element in upstream:
            elements.append(element)
            if len(elements) == size:
                yield stack(elements, first=begin)
                elements = []
                begin += size
        if elements and not drop_remainder:
            yield stack(elements, first=begin)


async def unbatch(upstream: Stage) -> Stage:
    """The rows of every element, one by one."""
    async with aclosing(upstream):
        async for element in upstream:
            for row in unstack(element):
                yield row


async def shuffle(upstream: Stage, buffer_size: int, new_key: Callable[[], random.Key]) -> Stage:
    """Each element drawn from a buffer that the next one refills; one random word per element."""
    async with aclosing(upstream):
        words = _words(new_key())
        buffer: list[Element] = []
        async for element in upstream:
            if len(buffer) < buffer_size:
                buffer.append(element)
                continue
            slot = next(words) * buffer_size >> 32
            drawn, buffer[slot] = buffer[slot], element
            yield drawn
        while buffer:
            slot = next(words) * len(buffer) >> 32
            buffer[slot], buffer[-1] = buffer[-1], buffer[slot]
            yield buffer.pop()


def _words(key: random.Key) -> Iterator[int]:
    start = 0
    while True:
        yield from random.bits(key, 1024, start).tolist()
        start += 1024


async def map_(upstream: Stage, function: Callable[[Element], Any]) -> Stage:
    """`function` of every element."""
    async with aclosing(upstream):
        index = 0
        async for element in upstream:
            result = await _call(function, element, "map", index)
            if result is None:
                raise DataError(
                    where="Dataset.map",
                    argument="function",
                    expected="a function that returns the new element",
                    got=f"one that returned `None` for element {index}",
                    fix="Use `for_each` where only the effect is wanted.",
                )
            yield as_element(result)
            index += 1


async def filter_(upstream: Stage, predicate: Callable[[Element], Any]) -> Stage:
    """The elements for which `predicate` is true."""
    async with aclosing(upstream):
        index = 0
        async for element in upstream:
            if await _call(predicate, element, "filter", index):
                yield element
            index += 1


async def _call(function: Callable[[Element], Any], element: Element, stage: str, index: int) -> Any:
    try:
        result = function(element)
        return await result if hasattr(result, "__await__") else result
    except Exception as error:
        error.add_note(f"This happened in the function given to {stage}, at element {index} of the dataset.")
        raise


async def take(upstream: Stage, count: int) -> Stage:
    """The first `count` elements; no further element is read."""
    async with aclosing(upstream):
        if count == 0:
            return
        taken = 0
        async for element in upstream:
            yield element
            taken += 1
            if taken == count:
                return


async def skip(upstream: Stage, count: int) -> Stage:
    """All but the first `count` elements."""
    async with aclosing(upstream):
        index = 0
        async for element in upstream:
            if index >= count:
                yield element
            index += 1


async def repeat(open_upstream: Open, count: int | None) -> Stage:
    """One pass after another; without a count for ever, unless a pass is empty."""
    done = 0
    while count is None or done < count:
        empty = True
        async with aclosing(open_upstream()) as upstream:
            async for element in upstream:
                empty = False
                yield element
        if empty:
            return
        done += 1


async def concatenate(open_first: Open, open_second: Open) -> Stage:
    """All of one, then all of the other."""
    for open_upstream in (open_first, open_second):
        async with aclosing(open_upstream()) as upstream:
            async for element in upstream:
                yield element


async def zip_(upstreams: list[Stage], assemble: Callable[[list[Element]], Element]) -> Stage:
    """One element of each, until the shortest ends."""
    async with AsyncExitStack() as opened:
        for upstream in upstreams:
            await opened.enter_async_context(aclosing(upstream))
        while True:
            parts = []
            for upstream in upstreams:
                try:
                    parts.append(await anext(upstream))
                except StopAsyncIteration:
                    return
            yield assemble(parts)


class Cache:
    """Keeps the elements of the first complete pass in memory and serves later passes from there."""

    def __init__(self, open_upstream: Open) -> None:
        self._open_upstream = open_upstream
        self._kept: list[Element] | None = None

    async def open(self) -> Stage:
        if self._kept is not None:
            for element in self._kept:
                yield element
            return
        kept = []
        async with aclosing(self._open_upstream()) as upstream:
            async for element in upstream:
                kept.append(element)
                yield element
        self._kept = kept
