"""Ops that fold axes away: sum, mean, max, min, argmax, argmin, all, any; and cumulative sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.dtypes import is_float
from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops import elementwise as e
from pyengine.ops.base import Array, Op, apply, dtype_of, in_dtype, shape_of
from pyengine.ops.structure import broadcast_to, reshape

Axis = int | Sequence[int] | None


class Reduction(Op):
    """Over the axes `axes` (normalized); `keepdims` leaves them with length 1."""

    axes: tuple[int, ...]
    keepdims: bool
    function: Any

    def shape(self, x: Spec) -> Spec:
        return Spec(shapes.reduced(x.shape, self.axes, self.keepdims), x.dtype)

    def evaluate(self, x):
        return self.function(x, axis=self.axes, keepdims=self.keepdims)

    def evaluate_into(self, out, x):
        self.function(x, axis=self.axes, keepdims=self.keepdims, out=out)

    def restored(self, x, like):
        """A reduced array as it would be with keepdims, so that it broadcasts against what was reduced."""
        return reshape(x, shapes.reduced(like.shape, self.axes, True))


class Sum(Reduction):
    """Its transpose is `broadcast_to`."""

    name = "sum"

    def evaluate(self, x):
        return np.sum(x, axis=self.axes, keepdims=self.keepdims, dtype=x.dtype)

    def evaluate_into(self, out, x):
        np.sum(x, axis=self.axes, keepdims=self.keepdims, dtype=x.dtype, out=out)

    def gradient(self, gradient, output, x):
        return (broadcast_to(self.restored(gradient, x), x.shape),)


class Extremum(Reduction):
    """Ties share the gradient equally."""

    def shape(self, x: Spec) -> Spec:
        if shapes.size(x.shape[axis] for axis in self.axes) == 0:
            raise ShapeError(f"{self.name} over the empty axes {self.axes} of shape {x.shape} has no value.")
        return super().shape(x)

    def gradient(self, gradient, output, x):
        chosen = e.cast(e.equal(x, self.restored(output, x)), dtype=x.dtype)
        count = sum(chosen, axis=self.axes, keepdims=True)
        return (e.multiply(chosen, e.divide(self.restored(gradient, x), count)),)


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


def _reduce(op: type[Reduction], x: Array, axis: Axis, keepdims: bool) -> Any:
    return apply(op(axes=shapes.normalize_axes(axis, len(shape_of(x))), keepdims=keepdims), x)


def sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over axes (None: all)."""
    return _reduce(Sum, in_dtype(x, "int32") if dtype_of(x) == "bool" else x, axis, keepdims)


def mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes (None: all); whole numbers and truth values give float32."""
    x = x if is_float(dtype_of(x)) else in_dtype(x, "float32")
    shape = shape_of(x)
    count = shapes.size(shape[one] for one in shapes.normalize_axes(axis, len(shape)))
    return e.divide(sum(x, axis=axis, keepdims=keepdims), float(count))


def variance(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean."""
    return mean(e.square(e.subtract(x, mean(x, axis=axis, keepdims=True))), axis=axis, keepdims=keepdims)


def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest over axes (None: all); ties share the gradient."""
    return _reduce(Max, x, axis, keepdims)


def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest over axes (None: all); ties share the gradient."""
    return _reduce(Min, x, axis, keepdims)


def all(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether every one is true."""
    return _reduce(All, in_dtype(x, "bool"), axis, keepdims)


def any(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether at least one is true."""
    return _reduce(Any_, in_dtype(x, "bool"), axis, keepdims)


def sum_to(x: Array, shape: shapes.Shape) -> Any:
    """The transpose of broadcasting `shape` to the shape of `x`: sums over what was stretched."""
    have = shape_of(x)
    if have == shape:
        return x
    lead = len(have) - len(shape)
    stretched = [i + lead for i, length in enumerate(shape) if length == 1 and have[i + lead] != 1]
    axes = (*range(lead), *stretched)
    return reshape(sum(x, axis=axes), shape) if axes else reshape(x, shape)


class ArgExtremum(Op):
    axis: int
    function: Any

    def shape(self, x: Spec) -> Spec:
        if x.shape[self.axis] == 0:
            raise ShapeError(f"{self.name} over the empty axis {self.axis} of shape {x.shape} has no value.")
        return Spec(shapes.reduced(x.shape, (self.axis,), False), "int32")

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
    """Where the largest stands along an axis (the first of equals), int32."""
    return apply(ArgMax(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x)


def argmin(x: Array, *, axis: int = -1) -> Any:
    """Where the smallest stands along an axis (the first of equals), int32."""
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
    """Running sums along an axis; `reverse` starts at its end."""
    return apply(Cumsum(axis=shapes.normalize_axis(axis, len(shape_of(x))), reverse=reverse), x)
