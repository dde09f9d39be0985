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
    """The mean squared error over all samples, mean((y_true - y_pred)²). See `losses.MeanSquaredError`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])
    array(2.5, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.MeanSquaredError


class RootMeanSquaredError(LossClassMetric):
    """The root mean squared error, √mean((y_true - y_pred)²): the mean over all samples, the root at the end.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> RootMeanSquaredError()([[0.0], [0.0]], [[3.0], [4.0]])
    array(3.535534, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.MeanSquaredError

    def compute(self, *totals: Array) -> Any:
        return ops.sqrt(super().compute(*totals))


class MeanAbsoluteError(LossClassMetric):
    """The mean absolute error over all samples, mean(|y_true - y_pred|). See `losses.MeanAbsoluteError`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]])
    array(1.5, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.MeanAbsoluteError


class MeanAbsolutePercentageError(LossClassMetric):
    """100 · mean(|y_true - y_pred| / |y_true|) over all samples, in percent. See `losses.MeanAbsolutePercentageError`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    array(25., dtype=float32)

    Source: Keras 3.
    """

    loss = losses.MeanAbsolutePercentageError


class MeanSquaredLogarithmicError(LossClassMetric):
    """mean((log(y_true + 1) - log(y_pred + 1))²) over all samples. See `losses.MeanSquaredLogarithmicError`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> round(float(MeanSquaredLogarithmicError()([[0.0, 1.0]], [[1.0, 1.0]])), 4)
    0.2402

    Source: Keras 3.
    """

    loss = losses.MeanSquaredLogarithmicError


class LogCoshError(LossClassMetric):
    """mean(log(cosh(y_pred - y_true))) over all samples. See `losses.LogCosh`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> round(float(LogCoshError()([[0.0, 0.0]], [[0.0, 2.0]])), 4)
    0.6625

    Source: Keras 3.
    """

    loss = losses.LogCosh


class CosineSimilarity(MeanMetric):
    """The mean cosine of the angle between y_true and y_pred, Σ (y_true / ‖y_true‖) · (y_pred / ‖y_pred‖).

    1 where both point the same way, -1 where opposite ways; the loss of the same name is its negative.

    Shapes: y_true, y_pred (batch, …, values) -> ().
    Arguments:
        name: see `Metric`.
        axis: the axis along which the vectors lie, default -1.

    >>> CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]])
    array(1., dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, name: str | None = None, axis: int = -1):
        super().__init__(name)
        self.axis = axis

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return cosine(y_true, y_pred, self.axis, self.name)


class BinaryCrossentropy(MeanMetric):
    """-mean(y_true · log(y_pred) + (1 - y_true) · log(1 - y_pred)) over all samples. See `losses.BinaryCrossentropy`.

    Shapes: y_true, y_pred (batch, …, labels) -> ().
    Arguments:
        name: see `Metric`.
        from_logits: whether y_pred are logits, whose sigmoids are the probabilities; default False.
        label_smoothing: s, 0 ≤ s ≤ 1: targets become y_true · (1 - s) + s / 2; default 0.0.
    Errors: ArgumentError for a label_smoothing out of range.

    >>> round(float(BinaryCrossentropy()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.6931

    Source: Keras 3.
    """

    def __init__(self, name: str | None = None, from_logits: bool = False, label_smoothing: float = 0.0):
        super().__init__(name)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self._loss = losses.BinaryCrossentropy(from_logits, label_smoothing, name=self.name)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return self._loss.call(y_true, y_pred)


class CategoricalCrossentropy(MeanMetric):
    """-Σ y_true · log(y_pred), the mean over all samples. See `losses.CategoricalCrossentropy`.

    Shapes: y_true, one-hot, and y_pred (batch, …, classes) -> ().
    Arguments:
        name: see `Metric`.
        from_logits: whether y_pred are scores, whose softmax gives the probabilities; default False.
        label_smoothing: s, 0 ≤ s ≤ 1: targets become y_true · (1 - s) + s / classes; default 0.0.
        axis: the axis of the classes, default -1.
    Errors: ArgumentError for a label_smoothing out of range.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931

    Source: Keras 3.
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
    """-log(y_pred[y_true]), the mean over all samples. See `losses.SparseCategoricalCrossentropy`.

    Shapes: y_true (batch, …) or (batch, …, 1), class numbers; y_pred (batch, …, classes) -> ().
    Arguments:
        name: see `Metric`.
        from_logits: whether y_pred are scores, whose softmax gives the probabilities; default False.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931

    Source: Keras 3.
    """

    def __init__(self, name: str | None = None, from_logits: bool = False):
        super().__init__(name)
        self.from_logits = from_logits
        self._loss = losses.SparseCategoricalCrossentropy(from_logits, name=self.name)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        return self._loss.call(y_true, y_pred)


class KLDivergence(LossClassMetric):
    """Σ y_true · log(y_true / y_pred), the mean over all samples. See `losses.KLDivergence`.

    Shapes: y_true, y_pred (batch, …, classes) -> ().

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438

    Source: Keras 3.
    """

    loss = losses.KLDivergence


class Poisson(LossClassMetric):
    """mean(y_pred - y_true · log(y_pred + 1e-7)) over all samples. See `losses.Poisson`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> Poisson()([[0.0, 1.0]], [[2.0, 1.0]])
    array(1.5, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.Poisson


class Hinge(LossClassMetric):
    """mean(max(0, 1 - y_true · y_pred)) over all samples; targets are -1 and 1, or 0 and 1. See `losses.Hinge`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> Hinge()([[1.0, -1.0]], [[2.0, 0.5]])
    array(0.75, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.Hinge


class SquaredHinge(LossClassMetric):
    """mean(max(0, 1 - y_true · y_pred)²) over all samples; targets are -1 and 1, or 0 and 1. See `losses.SquaredHinge`.

    Shapes: y_true, y_pred (batch, …, values) -> ().

    >>> SquaredHinge()([[1.0, -1.0]], [[2.0, 0.5]])
    array(1.125, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.SquaredHinge


class CategoricalHinge(LossClassMetric):
    """max(0, 1 + the largest wrong score - the right score), the mean over all samples. See `losses.CategoricalHinge`.

    Shapes: y_true, one-hot, and y_pred (batch, …, classes) -> ().

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    loss = losses.CategoricalHinge
