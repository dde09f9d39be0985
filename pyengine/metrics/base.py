"""What a metric is: sums that add up over batches, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.configurable import Configurable
from pyengine.losses import Loss
from pyengine.losses.base import call_user_function, divide_or_zero, in_floatx, weights_for
from pyengine.names import snake
from pyengine.ops.base import Array


class Metric(Configurable):
    """Base of all metrics: subclasses give `contributions` and `compute`, both written with ops.

    A metric is a function of sums: the contributions of batches are added up, and `compute` of one batch's
    contributions is that batch's value, of all of them the epoch's.

    Shapes: y_true, y_pred (batch, …, values) -> ().
    Arguments:
        name: what logs call it; default the class name in snake_case.
    Errors: when it is called: ShapeError where y_true, y_pred and sample_weight do not fit together.

    >>> class Largest(Metric):
    ...     def contributions(self, y_true, y_pred, sample_weight=None):
    ...         return ops.sum(ops.max(y_pred, axis=-1)), np.float32(len(y_pred))
    ...     def compute(self, total, count):
    ...         return ops.divide(total, count)
    >>> metric = Largest()
    >>> metric.update_state([[0.0, 0.0]], [[1.0, 2.0]])
    >>> metric.update_state([[0.0, 0.0]], [[5.0, 4.0]])
    >>> metric.result()
    array(3.5, dtype=float32)
    >>> metric.reset_state()
    >>> metric([[0.0, 0.0]], [[1.0, 2.0]])
    array(2., dtype=float32)

    Source: Keras 3; there a metric's sums are variables of its own.
    """

    def __init__(self, name: str | None = None):
        self.name = name or snake(type(self).__name__)

    def contributions(
        self, y_true: Array, y_pred: Array, sample_weight: Array | None = None
    ) -> tuple[Any, ...]:
        """What a batch adds to the totals: floating-point arrays of fixed shapes, one per total.

        Shapes: y_true, y_pred (batch, …, values) -> a tuple of arrays, whose shapes do not depend on the batch.
        Arguments:
            y_true: the targets.
            y_pred: the predictions.
            sample_weight: weight of each sample, (batch,) or one per value; default None, all 1.
        """
        raise NotImplementedError

    def compute(self, *totals: Array) -> Any:
        """The value that totals stand for.

        Shapes: totals as `contributions` returns them -> (), or an array with one value per threshold.
        Arguments:
            totals: the sums of the batches' contributions.
        """
        raise NotImplementedError

    # --- The same by hand, on arrays

    _totals: list[np.ndarray] | None = None

    def update_state(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Add a batch to the totals; float64 arrays are taken in float32, as in Keras.

        Shapes: y_true, y_pred (batch, …, values).
        Arguments:
            y_true: the targets.
            y_pred: the predictions.
            sample_weight: weight of each sample, (batch,) or one per value; default None, all 1.
        """
        y_true, y_pred = in_floatx(y_true, y_pred)
        parts = [np.asarray(part) for part in self.contributions(y_true, y_pred, sample_weight)]
        self._totals = (
            parts if self._totals is None else [a + b for a, b in zip(self._totals, parts, strict=True)]
        )

    def result(self) -> Any:
        """The value over all batches since the last reset; 0 before the first."""
        return np.zeros((), np.float32) if self._totals is None else self.compute(*self._totals)

    def reset_state(self) -> None:
        """Set the totals back to those of no batch."""
        self._totals = None

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Any:
        """The value over all batches since the last reset, after this one is added.

        Shapes: y_true, y_pred (batch, …, values) -> ().
        Arguments:
            y_true: the targets.
            y_pred: the predictions.
            sample_weight: weight of each sample, (batch,) or one per value; default None, all 1.
        """
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()


