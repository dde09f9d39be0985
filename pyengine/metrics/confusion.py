"""Metrics from the confusion matrix: true and false positives and negatives, precision, recall, area under a curve.

Targets are 0 and 1, predictions probabilities; a prediction above a threshold is a positive. They agree with
Keras 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.errors import require_number, unknown_name
from pyengine.losses.base import divide_or_zero, match_shape_and_dtype, weights_for
from pyengine.metrics.base import Metric
from pyengine.ops.base import Array

Thresholds = float | Sequence[float] | None


class ConfusionMetric(Metric):
    """Base of these metrics: the totals are true positives, false positives, true and false negatives.

    Each total has one number per threshold; subclasses give `compute_counts`.

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.
    """

    thresholds: Thresholds = None
    top_k: int | None = None
    class_id: int | None = None

    @property
    def limits(self) -> list[float]:
        """The thresholds as a list. With top_k and no threshold, whatever is among the top k is a positive."""
        if self.thresholds is None:
            return [0.5 if self.top_k is None else -math.inf]
        return [float(limit) for limit in np.atleast_1d(np.asarray(self.thresholds, np.float64))]

    def contributions(self, y_true, y_pred, sample_weight=None):
        if self.top_k is not None and len(ops.shape_of(y_pred)) == 1:  # one sample, as in Keras
            y_true, y_pred = ops.reshape(y_true, (1, -1)), ops.reshape(y_pred, (1, -1))
            if sample_weight is not None:
                sample_weight = ops.reshape(sample_weight, (1, -1))
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        dtype = ops.dtype_of(y_pred)
        limits = np.asarray(self.limits, dtype)[:, None]
        weight = (
            np.ones((), dtype) if sample_weight is None else weights_for(sample_weight, y_pred, self.name)
        )
        weight = ops.broadcast_to(weight, ops.shape_of(y_pred))
        candidate = None if self.top_k is None else among_top(y_pred, self.top_k)
        if self.class_id is not None:
            y_true, y_pred, weight = (column(x, self.class_id) for x in (y_true, y_pred, weight))
            candidate = None if candidate is None else column(candidate, self.class_id)
        positive = ops.greater(ops.reshape(y_pred, (1, -1)), limits)
        if candidate is not None:
            positive = ops.logical_and(positive, ops.reshape(candidate, (1, -1)))
        positive = ops.in_dtype(positive, dtype)
        weight = ops.reshape(weight, (1, -1))
        true = ops.reshape(ops.in_dtype(ops.not_equal(y_true, 0.0), dtype), (1, -1))
        true_weight, false_weight = ops.multiply(weight, true), ops.multiply(weight, ops.subtract(1.0, true))
        negative = ops.subtract(1.0, positive)
        return tuple(
            ops.sum(ops.multiply(said, truth), axis=1)
            for said, truth in (
                (positive, true_weight),
                (positive, false_weight),
                (negative, false_weight),
                (negative, true_weight),
            )
        )

    def compute(self, *totals):
        result = self.compute_counts(*totals)
        single = self.thresholds is None or np.ndim(self.thresholds) == 0
        return ops.reshape(result, ()) if single else result

    def compute_counts(self, tp: Array, fp: Array, tn: Array, fn: Array) -> Any:
        """The value for each threshold, from the four counts.

        Shapes: tp, fp, tn, fn (thresholds,) -> (thresholds,).
        Arguments:
            tp: true positives: weight of the positives that were predicted positive.
            fp: false positives.
            tn: true negatives.
            fn: false negatives.
        """
        raise NotImplementedError


class Precision(ConfusionMetric):
    """TP / (TP + FP): how much of what was predicted positive is positive; 0 where nothing was.

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.
    Arguments:
        thresholds: a prediction above it is a positive, 0 to 1; default None, 0.5. With a list, one value each.
        top_k: only the k highest of each row can be positives (without thresholds, they all are); y_pred of one
            axis is one row. Default None, all.
        class_id: look at this column only; default None, all.
        name: see `Metric`.
    Errors: ArgumentError for thresholds out of range.

    >>> Precision()([[0], [1], [1]], [[0.9], [0.8], [0.2]])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name)
        self.thresholds = checked_thresholds(self, thresholds)
        self.top_k = top_k
        self.class_id = class_id

    def compute_counts(self, tp, fp, tn, fn):
        return divide_or_zero(tp, ops.add(tp, fp))


