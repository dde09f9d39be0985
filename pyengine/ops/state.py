"""Assignment to variables: written into the graph while one is recorded, done at once otherwise."""

from __future__ import annotations

from typing import Any

from pyengine.graph import Variable, recording
from pyengine.ops.base import Array, in_dtype, shape_of, to_array, to_value
from pyengine.ops.elementwise import add
from pyengine.ops.structure import broadcast_to


def assign(variable: Variable, value: Array) -> Any:
    """What the variable shall hold from here on; later reads within the step see it. Returns the value."""
    graph = recording()
    if graph is None:
        variable.set(to_array(value))
        return variable.value
    value = to_value(in_dtype(value, variable.dtype), graph)
    if shape_of(value) == () != variable.shape:
        value = broadcast_to(value, variable.shape)
    graph.write(variable, value)
    return value


def assign_add(variable: Variable, value: Array) -> Any:
    """variable + value, assigned."""
    return assign(variable, add(variable, value))


Variable.assign = assign  # type: ignore[attr-defined]
Variable.assign_add = assign_add  # type: ignore[attr-defined]
