"""Metrics: numbers that are reported, not trained on.

To add one: 1. a subclass of `Metric` (or `MeanMetric`) in the file of its family 2. its name in METRICS 3. a
row in `tests/cases/metrics.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyengine import losses
from pyengine.errors import unknown_name
from pyengine.losses import LOSSES, Loss
from pyengine.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from pyengine.metrics.base import FunctionMetric, LossMetric, MeanMetric, Metric
from pyengine.metrics.confusion import (
    AUC,
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from pyengine.metrics.mean import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from pyengine.names import class_and_config, not_resolved, spelling_key

METRICS: dict[str, type[Metric]] = {
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "root_mean_squared_error": RootMeanSquaredError,
    "rmse": RootMeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "mean_absolute_percentage_error": MeanAbsolutePercentageError,
    "mape": MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
    "msle": MeanSquaredLogarithmicError,
    "log_cosh_error": LogCoshError,
    "log_cosh": LogCoshError,
    "cosine_similarity": CosineSimilarity,
    "cosine": CosineSimilarity,
    "cosine_proximity": CosineSimilarity,
    "binary_crossentropy": BinaryCrossentropy,
    "bce": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "cce": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "scce": SparseCategoricalCrossentropy,
    "kl_divergence": KLDivergence,
    "kullback_leibler_divergence": KLDivergence,
    "kld": KLDivergence,
    "poisson": Poisson,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "categorical_hinge": CategoricalHinge,
    "precision": Precision,
    "recall": Recall,
    "true_positives": TruePositives,
    "true_negatives": TrueNegatives,
    "false_positives": FalsePositives,
    "false_negatives": FalseNegatives,
    "auc": AUC,
}
_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


def get(identifier: Any, *, loss: Any = None, output_shape: Sequence[int | None] | None = None) -> Metric:
    """The metric that a name, a config, an object, a loss or a function `(y_true, y_pred)` stands for.

    "accuracy" (or "acc"; logged as accuracy) is binary accuracy when the output's last axis has length 1 or the
    loss is binary cross-entropy, sparse categorical accuracy with the sparse loss, else categorical accuracy.
    "crossentropy" chooses in the same way. Other names are logged as they are given.

    Arguments:
        identifier: "auc" in any spelling, a loss's name, `{"class_name": …, "config": {…}}`, a `Metric` or `Loss` or
            its class, or a function of arrays (batch, …, values).
        loss: what the output is trained with, in any form that `losses.get` takes; default None, unknown.
        output_shape: the output's shape; default None, unknown.
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("accuracy", loss="categoricalCrossentropy", output_shape=(None, 10))
    CategoricalAccuracy(name='accuracy')
    >>> get("mse").name, get("meanSquaredError").name
    ('mse', 'meanSquaredError')
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, Loss):
        return LossMetric(identifier)
    if isinstance(identifier, str):
        return metric_by_name(identifier, {"name": identifier}, loss, output_shape)
    if isinstance(identifier, Mapping):
        name, config = class_and_config("metric", identifier)
        return Accuracy(**config) if name == "Accuracy" else metric_by_name(name, config, loss, output_shape)
    identifier = getattr(identifier, "stands_for", identifier)
    if isinstance(identifier, type) and issubclass(identifier, (Metric, Loss)):
        return get(identifier())
    if callable(identifier) and not isinstance(identifier, type):
        return FunctionMetric(identifier)
    raise not_resolved("metric", identifier, known_names())


def metric_by_name(
    name: str, config: dict[str, Any], loss: Any, output_shape: Sequence[int | None] | None
) -> Metric:
    """The metric of a name in any spelling; a loss without a metric of its own becomes one."""
    word = spelling_key(name)
    if word in _ACCURACY + _CROSSENTROPY:
        kinds: tuple[type[Metric], ...] = (
            BinaryCrossentropy,
            SparseCategoricalCrossentropy,
            CategoricalCrossentropy,
        )
        if word in _ACCURACY:
            kinds = (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy)
            config = {**config, "name": "accuracy"} if config.get("name", name) == name else config
        loss = None if loss is None else losses.get(loss)
        last = None if not output_shape else output_shape[-1]
        if last == 1 or isinstance(loss, losses.BinaryCrossentropy):
            return kinds[0](**config)
        return kinds[1 if isinstance(loss, losses.SparseCategoricalCrossentropy) else 2](**config)
    for table in (METRICS, LOSSES):
        for table_name, kind in table.items():
            if spelling_key(table_name) == word or spelling_key(kind.__name__) == word:
                metric = kind(**config)
                return metric if isinstance(metric, Metric) else LossMetric(metric)
    raise unknown_name("metric", name, known_names())


def is_accuracy(name: str) -> bool:
    """Whether a name stands for the accuracy that suits the loss.

    >>> is_accuracy("acc"), is_accuracy("binaryAccuracy")
    (True, False)
    """
    return spelling_key(name) in _ACCURACY


def known_names() -> list[str]:
    """Every name of a metric."""
    return sorted({*METRICS, *LOSSES, *_ACCURACY, *_CROSSENTROPY})


__all__ = [
    "AUC",
    "METRICS",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "FalseNegatives",
    "FalsePositives",
    "FunctionMetric",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "LossMetric",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetric",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SquaredHinge",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "get",
]
