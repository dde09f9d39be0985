"""Ops that move numbers without changing them: reshape, transpose, slice and pad, reverse, concatenate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.errors import ArgumentError, OutOfRangeError, ShapeError, describe
from pyengine.graph import Spec, Value
from pyengine.ops.base import Array, Op, apply, method, shape_of
from pyengine.ops.cast import meet


class Reshape(Op):
    name = "reshape"
    rearranges = True
    cheap = True
    alias = True
    target: shapes.Shape

    def shape(self, x: Spec) -> Spec:
        return Spec(shapes.resolve_reshape(x.shape, self.target), x.dtype)

    def evaluate(self, x):
        return x.reshape(self.target)

    def gradient(self, gradient, output, x):
        return (reshape(gradient, x.shape),)


def reshape(x: Array, target: Sequence[int]) -> Any:
    """The same numbers in another shape; one length may be -1."""
    target = shapes.resolve_reshape(shape_of(x), target)
    return x if target == shape_of(x) else apply(Reshape(target=target), x)


def expand_dims(x: Array, axis: int) -> Any:
    """A new axis of length 1 before `axis`."""
    shape = shape_of(x)
    axis = shapes.normalize_axis(axis, len(shape) + 1)
    return reshape(x, (*shape[:axis], 1, *shape[axis:]))


def squeeze(x: Array, axis: int | Sequence[int] | None = None) -> Any:
    """Without the given axes of length 1 (None: all of them)."""
    shape = shape_of(x)
    if axis is None:
        axes = tuple(i for i, length in enumerate(shape) if length == 1)
    else:
        axes = shapes.normalize_axes(axis, len(shape))
    if any(shape[one] != 1 for one in axes):
        raise ShapeError(
            where="ops.squeeze",
            argument="axis",
            expected="axes of length 1",
            got=f"{axes} of shape {shape}",
            fix="Name only axes of length 1.",
        )
    return reshape(x, shapes.reduced(shape, axes, False))


def flatten(x: Array) -> Any:
    """(batch, …) to (batch, features)."""
    shape = shape_of(x)
    return reshape(x, (shape[0], shapes.size(shape[1:])))


class StopGradient(Op):
    name = "stop_gradient"
    rearranges = True
    cheap = True
    alias = True

    def shape(self, x: Spec) -> Spec:
        return x

    def evaluate(self, x):
        return x

    def gradient(self, gradient, output, x):
        return (None,)


def stop_gradient(x: Array) -> Any:
    """The same array, through which no gradient flows."""
    return apply(StopGradient(), x)


class Copy(Op):
    """The same numbers in memory of their own: what a plan adds where a value must move."""

    name = "copy"
    rearranges = True
    cheap = True

    def shape(self, x: Spec) -> Spec:
        return x

    def evaluate(self, x):
        return x.copy()

    def evaluate_into(self, out, x):
        np.copyto(out, x)

    def gradient(self, gradient, output, x):
        return (gradient,)


def copy(x: Array) -> Any:
    """The same numbers in memory of their own."""
    return apply(Copy(), x)


class Transpose(Op):
    name = "transpose"
    rearranges = True
    cheap = True
    axes: tuple[int, ...]

    def shape(self, x: Spec) -> Spec:
        if sorted(self.axes) != list(range(len(x.shape))):
            raise ShapeError(
                where="ops.transpose",
                argument="axes",
                expected=f"an order of the axes 0 to {len(x.shape) - 1} of shape {x.shape}",
                got=describe(self.axes),
                fix="Name each axis once.",
            )
        return Spec(tuple(x.shape[axis] for axis in self.axes), x.dtype)

    def evaluate(self, x):
        return x.transpose(self.axes)

    def gradient(self, gradient, output, x):
        return (transpose(gradient, tuple(int(axis) for axis in np.argsort(self.axes))),)


def transpose(x: Array, axes: Sequence[int] | None = None) -> Any:
    """Axes in another order (None: reversed)."""
    rank = len(shape_of(x))
    order = (
        tuple(range(rank))[::-1]
        if axes is None
        else tuple(shapes.normalize_axis(axis, rank) for axis in axes)
    )
    return x if order == tuple(range(rank)) else apply(Transpose(axes=order), x)


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
    """The box `x[begin[0]:end[0]:steps[0], …]`; all bounds within 0 and the axis's length."""
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
    """Zeros around an array: one (before, after) pair per axis."""
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


class Reverse(Op):
    name = "reverse"
    rearranges = True
    own_inverse = True
    axis: int

    def shape(self, x: Spec) -> Spec:
        return x

    def evaluate(self, x):
        return np.flip(x, self.axis)

    def gradient(self, gradient, output, x):
        return (reverse(gradient, axis=self.axis),)


def reverse(x: Array, *, axis: int) -> Any:
    """The order along one axis turned round."""
    return apply(Reverse(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x)


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
    """Arrays one after another along an axis."""
    arrays = meet(*arrays)
    axis = shapes.normalize_axis(axis, len(shape_of(arrays[0])))
    return arrays[0] if len(arrays) == 1 else apply(Concatenate(axis=axis), *arrays)


def stack(arrays: Sequence[Array], *, axis: int = 0) -> Any:
    """Arrays of one shape as entries of a new axis."""
    return concatenate([expand_dims(x, axis) for x in arrays], axis=axis)


def split(x: Array, count: int, *, axis: int = -1) -> list[Any]:
    """`count` equal pieces along an axis."""
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
    taken = sum(one is not None and one is not Ellipsis for one in items)
    if Ellipsis in items:
        place = items.index(Ellipsis)
        items[place : place + 1] = [slice(None)] * (rank - taken)
    else:
        items += [slice(None)] * (rank - taken)
    begin, end, steps, shape, axis = [], [], [], [], 0
    for one in items:
        if one is None:
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
        if isinstance(one, slice):
            first, last, step = one.indices(length)
            if step < 1:
                raise ArgumentError(
                    argument="index",
                    expected="slices with a positive step",
                    got=describe(step),
                    fix="Use `ops.reverse`.",
                )
            last = max(first, last)
            shape.append(-(-(last - first) // step))
        elif isinstance(one, (int, np.integer)):
            if not -length <= one < length:
                raise OutOfRangeError(
                    argument="index",
                    expected=f"a whole number from {-length} to {length - 1} on axis {axis} of shape {x.shape}"
                    + (", the batch" if axis == 0 else ""),
                    got=describe(int(one)),
                    fix="Index another axis, as `p[:, 0]` does, or use an index that exists.",
                )
            first, step = int(one) % length, 1
            last = first + 1
        else:
            raise ArgumentError(
                argument="index",
                expected="whole numbers and slices",
                got=describe(one),
                fix="Use `ops.gather` for arrays of indices, and `ops.where` for masks.",
            )
        begin.append(first)
        end.append(last)
        steps.append(step)
        axis += 1
    return reshape(slice_(x, begin, end, steps), shape)
