"""Ops that take arrays apart and put them together: slice and pad, concatenate, stack, split, and indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.errors import ArgumentError, OutOfRangeError, ShapeError, describe
from pyengine.graph import Spec, Value
from pyengine.ops.base import Array, Op, apply, method, shape_of
from pyengine.ops.cast import meet
from pyengine.ops.structure import expand_dims, reshape


class Slice(Op):
    """A box out of an array. Its transpose is `pad`."""

    name = "slice"
    cheap = True
    begin: tuple[int, ...]
    end: tuple[int, ...]
    steps: tuple[int, ...]

    def shape(self, x: Spec) -> Spec:
        for axis, (begin, end, step, length) in enumerate(
            zip(self.begin, self.end, self.steps, x.shape, strict=True)
        ):
            if not (0 <= begin <= end <= length and step >= 1):
                raise ShapeError(
                    where="ops.slice_",
                    argument="begin",
                    expected=f"a slice within axis {axis} of shape {x.shape}",
                    got=f"{begin}:{end}:{step}",
                    fix="Begin and end within the axis, with a step of at least 1.",
                )
        lengths = (
            -(-(end - begin) // step)
            for begin, end, step in zip(self.begin, self.end, self.steps, strict=True)
        )
        return Spec(tuple(lengths), x.dtype)

    def evaluate(self, x):
        return x[tuple(map(slice, self.begin, self.end, self.steps))]

    def gradient(self, gradient, output, x):
        return (apply(Pad(begin=self.begin, steps=self.steps, target=x.shape), gradient),)


def slice_(x: Array, begin: Sequence[int], end: Sequence[int], steps: Sequence[int] | None = None) -> Any:
    """The box `x[begin[0]:end[0]:steps[0], …]`; all bounds within 0 and the axis's length.

    Shapes: x (…) -> as many axes, shorter.
    Arguments:
        x: array.
        begin: where the slice begins on each axis.
        end: where it ends, without that entry.
        steps: from entry to entry, at least 1; by default, None, 1 on each axis.
    Errors: ShapeError for a slice that does not lie within the array.

    >>> slice_([[1.0, 2.0, 3.0]], (0, 1), (1, 3))
    array([[2., 3.]], dtype=float32)
    """
    steps = tuple(steps) if steps is not None else (1,) * len(tuple(begin))
    box = Slice(begin=tuple(begin), end=tuple(end), steps=steps)
    whole = box.begin == (0,) * len(steps) and box.end == shape_of(x) and set(steps) <= {1}
    return x if whole else apply(box, x)


class Pad(Op):
    """An array laid into zeros of shape `target`, from `begin`, every `steps`-th place: the transpose of `slice`."""

    name = "pad"
    begin: tuple[int, ...]
    steps: tuple[int, ...]
    target: shapes.Shape

    def shape(self, x: Spec) -> Spec:
        for begin, step, length, room in zip(self.begin, self.steps, x.shape, self.target, strict=True):
            if begin < 0 or (length and begin + (length - 1) * step >= room):
                raise ShapeError(
                    where="ops.pad",
                    argument="the inputs",
                    expected=f"an array that fits into {self.target} from {self.begin}",
                    got=f"shape {x.shape}",
                    fix="Make the target larger.",
                )
        return Spec(self.target, x.dtype)

    def _ends(self, shape):
        return tuple(
            b + ((n - 1) * s + 1 if n else 0) for b, n, s in zip(self.begin, shape, self.steps, strict=True)
        )

    def evaluate(self, x):
        out = np.zeros(self.target, x.dtype)
        out[tuple(map(slice, self.begin, self._ends(x.shape), self.steps))] = x
        return out

    def evaluate_into(self, out, x):
        out.fill(0)
        out[tuple(map(slice, self.begin, self._ends(x.shape), self.steps))] = x

    def gradient(self, gradient, output, x):
        return (slice_(gradient, self.begin, self._ends(x.shape), self.steps),)


def pad(x: Array, widths: Sequence[tuple[int, int]]) -> Any:
    """Zeros around an array: one (before, after) pair per axis.

    Shapes: x (…) -> longer by the widths.
    Arguments:
        x: array.
        widths: how many zeros (before, after) on each axis, at least 0.
    Errors: ShapeError for widths that are no pairs, one for each axis.

    >>> pad([1.0, 2.0], [(1, 0)])
    array([0., 1., 2.], dtype=float32)
    """
    shape = shape_of(x)
    if len(widths) != len(shape) or any(side < 0 for width in widths for side in width):
        raise ShapeError(
            where="ops.pad",
            argument="widths",
            expected=f"one (before, after) pair, both at least 0, per axis of {shape}",
            got=describe(widths),
            fix="Use (0, 0) for the axes that stay.",
        )
    target = tuple(low + length + high for length, (low, high) in zip(shape, widths, strict=True))
    if target == shape:
        return x
    return apply(Pad(begin=tuple(low for low, _ in widths), steps=(1,) * len(shape), target=target), x)


class Concatenate(Op):
    """Its transpose is a slice per input."""

    name = "concatenate"
    axis: int

    def shape(self, *specs: Spec) -> Spec:
        first = specs[0]
        for spec in specs[1:]:
            if len(spec.shape) != len(first.shape) or any(
                a != b for i, (a, b) in enumerate(zip(spec.shape, first.shape, strict=True)) if i != self.axis
            ):
                named = ", ".join(str(spec.shape) for spec in specs)
                raise ShapeError(
                    where="ops.concatenate",
                    argument="the inputs",
                    expected=f"shapes that are equal on every other axis than {self.axis}",
                    got=named,
                    fix="Make the others equal, or join along another axis.",
                )
        length = sum(spec.shape[self.axis] for spec in specs)
        return Spec((*first.shape[: self.axis], length, *first.shape[self.axis + 1 :]), first.dtype)

    def evaluate(self, *arrays):
        return np.concatenate(arrays, self.axis)

    def evaluate_into(self, out, *arrays):
        np.concatenate(arrays, self.axis, out=out)

    def gradient(self, gradient, output, *inputs):
        pieces, start = [], 0
        for x in inputs:
            begin = [0] * len(x.shape)
            end = list(output.shape)
            begin[self.axis], end[self.axis] = start, start + x.shape[self.axis]
            start = end[self.axis]
            pieces.append(slice_(gradient, begin, end))
        return tuple(pieces)


def concatenate(arrays: Sequence[Array], *, axis: int = -1) -> Any:
    """Arrays one after another along an axis.

    Shapes: arrays, equal but for the axis -> the same, the lengths of the axis added.
    Arguments:
        arrays: those that are joined, one or more.
        axis: where they are joined; default -1, the last.
    Errors: ShapeError for shapes that differ elsewhere.

    >>> concatenate([[1.0, 2.0], [3.0]])
    array([1., 2., 3.], dtype=float32)
    """
    arrays = meet(*arrays)
    axis = shapes.normalize_axis(axis, len(shape_of(arrays[0])))
    return arrays[0] if len(arrays) == 1 else apply(Concatenate(axis=axis), *arrays)


def stack(arrays: Sequence[Array], *, axis: int = 0) -> Any:
    """Arrays of one shape as entries of a new axis.

    Shapes: arrays of one shape -> one axis more, of their number.
    Arguments:
        arrays: those that are stacked, one or more.
        axis: where the new axis stands; default 0.
    Errors: ShapeError for different shapes.

    >>> stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return concatenate([expand_dims(x, axis) for x in arrays], axis=axis)


