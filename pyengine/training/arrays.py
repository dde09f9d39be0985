"""What users hand over as arrays of dtypes that pyengine knows, cast to those that a step takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pyengine.data import ArrayData
from pyengine.dtypes import FLOATX, canonical
from pyengine.errors import DataError, ShapeError, unknown_name
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer

CHUNK = 1 << 18  # numbers checked or cast between two looks at the clock: about 1 MB


def as_arrays(what: str, given: Any, names: Sequence[str]) -> list[np.ndarray]:
    """One array per name, from an array, a list in order, or a map by name."""
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise unknown_name(f"name in {what}", name, names)
        missing = [name for name in names if name not in given]
        if missing:
            raise DataError(f"{what} lacks {', '.join(missing)}; the model has {', '.join(names)}.")
        return [as_array(f"{what}[{name!r}]", given[name]) for name in names]
    if isinstance(given, (list, tuple)) and (len(names) > 1 or (given and hasattr(given[0], "shape"))):
        if len(names) == 1 and len(given) != 1:
            return [as_array(what, given)]
        if len(given) != len(names):
            raise DataError(
                f"{what} has {len(given)} arrays, but the model has {len(names)}: {', '.join(names)}."
            )
        return [as_array(f"{what}[{index}]", array) for index, array in enumerate(given)]
    if len(names) > 1:
        raise DataError(
            f"{what} is one array, but the model has {len(names)}: {', '.join(names)}. "
            "Give a list in that order or a map by name."
        )
    return [as_array(what, given)]


def as_array(what: str, given: Any) -> np.ndarray:
    """An array of a dtype that pyengine knows; nested lists are taken too."""
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ShapeError(f"{what} is a nested list whose rows differ in length: {error}.") from None
    if array.dtype == object or array.dtype.kind in "USMmVc":
        raise DataError(
            f"{what} expects numbers, but got dtype {array.dtype}. Encode text and dates as numbers first."
        )
    if array.dtype.name in ("float16", "longdouble", "float128"):
        array = array.astype(np.float32)
    if array.dtype.kind in "iu" and array.dtype.name not in ("int32", "int64", "uint8", "uint32"):
        array = array.astype(np.int32 if array.dtype.itemsize < 4 else np.int64)
    canonical(array.dtype)
    return array


def dtypes_of(model: Any, data: ArrayData) -> list[str]:
    """What the step takes: inputs as the model says, targets as whole numbers or not, weights."""
    return [
        *(symbolic.dtype for symbolic in model.inputs),
        *("int32" if targets.dtype.kind in "iub" else FLOATX for targets in data.y),
        *(FLOATX for _ in data.sample_weight),
    ]


def matched(model: Any, data: ArrayData, pacer: Pacer) -> Work:
    """The same data in the dtypes that the step takes; arrays that have them are not copied."""
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
