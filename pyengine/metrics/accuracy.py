"""Metrics of right and wrong: how many predictions name the true class. They agree with Keras 3."""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.errors import ArgumentError, ShapeError
from pyengine.losses.base import aligned
from pyengine.losses.crossentropy import classes_and_scores, pick
from pyengine.metrics.base import MeanMetric
from pyengine.ops.base import Array


class Accuracy(MeanMetric):
    """How often y_pred equals y_true, number by number.

    Shapes: y_true, y_pred (batch, …), the same.

    >>> Accuracy()([[1], [2]], [[1], [3]])
    array(0.5, dtype=float32)
    """

    def values(self, y_true: Array, y_pred: Array) -> Any:
        true_shape, shape = ops.shape_of(y_true), ops.shape_of(y_pred)
        if true_shape not in (shape, (*shape, 1)) and shape != (*true_shape, 1):
            raise ShapeError(
                f"{self.name} expects y_true and y_pred of the same shape, but got {true_shape} and {shape}."
            )
        return fraction_of_values(ops.equal(ops.reshape(y_true, shape), y_pred))


class BinaryAccuracy(MeanMetric):
    """How often y_pred is on the right side of the threshold.

    Shapes: y_true, y_pred (batch, …, questions); targets are 0 and 1.

    Arguments:
        name: see `Metric`.
        threshold: a prediction above it says 1.

    >>> BinaryAccuracy()([[1], [0], [1]], [[0.9], [0.4], [0.5]])
    array(0.6666667, dtype=float32)
    """

    def __init__(self, name: str | None = None, threshold: float = 0.5):
        super().__init__(name)
        self.threshold = threshold

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = aligned(y_true, y_pred, self.name)
        said = ops.in_dtype(ops.greater(y_pred, self.threshold), ops.dtype_of(y_true))
        return fraction_of_values(ops.equal(said, y_true))


class CategoricalAccuracy(MeanMetric):
    """How often the greatest score is that of the true class; the first of equal scores counts.

    Shapes: y_true (batch, …, classes) one-hot, y_pred the same.

    >>> CategoricalAccuracy()([[0, 1], [0, 1]], [[0.1, 0.9], [0.8, 0.2]])
    array(0.5, dtype=float32)
    """

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = aligned(y_true, y_pred, self.name)
        return ops.equal(ops.argmax(y_true), ops.argmax(y_pred))


class SparseCategoricalAccuracy(MeanMetric):
    """How often the greatest score is that of the true class; the first of equal scores counts.

    Shapes: y_true (batch, …) or (batch, …, 1), class numbers; y_pred (batch, …, classes).

    >>> SparseCategoricalAccuracy()([1, 1], [[0.1, 0.9], [0.8, 0.2]])
    array(0.5, dtype=float32)
    """

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = classes_and_scores(y_true, y_pred, self.name)
        return ops.equal(y_true, ops.argmax(y_pred))


class TopKCategoricalAccuracy(MeanMetric):
    """How often fewer than k classes score higher than the true one.

    Shapes: y_true (batch, …, classes) one-hot, y_pred the same.

    Arguments:
        k: at least 1.
        name: see `Metric`.

    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.1, 0.7, 0.2]])
    array(1., dtype=float32)
    """

    def __init__(self, k: int = 5, name: str | None = None):
        super().__init__(name)
        self.k = at_least_one(self, k)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = aligned(y_true, y_pred, self.name)
        return in_top(ops.argmax(y_true), y_pred, self.k)


class SparseTopKCategoricalAccuracy(MeanMetric):
    """How often fewer than k classes score higher than the true one.

    Shapes: y_true (batch, …) or (batch, …, 1), class numbers; y_pred (batch, …, classes).

    Arguments:
        k: at least 1.
        name: see `Metric`.

    >>> SparseTopKCategoricalAccuracy(k=2)([2], [[0.1, 0.7, 0.2]])
    array(1., dtype=float32)
    """

    def __init__(self, k: int = 5, name: str | None = None):
        super().__init__(name)
        self.k = at_least_one(self, k)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = classes_and_scores(y_true, y_pred, self.name)
        return in_top(y_true, y_pred, self.k)


def fraction_of_values(right: Array) -> Any:
    """For each sample, how many of its values are right: the mean over the last axis where there is one."""
    return ops.mean(right, axis=-1) if len(ops.shape_of(right)) > 1 else right


def in_top(classes: Array, scores: Array, k: int) -> Any:
    """Whether fewer than k scores are higher than that of the class: (batch, …) of bool."""
    own = ops.expand_dims(pick(scores, classes), -1)
    return ops.less(ops.sum(ops.greater(scores, own), axis=-1), k)


def at_least_one(metric: MeanMetric, k: int) -> int:
    """A count that has been checked."""
    if k < 1:
        raise ArgumentError(f"{metric.name}: k must be at least 1, but got {k!r}.")
    return k
