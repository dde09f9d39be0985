"""Ops that turn scores into probabilities: softmax, log_softmax, logsumexp. None of them overflows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.graph import Spec
from pyengine.ops.arithmetic import multiply, subtract
from pyengine.ops.base import Array, Op, apply, shape_of
from pyengine.ops.broadcast import Axis, Reduction, sum
from pyengine.ops.cast import floats
from pyengine.ops.functions import exp


class OverAxis(Op):
    """Along one axis, in place; the shape stays."""

    in_place = (0,)
    axis: int

    def shape(self, x: Spec) -> Spec:
        return x

    def evaluate(self, x):
        out = np.empty_like(x)
        self.evaluate_into(out, x)
        return out


class Softmax(OverAxis):
    """exp(x) / Σ exp(x)."""

    name = "softmax"

    def evaluate_into(self, out, x):
        if x.size:
            np.subtract(x, x.max(axis=self.axis, keepdims=True), out=out)
            np.exp(out, out=out)
            np.divide(out, out.sum(axis=self.axis, keepdims=True), out=out)

    def gradient(self, gradient, output, x):
        along = sum(multiply(gradient, output), axis=self.axis, keepdims=True)
        return (multiply(output, subtract(gradient, along)),)


class LogSoftmax(OverAxis):
    """x - log Σ exp(x)."""

    name = "log_softmax"

    def evaluate_into(self, out, x):
        if x.size:
            np.subtract(x, x.max(axis=self.axis, keepdims=True), out=out)
            np.subtract(out, np.log(np.exp(out).sum(axis=self.axis, keepdims=True)), out=out)

    def gradient(self, gradient, output, x):
        total = sum(gradient, axis=self.axis, keepdims=True)
        return (subtract(gradient, multiply(exp(output), total)),)


class LogSumExp(Reduction):
    """log Σ exp(x). Over nothing it is -∞, the logarithm of an empty sum."""

    name = "logsumexp"

    def evaluate(self, x):
        top = x.max(axis=self.axes, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, np.zeros((), x.dtype))  # ±∞ - ±∞ would be NaN
        total = np.log(np.exp(x - top).sum(axis=self.axes, keepdims=True)) + top
        return total if self.keepdims else total.reshape(shapes.reduced_shape(x.shape, self.axes, False))

    def evaluate_into(self, out, x):
        out[...] = self.evaluate(x)

    def gradient(self, gradient, output, x):
        share = exp(subtract(x, self.restored(output, x)))
        return (multiply(self.restored(gradient, x), share),)


def softmax(x: Array, *, axis: int = -1) -> Any:
    """Probabilities from scores: exp(x) / Σ exp(x) along an axis.

    Shapes: x (…) -> (…).
    Arguments:
        x: scores.
        axis: the axis along which they sum to 1; default -1, the last.
    Errors: ArgumentError for an axis that there is not.

    >>> softmax(np.float32([1000, 1000]))
    array([0.5, 0.5], dtype=float32)
    """
    return apply(Softmax(axis=shapes.normalize_axis(axis, len(shape_of(x)))), floats(x))


def log_softmax(x: Array, *, axis: int = -1) -> Any:
    """Logarithms of the probabilities, exact where softmax itself would round to 0.

    Shapes: x (…) -> (…).
    Arguments:
        x: scores.
        axis: the axis along which they sum to 1; default -1, the last.
    Errors: ArgumentError for an axis that there is not.

    >>> log_softmax(np.float32([1000, 0]))
    array([    0., -1000.], dtype=float32)
    """
    return apply(LogSoftmax(axis=shapes.normalize_axis(axis, len(shape_of(x)))), floats(x))


def logsumexp(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """log Σ exp(x) over axes (None: all).

    Shapes: x (…) -> (…) without the reduced axes, or with length 1 for each.
    Arguments:
        x: array of numbers.
        axis: the axis that is summed; default -1, the last.
        keepdims: whether the reduced axes stay, with length 1; default False.
    Errors: ArgumentError for an axis that there is not.

    >>> logsumexp(np.float32([1000, 1000])).round(2)
    np.float32(1000.69)
    """
    op = LogSumExp(axes=shapes.normalize_axes(axis, len(shape_of(x))), keepdims=keepdims)
    return apply(op, floats(x))
