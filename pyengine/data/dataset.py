"""Dataset: where elements come from and what happens to them; nothing runs until it is read."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyengine import random
from pyengine.data import prefetch, sources, stages
from pyengine.data.elements import Element, as_element, leaves, map_leaves, rows
from pyengine.data.reading import Readable
from pyengine.errors import ArgumentError, describe

Size = int | float | None  # a whole number, math.inf, or None where only reading tells


class Dataset(Readable):
    """A stream of elements that is read again in every pass and never held in memory as a whole.

    An element is an array or a number, or a tuple or dictionary of them, nested as you like; training expects
    pairs `(x, y)`, triples `(x, y, sample_weight)` or dictionaries `{"xs": x, "ys": y}`. Every method gives a
    new dataset and leaves this one as it is. Read it with `for`, or with `async for` where a source waits.

    Functions given to `map`, `filter` and `for_each` get the element as one argument and may be async.

    Arguments:
        open_pass: function that starts a pass: it returns an async generator of elements. The class methods
            (`from_arrays`, `from_generator`, …) give it.
        size: elements per pass: a whole number, `math.inf`, or None where only reading tells.
        text: how it prints.

    >>> squares = Dataset.range(10).filter(lambda i: i % 2 == 1).map(lambda i: i * i)
    >>> squares.to_list()
    [1, 9, 25, 49, 81]
    >>> for batch in squares.batch(3):
    ...     print(batch)
    [ 1  9 25]
    [49 81]
    >>> Dataset.range(10).size, squares.size
    (10, None)

    Source: agrees with tf.data in names and meaning.
    """

    def __init__(
        self, open_pass: Callable[[], AsyncGenerator[Element, None]], *, size: Size, text: str
    ) -> None:
        self._open = open_pass
        self._size = size
        self._text = text

    # ---- where elements come from

    @classmethod
    def from_arrays(cls, x: Any, y: Any = None, sample_weight: Any = None) -> Dataset:
        """One element per row: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Shapes: every array `(rows, …)` with the same number of rows; elements are its rows.
        Arguments:
            x: array, list of arrays (rows become tuples) or dictionary of arrays (rows become dictionaries).
            y: targets, like x; default None, none.
            sample_weight: weights, like y; default None, none.
        Errors: ArgumentError for sample_weight without y; DataError where the numbers of rows differ.

        >>> Dataset.from_arrays(np.array([1, 2]), np.array([3, 4])).to_list()
        [(np.int64(1), np.int64(3)), (np.int64(2), np.int64(4))]
        """
        if y is None and sample_weight is not None:
            raise ArgumentError(
                where="Dataset.from_arrays",
                argument="sample_weight",
                expected="y beside it",
                got=describe(sample_weight),
                fix="Give `y`, too.",
            )
        parts = [part for part in (x, y, sample_weight) if part is not None]
        arrays = as_element(tuple(parts) if len(parts) > 1 else x)
        arrays = map_leaves(np.asarray, arrays)
        count = rows(arrays, "from_arrays")
        shapes = ", ".join(str(leaf.shape) for _, leaf in leaves(arrays))
        return cls(lambda: sources.rows_of(arrays, count), size=count, text=f"from_arrays({shapes})")

    @classmethod
    def from_generator(cls, function: Callable[[], Any]) -> Dataset:
        """The elements that a function yields; it is called again for every pass.

        Arguments:
            function: without arguments; a generator function, an async one, or a function that returns an
                iterator or a list. Elements that come as `{"value": element, "done": False}`, the results of
                JavaScript's iterators, are unwrapped.
        Errors: DataError when it gives something else than an iterator, or one that is already used up.

        >>> def rows():
        ...     for i in range(3):
        ...         yield {"xs": [i, i + 1], "ys": i}
        >>> Dataset.from_generator(rows).batch(3).to_list()
        [{'xs': array([[0, 1],
               [1, 2],
               [2, 3]], dtype=int32), 'ys': array([0, 1, 2], dtype=int32)}]
        """
        if not callable(function):
            return cls.from_iterable(function)
        name = getattr(function, "__name__", type(function).__name__)
        described = f"from_generator({name})"
        produce = sources.Fresh(function, f"The function {name} given to from_generator")
        return cls(lambda: _items(produce, described), size=None, text=described)

    @classmethod
    def from_iterable(cls, iterable: Any) -> Dataset:
        """The items of a list, or of anything else that can be iterated (also with `async for`).

        Arguments:
            iterable: a list, an array, …; an iterator or generator object serves a single pass.
        Errors: ArgumentError for what cannot be iterated; DataError at the second pass over an iterator.

        >>> Dataset.from_iterable([(1, 2), (3, 4)]).to_list()
        [(1, 2), (3, 4)]
        """
        kind = type(iterable).__name__
        described = f"from_iterable({kind})"
        if not (hasattr(iterable, "__iter__") or hasattr(iterable, "__aiter__")):
            raise ArgumentError(
                where="Dataset.from_iterable",
                argument="iterable",
                expected="something that can be iterated, or a function that returns such",
                got=describe(iterable),
                fix="Give, for example, a list of elements or a generator function.",
            )
        if hasattr(iterable, "__next__") or hasattr(iterable, "__anext__"):
            produce: Callable[[], Any] = sources.Once(iterable, f"The {kind} given to the dataset")
            return cls(lambda: _items(produce, described), size=None, text=described)
        size = len(iterable) if hasattr(iterable, "__len__") else None
        return cls(lambda: sources.items_of(iterable, described), size=size, text=described)

    @classmethod
    def from_function(cls, function: Callable[[], Any]) -> Dataset:
        """What a function returns, call after call, until it returns `{"done": True}`; it may be async.

        Arguments:
            function: without arguments; returns an element, plain or as JavaScript's iterators do, `{"value": element,
                "done": False}`.
        Errors: DataError where it returns None.

        >>> rolls = iter([3, 5])
        >>> Dataset.from_function(lambda: {"value": next(rolls, None), "done": False}).take(2).to_list()
        [3, 5]
        """
        name = getattr(function, "__name__", type(function).__name__)
        described = f"from_function({name})"
        return cls(lambda: sources.calls_of(function, described), size=None, text=described)

    @classmethod
    def range(cls, start: int, stop: int | None = None, step: int = 1) -> Dataset:
        """The whole numbers of Python's `range`.

        Arguments:
            start: the first number; alone, the number before which it ends, from 0.
            stop: the number before which it ends; default None, see `start`.
            step: difference of neighbours, not 0; default 1.

        >>> Dataset.range(2, 11, 4).to_list()
        [2, 6, 10]
        """
        numbers = builtins.range(start) if stop is None else builtins.range(start, stop, step)
        return cls(lambda: sources.items_of(numbers, "range"), size=len(numbers), text=f"{numbers!r}")

    @classmethod
    def zip(cls, *datasets: Any) -> Dataset:
        """One element of each dataset side by side, until the shortest ends.

        Arguments:
            datasets: datasets (elements become a tuple), or one tuple, list or dictionary of datasets, nested
                as you like (elements get the same structure).
        Errors: ArgumentError for anything but datasets, or none at all.

        >>> Dataset.zip({"xs": Dataset.range(2), "ys": Dataset.range(5, 9)}).to_list()
        [{'xs': 0, 'ys': 5}, {'xs': 1, 'ys': 6}]
        """
        structure = _tuples(datasets[0] if len(datasets) == 1 else datasets)
        members = [member for _, member in leaves(structure)]
        for path, member in leaves(structure):
            if not isinstance(member, Dataset):
                raise _no_dataset("zip", f"datasets{path}", member)
        if not members:
            raise _no_dataset("zip", "datasets", structure)
        sizes = [member._size for member in members]
        known_sizes = [size for size in sizes if size is not None]
        size = None if len(known_sizes) < len(sizes) else min(known_sizes)

        def assemble(parts: list[Element]) -> Element:
            remaining = iter(parts)
            return map_leaves(lambda _: next(remaining), structure)

        return cls(
            lambda: stages.zip_([member._open() for member in members], assemble),
            size=size,
            text=f"zip({', '.join(member._text for member in members)})",
        )

    @classmethod
    def csv(
        cls,
        path: str | Path,
        *,
        label: str | None = None,
        columns: Sequence[str] | None = None,
        header: bool = True,
        delimiter: str = ",",
    ) -> Dataset:
        r"""The rows of a CSV file, read as they are needed.

        Without a label each element is a dictionary `{column: number or text}`. With one it is a pair: the
        other columns as a float32 vector, and the label's number.

        Shapes: with a label, x (columns,) and y ().
        Arguments:
            path: of the file.
            label: name of the column to predict; default None, none.
            columns: names of the columns to use, in this order; default None, all.
            header: whether the first line holds the names; without it they are "0", "1", … Default True.
            delimiter: text between the values, default ",".
        Errors: DataError with file, line and column for text where a number is needed, and for lines with
            too few or too many values.

        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "points.csv"
        >>> _ = file.write_text("a,b,kind\n1,2,0\n3,4,1\n")
        >>> Dataset.csv(file, label="kind").batch(2).to_list()
        [(array([[1., 2.],
               [3., 4.]], dtype=float32), array([0., 1.], dtype=float32))]
        """
        file = Path(path)
        return cls(
            lambda: sources.csv_rows(file, header=header, columns=columns, label=label, delimiter=delimiter),
            size=None,
            text=f"csv({str(path)!r})",
        )

    # ---- what happens to them

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """`batch_size` elements at a time, stacked along a new first axis.

        Shapes: arrays of shape `s` become `(batch_size, *s)`; the last batch may be smaller.
        Arguments:
            batch_size: elements per batch, at least 1.
            drop_remainder: whether to leave out a last batch that is smaller; default False.
        Errors: ArgumentError for a batch_size below 1; DataError that names the element and the place in it whose shape
            differs.

        >>> Dataset.range(5).batch(2).to_list()
        [array([0, 1], dtype=int32), array([2, 3], dtype=int32), array([4], dtype=int32)]
        """
        batch_size = _count("batch", "batch_size", batch_size, 1)
        size = self._size
        if size is not None and size != math.inf:
            size = size // batch_size if drop_remainder else -(-size // batch_size)
        return self._then(
            lambda: stages.batch(self._open(), batch_size, drop_remainder),
            size,
            f"batch({batch_size}{', drop_remainder=True' if drop_remainder else ''})",
        )

    def unbatch(self) -> Dataset:
        """The rows of every element one by one: undoes `batch`.

        Shapes: arrays of shape `(rows, *s)` become `rows` elements of shape `s`.

        >>> Dataset.range(3).batch(2).unbatch().batch(3).to_list()
        [array([0, 1, 2], dtype=int32)]
        """
        return self._then(lambda: stages.unbatch(self._open()), None, "unbatch()")

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """The elements in random order, as far as a buffer of `buffer_size` elements reaches (all: a full shuffle).

        Arguments:
            buffer_size: number of elements that wait in memory to be drawn, at least 1.
            seed: whole number; pass number e is then shuffled by `fold_in(key_from_seed(seed), e)`, the same
                on every machine. Default None: each pass takes the next key of the process (see `set_random_seed`).
            reshuffle_each_iteration: whether every pass has a new order; default True.
        Errors: ArgumentError for a buffer_size below 1.

        >>> Dataset.range(6).shuffle(6, seed=1).to_list()
        [5, 1, 2, 3, 0, 4]
        """
        buffer_size = _count("shuffle", "buffer_size", buffer_size, 1)
        root = None if seed is None else random.key_from_seed(seed)
        passes = 0
        fixed: random.Key | None = None

        def new_key() -> random.Key:
            nonlocal passes, fixed
            if fixed is not None:
                return fixed
            key = random.next_key() if root is None else random.fold_in(root, passes)
            passes += 1
            if not reshuffle_each_iteration:
                fixed = key
            return key

        seeded = "" if seed is None else f", seed={seed}"
        return self._then(
            lambda: stages.shuffle(self._open(), buffer_size, new_key),
            self._size,
            f"shuffle({buffer_size}{seeded})",
        )

    def map(self, function: Callable[[Element], Any]) -> Dataset:
        """`function` of every element.

        Arguments:
            function: called with the element; the result of an async one is awaited.

        >>> Dataset.zip(Dataset.range(2), Dataset.range(2)).map(lambda pair: pair[0] + pair[1]).to_list()
        [0, 2]
        """
        return self._then(lambda: stages.map_(self._open(), function), self._size, f"map({_name(function)})")

    def filter(self, predicate: Callable[[Element], Any]) -> Dataset:
        """The elements for which `predicate` is true.

        Arguments:
            predicate: called with the element; the result of an async one is awaited.

        >>> Dataset.range(5).filter(lambda i: i > 2).to_list()
        [3, 4]
        """
        return self._then(
            lambda: stages.filter_(self._open(), predicate), None, f"filter({_name(predicate)})"
        )

    def take(self, count: int) -> Dataset:
        """The first `count` elements.

        Arguments:
            count: how many, at least 0; -1 takes all.
        Errors: ArgumentError for another count.

        >>> Dataset.range(5).take(2).to_list()
        [0, 1]
        """
        if count == -1:
            return self
        count = _count("take", "count", count, 0)
        size = 0 if count == 0 else None if self._size is None else min(self._size, count)
        return self._then(lambda: stages.take(self._open(), count), size, f"take({count})")

    def skip(self, count: int) -> Dataset:
        """All but the first `count` elements.

        Arguments:
            count: how many to leave out, at least 0.
        Errors: ArgumentError for another count.

        >>> Dataset.range(5).skip(2).to_list()
        [2, 3, 4]
        """
        count = _count("skip", "count", count, 0)
        size = None if self._size is None else max(0, self._size - count)
        return self._then(lambda: stages.skip(self._open(), count), size, f"skip({count})")

    def repeat(self, count: int | None = None) -> Dataset:
        """`count` passes one after another.

        Arguments:
            count: number of passes, at least 0; default None (or -1), for ever.
        Errors: ArgumentError for another count.

        >>> Dataset.range(2).repeat(2).to_list()
        [0, 1, 0, 1]
        """
        endless = count is None or count == -1
        times = None if endless else _count("repeat", "count", count, 0)
        size: Size
        if times == 0 or self._size == 0:
            size = 0
        elif self._size is None:
            size = None
        else:
            size = math.inf if times is None else self._size * times
        return self._then(lambda: stages.repeat(self._open, times), size, f"repeat({times or ''})")

    def concatenate(self, other: Dataset) -> Dataset:
        """All elements of this one, then all of the other.

        Arguments:
            other: the other dataset.
        Errors: ArgumentError for anything but a dataset.

        >>> Dataset.range(2).concatenate(Dataset.range(7, 9)).to_list()
        [0, 1, 7, 8]
        """
        if not isinstance(other, Dataset):
            raise _no_dataset("concatenate", "other", other)
        size = None if self._size is None or other._size is None else self._size + other._size
        return self._then(
            lambda: stages.concatenate(self._open, other._open), size, f"concatenate({other._text})"
        )

    def prefetch(self, count: int) -> Dataset:
        """`count` elements ahead: where sources wait, they are asked for while training is busy with earlier ones.

        Arguments:
            count: how many elements wait in memory at most, at least 1.
        Errors: ArgumentError for another count.

        >>> Dataset.range(3).prefetch(2).to_list()
        [0, 1, 2]
        """
        count = _count("prefetch", "count", count, 1)
        return self._then(lambda: prefetch.prefetch(self._open(), count), self._size, f"prefetch({count})")

    def cache(self) -> Dataset:
        """The same elements, kept in memory in the first complete pass: the stages before this one run only once.

        >>> calls = []
        >>> cached = Dataset.range(2).map(lambda i: calls.append(i) or i).cache()
        >>> cached.to_list() + cached.to_list(), calls
        ([0, 1, 0, 1], [0, 1])
        """
        return self._then(stages.Cache(self._open).open, self._size, "cache()")

    @property
    def size(self) -> Size:
        """How many elements one pass has: a whole number, `math.inf`, or None where only reading tells."""
        return self._size

    def __len__(self) -> int:
        if not isinstance(self._size, int):
            described = "endless" if self._size == math.inf else "known only after reading it"
            raise TypeError(f"The length of {self!r} is {described}; see its `size`.")
        return self._size

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Dataset.{self._text}"

    def _then(self, open_pass: Callable[[], AsyncGenerator[Element, None]], size: Size, text: str) -> Dataset:
        return Dataset(open_pass, size=size, text=f"{self._text}.{text}")


async def _items(produce: Callable[[], Any], described: str) -> AsyncGenerator[Element, None]:
    """Opens at the first element, not before: a pass that is never read consumes nothing."""
    items = sources.items_of(produce(), described)
    try:
        async for item in items:
            yield item
    finally:
        await items.aclose()


def _tuples(structure: Any) -> Any:
    """Lists become tuples, all the way down."""
    if isinstance(structure, (list, tuple)):
        return tuple(_tuples(part) for part in structure)
    if isinstance(structure, dict):
        return {name: _tuples(part) for name, part in structure.items()}
    return structure


def _no_dataset(method: str, argument: str, given: Any) -> ArgumentError:
    fix = "Make one of arrays: `data.Dataset.from_arrays(x, y)`."
    return ArgumentError(
        where=f"Dataset.{method}", argument=argument, expected="a Dataset", got=describe(given), fix=fix
    )


def _count(method: str, name: str, value: Any, least: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = None
    if count is None or count < least:
        raise ArgumentError(
            where=f"Dataset.{method}",
            argument=name,
            expected=f"a whole number of at least {least}",
            got=describe(value),
            fix=f"Use, for example, `{name}=32`.",
        )
    return count


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