class MeanMetric(Metric):
    """Base of metrics that are the mean of one value per sample: subclasses give `values`.

    With sample weights the mean is Σ weight · value / Σ weight.

    >>> class AbsoluteError(MeanMetric):
    ...     def values(self, y_true, y_pred):
    ...         return ops.max(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)
    >>> AbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]], sample_weight=[3.0, 1.0])
    array(1.5, dtype=float32)
    """

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """One value per sample.

        Shapes: y_true, y_pred (batch, …, values) -> (batch, …).
        Arguments:
            y_true: the targets.
            y_pred: the predictions.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `values(self, y_true, y_pred)`: write one.")

    def contributions(self, y_true, y_pred, sample_weight=None):
        return weighted_sum(self.values(y_true, y_pred), sample_weight, y_pred, self.name)

    def compute(self, *totals):
        return divide_or_zero(*totals)


class FractionMetric(MeanMetric):
    """Base of metrics that are the fraction of values that are right: subclasses give `right`.

    A sample's value is the mean over its last axis, so a weight per sample counts for all of it; with a weight per
    value, shape (batch, …, values), each value counts by itself.
    """

    def right(self, y_true: Array, y_pred: Array) -> Any:
        """Which values are right, as booleans.

        Shapes: y_true, y_pred (batch, …, values) -> (batch, …, values).
        Arguments:
            y_true: the targets.
            y_pred: the predictions.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `right(self, y_true, y_pred)`: write one.")

    def values(self, y_true, y_pred):
        right = self.right(y_true, y_pred)
        return ops.mean(right, axis=-1) if len(ops.shape_of(right)) > 1 else right

    def contributions(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            right = self.right(y_true, y_pred)
            if len(ops.shape_of(sample_weight)) >= len(ops.shape_of(right)) > 1:
                return weighted_sum(right, sample_weight, y_pred, self.name)
        return super().contributions(y_true, y_pred, sample_weight)


class LossMetric(MeanMetric):
    """The mean of a loss, as a metric.

    Shapes: y_true, y_pred as the loss takes them -> ().
    Arguments:
        loss: a `Loss`; its reduction is not used.
        name: what logs call it; default the loss's name.

    >>> from pyengine.losses import Huber
    >>> LossMetric(Huber(delta=0.5))([[0.0, 0.0]], [[1.0, 3.0]])
    array(0.875, dtype=float32)
    """

    def __init__(self, loss: Loss, name: str | None = None):
        super().__init__(name or loss.name)
        self.loss = loss

    def values(self, y_true, y_pred):
        return self.loss.call(y_true, y_pred)

    def contributions(self, y_true, y_pred, sample_weight=None):
        values, valid = self.values(y_true, y_pred), self.loss.valid(y_true, y_pred)
        if valid is not None:
            counts = ops.cast(valid, dtype=ops.dtype_of(values))
            if sample_weight is not None:
                counts = ops.multiply(counts, weights_for(sample_weight, values, self.name))
            sample_weight = counts
        return weighted_sum(values, sample_weight, y_pred, self.name)


class FunctionMetric(MeanMetric):
    """The mean of what a function `(y_true, y_pred)` written with ops returns.

    Shapes: y_true, y_pred as the function takes them -> ().
    Arguments:
        function: returns values of shape (batch, …), or one number for the batch.
        name: what logs call it; default the function's name.
    Errors: when it is called: ArgumentError where the function returns something else.

    >>> def largest_error(y_true, y_pred):
    ...     return ops.max(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)
    >>> metric = FunctionMetric(largest_error)
    >>> metric.name, metric([[0.0, 0.0]], [[1.0, 2.0]])
    ('largest_error', array(2., dtype=float32))
    """

    def __init__(self, function: Callable[[Any, Any], Any], name: str | None = None):
        super().__init__(name or getattr(function, "__name__", type(function).__name__))
        self.function = function

    def values(self, y_true, y_pred):
        return call_user_function("metric", self.name, self.function, y_true, y_pred)


def weighted_sum(values: Array, sample_weight: Array | None, y_pred: Array, name: str) -> tuple[Any, Any]:
    """Sum of weight · value and sum of weights; without weights, of values and their number.

    One number for the whole batch counts as the value of each of its samples.
    """
    values = values if ops.dtype_of(values) in ("float32", "float64") else ops.in_dtype(values, "float32")
    shape, dtype = ops.shape_of(values), ops.dtype_of(values)
    if sample_weight is not None:
        weight = ops.broadcast_to(weights_for(sample_weight, values, name), shape)
        return ops.sum(ops.multiply(values, weight)), ops.sum(weight)
    if shape == ():
        batch = np.asarray(ops.shape_of(y_pred)[0], dtype)
        return ops.multiply(values, batch), batch
    return ops.sum(values), np.asarray(np.prod(shape), dtype)
