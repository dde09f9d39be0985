"""Accuracies: the fraction of predictions that name the true class. They agree with Keras 3."""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.errors import ShapeError, require_number
from pyengine.losses.base import match_shape_and_dtype
from pyengine.losses.crossentropy import classes_and_scores, pick
from pyengine.metrics.base import FractionMetric, MeanMetric
from pyengine.ops.base import Array


class Accuracy(FractionMetric):
    """The fraction of values for which y_pred = y_true.

    Shapes: y_true, y_pred (batch, …), the same -> ().
    Errors: when it is called: ShapeError where the shapes differ.

    >>> Accuracy()([[1], [2]], [[1], [3]])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    def right(self, y_true: Array, y_pred: Array) -> Any:
        true_shape, shape = ops.shape_of(y_true), ops.shape_of(y_pred)
        if true_shape not in (shape, (*shape, 1)) and shape != (*true_shape, 1):
            raise ShapeError(
                where=self.name,
                argument="y_true",
                expected=f"shape {shape}, as y_pred has",
                got=f"shape {true_shape}",
                fix="Give one target for each prediction.",
            )
        return ops.equal(ops.reshape(y_true, shape), y_pred)


class BinaryAccuracy(FractionMetric):
    """The fraction of values for which (y_pred > threshold) = y_true.

    Shapes: y_true, y_pred (batch, …, labels), targets 0 and 1 -> ().
    Arguments:
        name: see `Metric`.
        threshold: a prediction above it counts as 1; default 0.5.

    >>> BinaryAccuracy()([[1], [0], [1], [1]], [[0.9], [0.4], [0.5], [0.6]])
    array(0.75, dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, name: str | None = None, threshold: float = 0.5):
        super().__init__(name)
        self.threshold = threshold

    def right(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        said = ops.in_dtype(ops.greater(y_pred, self.threshold), ops.dtype_of(y_true))
        return ops.equal(said, y_true)


class CategoricalAccuracy(MeanMetric):
    """The fraction of samples for which argmax(y_pred) = argmax(y_true); of equal scores the first counts.

    Shapes: y_true, one-hot, and y_pred (batch, …, classes) -> ().

    >>> CategoricalAccuracy()([[0, 1], [0, 1]], [[0.1, 0.9], [0.8, 0.2]])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        return ops.equal(ops.argmax(y_true), ops.argmax(y_pred))


class SparseCategoricalAccuracy(MeanMetric):
    """The fraction of samples for which argmax(y_pred) = y_true; of equal scores the first counts.

    Shapes: y_true (batch, …) or (batch, …, 1), class numbers; y_pred (batch, …, classes) -> ().

    >>> SparseCategoricalAccuracy()([1, 1], [[0.1, 0.9], [0.8, 0.2]])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = classes_and_scores(y_true, y_pred, self.name)
        return ops.equal(y_true, ops.argmax(y_pred))


class TopKCategoricalAccuracy(MeanMetric):
    """The fraction of samples for which fewer than k classes have scores > that of the true class.

    Shapes: y_true, one-hot, and y_pred (batch, …, classes) -> ().
    Arguments:
        k: how many classes are looked at, at least 1; default 5.
        name: see `Metric`.
    Errors: ArgumentError for k below 1.

    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.1, 0.7, 0.2]])
    array(1., dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, k: int = 5, name: str | None = None):
        super().__init__(name)
        self.k = at_least_one(self, k)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        return in_top(ops.argmax(y_true), y_pred, self.k)


class SparseTopKCategoricalAccuracy(MeanMetric):
    """The fraction of samples for which fewer than k classes have scores > that of the true class.

    Shapes: y_true (batch, …) or (batch, …, 1), class numbers; y_pred (batch, …, classes) -> ().
    Arguments:
        k: how many classes are looked at, at least 1; default 5.
        name: see `Metric`.
    Errors: ArgumentError for k below 1.

    >>> SparseTopKCategoricalAccuracy(k=2)([2], [[0.1, 0.7, 0.2]])
    array(1., dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, k: int = 5, name: str | None = None):
        super().__init__(name)
        self.k = at_least_one(self, k)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = classes_and_scores(y_true, y_pred, self.name)
        return in_top(y_true, y_pred, self.k)


def in_top(classes: Array, scores: Array, k: int) -> Any:
    """Whether fewer than k scores are higher than that of the class: (batch, …) of bool."""
    own = ops.expand_dims(pick(scores, classes), -1)
    return ops.less(ops.sum(ops.greater(scores, own), axis=-1), k)


def at_least_one(metric: MeanMetric, k: int) -> int:
    """A count that has been checked."""
    expected = "a whole number of at least 1"
    return require_number(metric.name, "k", k, expected, lambda k: k >= 1 and k.is_integer(), 5)