class Recall(ConfusionMetric):
    """TP / (TP + FN): how much of what is positive was predicted positive; 0 where nothing is.

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.
    Arguments:
        thresholds: a prediction above it is a positive, 0 to 1; default None, 0.5. With a list, one value each.
        top_k: only the k highest of each row can be positives (without thresholds, they all are); y_pred of one
            axis is one row. Default None, all.
        class_id: look at this column only; default None, all.
        name: see `Metric`.
    Errors: ArgumentError for thresholds out of range.

    >>> Recall(thresholds=[0.1, 0.5])([[0], [1], [1]], [[0.9], [0.8], [0.2]])
    array([1. , 0.5], dtype=float32)

    Source: Keras 3.
    """

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name)
        self.thresholds = checked_thresholds(self, thresholds)
        self.top_k = top_k
        self.class_id = class_id

    def compute_counts(self, tp, fp, tn, fn):
        return divide_or_zero(tp, ops.add(tp, fn))


class CountMetric(ConfusionMetric):
    """Base of metrics that are one of the four counts.

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.
    Arguments:
        thresholds: a prediction above it is a positive, 0 to 1; default None, 0.5. With a list, one count each.
        name: see `Metric`.
    Errors: ArgumentError for thresholds out of range.
    """

    def __init__(self, thresholds: Thresholds = None, name: str | None = None):
        super().__init__(name)
        self.thresholds = checked_thresholds(self, thresholds)


class TruePositives(CountMetric):
    """TP: the number of positives that were predicted positive (the sum of their weights).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.

    >>> TruePositives()([[0], [1], [1]], [[0.9], [0.8], [0.2]])
    array(1., dtype=float32)

    Source: Keras 3.
    """

    def compute_counts(self, tp, fp, tn, fn):
        return tp


class FalsePositives(CountMetric):
    """FP: the number of negatives that were predicted positive (the sum of their weights).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.

    >>> FalsePositives()([[0], [1], [1]], [[0.9], [0.8], [0.2]])
    array(1., dtype=float32)

    Source: Keras 3.
    """

    def compute_counts(self, tp, fp, tn, fn):
        return fp


class TrueNegatives(CountMetric):
    """TN: the number of negatives that were predicted negative (the sum of their weights).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.

    >>> TrueNegatives()([[0], [1], [1]], [[0.9], [0.8], [0.2]])
    array(0., dtype=float32)

    Source: Keras 3.
    """

    def compute_counts(self, tp, fp, tn, fn):
        return tn


class FalseNegatives(CountMetric):
    """FN: the number of positives that were predicted negative (the sum of their weights).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (thresholds,) for a list of thresholds.

    >>> FalseNegatives()([[0], [1], [1]], [[0.9], [0.8], [0.2]])
    array(1., dtype=float32)

    Source: Keras 3.
    """

    def compute_counts(self, tp, fp, tn, fn):
        return fn


