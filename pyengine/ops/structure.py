"""Ops that move numbers without changing them: reshape, transpose, reverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.errors import ShapeError, describe
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, shape_of


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
    """The same numbers in another shape; one length may be -1.

    Shapes: x (…) -> target.
    Arguments:
        x: array.
        target: the shape that it gets, of as many numbers; one length may be -1: what is left.
    Errors: ShapeError for another count of numbers.

    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    target = shapes.resolve_reshape(shape_of(x), target)
    return x if target == shape_of(x) else apply(Reshape(target=target), x)


def expand_dims(x: Array, axis: int) -> Any:
    """A new axis of length 1 before `axis`.

    Shapes: x (…) -> (…, 1, …).
    Arguments:
        x: array.
        axis: where the new axis stands in the result.
    Errors: ArgumentError for an axis that there is not.

    >>> expand_dims([1.0, 2.0], 1)
    array([[1.],
           [2.]], dtype=float32)
    """
    shape = shape_of(x)
    axis = shapes.normalize_axis(axis, len(shape) + 1)
    return reshape(x, (*shape[:axis], 1, *shape[axis:]))


def squeeze(x: Array, axis: int | Sequence[int] | None = None) -> Any:
    """Without the given axes of length 1 (None: all of them).

    Shapes: x (…, 1, …) -> (…).
    Arguments:
        x: array.
        axis: the axes of length 1 that go; by default, None, all of them.
    Errors: ShapeError for an axis of another length.

    >>> squeeze([[1.0, 2.0]])
    array([1., 2.], dtype=float32)
    """
    shape = shape_of(x)
    if axis is None:
        axes = tuple(i for i, length in enumerate(shape) if length == 1)
    else:
        axes = shapes.normalize_axes(axis, len(shape))
    if any(shape[number] != 1 for number in axes):
        raise ShapeError(
            where="ops.squeeze",
            argument="axis",
            expected="axes of length 1",
            got=f"{axes} of shape {shape}",
            fix="Name only axes of length 1.",
        )
    return reshape(x, shapes.reduced_shape(shape, axes, False))


def flatten(x: Array) -> Any:
    """(batch, …) to (batch, features).

    Shapes: x (batch, …) -> (batch, features).

    >>> flatten([[[1.0], [2.0]]])
    array([[1., 2.]], dtype=float32)
    """
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
    """The same array, through which no gradient flows.

    Shapes: x (…) -> (…).

    >>> stop_gradient([1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
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
    """The same numbers in memory of their own.

    Shapes: x (…) -> (…).

    >>> copy([1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
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
    """Axes in another order (None: reversed).

    Shapes: x (…) -> its axes in another order.
    Arguments:
        x: array.
        axes: the order, each axis once; by default, None, from last to first.
    Errors: ShapeError for what is no order of the axes.

    >>> transpose([[1.0, 2.0]])
    array([[1.],
           [2.]], dtype=float32)
    """
    rank = len(shape_of(x))
    order = (
        tuple(range(rank))[::-1]
        if axes is None
        else tuple(shapes.normalize_axis(axis, rank) for axis in axes)
    )
    return x if order == tuple(range(rank)) else apply(Transpose(axes=order), x)


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
    """The order along one axis turned round.

    Shapes: x (…) -> (…).
    Arguments:
        x: array.
        axis: the axis whose order is turned.
    Errors: ArgumentError for an axis that there is not.

    >>> reverse([1.0, 2.0, 3.0], axis=0)
    array([3., 2., 1.], dtype=float32)
    """
    return apply(Reverse(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x)
