"""The loops of training, each written once as a generator of control points (see `job.py`)."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyengine.callbacks import CallbackList
from pyengine.callbacks.base import discard, first_of
from pyengine.graph import Spec
from pyengine.logs import Logs
from pyengine.training.feeding import Fed, Steps
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer
from pyengine.training.reading import before_training
from pyengine.training.step import Step

STRETCH = 0.25  # seconds: no page waits for control, but an interrupt or a stop should take effect soon


class Running:
    """What the loops share: the model, its callbacks, its pacer, and where the training stands.

    Arguments:
        fitting: whether this is a fit, which `model.stop_training` ends; evaluate and predict take no notice of it.
    """

    def __init__(self, model: Any, callbacks: CallbackList, pacer: Pacer, *, fitting: bool = False):
        self.model = model
        self.callbacks = callbacks
        self.pacer = pacer
        self.fitting = fitting
        self.epoch = 0
        self.batch = 0
        self.logs = Logs()
        self.step: Step | None = None

    @property
    def stopped(self) -> bool:
        """Whether a stop has been asked for."""
        return self.fitting and self.model.stop_training

    def call(self, hook: str, *args: Any) -> Work:
        """Call a hook of every callback, and have what it returns awaited. Variables are as the last step left them."""
        if self.callbacks.wants(hook):
            yield from self.fetch()
            yield from self.callbacks.call(hook, *args)

    def fetch(self) -> Work:
        """Let the variables hold what the step that ran last has left in them."""
        if self.step is not None:
            yield from self.step.fetch()

    def breathe(self, due: bool) -> Work:
        """Give control back if it is time, and tell the callbacks."""
        if due:
            yield PAUSE
            yield from self.call("on_yield", self.epoch, self.batch, self.logs)

    def advance(self, step: Step, singly: bool) -> Work:
        """Run what has been begun, or `singly` one step of it; pause inside a step that takes long.

        Ends between two steps: when all is done, when it is time for a pause, or behind a loss that is not finite.
        """
        self.step, pacer = step, self.pacer
        if self.fitting:
            before_training(self.model)
        count = 1 if singly or self.stopped else None
        while True:
            unhurried = pacer.deadline is None
            yield from step.advance(time.perf_counter() + STRETCH if unhurried else pacer.deadline, count)
            if step.whole:
                return
            count = 1
            if unhurried:
                continue
            if step.seconds <= pacer.grace:
                step.settle()
                return
            yield PAUSE
            if self.fitting:
                before_training(self.model)
            if step.whole:  # another job has finished this step in the meantime
                return
            count = 1 if singly or self.stopped else None


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

    A stop that was asked for before ends it at once; one of a hook after the batch that runs or comes next, as in
    Keras, and before any validation.

    Returns the model's History.
    """
    model = running.model
    logs = Logs()
    if running.stopped:
        epochs = initial_epoch
    try:
        yield from running.call("on_train_begin", Logs())
        for epoch in range(initial_epoch, epochs):
            running.epoch = epoch
            yield from running.call("on_epoch_begin", epoch, Logs())
            source.start(epoch)
            count = yield from train_epoch(running, source, steps)
            if not count:
                break
            yield from running.fetch()
            logs = Logs({total.name: total.result() for total in steps.totals})
            if validate is not None and validation_due(epoch) and not running.stopped:
                values = yield from validate()
                logs.update({f"val_{name}": value for name, value in values.items()})
            running.logs = logs
            yield from running.call("on_epoch_end", epoch, logs)
            yield from running.breathe(running.pacer.after_epoch())
            if running.stopped or source.exhausted:
                break
        model.optimizer.finalize_variable_values(model.compiled.trained)
    except BaseException as error:
        # Also after an error callbacks put best weights back and close their files.
        end = running.call("on_train_end", logs)
        if isinstance(error, GeneratorExit):  # nothing can be awaited any more
            for awaitable in end:
                discard(awaitable)
            raise
        try:
            yield from end
        except BaseException as another:
            raise first_of([error, another]) from None
        raise
    yield from running.call("on_train_end", logs)
    return model.history


def train_epoch(running: Running, source: Any, steps: Steps) -> Work:
    """The batches of one epoch; returns how many ran."""
    model, callbacks, pacer = running.model, running.callbacks, running.pacer
    listened = callbacks.wants("on_train_batch_begin") or callbacks.wants("on_train_batch_end")
    for total in steps.totals:
        total.reset()
    before = 0
    running.batch = 0
    while not (before and model.stop_training):
        fed: Fed | None = yield from source.next(steps, pacer)
        if fed is None:
            break
        step = model.open_step = fed.step
        step.begin(fed.count)
        while not (step.ended or ((before or step.done) and model.stop_training)):
            step.watch(None if model.loss_reported else "loss")
            if listened:
                running.batch = before + step.done
                logs = Logs(batch=running.batch, size=fed.size)
                yield from running.call("on_train_batch_begin", running.batch, logs)
            yield from running.advance(step, listened or pacer.every == "batch")
            running.batch = before + step.done - 1
            yield from check_loss(running, step)
            due = pacer.after_batch()
            if listened or (due and callbacks.wants("on_yield")):
                values = yield from step.batch_values()
                running.logs = Logs(batch=running.batch, size=fed.size, **values)
            if listened:
                yield from running.call("on_train_batch_end", running.batch, running.logs)
            yield from running.breathe(due)
        before += step.done
        model.open_step = None
    return before


