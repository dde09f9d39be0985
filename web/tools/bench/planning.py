"""Planning: how long the first step of a deep model takes to get ready, and how much longer that of one twice as deep.

Runs as it is in CPython and in the Python of a page.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any

import numpy as np

import pyengine
from pyengine import layers

NAME = "planning"
BLOCKS = (80, 160)
REPEATED = 3
AGREEMENT = 1e-5  # between the losses that two steps planned apart give, as a fraction


def deep(blocks: int) -> Any:
    """Blocks of Dense, LayerNormalization and Add, one behind the other, compiled."""
    inputs = x = pyengine.Input((16,))
    for _ in range(blocks):
        hidden = layers.Dense(16, activation="gelu")(x)
        x = layers.Add()([x, layers.LayerNormalization()(hidden)])
    model = pyengine.Model(inputs, layers.Dense(1)(x))
    model.compile("adam", "mse")
    return model


def data() -> tuple[np.ndarray, np.ndarray]:
    return np.ones((4, 16), np.float32), np.ones((4, 1), np.float32)


def measure_planning() -> dict[str, Any]:
    """Milliseconds of CPU by number of blocks, the calls of the largest, and its losses in training and evaluation."""
    x, y = data()
    deep(1).train_on_batch(x, y)  # what is done once
    milliseconds = dict.fromkeys(BLOCKS, math.inf)
    for blocks in BLOCKS * REPEATED:
        model = deep(blocks)
        expected = loss(model.evaluate(x, y, verbose=0))
        begin = time.process_time()
        found = loss(model.train_on_batch(x, y))
        milliseconds[blocks] = min(milliseconds[blocks], 1000 * (time.process_time() - begin))
    return {
        "losses": [found, expected],
        "milliseconds": list(milliseconds.values()),
        "calls": len(model.step.program.calls),
    }


def loss(result: Any) -> float:
    return float(np.ravel(result)[0])


def answer() -> str:
    """`measure_planning` for a page."""
    return json.dumps(measure_planning())
