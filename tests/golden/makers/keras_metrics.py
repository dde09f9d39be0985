"""Metrics of Keras: the result after each of several `update_state` calls."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
from load import make
from specs import Spec, distribution, integers, one_hot, stored, uniform, write

from makers.versions import versions

Update = tuple[Spec, Spec, Spec | None]


def metric_row(metric: str, updates: list[Update], config: dict[str, Any] | None = None) -> dict[str, Any]:
    config = config or {}
    instance = getattr(keras.metrics, metric)(**config)
    results = []
    for y_true, y_pred, weight in updates:
        sample_weight = None if weight is None else jnp.asarray(make(weight))
        instance.update_state(jnp.asarray(make(y_true)), jnp.asarray(make(y_pred)), sample_weight)
        results.append(stored(np.asarray(instance.result(), np.float32)))
    return {
        "metric": metric,
        "config": config,
        "updates": [{"y_true": t, "y_pred": p, "sample_weight": w} for t, p, w in updates],
        "results": results,
    }


def both(metric: str, truth: Any, prediction: Any, **config: Any) -> list[dict[str, Any]]:
    """Two rows: three updates of 5, 4 and 1 samples, without and with sample weights."""
    sizes = (5, 4, 1)
    plain = [(truth(n, 10 + i), prediction(n, 20 + i), None) for i, n in enumerate(sizes)]
    weighted = [(t, p, uniform((sizes[i],), 30 + i, 0, 2)) for i, (t, p, _) in enumerate(plain)]
    return [metric_row(metric, plain, config), metric_row(metric, weighted, config)]


def column(low: float, high: float, width: int = 3) -> Any:
    return lambda n, seed: uniform((n, width), seed, low, high)


def bits(width: int) -> Any:
    return lambda n, seed: integers((n, width), seed, 0, 2, "float32")


def classes(count: int) -> Any:
    return lambda n, seed: one_hot((n, count), seed)


def labels(count: int, *tail: int) -> Any:
    return lambda n, seed: integers((n, *tail), seed, 0, count)


def chances(count: int) -> Any:
    return lambda n, seed: distribution((n, count), seed)


def accuracy_rows() -> list[dict[str, Any]]:
    rows = []
    for width in (1, 3):
        for threshold in (0.5, 0.3):
            rows += both("BinaryAccuracy", bits(width), column(0, 1, width), threshold=threshold)
    edge = stored(np.array([[0.5], [0.5], [0.50001], [0.49999]], np.float32))
    rows.append(metric_row("BinaryAccuracy", [(stored(np.float32([[1], [0], [1], [0]])), edge, None)]))
    # A weight for each value.
    each = uniform((4, 3), 44, 0, 2)
    rows.append(metric_row("BinaryAccuracy", [(bits(3)(4, 45), column(0, 1)(4, 46), each)]))
    rows.append(metric_row("Accuracy", [(labels(2, 3)(4, 47), labels(2, 3)(4, 48), each)]))
    rows += both("CategoricalAccuracy", classes(4), chances(4))
    rows += both("SparseCategoricalAccuracy", labels(4), chances(4))
    rows += both("SparseCategoricalAccuracy", labels(4, 1), chances(4))
    rows += both("Accuracy", labels(3, 2), labels(3, 2))
    # Ties: the first of equal scores is the class.
    tied = stored(np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [0.3, 0.3, 0.3]], np.float32))
    truth = stored(np.array([0, 2, 1], np.int32))
    rows.append(metric_row("SparseCategoricalAccuracy", [(truth, tied, None)]))
    for k in (1, 2, 3):
        rows += both("TopKCategoricalAccuracy", classes(5), chances(5), k=k)
        rows += both("SparseTopKCategoricalAccuracy", labels(5), chances(5), k=k)
    deep = (integers((2, 3), 41, 0, 4), distribution((2, 3, 4), 42), None)
    rows.append(metric_row("SparseCategoricalAccuracy", [deep]))
    deep_weighted = (deep[0], deep[1], uniform((2, 3), 43, 0, 2))
    rows.append(metric_row("SparseCategoricalAccuracy", [deep_weighted]))
    rows.append(metric_row("CategoricalAccuracy", [(one_hot((2, 3, 4), 41), deep[1], None)]))
    return rows


def confusion_rows() -> list[dict[str, Any]]:
    rows = []
    for metric in ("Precision", "Recall"):
        rows += both(metric, bits(1), column(0, 1, 1))
        rows += both(metric, bits(3), column(0, 1))
        rows += both(metric, bits(1), column(0, 1, 1), thresholds=0.3)
        rows += both(metric, bits(3), column(0, 1), thresholds=[0.2, 0.5, 0.8])
        rows += both(metric, classes(4), chances(4), class_id=2, thresholds=0.3)
        rows += both(metric, classes(4), chances(4), top_k=2)
        rows += both(metric, classes(4), chances(4), top_k=1, class_id=1)
        # One sample, without a batch axis.
        alone = integers((6,), 50, 0, 2, "float32"), uniform((6,), 51, 0, 1)
        for k in (1, 3):
            rows.append(metric_row(metric, [(*alone, None), (*alone, uniform((6,), 52, 0, 2))], {"top_k": k}))
        nothing = stored(np.zeros((3, 1), np.float32))
        rows.append(metric_row(metric, [(nothing, nothing, None)]))
    for metric in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"):
        rows += both(metric, bits(3), column(0, 1))
    rows += both("AUC", bits(1), column(0, 1, 1))
    rows += both("AUC", bits(1), column(0, 1, 1), num_thresholds=11)
    rows += both("AUC", bits(1), column(0, 1, 1), num_thresholds=11, curve="PR")
    return rows


def value_rows() -> list[dict[str, Any]]:
    rows = []
    for metric in ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError"):
        rows += both(metric, column(-2, 2), column(-2, 2))
    rows += both("MeanAbsolutePercentageError", column(0.5, 3), column(0.5, 3))
    rows += both("MeanSquaredLogarithmicError", column(0, 3), column(0, 3))
    rows += both("CosineSimilarity", column(-1, 1), column(-1, 1))
    rows += both("BinaryCrossentropy", bits(3), column(0.02, 0.98))
    rows += both("BinaryCrossentropy", bits(3), column(-3, 3), from_logits=True, label_smoothing=0.1)
    rows += both("CategoricalCrossentropy", classes(4), chances(4))
    rows += both("CategoricalCrossentropy", classes(4), column(-3, 3, 4), from_logits=True)
    rows += both("SparseCategoricalCrossentropy", labels(4), chances(4))
    rows += both("KLDivergence", chances(4), chances(4))
    rows += both("Poisson", column(0, 3), column(0.2, 3))
    rows += both("Hinge", bits(3), column(-2, 2))
    return rows


def make_metrics() -> None:
    rows = accuracy_rows() + value_rows() + confusion_rows()
    write("keras_metrics", versions("keras", "jax", "jaxlib", "numpy"), rows)
