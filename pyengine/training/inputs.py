"""Input validation: what users give becomes arrays that fit the model, or an error before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine.data import ArrayData
from pyengine.errors import DataError, describe
from pyengine.layers.advice import fewer_axes
from pyengine.training.arrays import as_arrays, cast_to_step_dtypes, dtypes_of
from pyengine.training.checks import check_inputs, check_numbers
from pyengine.training.shaping import fits, unfit
from pyengine.training.weighting import class_weights, sample_weights

__all__ = [
    "cast_to_step_dtypes",
    "check_inputs",
    "check_numbers",
    "class_weighted",
    "dtypes_of",
    "fit_inputs",
    "fit_targets",
    "validate_labelled_data",
]


def validate_labelled_data(model: Any, x: Any, y: Any, sample_weight: Any) -> ArrayData:
    """Inputs, targets and weights as arrays that fit the model."""
    model.require_compile()
    arrays = fit_inputs(model, x)
    model.ensure_compiled()
    targets = fit_targets(model, y)
    ArrayData(arrays, targets)  # the sample counts are compared before weights are worked out
    return ArrayData(arrays, targets, sample_weights(model, targets, sample_weight))


def class_weighted(model: Any, data: ArrayData, class_weight: Any) -> ArrayData:
    """The same data, each sample's weight multiplied by that of its class (validation goes without)."""
    if class_weight is None:
        return data
    return ArrayData(data.x, data.y, class_weights(model, data, class_weight))


def fit_inputs(model: Any, x: Any) -> list[np.ndarray]:
    """Arrays for the model's inputs; a missing last axis of length 1 is added."""
    names = model.input_names if model.built else ["x"]
    arrays = as_arrays("x", x, names)
    for argument, array in names_in_errors("x", arrays):
        require_rows(argument, array)
    if not model.built:
        model.build_from([(None, *array.shape[1:]) for array in arrays])
    result = []
    for (argument, given), symbolic in zip(names_in_errors("x", arrays), model.inputs, strict=True):
        expected = tuple(symbolic.shape)
        array = given[..., None] if given.ndim == len(expected) - 1 and expected[-1] == 1 else given
        if not fits(array.shape, expected):
            whose = f"input {symbolic.name!r}" if len(arrays) > 1 else ""
            raise unfit(argument, given.shape, expected, whose)
        result.append(array)
    return result


def fit_targets(model: Any, y: Any) -> list[np.ndarray]:
    """Arrays for the outputs that have a loss or metric, in the shape that the loss compares."""
    names = model.output_names
    if y is None:
        raise DataError(
            argument="y",
            expected=f"targets for the output{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}",
            got="`None`",
            fix="Give `y` beside `x`.",
        )
    arrays = as_arrays("y", y, names)
    return [
        fit_target(argument, array, symbolic, loss, f"output {name!r}" if len(names) > 1 else "")
        for (argument, array), symbolic, loss, name in zip(
            names_in_errors("y", arrays), model.outputs, model.compiled.losses, names, strict=True
        )
    ]


def fit_target(argument: str, given: np.ndarray, symbolic: Any, loss: Any, whose: str) -> np.ndarray:
    """The targets of one output, in the shape that its loss compares with the predictions."""
    require_rows(argument, given)
    predicted = tuple(symbolic.shape)
    targets = "values" if loss is None else loss.targets
    array, expected = given, predicted
    if targets == "classes":
        expected = predicted[:-1]
        if given.ndim == len(predicted) and given.shape[-1] == 1:
            array = given[..., 0]
    elif given.ndim == len(predicted) - 1 and predicted[-1] == 1:
        array = given[..., None]
    if targets == "any" or fits(array.shape, expected):
        return array
    fix = ""
    if targets == "classes" and fits(given.shape, predicted):
        fix = (
            "One-hot targets have the loss `'categorical_crossentropy'`; "
            "this one takes class numbers, such as 2 for `[0, 0, 1]`."
        )
    elif targets == "probabilities" and (fits(given.shape, predicted[:-1]) or given.shape[1:] == (1,)):
        fix = (
            "Class numbers have the loss `'sparse_categorical_crossentropy'`; "
            f"this one takes one-hot rows of length {predicted[-1]}."
        )
    if given.ndim < len(expected):
        fix = fewer_axes(symbolic) or fix
    raise unfit(argument, given.shape, expected, whose, fix)


def names_in_errors(what: str, arrays: Sequence[np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Arrays with what errors call them: "x", or "x[0]", "x[1]", … where there are several."""
    return [(f"{what}[{index}]" if len(arrays) > 1 else what, array) for index, array in enumerate(arrays)]


def require_rows(argument: str, array: np.ndarray) -> None:
    """A single number has no samples."""
    if array.ndim == 0:
        raise DataError(
            argument=argument,
            expected="an array whose first axis counts the samples",
            got=describe(array),
            fix="Put it in a list for each axis that is missing.",
        )
