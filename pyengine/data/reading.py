"""Reading a dataset: element by element, in a plain loop or an async one, or all at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from pyengine.data.driving import complete
from pyengine.data.elements import Element


class Readable:
    """What starts a pass by `_open` can be read: `for`, `async for`, `to_list`, `for_each`."""

    _open: Callable[[], AsyncGenerator[Element, None]]

    def __aiter__(self) -> AsyncGenerator[Element, None]:
        return self._open()

    def __iter__(self) -> Iterator[Element]:
        elements = self._open()
        while True:
            try:
                element = complete(anext(elements))
            except StopAsyncIteration:
                return
            try:
                yield element
            except BaseException:  # GeneratorExit above all: the reader leaves early
                complete(elements.aclose())
                raise

    def to_list(self) -> list[Element]:
        """All elements, in a list.

        Errors: DataError where a source waits; use `to_list_async`.

        >>> from pyengine.data import Dataset
        >>> Dataset.range(3).to_list()
        [0, 1, 2]
        """
        return list(self)

    to_array = to_list  # the name it has in TensorFlow.js

    async def to_list_async(self) -> list[Element]:
        """All elements, in a list, also from sources that wait.

        >>> import asyncio
        >>> from pyengine.data import Dataset
        >>> asyncio.run(Dataset.range(3).to_list_async())
        [0, 1, 2]
        """
        return [element async for element in self]

    def for_each(self, function: Callable[[Element], Any]) -> None:
        """Call `function` with every element.

        Arguments:
            function: called with the element; its result is not used.
        Errors: DataError where a source or the function waits; use `for_each_async`.

        >>> from pyengine.data import Dataset
        >>> Dataset.range(2).for_each(print)
        0
        1
        """
        for element in self:
            result = function(element)
            if hasattr(result, "__await__"):
                complete(result)

    async def for_each_async(self, function: Callable[[Element], Any]) -> None:
        """Call `function` with every element, also of sources that wait.

        Arguments:
            function: called with the element; the result of an async one is awaited.

        >>> import asyncio
        >>> from pyengine.data import Dataset
        >>> asyncio.run(Dataset.range(2).for_each_async(print))
        0
        1
        """
        async for element in self:
            result = function(element)
            if hasattr(result, "__await__"):
                await result
