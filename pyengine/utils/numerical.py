"""Class numbers as one-hot rows, and arrays of length one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.errors import ArgumentError, DataError, describe


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as one-hot rows, for the loss `categorical_crossentropy`.

    Shapes: x (…) or (…, 1) → (…, num_classes), float64.

    Arguments:
        x: class numbers: whole numbers from 0 to num_classes - 1.
        num_classes: how many classes there are; by default the largest number plus one.

    Returns: an array with one 1 in each row.

    Errors: DataError for numbers that are not whole or outside the classes; ArgumentError for `num_classes`.

    >>> to_categorical([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])

    Source: Keras `utils.to_categorical`.
    """
    given = np.asarray(x)
    if given.dtype.kind not in "iufb":
        raise _classes_error("whole numbers", describe(x))
    broken = (
        given.reshape(-1)[(given != np.floor(given)).reshape(-1)] if given.dtype.kind == "f" else np.empty(0)
    )
    if broken.size:
        raise _classes_error("whole numbers", f"`{broken.flat[0]}`")
    numbers: np.ndarray = given.astype(np.int64)
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    if num_classes is None:
        if not numbers.size:
            raise _classes_error("class numbers to count", "none")
        num_classes = int(numbers.max()) + 1
    if isinstance(num_classes, bool) or not isinstance(num_classes, (int, np.integer)) or num_classes < 1:
        raise ArgumentError(
            where="to_categorical",
            argument="num_classes",
            expected="a whole number of at least 1",
            got=describe(num_classes),
            fix="Leave it out to have the classes counted.",
        )
    outside = numbers.reshape(-1)[((numbers < 0) | (numbers >= num_classes)).reshape(-1)]
    if outside.size:
        raise _classes_error(f"whole numbers from 0 to {num_classes - 1}", f"`{outside.flat[0]}`")
    return np.eye(int(num_classes))[numbers]


def _classes_error(expected: str, got: str) -> DataError:
    return DataError(
        where="to_categorical",
        argument="x",
        expected=expected,
        got=got,
        fix="Number the classes from 0 first, for example with `np.unique(x, return_inverse=True)[1]`.",
    )


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """x divided by its norm along an axis, so that each vector there has length 1; zeros stay zeros.

    Formula: x / ‖x‖ₚ with p = order.

    Shapes: x and the result have the same shape.

    Arguments:
        x: numbers of any shape.
        axis: along which vectors lie; default -1, the last.
        order: p of the norm: 1 the sum of absolute values, 2 (default) Euclid's, `np.inf` the largest.

    Returns: a new array, floating-point.

    Errors: ArgumentError for an axis that x does not have.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])

    Source: Keras `utils.normalize`.
    """
    array = np.atleast_1d(np.asarray(x))
    if (
        isinstance(axis, bool)
        or not isinstance(axis, (int, np.integer))
        or not -array.ndim <= axis < array.ndim
    ):
        raise ArgumentError(
            where="normalize",
            argument="axis",
            expected=f"an axis from {-array.ndim} to {array.ndim - 1}",
            got=describe(axis),
            fix="Use `axis=-1` for the last axis.",
        )
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, 1, norm)
