"""Losses of Keras: value, and gradient of sum(value) for y_pred."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from load import make
from specs import Spec, distribution, integers, one_hot, stored, uniform, write

from makers.versions import versions

REDUCTIONS = ("sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight")
SIMPLE = {
    "MeanSquaredError": ((-2, 2), (-2, 2)),
    "MeanAbsoluteError": ((-2, 2), (-2, 2)),
    "MeanAbsolutePercentageError": ((0.5, 3), (0.5, 3)),
    "MeanSquaredLogarithmicError": ((0, 3), (0, 3)),
    "Huber": ((-3, 3), (-3, 3)),
    "LogCosh": ((-3, 3), (-3, 3)),
    "Poisson": ((0, 3), (0.2, 3)),
    "CosineSimilarity": ((-1, 1), (-1, 1)),
}  # ranges of y_true and y_pred


def loss_row(
    loss: str, y_true: Spec, y_pred: Spec, config: dict[str, Any] | None = None, weight: Spec | None = None
) -> dict[str, Any]:
    config = config or {}
    instance = getattr(keras.losses, loss)(**config)
    labels, prediction = jnp.asarray(make(y_true)), jnp.asarray(make(y_pred))
    sample_weight = None if weight is None else jnp.asarray(make(weight))

    def value(prediction: jax.Array) -> jax.Array:
        return instance(labels, prediction, sample_weight=sample_weight)

    return {
        "loss": loss,
        "config": config,
        "y_true": y_true,
        "y_pred": y_pred,
        "sample_weight": weight,
        "value": stored(value(prediction)),
        "gradient": stored(jax.grad(lambda p: jnp.sum(value(p)))(prediction)),
    }


def regression_rows() -> list[dict[str, Any]]:
    rows = []
    for loss, (true_range, prediction_range) in SIMPLE.items():
        y_true, y_pred = uniform((4, 3), 1, *true_range), uniform((4, 3), 2, *prediction_range)
        rows.append(loss_row(loss, y_true, y_pred))
        rows.append(loss_row(loss, y_true, y_pred, weight=uniform((4,), 3, 0, 2)))
        rows.append(loss_row(loss, y_true, y_pred, {"reduction": "sum"}, uniform((4, 1), 3, 0, 2)))
        rows.append(loss_row(loss, y_true, y_pred, {"reduction": "none"}))
        deep_true = uniform((2, 3, 2), 4, *true_range)
        deep_pred = uniform((2, 3, 2), 5, *prediction_range)
        rows.append(loss_row(loss, deep_true, deep_pred))
        rows.append(loss_row(loss, deep_true, deep_pred, weight=uniform((2, 3), 6, 0, 2)))
    for reduction in REDUCTIONS:
        rows.append(
            loss_row(
                "MeanSquaredError",
                uniform((4, 3), 7),
                uniform((4, 3), 8),
                {"reduction": reduction},
                uniform((4,), 9, 0, 2),
            )
        )
    rows.append(loss_row("Huber", uniform((4, 3), 7, -3, 3), uniform((4, 3), 8, -3, 3), {"delta": 0.5}))
    rows.append(loss_row("CosineSimilarity", uniform((4, 3), 7), uniform((4, 3), 8), {"axis": 0}))
    far = stored(np.array([[-60.0, 0.0, 45.0]], np.float32))
    rows.append(loss_row("LogCosh", stored(np.zeros((1, 3), np.float32)), far))
    return rows


def hinge_rows() -> list[dict[str, Any]]:
    rows = []
    signs = stored(np.array([[1, -1, 1], [-1, -1, 1], [1, 1, -1]], np.float32))
    bits = stored(np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0]], np.float32))
    for loss in ("Hinge", "SquaredHinge"):
        for labels in (signs, bits):
            rows.append(loss_row(loss, labels, uniform((3, 3), 12, -2, 2)))
        rows.append(loss_row(loss, signs, uniform((3, 3), 12, -2, 2), weight=uniform((3,), 13, 0, 2)))
    rows.append(loss_row("CategoricalHinge", one_hot((4, 3), 14), uniform((4, 3), 15, -2, 2)))
    rows.append(
        loss_row(
            "CategoricalHinge", one_hot((4, 3), 14), uniform((4, 3), 15, -2, 2), weight=uniform((4,), 16)
        )
    )
    return rows


def crossentropy_rows() -> list[dict[str, Any]]:
    rows = []
    weight = uniform((4,), 21, 0, 2)
    bits = integers((4, 3), 22, 0, 2, "float32")
    chance, logits = uniform((4, 3), 23, 0.02, 0.98), uniform((4, 3), 24, -4, 4)
    extreme = stored(np.array([[0, 1], [1, 0], [1, 1], [0, 0]], np.float32))
    extreme_bits = stored(np.array([[0, 1], [0, 1], [1, 0], [1, 0]], np.float32))
    far_logits = stored(np.array([[-90, 90], [90, -90], [40, -40], [0, 0]], np.float32))
    name = "BinaryCrossentropy"
    for given, config in [(chance, {}), (logits, {"from_logits": True})]:
        rows.append(loss_row(name, bits, given, config))
        rows.append(loss_row(name, bits, given, {**config, "label_smoothing": 0.2}))
        rows.append(loss_row(name, bits, given, config, weight))
        rows.append(loss_row(name, bits, given, {**config, "reduction": "none"}, weight))
        rows.append(loss_row(name, bits, given, {**config, "reduction": "sum"}))
    rows.append(loss_row(name, extreme_bits, extreme))
    rows.append(loss_row(name, extreme_bits, far_logits, {"from_logits": True}))
    rows.append(loss_row(name, integers((2, 3, 2), 25, 0, 2, "float32"), uniform((2, 3, 2), 26, 0.1, 0.9)))
    rows.append(loss_row(name, integers((5, 1), 25, 0, 2, "float32"), uniform((5, 1), 26, 0.1, 0.9)))

    logits = uniform((4, 3), 32, -3, 3)
    unnormalised = uniform((4, 3), 33, 0.1, 2.0)
    extreme = stored(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]], np.float32))
    far_logits = stored(np.array([[90, -90, 0], [-60, 0, 60], [0, 0, 0], [1e4, 0, -1e4]], np.float32))
    for name, labels, extreme_labels in [
        ("CategoricalCrossentropy", one_hot((4, 3), 31), stored(np.eye(3, dtype=np.float32)[[0, 0, 2, 1]])),
        ("SparseCategoricalCrossentropy", integers((4,), 31, 0, 3), stored(np.array([0, 0, 2, 1], np.int32))),
    ]:
        for given, config in [(distribution((4, 3), 34), {}), (logits, {"from_logits": True})]:
            rows.append(loss_row(name, labels, given, config))
            rows.append(loss_row(name, labels, given, config, weight))
            rows.append(loss_row(name, labels, given, {**config, "reduction": "none"}, weight))
            rows.append(loss_row(name, labels, given, {**config, "reduction": "sum"}))
            if name == "CategoricalCrossentropy":
                rows.append(loss_row(name, labels, given, {**config, "label_smoothing": 0.1}))
        rows.append(loss_row(name, labels, unnormalised))
        rows.append(loss_row(name, extreme_labels, extreme))
        rows.append(loss_row(name, extreme_labels, far_logits, {"from_logits": True}))
    rows.append(loss_row("CategoricalCrossentropy", distribution((4, 3), 35), distribution((4, 3), 36)))
    rows.append(loss_row("CategoricalCrossentropy", one_hot((2, 3, 4), 37), distribution((2, 3, 4), 38)))
    name = "SparseCategoricalCrossentropy"
    rows.append(loss_row(name, integers((4, 1), 31, 0, 3), distribution((4, 3), 34)))
    rows.append(loss_row(name, integers((2, 3), 37, 0, 4), distribution((2, 3, 4), 38)))
    rows.append(loss_row(name, integers((4,), 31, 0, 3, "float32"), distribution((4, 3), 34)))
    for config in [{}, {"reduction": "none"}]:
        rows.append(
            loss_row("KLDivergence", distribution((4, 3), 41), distribution((4, 3), 42), config, weight)
        )
    rows.append(loss_row("KLDivergence", one_hot((4, 3), 43), distribution((4, 3), 44)))
    return rows


def make_losses() -> None:
    rows = crossentropy_rows() + regression_rows() + hinge_rows()
    write("keras_losses", versions("keras", "jax", "jaxlib", "numpy"), rows)
