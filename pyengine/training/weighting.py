"""Sample weights and class weights."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from pyengine.data import ArrayData
from pyengine.errors import ArgumentError, DataError, describe, unknown_name
from pyengine.training.arrays import as_array

LARGEST = float(np.finfo(np.float32).max)


def sample_weights(model: Any, y: Sequence[np.ndarray], sample_weight: Any) -> list[np.ndarray]:
    """One float32 array of weights per output, or none at all: (samples,), or as many axes as the loss has values."""
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
    for weights, targets, output, loss in zip(given, y, model.outputs, model.compiled.losses, strict=True):
        if weights is None:
            result.append(np.ones(len(targets), np.float32))
            continue
        array = as_array("sample_weight", weights)
        shape = array.shape
        if array.ndim > 1 and shape[-1] == 1 and shape != targets.shape[: array.ndim]:
            array = array[..., 0]  # (samples, 1)
        # A loss has a value for each axis of the output but the last; one of a user's own says later what it has.
        axes = targets.ndim if loss is None or loss.targets == "any" else max(1, len(output.shape) - 1)
        if array.ndim == 0 or array.ndim > axes or array.shape != targets.shape[: array.ndim]:
            values = "" if axes == 1 else f", or one per value of the loss, shape {targets.shape[:axes]}"
            raise DataError(
                argument="sample_weight",
                expected=f"one number per sample, shape ({len(targets)},){values}",
                got=f"shape {shape}",
                fix="Give as many weights as there are samples.",
            )
        result.append(in_float32("sample_weight", array))
    return result


def in_float32(argument: str, weights: np.ndarray) -> np.ndarray:
    """Weights as the step takes them.

    Errors: DataError for a weight that is negative, or not finite in float32.
    """
    with np.errstate(over="ignore"):
        array = weights.astype(np.float32)
    wrong = ~((array >= 0) & np.isfinite(array))
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        sample = place // (array.size // len(array))
        raise DataError(
            argument=argument,
            expected=f"weights from 0 to {LARGEST:.3g}",
            got=f"{describe(float(weights.flat[place]))} in sample {sample}",
            fix="Weight 0 leaves a sample out.",
        )
    return array


def class_weights(model: Any, data: ArrayData, class_weight: Any) -> list[np.ndarray]:
    """One float32 array of weights per output: each sample's own weight times the factor of its class."""
    names = model.output_names
    example = "Give, for example, `class_weight={0: 1.0, 1: 5.0}`."
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(
            argument="class_weight",
            expected="a map from class number to factor",
            got=describe(class_weight),
            fix=example,
        )
    per_output = {names[0]: class_weight}
    if class_weight and all(key in names for key in class_weight):
        per_output = dict(class_weight)
    elif len(names) > 1:
        raise ArgumentError(
            argument="class_weight",
            expected=f"a map by output name, since the model has the outputs {', '.join(names)}",
            got=describe(dict(class_weight)),
            fix=f"Give, for example, `class_weight={{{names[0]!r}: {{0: 1.0, 1: 5.0}}}}`.",
        )
    result = []
    own = data.sample_weight or [np.ones(len(data), np.float32) for _ in names]
    for weights, targets, symbolic, loss, name in zip(
        own, data.y, model.outputs, model.compiled.losses, names, strict=True
    ):
        if name in per_output:
            argument = f"class_weight[{name!r}]" if len(names) > 1 else "class_weight"
            table = factors(argument, per_output[name])
            weighted = factors_of_classes(argument, table, targets, symbolic.shape[-1], loss)
            axes = max(weights.ndim, weighted.ndim)
            with np.errstate(over="ignore"):
                weights = with_axes(weights, axes) * with_axes(weighted, axes)
            weights = in_float32("sample_weight · class_weight", weights)
        result.append(weights)
    return result


def with_axes(array: np.ndarray, axes: int) -> np.ndarray:
    """The array with axes of length 1 behind, until it has so many."""
    return array.reshape(*array.shape, *(1,) * (axes - array.ndim))


