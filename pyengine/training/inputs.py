"""What users hand over, made into arrays that fit the model, or refused in words before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine.errors import DataError, ShapeError
from pyengine.layers.advice import fewer_axes
from pyengine.training.arrays import as_arrays, dtypes_of, matched
from pyengine.training.checks import check_numbers
from pyengine.training.weighting import class_weights, sample_weights

__all__ = [
    "check_numbers",
    "class_weights",
    "dtypes_of",
    "fit_inputs",
    "fit_targets",
    "matched",
    "sample_weights",
]


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
    expected, given = tuple(symbolic.shape), array.ndim
    sparse = loss is not None and loss.targets == "classes"
    if sparse:
        if array.ndim == len(expected) and array.shape[-1] == 1:
            array = array[..., 0]
        expected = expected[:-1]
    elif array.ndim == len(expected) - 1 and expected[-1] == 1:
        array = array[..., None]
    if loss is not None and loss.targets == "any":
        return array
    if array.ndim != len(expected) or any(
        want is not None and have != want for have, want in zip(array.shape[1:], expected[1:], strict=True)
    ):
        advice = ""
        if not sparse and array.ndim <= len(expected) and "crossentropy" in getattr(loss, "name", ""):
            advice = (
                " For class numbers use the loss 'sparse_categorical_crossentropy', or one-hot encode them."
            )
        if given < len(expected):
            advice = f" {fewer_axes(symbolic)}".rstrip() or advice
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