class AUC(ConfusionMetric):
    """∫ y dx, the area under the curve that a moving threshold draws, approximated by `num_thresholds` points.

    Shapes: y_true, y_pred (batch, …, values), predictions from 0 to 1 -> ().
    Arguments:
        num_thresholds: number of points, at least 2; default 200.
        curve: "ROC" (true positive rate over false positive rate) or "PR" (precision over recall); default "ROC".
        summation_method: between two points "interpolation" takes the trapezoid (for PR the interpolation of
            Davis and Goadrich, 2006), "minoring" the lower, "majoring" the higher end; default "interpolation".
        name: see `Metric`.
    Errors: ArgumentError for num_thresholds below 2; UnknownNameError for another curve or method.

    >>> AUC(num_thresholds=3)([[0], [0], [1], [1]], [[0.0], [0.5], [0.3], [0.9]])
    array(0.75, dtype=float32)

    Source: Keras 3. Davis, Goadrich, "The relationship between precision-recall and ROC curves" (2006).
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
    ):
        super().__init__(name)
        expected = "a whole number of at least 2"
        require_number(
            self.name,
            "num_thresholds",
            num_thresholds,
            expected,
            lambda count: count >= 2 and count.is_integer(),
            200,
        )
        if curve.upper() not in ("ROC", "PR"):
            raise unknown_name("curve of AUC", curve, ("ROC", "PR"))
        methods = ("interpolation", "minoring", "majoring")
        if summation_method not in methods:
            raise unknown_name("summation method of AUC", summation_method, methods)
        self.num_thresholds = num_thresholds
        self.curve = curve.upper()
        self.summation_method = summation_method

    @property
    def limits(self) -> list[float]:
        # The outermost stand just outside, so that the curve begins and ends in its corners.
        last = self.num_thresholds - 1
        return [-1e-7, *(index / last for index in range(1, last)), 1 + 1e-7]

    def compute(self, *totals):
        tp, fp, tn, fn = totals
        recall = divide_or_zero(tp, ops.add(tp, fn))
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated_precision(tp, fp, fn)
        if self.curve == "PR":
            x, y = recall, divide_or_zero(tp, ops.add(tp, fp))
        else:
            x, y = divide_or_zero(fp, ops.add(fp, tn)), recall
        if self.summation_method == "interpolation":
            height = ops.multiply(ops.add(y[:-1], y[1:]), 0.5)
        else:
            choose = ops.minimum if self.summation_method == "minoring" else ops.maximum
            height = choose(y[:-1], y[1:])
        return ops.sum(ops.multiply(ops.subtract(x[:-1], x[1:]), height))

    def _interpolated_precision(self, tp: Array, fp: Array, fn: Array) -> Any:
        """∫ precision d(recall), where between two points the false positives grow along with the true ones."""
        called = ops.add(tp, fp)
        gained = ops.subtract(tp[:-1], tp[1:])
        slope = divide_or_zero(gained, ops.relu(ops.subtract(called[:-1], called[1:])))
        intercept = ops.subtract(tp[1:], ops.multiply(slope, called[1:]))
        both = ops.logical_and(ops.greater(called[:-1], 0.0), ops.greater(called[1:], 0.0))
        ratio = ops.where(both, divide_or_zero(called[:-1], called[1:]), 1.0)
        area = ops.multiply(slope, ops.add(gained, ops.multiply(intercept, ops.log(ratio))))
        return ops.sum(divide_or_zero(area, ops.add(tp[1:], fn[1:])))


def among_top(scores: Array, k: int) -> Any:
    """Which scores are among the k highest on the last axis; of equal ones the first. Shape of scores, bool."""
    places = np.arange(ops.shape_of(scores)[-1], dtype=np.int32)
    chosen: Any = None
    for _ in range(min(k, len(places))):
        best = ops.equal(ops.expand_dims(ops.argmax(scores), -1), places)
        scores = ops.where(best, -math.inf, scores)
        chosen = best if chosen is None else ops.logical_or(chosen, best)
    return chosen


def column(x: Array, index: int) -> Any:
    """One entry of the last axis."""
    return ops.gather(x, np.int32(index), axis=-1)


def checked_thresholds(metric: Metric, thresholds: Thresholds) -> Thresholds:
    """Thresholds that have been checked."""
    for threshold in [] if thresholds is None else np.ravel(np.asarray(thresholds)).tolist():
        expected = "a number from 0 to 1, or a list of them"
        require_number(metric.name, "thresholds", threshold, expected, lambda limit: 0 <= limit <= 1, 0.5)
    return thresholds
