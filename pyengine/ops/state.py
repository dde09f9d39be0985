"""Assignment to variables: written into the graph while one is recorded, done at once otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.errors import GraphError, ShapeError
from pyengine.graph import Variable, recording
from pyengine.ops.arithmetic import add, subtract
from pyengine.ops.base import Array, shape_of, to_array, to_value
from pyengine.ops.broadcast import broadcast_to
from pyengine.ops.cast import in_dtype
from pyengine.ops.comparison import equal, not_equal


def assign(variable: Variable, value: Array) -> Any:
    """The value that a variable holds from here on; later reads within the step see it.

    Shapes: value as the variable, or () for one number everywhere -> the variable's.
    Arguments:
        variable: what is assigned to.
        value: array or graph value; cast to the variable's dtype.
    Returns: the value assigned: an array of its own, or a value of the graph that is being recorded.
    Errors: ShapeError for another shape.

    >>> weight = Variable([1.0, 2.0])
    >>> before = assign(weight, 0.5)
    >>> after = assign(weight, [3.0, 4.0])
    >>> before, after
    (array([0.5, 0.5], dtype=float32), array([3., 4.], dtype=float32))
    """
    graph = recording()
    value = to_array(value) if graph is None else to_value(in_dtype(value, variable.dtype), graph)
    if shape_of(value) == () != variable.shape:
        value = broadcast_to(value, variable.shape)
    if shape_of(value) != variable.shape:
        raise ShapeError(
            where=f"Variable {variable.name!r}",
            argument="value",
            expected=f"shape {variable.shape}, or one number",
            got=f"shape {shape_of(value)}",
            fix="Give an array of exactly the variable's shape.",
        )
    if graph is None:
        variable.set(value)
        return variable.numpy()
    graph.write(variable, value)
    return value


def assign_add(variable: Variable, value: Array) -> Any:
    """The sum variable + value, which the variable holds from here on.

    Shapes: value as the variable, or () for one number everywhere -> the variable's.
    Arguments:
        variable: what is assigned to.
        value: what is added, array or graph value.
    Errors: ShapeError for another shape.

    >>> count = Variable(1.0, name="count")
    >>> assign_add(count, 2.0)
    array(3., dtype=float32)
    """
    return assign(variable, add(variable, value))


def assign_sub(variable: Variable, value: Array) -> Any:
    """The difference variable - value, which the variable holds from here on.

    Shapes: value as the variable, or () for one number everywhere -> the variable's.
    Arguments:
        variable: what is assigned to.
        value: what is subtracted, array or graph value.
    Errors: ShapeError for another shape.
    """
    return assign(variable, subtract(variable, value))


Variable.assign = assign  # type: ignore[attr-defined]
Variable.assign_add = assign_add  # type: ignore[attr-defined]
Variable.assign_sub = assign_sub  # type: ignore[attr-defined]


# A variable as an array. Two variables are equal only if they are the same one, so that they can be keys.

NUMBERS = (bool, int, float, list, tuple, np.ndarray, np.generic)


def _equals(variable: Variable, other: Any) -> Any:
    return equal(variable, other) if isinstance(other, NUMBERS) else NotImplemented


def _differs(variable: Variable, other: Any) -> Any:
    return not_equal(variable, other) if isinstance(other, NUMBERS) else NotImplemented


def _content(variable: Variable) -> np.ndarray:
    """Its content now, which a step that is being recorded does not know."""
    if recording() is not None:
        raise GraphError(
            f"Variable {variable.name!r} has no number yet: the step is still being recorded. "
            "Compute with pyengine.ops instead of NumPy, int, float or if."
        )
    return variable.value


def _array(variable: Variable, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    # A copy, unless the caller refuses one: the next step would change it.
    return np.array(_content(variable), dtype, copy=copy is not False)


Variable.__eq__ = _equals  # type: ignore[assignment, method-assign]
Variable.__ne__ = _differs  # type: ignore[assignment, method-assign]
Variable.__array__ = _array  # type: ignore[attr-defined]
Variable.__int__ = lambda variable: int(_content(variable))  # type: ignore[attr-defined]
Variable.__float__ = lambda variable: float(_content(variable))  # type: ignore[attr-defined]
Variable.__bool__ = lambda variable: bool(_content(variable))  # type: ignore[attr-defined]
Variable.__len__ = lambda variable: len(variable.value)  # type: ignore[attr-defined]
