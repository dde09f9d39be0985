"""Initializers of Keras: not the numbers drawn, but what is asked of the random generator.

Keras's generator functions are watched while an initializer runs, so the bounds and deviations are those that
Keras computes, not a second derivation of the formula.
"""

from __future__ import annotations

from typing import Any
from unittest import mock

import keras
import numpy as np
from keras.src.initializers import random_initializers
from specs import stored, write

from makers.versions import versions

SHAPES = {
    "vector": (7,),
    "dense": (6, 10),
    "conv1d": (3, 4, 8),
    "conv2d": (3, 5, 4, 8),
    "depthwise": (3, 3, 6, 2),
    "embedding": (50, 4),
}
SCALED = ["GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"]
VARIANCE_SCALING = [
    {},
    {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"},
    {"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"},
    {"scale": 1.5, "mode": "fan_avg", "distribution": "truncated_normal"},
]
PLAIN: list[tuple[str, dict[str, Any]]] = [
    ("RandomUniform", {}),
    ("RandomUniform", {"minval": -0.2, "maxval": 0.7}),
    ("RandomNormal", {}),
    ("RandomNormal", {"mean": 0.5, "stddev": 2.0}),
    ("TruncatedNormal", {}),
    ("TruncatedNormal", {"mean": -1.0, "stddev": 0.3}),
]
FIXED: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("Zeros", {}, (2, 3)),
    ("Ones", {}, (2, 3)),
    ("Constant", {"value": 0.25}, (2, 3)),
    ("Identity", {}, (3, 3)),
    ("Identity", {"gain": 2.0}, (2, 4)),
]


def drawn(initializer: str, config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """The one call to the generator that an initializer makes: its name and its settings."""
    calls: list[dict[str, Any]] = []

    def watch(name: str) -> Any:
        real = getattr(random_initializers.random, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            names = {"uniform": ("minval", "maxval")}.get(name, ("mean", "stddev"))
            settings = {key: float(kwargs[key]) for key in names}
            calls.append({"method": name, **settings})
            return real(*args, **kwargs)

        return mock.patch.object(random_initializers.random, name, watched)

    with watch("uniform"), watch("normal"), watch("truncated_normal"):
        getattr(keras.initializers, initializer)(**config, seed=1)(shape)
    (call,) = calls
    return call


def row(initializer: str, config: dict[str, Any], use: str) -> dict[str, Any]:
    shape = SHAPES[use]
    fan_in, fan_out = random_initializers.compute_fans(shape)
    return {
        "initializer": initializer,
        "config": config,
        "use": use,
        "weight_shape": list(shape),
        "fan_in": int(fan_in),
        "fan_out": int(fan_out),
        "drawn": drawn(initializer, config, shape),
    }


def orthogonal_row(shape: tuple[int, ...], gain: float) -> dict[str, Any]:
    """Which Gram matrix of the (…, last) matrix is gain² times the identity, as seen in what Keras made."""
    made = np.asarray(keras.initializers.Orthogonal(gain=gain, seed=1)(shape), np.float64)
    matrix = made.reshape(-1, shape[-1])
    close = {
        "columns": np.allclose(matrix.T @ matrix, gain**2 * np.eye(matrix.shape[1]), atol=1e-5),
        "rows": np.allclose(matrix @ matrix.T, gain**2 * np.eye(matrix.shape[0]), atol=1e-5),
    }
    return {
        "initializer": "Orthogonal",
        "config": {"gain": gain},
        "weight_shape": list(shape),
        "orthogonal": [axis for axis, holds in close.items() if holds],
    }


def make_initializers() -> None:
    rows = [row(name, {}, use) for name in SCALED for use in SHAPES]
    rows += [row("VarianceScaling", config, use) for config in VARIANCE_SCALING for use in SHAPES]
    rows += [row(name, config, "dense") for name, config in PLAIN]
    for name, config, shape in FIXED:
        made = getattr(keras.initializers, name)(**config)(shape)
        fixed = {"initializer": name, "config": config, "weight_shape": list(shape), "output": stored(made)}
        rows.append(fixed)
    rows += [
        orthogonal_row(shape, gain) for shape in [(4, 4), (6, 3), (3, 6), (2, 3, 4)] for gain in (1.0, 2.0)
    ]
    write("keras_initializers", versions("keras", "jax", "jaxlib", "numpy"), rows)
