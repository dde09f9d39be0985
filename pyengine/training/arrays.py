"""Conversion of users' data to arrays of supported dtypes, and casts to the dtypes of a step."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from pyengine.data import ArrayData
from pyengine.dtypes import FLOATX
from pyengine.errors import DataError, ShapeError, describe, unknown_name
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer

CHUNK = 1 << 18  # numbers checked or cast between two looks at the clock: about 1 MB


def as_arrays(what: str, given: Any, names: Sequence[str]) -> list[np.ndarray]:
    """One array per name, from an array, a list in order, or a map by name.

    Arguments:
        what: the argument that was given, for errors: "x".
    """
    listed = ", ".join(names)
    wanted = "one array" if len(names) == 1 else f"{len(names)} arrays"
    example = "Give a list in that order or a map by name." if len(names) > 1 else "Give the array alone."
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise unknown_name(f"name in {what}", name, names)
        missing = [name for name in names if name not in given]
        if missing:
            raise DataError(
                argument=what,
                expected=f"an array for each of {listed}",
                got=f"none for {', '.join(missing)}",
                fix=example,
            )
        return [as_array(f"{what}[{name!r}]", given[name]) for name in names]
    if isinstance(given, list | tuple) and (len(names) > 1 or (given and hasattr(given[0], "shape"))):
        if len(names) == 1 and len(given) != 1:
            return [as_array(what, given)]
        if len(given) != len(names):
            raise DataError(
                argument=what, expected=f"{wanted}, for {listed}", got=f"a list of {len(given)}", fix=example
            )
        return [as_array(f"{what}[{index}]", array) for index, array in enumerate(given)]
    if len(names) > 1:
        raise DataError(argument=what, expected=f"{wanted}, for {listed}", got=describe(given), fix=example)
    return [as_array(what, given)]


def as_array(what: str, given: Any) -> np.ndarray:
    """Convert an array or nested lists to an array of a supported dtype.

    Arguments:
        what: the argument that was given, for errors.
    Errors: DataError, or ShapeError for lists whose rows differ in length.
    """
    if hasattr(given, "__next__") or hasattr(given, "__anext__"):
        fix = "Make a Dataset of batches, for `model.fit_dataset(dataset, epochs=5)`."
        raise not_numbers(what, given, fix)
    # Whoever has a masked array has loaded numpy.ma, which takes a page 80 ms.
    if "numpy.ma" in sys.modules and isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise DataError(
            argument=what,
            expected="an array without masked values",
            got=f"one with {np.ma.count_masked(given)} of them",
            fix="Fill them, for example with `x.filled(0)`, or leave their samples out.",
        )
    if given is None or isinstance(given, FunctionType):
        raise not_numbers(
            what, given, "Give the data as an array." if given is None else "Give what it returns."
        )
    try:
        array = np.asarray(given)
    except (TypeError, ValueError) as error:
        if isinstance(given, list | tuple) and "inhomogeneous" in str(error):
            raise ShapeError(
                argument=what,
                expected="rows of equal length",
                got=f"a nested list whose rows have {uneven(given)}",
                fix="Pad the shorter rows, for example with 0, or cut the longer ones.",
            ) from None
        raise not_numbers(what, given, "Give the data as an array or as nested lists of numbers.") from None
    if array.dtype.kind not in "fiub":
        example, place = first_example(array)
        fix = FIXES.get(array.dtype.kind, "Convert them to numbers first.")
        if array.dtype.kind in "US" and is_number(str(example)):
            fix = "Convert the text: `np.float32(x)`."
        elif example is None:
            fix = "Replace or remove missing values first."
        raise not_numbers(what, example, fix, place)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    elif array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        array = array.astype(np.float64)
    elif array.dtype.kind in "iu" and array.dtype.name not in ("int32", "int64", "uint8", "uint32"):
        array = array.astype(np.int32 if array.dtype.itemsize < 4 else np.int64)
    return array


FIXES = {
    "U": "Encode text as numbers first.",
    "S": "Encode text as numbers first.",
    "M": "Encode dates as numbers first, for example as days since a date.",
    "m": "Encode durations as numbers first, for example as seconds.",
    "c": "Give real and imaginary parts as two features.",
    "V": "Stack the fields into one array of numbers first.",
}
"""What helps against arrays that are not of numbers, by the kind of their dtype."""


def not_numbers(what: str, given: Any, fix: str, place: str = "") -> DataError:
    """The error for data that are not an array of numbers."""
    return DataError(argument=what, expected="an array of numbers", got=f"{describe(given)}{place}", fix=fix)


def first_example(array: np.ndarray) -> tuple[Any, str]:
    """The first entry of an array that is no number, and where it is: `None`, " at [2][0]"."""
    if array.ndim == 0:
        return array.item(), ""
    for place in np.ndindex(array.shape):
        if not isinstance(array[place], int | float | np.number):
            return array[place].item() if isinstance(array[place], np.generic) else array[place], (
                f" at {''.join(f'[{index}]' for index in place)}"
            )
    return array.flat[0], " among integers too large for any dtype"


def is_number(text: str) -> bool:
    """Whether a text is a number written out."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def uneven(rows: Sequence[Any]) -> str:
    """In what the first rows that differ do differ: "lengths 2 and 3"."""
    lengths = [len(row) if hasattr(row, "__len__") else None for row in rows]
    for length in lengths:
        if length != lengths[0]:
            return (
                "numbers and lists mixed"
                if None in (length, lengths[0])
                else f"lengths {lengths[0]} and {length}"
            )
    return next((uneven(row) for row in rows if not is_even(row)), "different lengths")


def is_even(rows: Any) -> bool:
    """Whether nested lists are an array."""
    try:
        np.asarray(rows)
    except ValueError:
        return False
    return True


def dtypes_of(model: Any, data: ArrayData) -> list[str]:
    """What the step takes: inputs as the model says, targets as whole numbers or not, weights."""
    return [
        *(symbolic.dtype for symbolic in model.inputs),
        *("int32" if targets.dtype.kind in "iub" else FLOATX for targets in data.y),
        *(FLOATX for _ in data.sample_weight),
    ]


def cast_to_step_dtypes(model: Any, data: ArrayData, pacer: Pacer) -> Work:
    """Cast the data to the dtypes of the step's inputs; arrays that have them already are not copied."""
    result = []
    for array, dtype in zip(data.arrays, dtypes_of(model, data), strict=True):
        if array.dtype == dtype:
            result.append(array)
            continue
        target = np.empty(array.shape, dtype)
        rows = rows_in_chunk(array)
        for begin in range(0, len(array), rows):
            np.copyto(target[begin : begin + rows], array[begin : begin + rows], casting="unsafe")
            if pacer.due():
                yield PAUSE
        result.append(target)
    inputs, outputs = len(data.x), len(data.x) + len(data.y)
    return ArrayData(result[:inputs], result[inputs:outputs], result[outputs:])


def rows_in_chunk(array: np.ndarray) -> int:
    """How many rows have about CHUNK numbers."""
    return max(1, CHUNK * len(array) // max(1, array.size))
