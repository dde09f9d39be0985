"""The work of fit and fit_dataset: from what they are given to the training loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyengine import random
from pyengine.callbacks import CallbackList, History, progress_display
from pyengine.data import stream_of
from pyengine.training import inputs, loop
from pyengine.training.feeding import ArraySource, DatasetSource, EveryEpoch, refuse_endless
from pyengine.training.job import Work
from pyengine.training.pacing import Pacer
from pyengine.training.preparing import (
    batch_rows,
    build_from_first,
    count,
    optional_count,
    refuse_beside_batches,
    require_dataset,
    truth,
    validation_source,
)


@dataclass(frozen=True)
class Epochs:
    """Which epochs to run, and with which callbacks."""

    epochs: Any
    initial_epoch: Any
    verbose: Any
    callbacks: Any


@dataclass(frozen=True)
class Validation:
    """What to validate on, and when."""

    data: Any
    split: float
    steps: Any
    batch_size: Any
    frequency: Any


def exclusively(model: Any, kind: str, work: Work) -> Work:
    """The work of a fit, which has the model for itself from its first stretch to its end."""
    model.refuse_while_fitting(kind)
    model._fitting = True
    try:
        return (yield from work)
    finally:
        model.release()


def fit_arrays(
    model: Any,
    pacer: Pacer,
    x: Any,
    y: Any,
    epochs: Epochs,
    validation: Validation,
    *,
    batch_size: Any,
    shuffle: bool,
    class_weight: Any,
    sample_weight: Any,
    steps_per_epoch: Any,
) -> Work:
    """Train on arrays in memory or on batches from a source; returns the History."""
    shuffled = truth("shuffle", shuffle)
    stream = stream_of(x, shuffled)
    if stream is not None:
        split = validation.split or None
        refuse_beside_batches(y=y, batch_size=batch_size, sample_weight=sample_weight, validation_split=split)
        work = fit_batches(
            model,
            pacer,
            stream,
            epochs,
            validation,
            class_weight=class_weight,
            steps_per_epoch=steps_per_epoch,
            where="model.fit",
            argument="x",
        )
        return (yield from work)
    batch_size = batch_rows(batch_size)
    refuse_endless(
        validation.data,
        validation.steps,
        where="model.fit",
        argument="validation_data",
        limit="validation_steps",
    )
    data = inputs.validate_labelled_data(model, x, y, sample_weight)
    yield from inputs.check_numbers(model, data, pacer)
    held_back = validation.data
    if held_back is None:
        data, held_back = data.split(validation.split)
    data = inputs.class_weighted(model, data, class_weight)
    data = yield from inputs.cast_to_step_dtypes(model, data, pacer)
    key = random.next_key() if shuffled else None
    steps = optional_count("steps_per_epoch", steps_per_epoch)
    source = ArraySource(data, batch_size, key=key, steps_per_epoch=steps)
    held_out = yield from validation_source(
        model,
        held_back,
        optional_count("validation_batch_size", validation.batch_size) or batch_size,
        optional_count("validation_steps", validation.steps),
        pacer,
    )
    return (yield from train(model, pacer, source, held_out, epochs, validation.frequency, batch_size))


def fit_batches(
    model: Any,
    pacer: Pacer,
    dataset: Any,
    epochs: Epochs,
    validation: Validation,
    *,
    class_weight: Any,
    steps_per_epoch: Any,
    where: str = "model.fit_dataset",
    argument: str = "dataset",
) -> Work:
    """Train on a Dataset of batches; returns the History."""
    model.require_compile()
    require_dataset(dataset, "For arrays use `model.fit(x, y, epochs=5)`.")
    steps = optional_count("steps_per_epoch", steps_per_epoch)
    refuse_endless(dataset, steps, where=where, argument=argument, limit="steps_per_epoch")
    refuse_endless(
        validation.data,
        validation.steps,
        where=where,
        argument="validation_data",
        limit="validation_steps",
    )
    if steps is not None and isinstance(steps_per_epoch, EveryEpoch):
        steps = EveryEpoch(steps)
    source = DatasetSource(model, dataset, steps=steps, carry_on=True, class_weight=class_weight)
    yield from build_from_first(model, source)
    if not model.built:
        model.history = History()  # a stop came before the first batch
        return model.history
    held_out = yield from validation_source(
        model,
        validation.data,
        optional_count("validation_batch_size", validation.batch_size) or 32,
        optional_count("validation_steps", validation.steps),
        pacer,
    )
    return (yield from train(model, pacer, source, held_out, epochs, validation.frequency, None))


def train(
    model: Any,
    pacer: Pacer,
    source: Any,
    validation: Any,
    asked: Epochs,
    validation_freq: Any,
    batch_size: int | None,
) -> Work:
    """The training loop over batches of `source`, with the callbacks and the validation that were asked for."""
    epochs = count("epochs", asked.epochs, least=0)
    initial_epoch = count("initial_epoch", asked.initial_epoch, least=0)
    model.ensure_compiled()
    model.warn_of_changed_flags()
    history = History()
    params = {
        "epochs": epochs,
        "initial_epoch": initial_epoch,
        "steps": source.steps,
        "batch_size": batch_size,
        "samples": len(source.data) if isinstance(source, ArraySource) else None,
        "verbose": asked.verbose,
        "do_validation": validation is not None,
        "validation_freq": validation_freq,
    }
    callbacks = CallbackList([progress_display(asked.verbose), asked.callbacks, history], model, params)
    running = loop.Running(model, callbacks, pacer, fitting=True)
    due = validation_due(validation_freq)
    model.history, model.loss_reported = history, False
    try:
        with model.steps_of("train") as steps:
            steps.ahead = validation if isinstance(validation, ArraySource) else None

            def validate() -> Work:
                with model.steps_of("test") as tests:
                    return (yield from loop.evaluation(running, validation, tests))

            return (
                yield from loop.training(
                    running,
                    source,
                    steps,
                    epochs=epochs,
                    initial_epoch=initial_epoch,
                    validate=None if validation is None else validate,
                    validation_due=due,
                )
            )
    finally:
        model.settle()
        model.open_step = None


def validation_due(frequency: Any) -> Callable[[int], bool]:
    """After which epochs to validate: every n-th, or those listed (counted from 1, as Keras)."""
    if isinstance(frequency, (list, tuple, set)):
        listed = {count("validation_freq", epoch) for epoch in frequency}
        return lambda epoch: epoch + 1 in listed
    every = count("validation_freq", frequency)
    return lambda epoch: (epoch + 1) % every == 0
