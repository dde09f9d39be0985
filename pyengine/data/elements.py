"""Elements of datasets: arrays and numbers, alone or nested in tuples and dictionaries.

An element is a *leaf* (an array, a number, a string) or a tuple or dictionary of elements. Lists are accepted
wherever elements enter: a list of numbers, however deeply nested, is an array; a list of arrays, tuples or
dictionaries is a tuple. Plain Python numbers become float32, int32 or bool when they turn into arrays, on
every machine; NumPy's own keep their dtype.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pyengine.errors import DataError, describe

Element = Any

_SCALARS = (bool, int, float, str, bytes, np.generic)


def as_element(value: Any, path: str = "") -> Element:
    """`value` as an element; an error names the place inside it that cannot be one.

    >>> as_element([1, 2.5])
    array([1. , 2.5], dtype=float32)
    >>> as_element({"xs": (1, [2, 3])})
    {'xs': (1, array([2, 3], dtype=int32))}
    """
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            raise no_element("an array of Python objects", path)
        return value
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, tuple):
        return tuple(as_element(part, f"{path}[{i}]") for i, part in enumerate(value))
    if isinstance(value, dict):
        return {name: as_element(part, f"{path}[{name!r}]") for name, part in value.items()}
    if isinstance(value, list):
        if isinstance(_first_leaf(value), _SCALARS) or not value:
            return _array_of_plain(value, path)
        return tuple(as_element(part, f"{path}[{i}]") for i, part in enumerate(value))
    if hasattr(value, "__array__") or isinstance(value, memoryview) or hasattr(value, "typecode"):
        return np.asarray(value)
    raise no_element(describe(value), path)


def no_element(got: str, path: str) -> DataError:
    """The error for what an element of a dataset cannot hold."""
    return DataError(
        where="An element of the dataset",
        argument=f"its part {path}" if path else "",
        expected="arrays or numbers, or tuples and maps of them",
        got=got,
        fix="Convert it to numbers with `map`.",
    )


def map_leaves(function: Callable[[Any], Any], element: Element) -> Element:
    """The same structure with `function` applied to every leaf.

    >>> map_leaves(lambda x: x + 1, (1, {"a": 2}))
    (2, {'a': 3})
    """
    if isinstance(element, tuple):
        return tuple(map_leaves(function, part) for part in element)
    if isinstance(element, dict):
        return {name: map_leaves(function, part) for name, part in element.items()}
    return function(element)


def leaves(element: Element, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with the path that leads to it.

    >>> list(leaves((1, {"a": 2})))
    [('[0]', 1), ("[1]['a']", 2)]
    """
    if isinstance(element, tuple):
        for i, part in enumerate(element):
            yield from leaves(part, f"{path}[{i}]")
    elif isinstance(element, dict):
        for name, part in element.items():
            yield from leaves(part, f"{path}[{name!r}]")
    else:
        yield path, element


def stack(elements: Sequence[Element], *, first: int = 0, path: str = "") -> Element:
    """One element whose leaves have a new first axis: the batch of these elements.

    Shapes: n leaves of shape `s` become one of shape `(n, *s)`.
    Arguments:
        first: number of the first of these elements in the dataset, for error messages.

    >>> stack([(1, np.zeros(2)), (5, np.ones(2))])
    (array([1, 5], dtype=int32), array([[0., 0.],
           [1., 1.]]))
    """
    model = elements[0]
    if isinstance(model, tuple):
        for i, element in enumerate(elements):
            if not isinstance(element, tuple) or len(element) != len(model):
                raise _disagreement(first + i, first, _kind(element), _kind(model), path)
        columns = zip(*elements, strict=True)
        return tuple(stack(column, first=first, path=f"{path}[{i}]") for i, column in enumerate(columns))
    if isinstance(model, dict):
        for i, element in enumerate(elements):
            if not isinstance(element, dict) or element.keys() != model.keys():
                raise _disagreement(first + i, first, _kind(element), _kind(model), path)
        return {
            name: stack([element[name] for element in elements], first=first, path=f"{path}[{name!r}]")
            for name in model
        }
    return _stack_leaves(elements, first, path)


def unstack(batch: Element) -> Iterator[Element]:
    """The elements along the first axis of every leaf: the inverse of `stack`.

    >>> list(unstack((np.array([1, 2]), np.array([3, 4]))))
    [(np.int64(1), np.int64(3)), (np.int64(2), np.int64(4))]
    """
    count = rows(batch)
    for i in range(count):
        yield map_leaves(operator.itemgetter(i), batch)


def rows(element: Element, what: str = "unbatch") -> int:
    """The length of the first axis, which all leaves must share."""
    counts: dict[str, int] = {}
    for path, leaf in leaves(element):
        if np.ndim(leaf) == 0:
            raise DataError(
                where=f"Dataset.{what}",
                argument=f"the element{path}",
                expected="arrays, whose first axis counts the rows",
                got=f"the single value {describe(leaf)}",
                fix="Batch the dataset first, or leave this step out.",
            )
        counts[path] = len(leaf)
    if len(set(counts.values())) > 1:
        raise DataError(
            where=f"Dataset.{what}",
            argument="the element",
            expected="equally many rows everywhere",
            got=", ".join(f"{count}{_at(path)}" for path, count in counts.items()),
            fix="Give the same number of rows in each array.",
        )
    if not counts:
        raise DataError(
            where=f"Dataset.{what}",
            argument="the element",
            expected="at least one array",
            got=describe(element),
            fix="Give arrays whose first axis counts the rows.",
        )
    return next(iter(counts.values()))


def _stack_leaves(values: Sequence[Any], first: int, path: str) -> np.ndarray:
    shape = np.shape(values[0])
    for i, value in enumerate(values):
        if isinstance(value, (tuple, dict)):
            raise _disagreement(first + i, first, _kind(value), _kind(values[0]), path)
        if np.shape(value) != shape:
            raise _disagreement(first + i, first, f"shape {np.shape(value)}", f"shape {shape}", path)
    if any(isinstance(value, (np.ndarray, np.generic)) for value in values):
        return np.stack([np.asarray(value) for value in values])
    return _array_of_plain(list(values), path)


def _array_of_plain(values: list, path: str) -> np.ndarray:
    """An array of plain Python numbers, with the same dtype on every machine."""
    try:
        array = np.asarray(values, np.float32 if not values else None)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            where="An element of the dataset",
            argument=f"its part {path}" if path else "",
            expected="a list of numbers, nested regularly",
            got=describe(values),
            fix="If it is a pair such as [x, y], give the tuple `(x, y)`.",
        ) from error
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64 and (array == array.astype(np.int32)).all():
        return array.astype(np.int32)
    if array.dtype == object:
        raise no_element(describe(values), path)
    return array


def _first_leaf(value: Any) -> Any:
    while isinstance(value, list) and value:
        value = value[0]
    return value


def _disagreement(index: int, first: int, got: str, expected: str, path: str) -> DataError:
    return DataError(
        f"batch cannot stack element {index} of the dataset: it has {got}{_at(path)}, but element {first} "
        f"has {expected}. A batch needs the same structure and shapes throughout; make them so with map()."
    )


def _kind(element: Element) -> str:
    if isinstance(element, tuple):
        return f"a tuple of {len(element)}"
    if isinstance(element, dict):
        return f"a dictionary of {', '.join(map(repr, element))}"
    return f"shape {np.shape(element)}"


def _at(path: str) -> str:
    return f" at {path}" if path else ""
