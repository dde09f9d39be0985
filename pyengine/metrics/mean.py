"""Losses as metrics: means over samples of how far predictions are off. They agree with Keras 3."""

from __future__ import annotations

from typing import Any

from pyengine import losses, ops
from pyengine.losses.regression import cosine
from pyengine.metrics.base import MeanMetric
from pyengine.ops.base import Array


class LossClassMetric(MeanMetric):
    """Base of metrics that are the mean of a loss: subclasses name its class."""

    loss: type[losses.Loss]

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return self.loss(name=self.name).call(y_true, y_pred)


class MeanSquaredError(LossClassMetric):
    """See `losses.MeanSquaredError`.

    >>> MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])
    array(2.5, dtype=float32)
    """

    loss = losses.MeanSquaredError


class RootMeanSquaredError(LossClassMetric):
    """√mean((y_true - y_pred)²), the mean over all samples, the root at the end.

    >>> RootMeanSquaredError()([[0.0], [0.0]], [[3.0], [4.0]])
    array(3.535534, dtype=float32)
    """

    loss = losses.MeanSquaredError

    def compute(self, *totals: Array) -> Any:
        return ops.sqrt(super().compute(*totals))


class MeanAbsoluteError(LossClassMetric):
    """See `losses.MeanAbsoluteError`."""

    loss = losses.MeanAbsoluteError


class MeanAbsolutePercentageError(LossClassMetric):
    """See `losses.MeanAbsolutePercentageError`."""

    loss = losses.MeanAbsolutePercentageError


class MeanSquaredLogarithmicError(LossClassMetric):
    """See `losses.MeanSquaredLogarithmicError`."""

    loss = losses.MeanSquaredLogarithmicError


class LogCoshError(LossClassMetric):
    """See `losses.LogCosh`."""

    loss = losses.LogCosh


class CosineSimilarity(MeanMetric):
    """The cosine of the angle between y_true and y_pred: 1 where both point the same way.

    The loss of the same name is its negative.

    Arguments:
        name: see `Metric`.
        axis: along which the vectors lie.

    >>> CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]])
    array(1., dtype=float32)
    """

    def __init__(self, name: str | None = None, axis: int = -1):
        super().__init__(name)
        self.axis = axis

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return cosine(y_true, y_pred, self.axis, self.name)


class BinaryCrossentropy(MeanMetric):
    """See `losses.BinaryCrossentropy`.

    Arguments:
        name: see `Metric`.
        from_logits, label_smoothing: as the loss.
    """

    def __init__(self, name: str | None = None, from_logits: bool = False, label_smoothing: float = 0.0):
        super().__init__(name)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self._loss = losses.BinaryCrossentropy(from_logits, label_smoothing, name=self.name)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return self._loss.call(y_true, y_pred)


class CategoricalCrossentropy(MeanMetric):
    """See `losses.CategoricalCrossentropy`.

    Arguments:
        name: see `Metric`.
        from_logits, label_smoothing, axis: as the loss.
    """

    def __init__(
        self,
        name: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ):
        super().__init__(name)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis
        self._loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis, name=self.name)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return self._loss.call(y_true, y_pred)


class SparseCategoricalCrossentropy(MeanMetric):
    """See `losses.SparseCategoricalCrossentropy`.

    Arguments:
        name: see `Metric`.
        from_logits: as the loss.
    """

    def __init__(self, name: str | None = None, from_logits: bool = False):
        super().__init__(name)
        self.from_logits = from_logits
        self._loss = losses.SparseCategoricalCrossentropy(from_logits, name=self.name)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return self._loss.call(y_true, y_pred)


class KLDivergence(LossClassMetric):
    """See `losses.KLDivergence`."""

    loss = losses.KLDivergence


class Poisson(LossClassMetric):
    """See `losses.Poisson`."""

    loss = losses.Poisson


class Hinge(LossClassMetric):
    """See `losses.Hinge`."""

    loss = losses.Hinge


class SquaredHinge(LossClassMetric):
    """See `losses.SquaredHinge`."""

    loss = losses.SquaredHinge


class CategoricalHinge(LossClassMetric):
    """See `losses.CategoricalHinge`."""

    loss = losses.CategoricalHinge
