"""What users hand over, made into arrays that fit the model, or refused in words before anything changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pyengine.data import ArrayData
from pyengine.dtypes import canonical
from pyengine.errors import ArgumentError, DataError, ShapeError, unknown_name
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


def fit_inputs(model: Any, x: Any) -> list[np.ndarray]:
    """Arrays for the model's inputs; a missing last axis of length 1 is added."""
    names = model.input_names if model.built else ["x"]
    arrays = as_arrays("x", x, names)
    if not model.built:
        model.build_from([(None, *array.shape[1:]) for array in arrays])
    result = []
    for array, symbolic in zip(arrays, model.inputs, strict=True):
        expected = tuple(symbolic.shape)
        if array.ndim == len(expected) - 1 and expected[-1] == 1:
            array = array[..., None]
        if array.ndim != len(expected) or any(
            want is not None and have != want
            for have, want in zip(array.shape[1:], expected[1:], strict=True)
        ):
            raise ShapeError(
                f"Input {symbolic.name!r} of model {model.name!r} expects shape {shown(expected)}, "
                f"but x has shape {array.shape}." + hint(array.shape, expected)
            )
        result.append(array)
    return result


def fit_targets(model: Any, y: Any) -> list[np.ndarray]:
    """Arrays for the outputs that have a loss or metric, in the shape that the loss compares."""
    if y is None:
        raise DataError(
            f"y is missing: model {model.name!r} is trained on targets ({', '.join(model.output_names)})."
        )
    arrays = as_arrays("y", y, model.output_names)
    return [
        fit_target(array, symbolic, loss, name)
        for array, symbolic, loss, name in zip(
            arrays, model.outputs, model.compiled.losses, model.output_names, strict=True
        )
    ]


def fit_target(array: np.ndarray, symbolic: Any, loss: Any, name: str) -> np.ndarray:
    expected = tuple(symbolic.shape)
    sparse = "sparse" in getattr(loss, "name", "").lower()
    if sparse:
        if array.ndim == len(expected) and array.shape[-1] == 1:
            array = array[..., 0]
        expected = expected[:-1]
    elif array.ndim == len(expected) - 1 and expected[-1] == 1:
        array = array[..., None]
    custom = getattr(loss, "custom", False)
    if custom:
        return array
    if array.ndim != len(expected) or any(
        want is not None and have != want for have, want in zip(array.shape[1:], expected[1:], strict=True)
    ):
        advice = ""
        if not sparse and array.ndim <= len(expected) and "crossentropy" in getattr(loss, "name", ""):
            advice = (
                " For class numbers use the loss 'sparse_categorical_crossentropy', or one-hot encode them."
            )
        raise ShapeError(
            f"Output {name!r} expects targets of shape {shown(expected)}, but y has shape {array.shape}.{advice}"
        )
    return array


def shown(shape: Sequence[int | None]) -> str:
    """A shape in words: (batch, 784)."""
    return (
        f"({', '.join('batch' if i == 0 else 'any' if n is None else str(n) for i, n in enumerate(shape))})"
    )


def hint(have: Sequence[int], want: Sequence[int | None]) -> str:
    """How to mend a shape, where that is clear."""
    fixed = [length for length in want[1:] if length is not None]
    if len(fixed) == len(want) - 1 and int(np.prod(have[1:])) == int(np.prod(fixed)):
        return f" Reshape it to ({have[0] if have else 0}, {', '.join(map(str, fixed))})."
    if tuple(have) == tuple(fixed):
        return " It looks like one sample: add a first axis for the batch."
    return " The first axis counts the samples."


def sample_weights(model: Any, y: Sequence[np.ndarray], sample_weight: Any) -> list[np.ndarray]:
    """One float32 array of weights per output, or none at all."""
    if sample_weight is None:
        return []
    names = model.output_names
    given: list[Any] = [sample_weight] * len(names)
    if isinstance(sample_weight, Mapping):
        for name in sample_weight:
            if name not in names:
                raise unknown_name("output in sample_weight", name, names)
        given = [sample_weight.get(name) for name in names]
    elif isinstance(sample_weight, (list, tuple)) and len(sample_weight) == len(names) > 1:
        given = list(sample_weight)
    result = []
    for one, targets in zip(given, y, strict=True):
        if one is None:
            result.append(np.ones(len(targets), np.float32))
            continue
        weights = as_array("sample_weight", one)
        if weights.ndim == 0 or weights.shape != targets.shape[: weights.ndim]:
            raise DataError(
                f"sample_weight has shape {weights.shape}, but needs one number per sample: ({len(targets)},)."
            )
        if (weights < 0).any() or not np.isfinite(weights).all():
            raise DataError("sample_weight has negative or non-finite numbers; weights are at least 0.")
        result.append(weights.astype(np.float32))
    return result


