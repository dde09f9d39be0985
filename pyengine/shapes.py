"""Plain arithmetic on shapes: tuples of whole numbers, one per axis."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

from pyengine.errors import ArgumentError, ShapeError, describe

Shape = tuple[int, ...]


def size(shape: Iterable[int]) -> int:
    """How many numbers an array of this shape holds; 1 for a scalar."""
    return math.prod(shape)


def broadcast(*shapes: Shape) -> Shape:
    """The shape that arrays of these shapes broadcast to, by NumPy's rule.

    >>> broadcast((32, 1, 5), (4, 1))
    (32, 4, 5)
    """
    wide = [shape for shape in shapes if shape]
    if all(shape == wide[0] for shape in wide):  # nearly always, and asked of every node
        return tuple(wide[0]) if wide else ()
    rank = max(map(len, shapes), default=0)
    result = []
    for lengths in zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True):
        longer = {length for length in lengths if length != 1}
        if len(longer) > 1:
            raise ShapeError(
                argument="the inputs",
                expected="shapes that broadcast (on each axis, counted from the last, lengths that are equal or 1)",
                got=" and ".join(str(tuple(shape)) for shape in shapes),
                fix="Make them equal on those axes, or give one of them length 1 there.",
            )
        result.append(longer.pop() if longer else 1)
    return tuple(result)


def normalize_axis(axis: int, rank: int) -> int:
    """A non-negative axis of an array with `rank` axes."""
    try:
        number = operator.index(axis)
    except TypeError:
        number = rank
    if not -rank <= number < rank:
        raise ArgumentError(
            argument="axis",
            expected=f"a whole number from {-rank} to {rank - 1} (an axis of an array of rank {rank})"
            if rank
            else "an array with axes",
            got=describe(axis) if rank else "one of rank 0",
            fix="Use `axis=-1` for the last axis." if rank else "Give the array an axis first.",
        )
    return number % rank


def normalize_axes(axis: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Sorted, non-negative, distinct axes; None means all."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    normal = tuple(sorted(normalize_axis(one, rank) for one in axes))
    if len(set(normal)) < len(normal):
        raise ArgumentError(
            argument="axis",
            expected=f"different axes of an array of rank {rank}",
            got=describe(axes),
            fix="Name each axis once.",
        )
    return normal


def reduced_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape left after reducing over `axes` (normalized)."""
    if keepdims:
        return tuple(1 if axis in axes else length for axis, length in enumerate(shape))
    return tuple(length for axis, length in enumerate(shape) if axis not in axes)


def resolve_reshape(shape: Shape, target: Sequence[int]) -> Shape:
    """The target of a reshape with its one -1 worked out.

    >>> resolve_reshape((32, 4, 4), (32, -1))
    (32, 16)
    """
    target = tuple(operator.index(length) for length in target)
    known_size = size(length for length in target if length != -1)
    total = size(shape)
    if target.count(-1) > 1:
        raise ShapeError(
            argument="shape",
            expected="at most one -1, the length that is worked out",
            got=describe(target),
            fix="Give the other lengths as numbers.",
        )
    if -1 in target and known_size and total % known_size == 0:
        target = tuple(total // known_size if length == -1 else length for length in target)
    if -1 in target or size(target) != total:
        raise ShapeError(
            argument="shape",
            expected=f"a shape of {total} numbers, as many as an array of shape {tuple(shape)} holds",
            got=describe(target),
            fix="Give lengths whose product is that, or -1 for one of them.",
        )
    return target


def pair(value: Any, name: str, *, count: int = 2, least: int = 1) -> tuple[int, ...]:
    """A setting given as one whole number or as one per spatial axis.

    >>> pair(3, "kernel_size")
    (3, 3)
    """
    try:
        numbers = (
            (operator.index(value),) * count
            if not isinstance(value, (tuple, list))
            else tuple(map(operator.index, value))
        )
    except TypeError:
        numbers = ()
    if len(numbers) != count or min(numbers) < least:
        raise ArgumentError(
            argument=name,
            expected=f"a whole number of at least {least}, or {count} of them",
            got=describe(value),
            fix=f"Use, for example, `{name}={max(least, 2)}`.",
        )
    return numbers
