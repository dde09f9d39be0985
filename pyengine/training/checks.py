"""Whether the numbers that users hand over can be trained on: finite, not too large, labels that name a class.

They are checked a megabyte at a time, so that a page stays responsive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.data import ArrayData
from pyengine.errors import DataError
from pyengine.training.arrays import dtypes_of, rows_in_chunk
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer


def check_numbers(model: Any, data: ArrayData, pacer: Pacer) -> Work:
    """Numbers of inputs and targets that are not finite or that the step's dtype cannot hold, and wrong labels.

    Errors: DataError that names the first such sample.
    """
    yield from check_inputs(model, data, pacer, finite=True)
    for index, (array, dtype) in enumerate(zip(data.y, dtypes_of(model, data)[len(data.x) :], strict=False)):
        yield from check_range(f"y[{index}]" if len(data.y) > 1 else "y", array, dtype, pacer)
    for array, symbolic, loss, name in zip(
        data.y, model.outputs, model.compiled.losses, model.output_names, strict=True
    ):
        check_labels(array, symbolic, loss, name)
        if pacer.due():
            yield PAUSE


def check_inputs(model: Any, data: ArrayData, pacer: Pacer, finite: bool = False) -> Work:
    """Numbers of inputs that the step's dtype cannot hold.

    Arguments:
        finite: whether those that are not finite are refused, too: a training cannot use them, a prediction can.
    """
    for index, (array, dtype) in enumerate(zip(data.x, dtypes_of(model, data), strict=False)):
        yield from check_range(f"x[{index}]" if len(data.x) > 1 else "x", array, dtype, pacer, finite)


def check_range(argument: str, array: np.ndarray, dtype: str, pacer: Pacer, finite: bool = True) -> Work:
    """Whether a dtype holds every number of an array.

    Arguments:
        finite: whether infinities and NaN are refused where the dtype holds them, too.
    """
    floating = np.dtype(dtype).kind == "f"
    if array.dtype.kind != "f" and (floating or np.can_cast(array.dtype, dtype)):
        return
    if array.dtype == dtype and not finite:
        return
    limits: Any = np.finfo(dtype) if floating else np.iinfo(dtype)
    lowest, highest = float(limits.min), float(limits.max)
    rows = rows_in_chunk(array)
    for begin in range(0, len(array) if array.size else 0, rows):
        piece = array[begin : begin + rows]
        if not (
            all_finite(piece) if array.dtype == dtype else lowest <= piece.min() <= piece.max() <= highest
        ):
            fits = (lowest <= piece) & (piece <= highest)
            if floating and not finite:
                fits |= ~np.isfinite(piece)
            wrong = np.flatnonzero(~fits.reshape(len(piece), -1).all(1))
            if len(wrong):
                number = piece[wrong[0]][~fits[wrong[0]]].flat[0]
                raise unfit(argument, number, begin + int(wrong[0]), dtype, limits)
        if pacer.due():
            yield PAUSE


def unfit(argument: str, number: Any, sample: int, dtype: str, limits: Any) -> DataError:
    """The error for a number that a dtype does not hold."""
    if not np.isfinite(number):
        number, expected = f"`{number}`", "finite numbers"
        fix = "Remove or replace such samples first."
    else:
        expected = f"numbers from {limits.min:.10g} to {limits.max:.10g}, which {dtype} holds"
        fix = "Scale the data first." if "float" in dtype else "Correct such numbers, or give floats."
    return DataError(argument=argument, expected=expected, got=f"{number} in sample {sample}", fix=fix)


def all_finite(array: np.ndarray) -> bool:
    """Whether every number is finite: their sum tells, unless it is too large, in a third of the time."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())


def check_labels(array: np.ndarray, symbolic: Any, loss: Any, name: str) -> None:
    """Class numbers within the classes that the output has; probabilities within 0 and 1."""
    if array.size == 0 or loss is None or loss.targets not in ("classes", "probabilities", "binary"):
        return
    whole = loss.targets == "classes"
    highest = symbolic.shape[-1] - 1 if whole else 1

    fractions = whole and array.dtype.kind == "f"
    if not fractions and array.min() >= 0 and array.max() <= highest:
        return
    wrong = (array < 0) | (array > highest)
    if fractions:
        wrong |= array != np.floor(array)
    if whole and getattr(loss, "ignore_class", None) is not None:
        wrong &= array != loss.ignore_class
    if not wrong.any():
        return
    sample = int(np.flatnonzero(wrong.reshape(len(array), -1).any(1))[0])
    number = array[sample][wrong[sample]].flat[0]
    if whole:
        expected = f"whole numbers from 0 to {highest}, since output {name!r} has {highest + 1} classes"
        fix = "Number the classes from 0, or give the last layer as many units as there are classes."
    else:
        expected = f"numbers from 0 to 1, since output {name!r} has the loss {loss.name}"
        fix = "Scale the targets to this range, or use another loss, such as `'mse'`."
    raise DataError(argument="y", expected=expected, got=f"{number:g} in sample {sample}", fix=fix)
