"""Losses of predicted quantities: how far a number is off. They agree with Keras 3.

The loss of a sample is the mean over its values.
"""

from __future__ import annotations

import math
from typing import Any

from pyengine import ops
from pyengine.losses.base import EPSILON, Loss, match_shape_and_dtype
from pyengine.ops.base import Array


class MeanSquaredError(Loss):
    """The mean squared error, mean((y_true - y_pred)²).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".

    >>> MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])
    array(2.5, dtype=float32)

    Source: Keras 3.
    """

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        return ops.mean(ops.square(ops.subtract(y_pred, y_true)), axis=-1)


class MeanAbsoluteError(Loss):
    """The mean absolute error, mean(|y_true - y_pred|).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".

    >>> MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]])
    array(1.5, dtype=float32)

    Source: Keras 3.
    """

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        return ops.mean(ops.abs(ops.subtract(y_pred, y_true)), axis=-1)


class MeanAbsolutePercentageError(Loss):
    """The mean absolute percentage error, 100 · mean(|y_true - y_pred| / max(|y_true|, 1e-7)).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".

    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    array(25., dtype=float32)

    Source: Keras 3.
    """

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        size = ops.maximum(ops.abs(y_true), EPSILON)
        return ops.multiply(100.0, ops.mean(ops.abs(ops.divide(ops.subtract(y_pred, y_true), size)), axis=-1))


class MeanSquaredLogarithmicError(Loss):
    """The mean squared logarithmic error: mean((log(y_true + 1) - log(y_pred + 1))²).

    It measures relative errors, for quantities of any size; both count as at least 1e-7.

    Shapes: y_true, y_pred (batch, …, values), at least 0 -> (), or (batch, …) with reduction "none".

    >>> round(float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[1.0, 1.0]])), 4)
    0.2402

    Source: Keras 3.
    """

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        difference = ops.subtract(
            ops.log1p(ops.maximum(y_pred, EPSILON)), ops.log1p(ops.maximum(y_true, EPSILON))
        )
        return ops.mean(ops.square(difference), axis=-1)


class Huber(Loss):
    """The Huber loss: squared for small errors, absolute for large ones, so less sensitive to outliers.

    mean(e²/2 where |e| ≤ delta, else delta · (|e| - delta/2)) with e = y_pred - y_true.

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".
    Arguments:
        delta: the error at which the parabola becomes a line, above 0, in units of y_true; default 1.0.
        reduction, name: see `Loss`.

    >>> Huber()([[0.0, 0.0]], [[1.0, 3.0]])
    array(1.5, dtype=float32)

    Source: Huber, "Robust estimation of a location parameter" (1964); Keras 3.
    """

    def __init__(self, delta: float = 1.0, reduction: str = "sum_over_batch_size", name: str | None = None):
        super().__init__(reduction, name)
        self.delta = delta

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        size = ops.abs(ops.subtract(y_pred, y_true))
        # With q = min(|e|, delta) both pieces are q · (|e| - q/2), whose slope is smooth.
        parabola = ops.minimum(size, self.delta)
        line = ops.subtract(size, ops.multiply(parabola, 0.5))
        return ops.mean(ops.multiply(parabola, line), axis=-1)


class LogCosh(Loss):
    """The mean of log(cosh(y_pred - y_true)): about e²/2 for a small error e, |e| - log 2 for a large one.

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".

    >>> round(float(LogCosh()([[0.0, 0.0]], [[0.0, 2.0]])), 4)
    0.6625

    Source: Keras 3.
    """

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        error = ops.subtract(y_pred, y_true)
        # log(cosh(e)) = e + log(1 + exp(-2e)) - log 2, which does not overflow.
        curve = ops.add(error, ops.softplus(ops.multiply(error, -2.0)))
        return ops.mean(ops.subtract(curve, math.log(2)), axis=-1)


class Poisson(Loss):
    """The Poisson loss, for counts predicted by their expected value: mean(y_pred - y_true · log(y_pred + 1e-7)).

    Shapes: y_true, y_pred (batch, …, values), at least 0 -> (), or (batch, …) with reduction "none".

    >>> Poisson()([[0.0, 1.0]], [[2.0, 1.0]])
    array(1.5, dtype=float32)

    Source: Keras 3.
    """

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        likely = ops.multiply(y_true, ops.log(ops.add(y_pred, EPSILON)))
        return ops.mean(ops.subtract(y_pred, likely), axis=-1)


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between the two: -Σ (y_true / ‖y_true‖) · (y_pred / ‖y_pred‖).

    -1 where both point the same way, 1 where opposite ways.

    The length of a vector counts as at least 1e-7.

    Shapes: y_true, y_pred (batch, …, values) -> (), or with reduction "none" their shape without `axis`.
    Arguments:
        axis: the axis along which the vectors lie, default -1.
        reduction, name: see `Loss`.

    >>> CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]])
    array(-1., dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, axis: int = -1, reduction: str = "sum_over_batch_size", name: str | None = None):
        super().__init__(reduction, name)
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Any:
        return ops.negative(cosine(y_true, y_pred, self.axis, self.name))


def cosine(y_true: Array, y_pred: Array, axis: int, name: str) -> Any:
    """The cosine of the angle between vectors; 0 where one of them has length 0."""
    y_true, y_pred = match_shape_and_dtype(y_true, y_pred, name)
    return ops.sum(ops.multiply(unit(y_true, axis), unit(y_pred, axis)), axis=axis)


def unit(x: Array, axis: int) -> Any:
    """Vectors of length 1 in the same directions; those shorter than 1e-7 are not stretched to it."""
    square = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(square, EPSILON**2)))
