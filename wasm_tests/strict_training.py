"""A training whose every bit is compared: run alike by CPython and by the Python in a page (see test_simd.py)."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

import pyengine
from pyengine import layers

STEPS = 200
BATCH = 32


def images() -> list[layers.Layer]:
    """A small network of convolutions, with dropout."""
    return [
        layers.Conv2D(16, 3, activation="relu", input_shape=(28, 28, 1)),
        layers.MaxPooling2D(2),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ]


class SelfAttention(layers.Layer):
    """Causal attention of a sequence to itself."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(2, 5, dropout=0.2)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.attention(x, x, use_causal_mask=True)


def sequences() -> list[layers.Layer]:
    """The same images read row by row, with dropout."""
    return [
        layers.Reshape((28, 28), input_shape=(28, 28, 1)),
        layers.LSTM(21, return_sequences=True, recurrent_dropout=0.2),
        SelfAttention(),
        layers.GRU(13, return_sequences=True, go_backwards=True, dropout=0.2),
        layers.GRU(13, return_sequences=True, reset_after=False),
        layers.SimpleRNN(10),
        layers.Dense(10, activation="softmax"),
    ]


NETWORKS = {"images": images, "sequences": sequences}


def trained(network: str) -> dict[str, Any]:
    """Checksums of a network's weights after 200 steps, and the losses."""
    pyengine.set_random_seed(5)
    random = np.random.default_rng(6)
    x = random.uniform(0, 1, (BATCH * 8, 28, 28, 1)).astype("float32")
    y = np.eye(10, dtype="float32")[random.integers(0, 10, BATCH * 8)]
    model = pyengine.Sequential(NETWORKS[network]())
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=BATCH, epochs=STEPS // 8, verbose=0)
    memory = model.step.memory
    return {
        "fallbacks": [str(memory.program.calls[number]) for number in memory.fallbacks],
        "losses": history.history["loss"],
        "weights": [hashlib.sha256(array.tobytes()).hexdigest() for array in model.get_weights()],
    }
