"""Constraints on weights: applied to a weight after every update.

To add one: 1. a subclass of `Constraint` here 2. its name in CONSTRAINTS 3. a test in
`tests/test_constraints.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyengine import ops
from pyengine.aliases import aliases
from pyengine.configurable import Configurable
from pyengine.errors import require_number
from pyengine.names import resolve
from pyengine.ops.base import Array

EPSILON = 1e-7


class Constraint(Configurable):
    """Base of all constraints: called with a weight, it returns what the weight becomes, computed with ops.

    Shapes: x of any shape -> the same shape.

    >>> class Centred(Constraint):
    ...     def __call__(self, x):
    ...         return ops.subtract(x, ops.mean(x, axis=0, keepdims=True))
    >>> Centred()([[1.0], [2.0]])
    array([[-0.5],
           [ 0.5]], dtype=float32)

    Source: Keras 3.
    """

    def __call__(self, x: Array) -> Any:
        """What a weight becomes.

        Shapes: x of any shape -> the same shape.
        Arguments:
            x: the weight after an update.
        """
        raise NotImplementedError


class NonNeg(Constraint):
    """max(x, 0).

    Shapes: x of any shape -> the same shape.

    >>> NonNeg()([-1.0, 2.0])
    array([0., 2.], dtype=float32)

    Source: Keras 3.
    """

    def __call__(self, x: Array) -> Any:
        return ops.maximum(x, 0.0)


class UnitNorm(Constraint):
    """x / ‖x‖: every unit's incoming weights get length 1.

    Shapes: x of any shape -> the same shape.
    Arguments:
        axis: the axes over which a length is taken: 0 for a Dense kernel (inputs, units), (0, 1, 2) for a
            convolution's (height, width, channels, filters); default 0.

    >>> UnitNorm()([[3.0], [4.0]])
    array([[0.6],
           [0.8]], dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, axis: int | Sequence[int] = 0):
        self.axis = axis

    def __call__(self, x: Array) -> Any:
        return ops.divide(x, nonzero(norm(x, self.axis)))


class MaxNorm(Constraint):
    """x · min(‖x‖, max_value) / ‖x‖: longer weight vectors are shortened.

    Shapes: x of any shape -> the same shape.
    Arguments:
        max_value: the greatest length, above 0; default 2.0.
        axis: the axes over which a length is taken: 0 for a Dense kernel (inputs, units), (0, 1, 2) for a
            convolution's (height, width, channels, filters); default 0.
    Errors: ArgumentError for a max_value of 0 or less.

    >>> MaxNorm(1.0)([[3.0, 0.3], [4.0, 0.4]])
    array([[0.6, 0.3],
           [0.8, 0.4]], dtype=float32)

    Source: Srivastava et al., "Dropout" (2014); Keras 3.
    """

    def __init__(self, max_value: float = 2.0, axis: int | Sequence[int] = 0):
        expected = "a number above 0"
        self.max_value = require_number(
            "MaxNorm", "max_value", max_value, expected, lambda norm: norm > 0, 2.0
        )
        self.axis = axis

    def __call__(self, x: Array) -> Any:
        length = norm(x, self.axis)
        return ops.multiply(x, ops.divide(ops.clip(length, 0.0, self.max_value), nonzero(length)))


class MinMaxNorm(Constraint):
    """Lengths outside [min_value, max_value] move towards it.

    x · (rate · clip(‖x‖, min_value, max_value) + (1 - rate) · ‖x‖) / ‖x‖

    Shapes: x of any shape -> the same shape.
    Arguments:
        min_value: the least length, at least 0; default 0.0.
        max_value: the greatest length, at least min_value; default 1.0.
        rate: how far towards the bounds, 0 < rate ≤ 1; 1 goes there at once. Default 1.0.
        axis: the axes over which a length is taken: 0 for a Dense kernel (inputs, units), (0, 1, 2) for a
            convolution's (height, width, channels, filters); default 0.
    Errors: ArgumentError for bounds or a rate out of range.

    >>> MinMaxNorm(max_value=2.0, rate=0.5)([[3.0], [4.0]])
    array([[2.1],
           [2.8]], dtype=float32)

    Source: Keras 3.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ):
        where, expected = "MinMaxNorm", "a number of at least 0"
        self.min_value = require_number(where, "min_value", min_value, expected, lambda norm: norm >= 0, 0.5)
        expected = f"a number of at least min_value, {min_value!r}"
        self.max_value = require_number(
            where, "max_value", max_value, expected, lambda norm: norm >= min_value, min_value + 1
        )
        expected = "a number above 0 and at most 1"
        self.rate = require_number(where, "rate", rate, expected, lambda share: 0 < share <= 1, 1.0)
        self.axis = axis

    def __call__(self, x: Array) -> Any:
        length = norm(x, self.axis)
        wanted = ops.clip(length, self.min_value, self.max_value)
        wanted = ops.add(ops.multiply(wanted, self.rate), ops.multiply(length, 1 - self.rate))
        return ops.multiply(x, ops.divide(wanted, nonzero(length)))


def norm(x: Array, axis: int | Sequence[int]) -> Any:
    """The length of x over axes, which stay with length 1."""
    axes = axis if isinstance(axis, int) else tuple(axis)
    return ops.sqrt(ops.sum(ops.square(x), axis=axes, keepdims=True))


def nonzero(length: Array) -> Any:
    """A length that can be divided by. Not length + epsilon, which would shrink a weight at every step."""
    return ops.maximum(length, EPSILON)


CONSTRAINTS: dict[str, type[Constraint]] = {
    "non_neg": NonNeg,
    "non_negative": NonNeg,
    "unit_norm": UnitNorm,
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
}


def get(identifier: Any) -> Callable[[Array], Any] | None:
    """The constraint that a name, a config, an object or a function of the weight stands for; None is None.

    Arguments:
        identifier: "max_norm" in any spelling, `{"class_name": …, "config": {…}}`, a `Constraint` or its class, or a
            function.
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("nonNeg"), get({"class_name": "MaxNorm", "config": {"max_value": 3.0}})
    (NonNeg(), MaxNorm(max_value=3.0))
    """
    return None if identifier is None else resolve("constraint", identifier, CONSTRAINTS)


# Keras' lower-case names: `constraints.max_norm` is the class.
__getattr__ = aliases(__name__, CONSTRAINTS)
