"""Stretching and summing over axes: `broadcast_to` and `sum`, each of which is the other's gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, dtype_of, shape_of
from pyengine.ops.cast import in_dtype
from pyengine.ops.structure import reshape

Axis = int | Sequence[int] | None


class BroadcastTo(Op):
    """Its transpose is `sum` over the axes that were stretched."""

    name = "broadcast_to"
    rearranges = True
    elementwise = True
    cheap = True
    target: shapes.Shape

    def shape(self, x: Spec) -> Spec:
        if shapes.broadcast(x.shape, self.target) != self.target:
            raise ShapeError(
                where="ops.broadcast_to",
                argument="the inputs",
                expected=f"a shape that broadcasts to {self.target}",
                got=f"shape {x.shape}",
                fix="Each length must be that of the target, or 1.",
            )
        return Spec(self.target, x.dtype)

    def evaluate(self, x):
        return np.broadcast_to(x, self.target)

    def gradient(self, gradient, output, x):
        return (sum_to(gradient, x.shape),)


def broadcast_to(x: Array, target: Sequence[int]) -> Any:
    """Repeated along axes of length 1 (and new leading axes) to a shape.

    Shapes: x (…) -> target.
    Arguments:
        x: array.
        target: the shape that it gets; lengths of 1 are stretched, new axes come in front.
    Errors: ShapeError for a shape that does not broadcast to it.

    >>> broadcast_to([1.0, 2.0], (2, 2))
    array([[1., 2.],
           [1., 2.]], dtype=float32)
    """
    target = tuple(target)
    return x if shape_of(x) == target else apply(BroadcastTo(target=target), x)


class Reduction(Op):
    """Over the axes `axes` (normalized); `keepdims` leaves them with length 1."""

    axes: tuple[int, ...]
    keepdims: bool
    function: Any

    def shape(self, x: Spec) -> Spec:
        return Spec(shapes.reduced_shape(x.shape, self.axes, self.keepdims), x.dtype)

    def scratch(self, *specs: Spec) -> int:
        """What a long reduction has come to, so that it may pause: some vectors of partial sums."""
        return 4096 if specs[0].nbytes >= 1 << 22 else 0

    def evaluate(self, x):
        return self.function(x, axis=self.axes, keepdims=self.keepdims)

    def evaluate_into(self, out, x):
        self.function(x, axis=self.axes, keepdims=self.keepdims, out=out)

    def restored(self, x, like):
        """A reduced array as it would be with keepdims, so that it broadcasts against what was reduced."""
        return reshape(x, shapes.reduced_shape(like.shape, self.axes, True))


def reduced(op: type[Reduction], x: Array, axis: Axis, keepdims: bool) -> Any:
    return apply(op(axes=shapes.normalize_axes(axis, len(shape_of(x))), keepdims=keepdims), x)


class Sum(Reduction):
    """Its transpose is `broadcast_to`."""

    name = "sum"

    def evaluate(self, x):
        return np.sum(x, axis=self.axes, keepdims=self.keepdims, dtype=x.dtype)

    def evaluate_into(self, out, x):
        np.sum(x, axis=self.axes, keepdims=self.keepdims, dtype=x.dtype, out=out)

    def gradient(self, gradient, output, x):
        return (broadcast_to(self.restored(gradient, x), x.shape),)


def sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over axes (None: all).

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis, or several, that is reduced; by default, None, all of them.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([3., 7.], dtype=float32)
    """
    return reduced(Sum, in_dtype(x, "int32") if dtype_of(x) == "bool" else x, axis, keepdims)


def sum_to(x: Array, shape: shapes.Shape) -> Any:
    """The transpose of broadcasting `shape` to the shape of `x`: sums over what was stretched."""
    have = shape_of(x)
    if have == shape:
        return x
    lead = len(have) - len(shape)
    stretched = [i + lead for i, length in enumerate(shape) if length == 1 and have[i + lead] != 1]
    axes = (*range(lead), *stretched)
    return reshape(sum(x, axis=axes), shape) if axes else reshape(x, shape)
