"""Reductions other than `sum`: mean, max, min, argmax, argmin, all, any; and cumulative sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.dtypes import is_float
from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops.arithmetic import divide, multiply, square, subtract
from pyengine.ops.base import Array, Op, apply, dtype_of, shape_of
from pyengine.ops.broadcast import Axis, Reduction, reduced, sum
from pyengine.ops.cast import cast, in_dtype
from pyengine.ops.comparison import equal


def empty(op: str, x: Spec) -> ShapeError:
    """The error for what has no value over no numbers."""
    return ShapeError(
        where=f"ops.{op}",
        argument="the inputs",
        expected="at least one number to choose from",
        got=f"shape {x.shape}",
        fix="Reduce over other axes, or leave empty arrays out.",
    )


class Extremum(Reduction):
    """Ties share the gradient equally."""

    def shape(self, x: Spec) -> Spec:
        if shapes.size(x.shape[axis] for axis in self.axes) == 0:
            raise empty(self.name, x)
        return super().shape(x)

    def gradient(self, gradient, output, x):
        chosen = cast(equal(x, self.restored(output, x)), dtype=x.dtype)
        count = sum(chosen, axis=self.axes, keepdims=True)
        return (multiply(chosen, divide(self.restored(gradient, x), count)),)


class Max(Extremum):
    name = "max"
    function = staticmethod(np.max)


class Min(Extremum):
    name = "min"
    function = staticmethod(np.min)


class All(Reduction):
    name = "all"
    function = staticmethod(np.all)

    def gradient(self, gradient, output, x):
        return (None,)


class Any_(Reduction):
    name = "any"
    function = staticmethod(np.any)

    def gradient(self, gradient, output, x):
        return (None,)


def mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes (None: all); whole numbers and truth values give float32.

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([2., 3.], dtype=float32)
    """
    x = x if is_float(dtype_of(x)) else in_dtype(x, "float32")
    shape = shape_of(x)
    count = shapes.size(shape[number] for number in shapes.normalize_axes(axis, len(shape)))
    return divide(sum(x, axis=axis, keepdims=keepdims), float(count))


def variance(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean.

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> variance([1.0, 3.0])
    array(1., dtype=float32)
    """
    return mean(square(subtract(x, mean(x, axis=axis, keepdims=True))), axis=axis, keepdims=keepdims)


def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest over axes (None: all); ties share the gradient.

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ShapeError where there is no number to choose from; ArgumentError for an axis that there is not.

    >>> max([[1.0, 2.0], [4.0, 3.0]], axis=1)
    array([2., 4.], dtype=float32)
    """
    return reduced(Max, x, axis, keepdims)


def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest over axes (None: all); ties share the gradient.

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ShapeError where there is no number to choose from; ArgumentError for an axis that there is not.

    >>> min([[1.0, 2.0], [4.0, 3.0]], axis=1)
    array([1., 3.], dtype=float32)
    """
    return reduced(Min, x, axis, keepdims)


def all(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether every one is true.

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> all([[True, False], [True, True]], axis=1)
    array([False,  True])
    """
    return reduced(All, in_dtype(x, "bool"), axis, keepdims)


def any(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether at least one is true.

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> any([[True, False], [False, False]], axis=1)
    array([ True, False])
    """
    return reduced(Any_, in_dtype(x, "bool"), axis, keepdims)


class ArgExtremum(Op):
    axis: int
    function: Any

    def shape(self, x: Spec) -> Spec:
        if x.shape[self.axis] == 0:
            raise empty(self.name, x)
        return Spec(shapes.reduced_shape(x.shape, (self.axis,), False), "int32")

    def evaluate(self, x):
        return self.function(x, axis=self.axis).astype(np.int32)

    def gradient(self, gradient, output, x):
        return (None,)


class ArgMax(ArgExtremum):
    name = "argmax"
    function = staticmethod(np.argmax)


class ArgMin(ArgExtremum):
    name = "argmin"
    function = staticmethod(np.argmin)


def argmax(x: Array, *, axis: int = -1) -> Any:
    """Where the largest stands along an axis (the first of equals), int32.

    Shapes: x (…, length, …) -> (…) without the axis, of whole numbers from 0.
    Arguments:
        x: array of numbers.
        axis: the axis along which is searched; default -1, the last.
    Errors: ShapeError where there is no number to choose from; ArgumentError for an axis that there is not.

    >>> argmax([[1.0, 5.0], [7.0, 2.0]])
    array([1, 0], dtype=int32)
    """
    return apply(ArgMax(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x)


def argmin(x: Array, *, axis: int = -1) -> Any:
    """Where the smallest stands along an axis (the first of equals), int32.

    Shapes: x (…, length, …) -> (…) without the axis, of whole numbers from 0.
    Arguments:
        x: array of numbers.
        axis: the axis along which is searched; default -1, the last.
    Errors: ShapeError where there is no number to choose from; ArgumentError for an axis that there is not.

    >>> argmin([[1.0, 5.0], [7.0, 2.0]])
    array([0, 1], dtype=int32)
    """
    return apply(ArgMin(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x)


class Cumsum(Op):
    """Running sums; the transpose runs from the other end."""

    name = "cumsum"
    axis: int
    reverse: bool

    def shape(self, x: Spec) -> Spec:
        return x

    def evaluate(self, x):
        if self.reverse:
            return np.flip(np.cumsum(np.flip(x, self.axis), self.axis, dtype=x.dtype), self.axis)
        return np.cumsum(x, self.axis, dtype=x.dtype)

    def gradient(self, gradient, output, x):
        return (apply(Cumsum(axis=self.axis, reverse=not self.reverse), gradient),)


def cumsum(x: Array, *, axis: int = -1, reverse: bool = False) -> Any:
    """Running sums along an axis; `reverse` starts at its end.

    Shapes: x (…) -> (…).
    Arguments:
        x: array of numbers.
        axis: the axis along which is summed; default -1, the last.
        reverse: whether it is summed from the end; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> cumsum([1.0, 2.0, 3.0])
    array([1., 3., 6.], dtype=float32)
    """
    return apply(Cumsum(axis=shapes.normalize_axis(axis, len(shape_of(x))), reverse=reverse), x)
