"""What the calls of a model ask of its data before the first batch, and where batches come from."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.callbacks import ABANDONED
from pyengine.data import ArrayData, Dataset
from pyengine.errors import ArgumentError, DataError
from pyengine.training import inputs
from pyengine.training.feeding import ArraySource, DatasetSource, unpacked, warn_of_end
from pyengine.training.job import Work
from pyengine.training.pacing import Pacer


def labelled(model: Any, x: Any, y: Any, sample_weight: Any) -> ArrayData:
    """Inputs, targets and weights as arrays that fit the model."""
    model.require_compile()
    arrays = inputs.fit_inputs(model, x)
    model.ensure_compiled()
    targets = inputs.fit_targets(model, y)
    ArrayData(arrays, targets)  # the sample counts are compared before weights are worked out
    return ArrayData(arrays, targets, inputs.sample_weights(model, targets, sample_weight))


def class_weighted(model: Any, data: ArrayData, class_weight: Any) -> ArrayData:
    """The same data, each sample's weight multiplied by that of its class (validation goes without)."""
    if class_weight is None:
        return data
    return ArrayData(data.x, data.y, inputs.class_weights(model, data, class_weight))


def build_from_first(model: Any, dataset: Dataset) -> Work:
    """Build a model of unknown input shape from the dataset's first batch."""
    if model.built:
        return
    iterator = aiter(dataset.take(1))
    try:
        first = yield anext(iterator)
    except StopAsyncIteration:
        raise DataError("The dataset has no batch: its first pass ended at once.") from None
    if first is not ABANDONED:
        inputs.fit_inputs(model, unpacked(first)[0])


def validation_source(model: Any, given: Any, batch_size: int, steps: int | None, pacer: Pacer) -> Work:
    """Where validation batches come from, or None."""
    if given is None:
        return None
    if isinstance(given, Dataset):
        return DatasetSource(model, given, steps=steps)
    if not isinstance(given, ArrayData):
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise ArgumentError(
                f"validation_data is (x, y), (x, y, sample_weight) or a Dataset, but got {type(given).__name__}"
                + (f" of length {len(given)}." if isinstance(given, (tuple, list)) else ".")
            )
        given = labelled(model, given[0], given[1], given[2] if len(given) == 3 else None)
        yield from inputs.check_numbers(model, given, pacer)
    given = yield from inputs.matched(model, first_batches(given, batch_size, steps), pacer)
    return ArraySource(given, batch_size)


def count(name: str, number: Any, least: int = 1) -> int:
    """A whole number of at least `least`."""
    if isinstance(number, bool) or not isinstance(number, (int, float, np.integer)) or number != int(number):
        raise ArgumentError(f"{name} is a whole number of at least {least}, but got {number!r}.")
    if number < least:
        raise ArgumentError(f"{name} is a whole number of at least {least}, but got {number!r}.")
    return int(number)


def optional_count(name: str, number: Any) -> int | None:
    """A whole number of at least 1, or None."""
    return None if number is None else count(name, number)


def batch_rows(batch_size: Any) -> int:
    """Samples per batch; 32 where nothing is said."""
    return 32 if batch_size is None else count("batch_size", batch_size)


def first_batches(data: ArrayData, batch_size: int, steps: int | None) -> ArrayData:
    """Only the rows of the first `steps` batches; a warning where there are fewer."""
    if steps is None:
        return data
    batches = -(-len(data) // batch_size)
    if steps > batches:
        warn_of_end(batches, steps)
    if steps >= batches:
        return data
    return data.rows(0, steps * batch_size)
