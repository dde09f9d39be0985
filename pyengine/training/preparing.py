"""Preparation of data before the first batch: validation, weights, and the source of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.callbacks import ABANDONED
from pyengine.data import ArrayData, Dataset, stream_of
from pyengine.errors import ArgumentError, called, describe
from pyengine.training import inputs
from pyengine.training.feeding import ArraySource, DatasetSource, inputs_of, warn_of_end
from pyengine.training.job import Work
from pyengine.training.pacing import Pacer


def refuse_beside_batches(**given: Any) -> None:
    """An error for an argument that says nothing where x comes batch by batch."""
    for name, value in given.items():
        if value is not None:
            raise ArgumentError(
                argument=name,
                expected="nothing, since x comes batch by batch",
                got=describe(value),
                fix="Leave it out: the batches themselves say it.",
            )


def require_dataset(dataset: Any, fix: str) -> None:
    """An error for what is no Dataset."""
    if not isinstance(dataset, Dataset):
        raise ArgumentError(
            argument="dataset",
            expected="a pyengine Dataset of batches",
            got=describe(dataset),
            fix=f"{fix} Datasets are made by what is in `pyengine.data`.",
        )


def build_from_first(model: Any, source: DatasetSource) -> Work:
    """Build a model of unknown input shape from a source's first batch, which is still to come then."""
    if not model.built:
        first = yield from source.peek()
        if first is not ABANDONED:
            inputs.fit_inputs(model, inputs_of(first))


def validation_source(model: Any, given: Any, batch_size: int, steps: int | None, pacer: Pacer) -> Work:
    """Where validation batches come from, or None."""
    if given is None:
        return None
    stream = stream_of(given)
    if stream is not None:
        return DatasetSource(model, stream, steps=steps, within="validation_data")
    if isinstance(given, ArrayData):  # held back from the data that have been checked
        held_back = yield from inputs.cast_to_step_dtypes(
            model, first_batches(given, batch_size, steps), pacer
        )
        return ArraySource(held_back, batch_size, argument="{} of the rows held back for validation".format)
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise ArgumentError(
            argument="validation_data",
            expected="(x, y), (x, y, sample_weight) or a Dataset",
            got=describe(given),
            fix="Give, for example, `validation_data=(x_test, y_test)`.",
        )
    with called(argument=in_validation_data):
        data = inputs.validate_labelled_data(model, given[0], given[1], given[2] if len(given) == 3 else None)
        yield from inputs.check_numbers(model, data, pacer)
    data = yield from inputs.cast_to_step_dtypes(model, first_batches(data, batch_size, steps), pacer)
    return ArraySource(data, batch_size, argument=in_validation_data)


def in_validation_data(argument: str) -> str:
    """Where a part of the validation data is.

    >>> in_validation_data("x"), in_validation_data("y[1]")
    ('validation_data[0]', 'validation_data[1][1]')
    """
    for place, name in enumerate(("x", "y", "sample_weight")):
        if argument == name or argument.startswith(f"{name}["):
            return f"validation_data[{place}]{argument[len(name) :]}"
    return argument


def count(name: str, number: Any, least: int = 1) -> int:
    """A whole number of at least `least`."""
    whole = isinstance(number, int | float | np.number) and not isinstance(number, bool)
    if not whole or not float(number).is_integer() or number < least:
        raise ArgumentError(
            argument=name,
            expected=f"a whole number of at least {least}",
            got=describe(number),
            fix=f"Use, for example, `{name}={32 if 'batch_size' in name else max(5, least)}`.",
        )
    return int(number)


def truth(name: str, value: Any) -> bool:
    """True or False, also as 1 or 0."""
    if not isinstance(value, bool | int | np.bool_ | np.integer) or value not in (0, 1):
        raise ArgumentError(
            argument=name,
            expected="`True` or `False`",
            got=describe(value),
            fix=f"Use, for example, `{name}=True`.",
        )
    return bool(value)


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
