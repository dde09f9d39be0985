"""The loops of training, each written once as a generator of control points (see `job.py`)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from pyengine.callbacks import CallbackList
from pyengine.data import ArrayData
from pyengine.logs import Logs
from pyengine.training.feeding import Fed, Steps
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer
from pyengine.training.step import Step


class Running:
    """What the loops share: the model, its callbacks, its pacer, and where the training stands."""

    def __init__(self, model: Any, callbacks: CallbackList, pacer: Pacer):
        self.model = model
        self.callbacks = callbacks
        self.pacer = pacer
        self.epoch = 0
        self.batch = 0
        self.logs = Logs()

    def call(self, hook: str, *args: Any) -> Work:
        """Call a hook of every callback, and have what it returns awaited."""
        yield from self.callbacks.call(hook, *args)

    def breathe(self, due: bool) -> Work:
        """Give control back if it is time, and tell the callbacks."""
        if due:
            yield PAUSE
            yield from self.call("on_yield", self.epoch, self.batch, self.logs)

    def step(self, step: Step) -> Work:
        """One whole step, pausing inside it when it takes long."""
        step.begin()
        while not step.advance(self.pacer.deadline):
            yield PAUSE


def training(
    running: Running,
    source: Any,
    steps: Steps,
    *,
    epochs: int,
    initial_epoch: int,
    validate: Callable[[], Work] | None,
    validation_due: Callable[[int], bool],
) -> Work:
    """Epochs of batches from `source`, each followed by validation where it is due; callbacks see everything.

    Returns the model's History.
    """
    model = running.model
    model.stop_training = False
    logs = Logs()
    closing = False
    try:
        yield from running.call("on_train_begin", Logs())
        for epoch in range(initial_epoch, epochs):
            running.epoch = epoch
            yield from running.call("on_epoch_begin", epoch, Logs())
            source.start(epoch)
            count = yield from train_epoch(running, source, steps)
            if not count:
                break
            logs = Logs({one.name: one.result() for one in steps.totals})
            if validate is not None and validation_due(epoch):
                values = yield from validate()
                logs.update({f"val_{name}": value for name, value in values.items()})
            running.logs = logs
            yield from running.call("on_epoch_end", epoch, logs)
            yield from running.breathe(running.pacer.after_epoch())
            if model.stop_training or source.dry:
                break
        model.optimizer.finalize_variable_values(model.compiled.trained)
    except GeneratorExit:
        closing = True
        raise
    finally:
        # Also after an error: callbacks put best weights back and close their files.
        for awaitable in running.callbacks.call("on_train_end", logs):
            if not closing:
                yield awaitable
    return model.history


def train_epoch(running: Running, source: Any, steps: Steps) -> Work:
    """The batches of one epoch; returns how many ran."""
    model, callbacks, pacer = running.model, running.callbacks, running.pacer
    listened = callbacks.wants("on_train_batch_begin") or callbacks.wants("on_train_batch_end")
    for one in steps.totals:
        one.reset()
    running.batch = batch = 0
    while not model.stop_training:
        fed: Fed | None = yield from source.next(steps, pacer)
        if fed is None:
            break
        running.batch = batch
        if listened:
            yield from running.call("on_train_batch_begin", batch, Logs(batch=batch, size=fed.count))
        model.open_step = fed.step
        yield from running.step(fed.step)
        model.open_step = None
        check_loss(running, fed.step.loss())
        if listened or callbacks.wants("on_yield"):
            running.logs = Logs(batch=batch, size=fed.count, **fed.step.batch_values())
        if listened:
            yield from running.call("on_train_batch_end", batch, running.logs)
        batch += 1
        yield from running.breathe(pacer.after_batch())
    return batch


def check_loss(running: Running, loss: float) -> None:
    """A loss that is no number any more is reported once per training."""
    if math.isfinite(loss) or running.model.loss_reported:
        return
    running.model.loss_reported = True
    warnings.warn(
        f"The loss became {loss} in epoch {running.epoch}, batch {running.batch}. Lower the learning rate or look at "
        "the data; the callback TerminateOnNaN stops there.",
        stacklevel=2,
    )


def evaluation(running: Running, source: Any, steps: Steps) -> Work:
    """One pass over data in inference mode; returns the values by name."""
    callbacks, pacer = running.callbacks, running.pacer
    listened = callbacks.wants("on_test_batch_begin") or callbacks.wants("on_test_batch_end")
    for one in steps.totals:
        one.reset()
    yield from running.call("on_test_begin", Logs())
    source.start(0)
    batch = 0
    while True:
        fed: Fed | None = yield from source.next(steps, pacer)
        if fed is None:
            break
        if listened:
            yield from running.call("on_test_batch_begin", batch, Logs(batch=batch, size=fed.count))
        yield from running.step(fed.step)
        if listened:
            logs = Logs(batch=batch, size=fed.count, **fed.step.batch_values())
            yield from running.call("on_test_batch_end", batch, logs)
        batch += 1
        yield from running.breathe(pacer.after_batch())
    values = Logs({one.name: one.result() for one in steps.totals}) if batch else Logs()
    yield from running.call("on_test_end", values)
    return values


def prediction(running: Running, data: ArrayData, batch_size: int, steps: Steps) -> Work:
    """Outputs for all rows, batch by batch: a list of arrays (samples, …)."""
    results: list[np.ndarray] = []
    names = running.model.output_names
    pacer = running.pacer
    yield from running.call("on_predict_begin", Logs())
    for batch, begin in enumerate(range(0, len(data), batch_size)):
        end = min(begin + batch_size, len(data))
        arrays, _, _ = data.slice(begin, end)
        step = yield from steps.fed(arrays, pacer)
        yield from running.call("on_predict_batch_begin", batch, Logs(batch=batch, size=end - begin))
        yield from running.step(step)
        pieces = [step.read(f"output/{name}") for name in names]
        if not results:
            results = [np.empty((len(data), *piece.shape[1:]), piece.dtype) for piece in pieces]
        for result, piece in zip(results, pieces, strict=True):
            result[begin:end] = piece
        yield from running.call("on_predict_batch_end", batch, Logs(batch=batch, size=end - begin))
        yield from running.breathe(pacer.after_batch())
    yield from running.call("on_predict_end", Logs())
    return results
