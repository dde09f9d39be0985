"""Penalties on weights that are added to the loss.

To add one: 1. a subclass of `Regularizer` here 2. its name in REGULARIZERS 3. a test in
`tests/test_regularizers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.aliases import aliases
from pyengine.configurable import Configurable
from pyengine.errors import ShapeError, require_number, unknown_name
from pyengine.names import resolve
from pyengine.ops.base import Array


class Regularizer(Configurable):
    """Base of all regularizers: called with a weight, it returns a scalar, computed with ops.

    Shapes: x of any shape -> ().

    >>> class Sparsity(Regularizer):
    ...     def __call__(self, x):
    ...         return ops.multiply(0.1, ops.sum(ops.sqrt(ops.abs(x))))
    >>> Sparsity()([4.0, -9.0])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    def __call__(self, x: Array) -> Any:
        """The penalty of a weight, a scalar that is added to the loss.

        Shapes: x of any shape -> ().
        Arguments:
            x: the weight.
        """
        raise NotImplementedError


class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx².

    Shapes: x of any shape -> ().
    Arguments:
        l1: factor of the sum of absolute values, at least 0; default 0.0.
        l2: factor of the sum of squares, at least 0; default 0.0.
    Errors: ArgumentError for a factor that is negative or not finite.

    >>> round(float(L1L2(l1=0.1, l2=0.01)([1.0, -2.0])), 4)
    0.35

    Source: Keras 3.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = at_least_zero(self, "l1", l1)
        self.l2 = at_least_zero(self, "l2", l2)

    def __call__(self, x: Array) -> Any:
        penalties = []
        if self.l1 or not self.l2:
            penalties.append(ops.multiply(self.l1, ops.sum(ops.abs(x))))
        if self.l2:
            penalties.append(ops.multiply(self.l2, ops.sum(ops.square(x))))
        return penalties[0] if len(penalties) == 1 else ops.add(*penalties)


class L1(L1L2):
    """l1 · Σ|x|: drives weights to exactly 0.

    Shapes: x of any shape -> ().
    Arguments:
        l1: the factor, at least 0; default 0.01.
    Errors: ArgumentError for a factor that is negative or not finite.

    >>> L1(0.1)([1.0, -2.0])
    array(0.3, dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, l1: float = 0.01):
        super().__init__(l1=l1)


class L2(L1L2):
    """l2 · Σx²: keeps weights small.

    Shapes: x of any shape -> ().
    Arguments:
        l2: the factor, at least 0; default 0.01.
    Errors: ArgumentError for a factor that is negative or not finite.

    >>> L2(0.1)([1.0, -2.0])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, l2: float = 0.01):
        super().__init__(l2=l2)


class OrthogonalRegularizer(Regularizer):
    """factor · mean(|cosine|) over pairs of different rows (or columns) of a matrix: keeps them orthogonal.

    Shapes: x (rows, columns) -> ().
    Arguments:
        factor: at least 0, default 0.01.
        mode: "rows" or "columns", default "rows".
    Errors: UnknownNameError for another mode; ArgumentError for a factor that is negative or not finite. When it is
        called: ShapeError for anything but a matrix.

    >>> OrthogonalRegularizer(0.5)([[3.0, 0.0], [3.0, 4.0]])
    array(0.3, dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        if mode not in ("rows", "columns"):
            raise unknown_name("mode of OrthogonalRegularizer", mode, ("rows", "columns"))
        self.factor = at_least_zero(self, "factor", factor)
        self.mode = mode

    def __call__(self, x: Array) -> Any:
        shape = ops.shape_of(x)
        if len(shape) != 2:
            raise ShapeError(
                where="OrthogonalRegularizer",
                argument="x",
                expected="a matrix",
                got=f"shape {shape}",
                fix="Use it for kernels of Dense layers and the like.",
            )
        rows = x if self.mode == "rows" else ops.transpose(x)
        length = ops.sqrt(ops.sum(ops.square(rows), axis=1, keepdims=True))
        rows = ops.divide(rows, ops.maximum(length, 1e-7))
        count = ops.shape_of(rows)[0]
        different = 1 - np.eye(count, dtype=ops.dtype_of(x))
        cosines = ops.multiply(ops.matmul(rows, rows, transpose_b=True), different)
        return ops.multiply(self.factor / max(count * (count - 1), 1), ops.sum(ops.abs(cosines)))


def at_least_zero(regularizer: Regularizer, name: str, value: float) -> float:
    """A factor that has been checked."""
    where, expected = type(regularizer).__name__, "a finite number of at least 0"
    return require_number(where, name, value, expected, lambda number: 0 <= number < math.inf, 0.01)


REGULARIZERS: dict[str, type[Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "l1l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
    "orthogonal": OrthogonalRegularizer,
}


def get(identifier: Any) -> Callable[[Array], Any] | None:
    """The regularizer that a name, a config, an object or a function of the weight stands for; None is None.

    Arguments:
        identifier: "l2" in any spelling, `{"class_name": …, "config": {…}}`, a `Regularizer` or its class, or a
            function.
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("l2"), get({"class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}})
    (L2(), L1L2(l1=0.1, l2=0.2))
    """
    return None if identifier is None else resolve("regularizer", identifier, REGULARIZERS)


# Keras' lower-case names: `regularizers.l2` is the class.
__getattr__ = aliases(__name__, REGULARIZERS)