def class_weights(model: Any, data: ArrayData, class_weight: Any) -> list[np.ndarray]:
    """One float32 array of weights per output: each sample's own weight times that of its class."""
    names = model.output_names
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(f"class_weight is a map from class to factor, but got {class_weight!r}.")
    per_output = dict(class_weight) if is_per_output(class_weight, names) else {names[0]: class_weight}
    if len(names) > 1 and not is_per_output(class_weight, names):
        raise ArgumentError(
            f"class_weight for {len(names)} outputs needs a map by output name: {', '.join(names)}."
        )
    result = []
    own = data.sample_weight or [np.ones(len(data), np.float32) for _ in names]
    for weights, targets, name in zip(own, data.y, names, strict=True):
        if name in per_output:
            factors = weights_of_classes(per_output[name], targets, name)
            weights = weights * factors.reshape(-1, *(1,) * (weights.ndim - 1))
        result.append(weights)
    return result


def is_per_output(class_weight: Any, names: Sequence[str]) -> bool:
    return (
        isinstance(class_weight, Mapping) and bool(class_weight) and all(key in names for key in class_weight)
    )


def weights_of_classes(class_weight: Mapping[Any, float], targets: np.ndarray, name: str) -> np.ndarray:
    """The weight of each sample's class; (samples,)."""
    if targets.ndim > 2:
        raise ArgumentError(f"class_weight works with one class per sample, but targets are {targets.shape}.")
    labels = targets.argmax(-1) if targets.ndim == 2 and targets.shape[1] > 1 else targets.reshape(-1)
    labels = labels.astype(np.int64)
    table = {int(key): float(value) for key, value in dict(class_weight).items()}
    present = np.unique(labels)
    missing = [int(label) for label in present if int(label) not in table]
    if missing:
        raise DataError(
            f"class_weight lacks class {', '.join(map(str, missing))} of output {name!r}; "
            f"it has {', '.join(map(str, sorted(table)))}. Give every class that occurs a weight."
        )
    places = np.searchsorted(present, labels)
    return np.array([table[int(label)] for label in present], np.float32)[places]


def dtypes_of(model: Any, data: ArrayData) -> list[str]:
    """What the step takes: inputs as the model says, targets as whole numbers or not, weights."""
    return [
        *(symbolic.dtype for symbolic in model.inputs),
        *("int32" if targets.dtype.kind in "iub" else "float32" for targets in data.y),
        *("float32" for _ in data.sample_weight),
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


def check_numbers(model: Any, data: ArrayData, pacer: Pacer) -> Work:
    """Non-finite numbers and labels out of range are errors; looks at the data a megabyte at a time."""
    for what, arrays in (("x", data.x), ("y", data.y)):
        for index, array in enumerate(arrays):
            if array.dtype.kind != "f":
                continue
            rows = rows_in_chunk(array)
            for begin in range(0, len(array), rows):
                piece = array[begin : begin + rows]
                if not finite(piece):
                    bad = int(np.flatnonzero(~np.isfinite(piece).reshape(len(piece), -1).all(1))[0]) + begin
                    number = array[bad][~np.isfinite(array[bad])].flat[0]
                    named = f"{what}[{index}]" if len(arrays) > 1 else what
                    raise DataError(
                        f"{named} has a number that is not finite: {number} in sample {bad}. "
                        "Remove or replace such samples before training."
                    )
                if pacer.due():
                    yield PAUSE
    for array, symbolic, loss, name in zip(
        data.y, model.outputs, model.compiled.losses, model.output_names, strict=True
    ):
        check_labels(array, symbolic, loss, name)
        if pacer.due():
            yield PAUSE


def finite(array: np.ndarray) -> bool:
    """Whether every number is finite: their sum tells, unless it is too large, in a third of the time."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())


def check_labels(array: np.ndarray, symbolic: Any, loss: Any, name: str) -> None:
    """Class numbers within the classes that the output has; probabilities within 0 and 1."""
    kind = getattr(loss, "name", "")
    if array.size == 0 or loss is None or getattr(loss, "custom", False):
        return
    low, high = array.min(), array.max()
    if "sparse" in kind:
        classes = symbolic.shape[-1]
        if low < 0 or high >= classes or (array.dtype.kind == "f" and (array != np.floor(array)).any()):
            raise DataError(
                f"Output {name!r} has {classes} classes, so labels are whole numbers from 0 to {classes - 1}, "
                f"but y goes from {low:g} to {high:g}."
            )
    elif "crossentropy" in kind and (low < 0 or high > 1):
        raise DataError(
            f"Output {name!r} with {kind} expects targets between 0 and 1, but y goes from {low:g} to {high:g}."
        )