def split(x: Array, count: int, *, axis: int = -1) -> list[Any]:
    """`count` equal pieces along an axis.

    Shapes: x (…, length, …) -> a list of arrays (…, length / count, …).
    Arguments:
        x: array.
        count: how many equal pieces.
        axis: the axis that is split; default -1, the last.
    Errors: ShapeError for a length that is no multiple of count.

    >>> split([1.0, 2.0, 3.0, 4.0], 2)
    [array([1., 2.], dtype=float32), array([3., 4.], dtype=float32)]
    """
    shape = shape_of(x)
    axis = shapes.normalize_axis(axis, len(shape))
    if shape[axis] % count:
        raise ShapeError(
            where="ops.split",
            argument="count",
            expected=f"a divisor of {shape[axis]}, the length of axis {axis} of shape {shape}",
            got=describe(count),
            fix="Split into another number of equal pieces.",
        )
    width = shape[axis] // count
    pieces = []
    for index in range(count):
        begin, end = [0] * len(shape), list(shape)
        begin[axis], end[axis] = index * width, (index + 1) * width
        pieces.append(slice_(x, begin, end))
    return pieces


@method("__getitem__")
def getitem(x: Value, item: Any) -> Any:
    """Basic indexing of graph values and variables: whole numbers, slices with positive steps, `...`, None."""
    items = list(item) if isinstance(item, tuple) else [item]
    rank = len(x.shape)
    taken = sum(index is not None and index is not Ellipsis for index in items)
    if Ellipsis in items:
        place = items.index(Ellipsis)
        items[place : place + 1] = [slice(None)] * (rank - taken)
    else:
        items += [slice(None)] * (rank - taken)
    begin, end, steps, shape, axis = [], [], [], [], 0
    for index in items:
        if index is None:
            shape.append(1)
            continue
        if axis >= rank:
            raise OutOfRangeError(
                argument="index",
                expected=f"at most {rank} indices for shape {x.shape}",
                got=f"{taken}",
                fix="Leave some out.",
            )
        length = x.shape[axis]
        if isinstance(index, slice):
            first, last, step = index.indices(length)
            if step < 1:
                raise ArgumentError(
                    argument="index",
                    expected="slices with a positive step",
                    got=describe(step),
                    fix="Use `ops.reverse`.",
                )
            last = max(first, last)
            shape.append(-(-(last - first) // step))
        elif isinstance(index, (int, np.integer)):
            if not -length <= index < length:
                raise OutOfRangeError(
                    argument="index",
                    expected=f"a whole number from {-length} to {length - 1} on axis {axis} of shape {x.shape}"
                    + (", the batch" if axis == 0 else ""),
                    got=describe(int(index)),
                    fix="Index another axis, as `p[:, 0]` does, or use an index that exists.",
                )
            first, step = int(index) % length, 1
            last = first + 1
        else:
            raise ArgumentError(
                argument="index",
                expected="whole numbers and slices",
                got=describe(index),
                fix="Use `ops.gather` for arrays of indices, and `ops.where` for masks.",
            )
        begin.append(first)
        end.append(last)
        steps.append(step)
        axis += 1
    return reshape(slice_(x, begin, end, steps), shape)