def check_loss(running: Running, step: Step) -> Work:
    """A loss that is no number any more is reported once per training."""
    if running.model.loss_reported:
        return
    loss = float((yield from step.read("loss")))
    if math.isfinite(loss):
        return
    running.model.loss_reported = True
    warnings.warn(
        f"The loss became {loss} in epoch {running.epoch}, batch {running.batch}. Lower the learning rate or look at "
        "the data; the callback TerminateOnNaN stops there.",
        stacklevel=2,
    )


def evaluation(running: Running, source: Any, steps: Steps) -> Work:
    """One pass over data in inference mode; returns the values by name, none where a stop cut it short."""
    callbacks, pacer = running.callbacks, running.pacer
    listened = callbacks.wants("on_test_batch_begin") or callbacks.wants("on_test_batch_end")
    for total in steps.totals:
        total.reset()
    yield from running.call("on_test_begin", Logs())
    source.start(0)
    batch = 0
    while not running.stopped:
        fed: Fed | None = yield from source.next(steps, pacer)
        if fed is None:
            break
        step = fed.step
        step.begin(fed.count)
        while not (step.ended or running.stopped):
            if listened:
                yield from running.call("on_test_batch_begin", batch, Logs(batch=batch, size=fed.size))
            done = step.done
            yield from running.advance(step, listened or pacer.every == "batch")
            if listened:
                batch_values = yield from step.batch_values()
                logs = Logs(batch=batch, size=fed.size, **batch_values)
                yield from running.call("on_test_batch_end", batch, logs)
            batch += step.done - done
            yield from running.breathe(pacer.after_batch())
    yield from running.fetch()
    short = running.stopped and batch != source.steps
    values = Logs({total.name: total.result() for total in steps.totals}) if batch and not short else Logs()
    yield from running.call("on_test_end", values)
    return values


def prediction(running: Running, source: Any, steps: Steps) -> Work:
    """Outputs for all rows, batch by batch: a list of arrays (samples, …)."""
    callbacks, pacer = running.callbacks, running.pacer
    listened = callbacks.wants("on_predict_batch_begin") or callbacks.wants("on_predict_batch_end")
    names = [f"output/{name}" for name in running.model.output_names]
    results = Results(source.rows)
    yield from running.call("on_predict_begin", Logs())
    source.start(0)
    batch = 0
    while True:
        fed: Fed | None = yield from source.next(steps, pacer)
        if fed is None:
            break
        step = fed.step
        step.begin(fed.count)
        specs = [step.program.outputs[name].spec for name in names]
        while not step.ended:
            logs = Logs(batch=batch, size=fed.size)
            if listened:
                yield from running.call("on_predict_batch_begin", batch, logs)
            yield from running.advance(step, True)
            for name, room in zip(names, results.next(specs, fed.size), strict=True):
                yield from step.read(name, room)
            if listened:
                yield from running.call("on_predict_batch_end", batch, logs)
            batch += 1
            if pacer.after_batch():
                yield from running.breathe(True)
    yield from running.call("on_predict_end", Logs())
    return results.whole()


class Results:
    """Where the outputs of all batches go: arrays of that many rows, or one per batch where the number is unknown."""

    def __init__(self, rows: int | None):
        self.rows = rows
        self.begin = 0
        self.arrays: list[np.ndarray] = []
        self.batches: list[list[np.ndarray]] = []

    def next(self, specs: Sequence[Spec], size: int) -> list[np.ndarray]:
        """Room for the outputs, of these specs, of a batch of so many samples."""
        if self.rows is None:
            self.batches.append([np.empty(spec.shape, spec.dtype) for spec in specs])
            return self.batches[-1]
        if not self.arrays:
            self.arrays = [np.empty((self.rows, *spec.shape[1:]), spec.dtype) for spec in specs]
        begin, self.begin = self.begin, self.begin + size
        return [array[begin : self.begin] for array in self.arrays]

    def whole(self) -> list[np.ndarray]:
        """One array (samples, …) per output."""
        if self.rows is None:
            return [np.concatenate(parts) for parts in zip(*self.batches, strict=True)]
        return self.arrays
