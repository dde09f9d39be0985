"""Losses: what training minimizes.

A loss says how wrong each sample's prediction is, computed with ops, and how those values become one number.

To add one: 1. a subclass of `Loss` in the file of its family 2. its name in LOSSES 3. a row in
`tests/cases/losses.py`.
"""

from __future__ import annotations

from typing import Any, overload

from pyengine.aliases import aliases, function_of
from pyengine.losses.base import Loss, LossFunction
from pyengine.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    SparseCategoricalCrossentropy,
)
from pyengine.losses.margin import CategoricalHinge, Hinge, SquaredHinge
from pyengine.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
)
from pyengine.names import not_resolved, resolve

LOSSES: dict[str, type[Loss]] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "mean_absolute_percentage_error": MeanAbsolutePercentageError,
    "mape": MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
    "msle": MeanSquaredLogarithmicError,
    "huber": Huber,
    "huber_loss": Huber,
    "log_cosh": LogCosh,
    "poisson": Poisson,
    "cosine_similarity": CosineSimilarity,
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
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "categorical_hinge": CategoricalHinge,
}


@overload
def get(identifier: None) -> None: ...
@overload
def get(identifier: Any) -> Loss: ...
def get(identifier: Any) -> Loss | None:
    """The loss that a name, a config, an object or a function `(y_true, y_pred)` stands for; None is None.

    Arguments:
        identifier: "mean_squared_error" in any spelling, `{"class_name": …, "config": {…}}`, a `Loss` or its class,
            or a function of arrays (batch, …, values).
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("meanSquaredError"), get("bce").name
    (MeanSquaredError(), 'binary_crossentropy')
    """
    if identifier is None:
        return None
    loss = resolve("loss", getattr(identifier, "stands_for", identifier), LOSSES)
    if not callable(loss):
        raise not_resolved("loss", identifier, LOSSES)
    return loss if isinstance(loss, Loss) else LossFunction(loss)


def _per_sample(cls: type[Loss], settings: dict[str, Any], y_true: Any, y_pred: Any) -> Any:
    return cls(**{**settings, "reduction": "none"})(y_true, y_pred)


# `losses.mse(y_true, y_pred)`, `losses.huber(y_true, y_pred, delta=2.0)`: one value per sample, as Keras' functions.
__getattr__ = aliases(__name__, LOSSES, lambda name, cls: function_of(name, cls, _per_sample, __name__))

__all__ = [
    "LOSSES",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunction",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "get",
]