def factors(argument: str, given: Any) -> dict[int, float]:
    """Class number → factor, checked; a map that comes from JSON has numbers written as text for keys."""
    if not isinstance(given, Mapping):
        raise ArgumentError(
            argument=argument,
            expected="a map from class number to factor",
            got=describe(given),
            fix="Give, for example, `{0: 1.0, 1: 5.0}`.",
        )
    table: dict[int, float] = {}
    for label, factor in given.items():
        named = re.fullmatch(r"-?\d+", label) if isinstance(label, str) else isinstance(label, Real)
        if not named or not float(label).is_integer():
            raise ArgumentError(
                argument=argument,
                expected="whole numbers as classes",
                got=describe(label),
                fix="Give, for example, `{0: 1.0, 1: 5.0}`.",
            )
        if not isinstance(factor, Real) or not 0 <= float(factor) <= LARGEST:
            raise ArgumentError(
                argument=argument,
                expected="finite factors of at least 0",
                got=f"{describe(factor)} for class {int(label)}",
                fix="Factor 0 leaves a class out.",
            )
        table[int(label)] = float(factor)
    return table


def factors_of_classes(
    argument: str, table: dict[int, float], targets: np.ndarray, units: int, loss: Any
) -> np.ndarray:
    """The factor of the class that each target names; the table has every class of the data.

    What names a class is known from the loss alone.

    Shapes: targets (samples, …), with classes along one axis where the loss takes one-hot rows -> (samples, …).
    """
    kind = getattr(loss, "targets", "none")
    if kind == "classes":
        labels, classes = targets, range(units)
    elif kind == "probabilities":
        axis = getattr(loss, "axis", -1)
        require_labels(
            argument, targets, np.isin(targets, (0, 1)) & (targets.sum(axis, keepdims=True) == 1), loss
        )
        labels, classes = targets.argmax(axis), range(targets.shape[axis])
    elif kind in ("binary", "signs") and targets.shape[-1] == 1:
        classes = range(-1 if kind == "signs" else 0, 2)
        require_labels(argument, targets, np.isin(targets, classes), loss)
        labels = targets[..., 0]
    else:
        several = (
            f"{units} yes-or-no answers per sample, with {type(loss).__name__}"
            if kind in ("binary", "signs")
            else ""
        )
        raise ArgumentError(
            argument=argument,
            expected="a loss whose targets name one class each",
            got=several
            or (f"the loss {loss.name if kind == 'any' else type(loss).__name__}" if loss else "no loss"),
            fix="Give `sample_weight` instead."
            + (
                " A `Loss` of your own says what its targets are by its attribute `targets`."
                if kind == "any"
                else ""
            ),
        )
    unknown = [label for label in table if label not in classes]
    if unknown:
        raise DataError(
            argument=argument,
            expected=f"classes from {classes[0]} to {classes[-1]}",
            got=f"class {unknown[0]}",
            fix="Leave it out, or give the last layer more units.",
        )
    with np.errstate(invalid="ignore"):  # NaN is refused where all numbers are checked
        labels = labels.astype(np.int64)
    present = np.unique(labels)
    missing = [int(label) for label in present if label in classes and int(label) not in table]
    if missing:
        raise DataError(
            argument=argument,
            expected=f"a factor for every class in the data ({', '.join(map(str, present))})",
            got=f"none for class {', '.join(map(str, missing))}",
            fix="Give every class that occurs a factor; 1 changes nothing.",
        )
    values = np.array([table.get(int(label), 1.0) for label in present], np.float32)
    return values[np.searchsorted(present, labels)]


def require_labels(argument: str, targets: np.ndarray, fits: np.ndarray, loss: Any) -> None:
    """Only targets that name one class for certain can have its factor."""
    wrong = np.flatnonzero(~fits.reshape(len(targets), -1).all(1))
    if len(wrong):
        sample = int(wrong[0])
        raise DataError(
            argument=argument,
            expected=f"targets that name one class each ({'one-hot' if loss.targets == 'probabilities' else '0 or 1'})",
            got=f"{describe(targets[sample].tolist())} in sample {sample} of y",
            fix="Give `sample_weight` for targets in between.",
        )
