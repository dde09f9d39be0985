"""The work of evaluate, evaluate_dataset, predict, and of the calls for one batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyengine.callbacks import CallbackList, progress_display
from pyengine.data import ArrayData, stream_of
from pyengine.training import inputs, loop
from pyengine.training.feeding import ArraySource, DatasetSource, InputSource, Steps, refuse_endless
from pyengine.training.job import Job, Work
from pyengine.training.pacing import Pacer
from pyengine.training.preparing import (
    batch_rows,
    build_from_first,
    first_batches,
    optional_count,
    refuse_beside_batches,
    require_dataset,
)
from pyengine.training.reading import WeightsRead, before_training
from pyengine.training.step import Step


def evaluate_arrays(
    model: Any,
    pacer: Pacer,
    x: Any,
    y: Any,
    *,
    batch_size: Any,
    verbose: Any,
    sample_weight: Any,
    steps: Any,
    callbacks: Any,
    return_dict: bool,
) -> Work:
    """Loss and metrics on arrays in memory or on batches from a source."""
    stream = stream_of(x)
    if stream is not None:
        refuse_beside_batches(y=y, batch_size=batch_size, sample_weight=sample_weight)
        work = evaluate_batches(
            model,
            pacer,
            stream,
            steps=steps,
            verbose=verbose,
            callbacks=callbacks,
            return_dict=return_dict,
            where="model.evaluate",
            argument="x",
        )
        return (yield from work)
    weights = WeightsRead(model)
    batch_size = batch_rows(batch_size)
    data = inputs.validate_labelled_data(model, x, y, sample_weight)
    yield from inputs.check_numbers(model, data, pacer)
    data = first_batches(data, batch_size, optional_count("steps", steps))
    data = yield from inputs.cast_to_step_dtypes(model, data, pacer)
    source = ArraySource(data, batch_size)
    return (yield from measure(model, pacer, source, verbose, callbacks, return_dict, weights))


def evaluate_batches(
    model: Any,
    pacer: Pacer,
    dataset: Any,
    *,
    steps: Any,
    verbose: Any,
    callbacks: Any,
    return_dict: bool,
    where: str = "model.evaluate_dataset",
    argument: str = "dataset",
) -> Work:
    """Loss and metrics on a Dataset of batches."""
    model.require_compile()
    require_dataset(dataset, "For arrays use `model.evaluate(x, y)`.")
    weights = WeightsRead(model)
    limit = optional_count("steps", steps)
    refuse_endless(dataset, limit, where=where, argument=argument, limit="steps")
    source = DatasetSource(model, dataset, steps=limit)
    yield from build_from_first(model, source)
    return (yield from measure(model, pacer, source, verbose, callbacks, return_dict, weights))


def measure(
    model: Any,
    pacer: Pacer,
    source: Any,
    verbose: Any,
    callbacks: Any,
    return_dict: bool,
    weights: WeightsRead,
) -> Work:
    """One pass over the batches of `source` in inference mode."""
    model.ensure_compiled()
    model.settle()
    listeners = CallbackList([progress_display(verbose), callbacks], model, {"steps": source.steps})
    with model.steps_of("test", weights) as steps:
        values = yield from loop.evaluation(loop.Running(model, listeners, pacer), source, steps)
    return as_requested(values, return_dict)


def predict_arrays(
    model: Any, pacer: Pacer, x: Any, *, batch_size: Any, verbose: Any, steps: Any, callbacks: Any
) -> Work:
    """The model's outputs for all samples."""
    weights = WeightsRead(model)
    limit = optional_count("steps", steps)
    stream = stream_of(x)
    source: Any
    if stream is not None:
        refuse_beside_batches(batch_size=batch_size)
        refuse_endless(stream, limit, where="model.predict", argument="x", limit="steps")
        source = InputSource(model, stream, steps=limit)
        yield from build_from_first(model, source)
    else:
        rows = batch_rows(batch_size)
        given = first_batches(ArrayData(inputs.fit_inputs(model, x)), rows, limit)
        yield from inputs.check_inputs(model, given, pacer)
        data = yield from inputs.cast_to_step_dtypes(model, given, pacer)
        source = ArraySource(data, rows)
    model.settle()
    listeners = CallbackList([progress_display(verbose), callbacks], model, {"steps": source.steps})
    with model.steps_of("predict", weights) as planned:
        results = yield from loop.prediction(loop.Running(model, listeners, pacer), source, planned)
    return model.packed(results)


def one_batch(model: Any, kind: str, data: ArrayData, return_dict: bool) -> Any:
    """One training or testing step on one batch, at once; returns its loss and metrics."""
    pacer = Pacer("never")
    if kind == "train":
        before_training(model)
    Job(inputs.check_numbers(model, data, pacer), pacer).finish()
    model.warn_of_changed_flags()
    with model.steps_of(kind) as steps:
        values = Job(one_step(steps, data, pacer), pacer).finish()
    return as_requested(values, return_dict)


def one_step(steps: Steps, data: ArrayData, pacer: Pacer) -> Work:
    """Run the step for one batch; returns its logged numbers by name."""
    step: Step = yield from steps.write_batch(data, pacer)
    step.begin()
    yield from step.advance(None)
    yield from step.fetch()
    return (yield from step.batch_values())


def as_requested(values: Mapping[str, float], return_dict: bool) -> Any:
    """Logged values as the caller wants them: a map by name, else one number or a list of them."""
    if return_dict:
        return dict(values)
    numbers = list(values.values())
    return numbers[0] if len(numbers) == 1 else numbers
