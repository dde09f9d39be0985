"""Keras's EarlyStopping and ReduceLROnPlateau fed with given monitored values, one per epoch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from specs import write

from makers.versions import versions

FALLS = [1.0, 0.8, 0.7, 0.72, 0.69, 0.71, 0.7, 0.73, 0.6, 0.65]
RISES = [0.2, 0.5, 0.5, 0.4, 0.6, 0.61, 0.55, 0.5, 0.7, 0.1]
SLOW = [1.0, 0.98, 0.96, 0.94, 0.92, 0.9, 0.88, 0.86, 0.84, 0.82]
WORSE = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
STOPPING: list[tuple[dict[str, Any], str, list[float]]] = [
    ({}, "val_loss", FALLS),
    ({"patience": 1}, "val_loss", FALLS),
    ({"patience": 2}, "val_loss", FALLS),
    ({"patience": 3}, "val_loss", FALLS),
    ({"patience": 3, "restore_best_weights": True}, "val_loss", FALLS),
    ({"patience": 20, "restore_best_weights": True}, "val_loss", FALLS),
    ({"patience": 2, "min_delta": 0.05}, "val_loss", FALLS),
    ({"patience": 2, "min_delta": -0.05}, "val_loss", FALLS),
    ({"patience": 2, "min_delta": 0.05}, "val_loss", SLOW),
    ({"patience": 2, "mode": "max"}, "val_loss", FALLS),
    ({"patience": 2, "start_from_epoch": 4}, "val_loss", FALLS),
    ({"patience": 0, "start_from_epoch": 3}, "val_loss", WORSE),
    ({}, "val_loss", WORSE),
    ({"patience": 2, "restore_best_weights": True}, "val_loss", WORSE),
    ({"patience": 2, "baseline": 0.75}, "val_loss", FALLS),
    ({"patience": 2, "baseline": 0.4, "restore_best_weights": True}, "val_loss", WORSE),
    ({"patience": 2, "mode": "max"}, "val_accuracy", RISES),
    ({"patience": 3, "mode": "max", "restore_best_weights": True}, "val_accuracy", RISES),
    ({"patience": 2, "mode": "min"}, "val_accuracy", RISES),
]
PLATEAU: list[tuple[dict[str, Any], str, list[float]]] = [
    ({"factor": 0.5, "patience": 1}, "val_loss", FALLS),
    ({"factor": 0.5, "patience": 2}, "val_loss", FALLS),
    ({"factor": 0.1, "patience": 1, "cooldown": 2}, "val_loss", WORSE),
    ({"factor": 0.1, "patience": 1, "min_lr": 0.005}, "val_loss", WORSE),
    ({"factor": 0.5, "patience": 2, "min_delta": 0.05}, "val_loss", SLOW),
    ({"factor": 0.5, "patience": 1, "mode": "max"}, "val_accuracy", RISES),
]


def small_model() -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    return model


def stopping_row(config: dict[str, Any], monitor: str, values: list[float]) -> dict[str, Any]:
    """The model's one weight is set to the epoch's number, so its last value tells what was restored."""
    model = small_model()
    callback = keras.callbacks.EarlyStopping(monitor=monitor, **config)
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    last = len(values) - 1
    for epoch, value in enumerate(values):
        model.set_weights([np.array([[float(epoch)]], np.float32)])
        callback.on_epoch_end(epoch, {monitor: value})
        if model.stop_training:
            last = epoch
            break
    callback.on_train_end()
    return {
        "callback": "EarlyStopping",
        "config": {"monitor": monitor, **config},
        "values": values,
        "stopped": bool(model.stop_training),
        "last_epoch": last,
        "weights_of_epoch": int(model.get_weights()[0][0, 0]),
    }


def plateau_row(config: dict[str, Any], monitor: str, values: list[float]) -> dict[str, Any]:
    model = small_model()
    callback = keras.callbacks.ReduceLROnPlateau(monitor=monitor, **config)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        rates.append(float(f"{float(model.optimizer.learning_rate):.7g}"))
    return {
        "callback": "ReduceLROnPlateau",
        "config": {"monitor": monitor, **config},
        "values": values,
        "start_rate": 0.1,
        "rates": rates,
    }


def make_callbacks() -> None:
    rows = [stopping_row(*case) for case in STOPPING] + [plateau_row(*case) for case in PLATEAU]
    write("keras_callbacks", versions("keras", "jax", "jaxlib", "numpy"), rows)
