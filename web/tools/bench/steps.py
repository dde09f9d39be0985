"""Whole training steps, through `fit` as a user calls it. Runs as it is in CPython and in the Python of a page."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

import pyengine
from web.tools.bench.workloads import Charlm, Workload

BLOCKS = 7
BLOCK_SECONDS = 0.3
REPEATED = 20  # times the batch in the data set: steps of an epoch


def build(workload: Workload) -> Any:
    """The model with the rule's weights, compiled."""
    name, learning_rate = workload.optimizer
    optimizer = pyengine.optimizers.get(name)
    optimizer.learning_rate = learning_rate
    if isinstance(workload, Charlm):
        from web.tools.bench.charlm import charlm

        model = charlm(workload.weights())
        loss: Any = pyengine.losses.SparseCategoricalCrossentropy(from_logits=True)
    else:
        layers = [getattr(pyengine.layers, name)(**settings) for name, settings in workload.layers]
        model = pyengine.Sequential([pyengine.Input(workload.input_shape), *layers])
        loss = workload.loss
        for layer, weights in zip(layers, workload.weights(), strict=True):
            layer.set_weights(weights)
    model.compile(optimizer=optimizer, loss=loss)
    return model


def measure_workload(workload: Workload) -> dict[str, Any]:
    """Losses of the checked steps, milliseconds of the first step and of a step in each block, and the fallbacks."""
    x, y = workload.data()
    model = build(workload)
    begin = time.perf_counter()
    losses = [loss_of(model, x, y)]
    first = 1000 * (time.perf_counter() - begin)
    losses += [loss_of(model, x, y) for _ in workload.losses[1:]]
    many = [np.concatenate([array] * REPEATED) for array in (x, y)]
    fit(model, many, len(x), 1)
    one = fit(model, many, len(x), 1)
    epochs = max(1, round(1000 * BLOCK_SECONDS / (one * REPEATED)))
    milliseconds = [fit(model, many, len(x), epochs) for _ in range(BLOCKS)]
    memory = model.step.memory
    return {
        "losses": losses,
        "first": first,
        "milliseconds": milliseconds,
        "calls": len(memory.program.calls),
        "fallbacks": len(memory.fallbacks),
    }


def loss_of(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    return float(np.ravel(model.train_on_batch(x, y))[0])


def fit(model: Any, data: list[np.ndarray], batch: int, epochs: int) -> float:
    """Milliseconds of one step of `fit`, as a mean over some."""
    begin = time.perf_counter()
    model.fit(*data, batch_size=batch, epochs=epochs, shuffle=False, verbose=0)
    return 1000 * (time.perf_counter() - begin) / (epochs * REPEATED)


def answer(name: str) -> str:
    """`measure_workload` for a page."""
    from web.tools.bench.workloads import WORKLOADS

    return json.dumps(measure_workload(WORKLOADS[name]))
