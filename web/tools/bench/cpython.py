"""The steps of this Python, on the engine's default executor."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from web.tools.bench.limit import limit
from web.tools.bench.measure import BLOCK_SECONDS, BLOCKS, Result
from web.tools.bench.workloads import Workload


def build(workload: Workload) -> Any:
    """The model with the rule's weights, compiled."""
    import pyengine

    layers = [getattr(pyengine.layers, name)(**settings) for name, settings in workload.layers]
    model = pyengine.Sequential([pyengine.Input(workload.input_shape), *layers])
    name, learning_rate = workload.optimizer
    optimizer = pyengine.optimizers.get(name)
    optimizer.learning_rate = learning_rate
    model.compile(optimizer=optimizer, loss=workload.loss)
    model.set_weights(workload.weights())
    return model


def results(workloads: list[Workload]) -> list[Result]:
    """Time each workload; `fit` over the batch repeated, so that the loop's own cost is in the figure."""
    top = limit()
    found = []
    for workload in workloads:
        x, y = workload.data()
        model = build(workload)
        losses = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in workload.losses]
        fit_steps(model, x, y, 20)
        steps = max(20, round(BLOCK_SECONDS / fit_steps(model, x, y, 20)))
        milliseconds = [1000 * fit_steps(model, x, y, steps) for _ in range(BLOCKS)]
        found.append(Result("CPython", workload, losses, milliseconds, top))
        print(found[-1], flush=True)
    return found


def fit_steps(model: Any, x: np.ndarray, y: np.ndarray, steps: int) -> float:
    """Seconds of one step of `fit`, as a mean over some."""
    many_x, many_y = (np.concatenate([array] * steps) for array in (x, y))
    begin = time.perf_counter()
    model.fit(many_x, many_y, batch_size=len(x), epochs=1, shuffle=False, verbose=0)
    return (time.perf_counter() - begin) / steps
