"""Dtypes of arrays: `cast`, and how arrays of several dtypes meet in one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.dtypes import canonical, is_float, of_scalar, promote
from pyengine.graph import Spec, Value, Variable
from pyengine.ops.base import Array, Op, apply, dtype_of, to_array


class Cast(Op):
    name = "cast"
    elementwise = True
    cheap = True
    dtype: str

    def shape(self, x: Spec) -> Spec:
        return Spec(x.shape, self.dtype)

    def evaluate(self, x):
        return x.astype(self.dtype)

    def evaluate_into(self, out, x):
        np.copyto(out, x, casting="unsafe")

    def gradient(self, gradient, output, x):
        return (in_dtype(gradient, x.dtype) if is_float(x.dtype) and is_float(self.dtype) else None,)


def cast(x: Array, *, dtype: str) -> Any:
    """The same numbers in another dtype; floats to whole numbers are cut towards 0.

    Shapes: x (…) -> (…).
    Arguments:
        x: array.
        dtype: the dtype that it gets, "float32", "int32", "bool", ….
    Errors: DtypeError for a dtype that there is not.

    >>> cast([0.0, 1.5], dtype='int32')
    array([0, 1], dtype=int32)
    """
    dtype = canonical(dtype)
    if isinstance(x, (bool, int, float)):
        return to_array(x, dtype)
    return apply(Cast(dtype=dtype), x)


def in_dtype(x: Array, dtype: str) -> Array:
    """The same numbers in a dtype.

    Shapes: x (…) -> (…).
    Arguments:
        x: array, or a number.
        dtype: the dtype that it gets.
    Errors: DtypeError for a dtype that there is not.

    >>> in_dtype([1, 2], 'float32')
    array([1., 2.], dtype=float32)
    """
    if isinstance(x, (bool, int, float)):
        return np.asarray(x, dtype)
    if dtype_of(x) == dtype:
        return x
    return cast(x, dtype=dtype)


def meet(*inputs: Array) -> tuple[Array, ...]:
    """The inputs in a common dtype: floats take precedence, Python numbers adapt to the arrays."""
    first = inputs[0]
    if isinstance(first, Value) and all(isinstance(x, Value) and x.dtype == first.dtype for x in inputs):
        return inputs
    of_graph = isinstance(first, (Value, Variable))
    if of_graph and len(inputs) == 2 and isinstance(inputs[1], float) and is_float(first.dtype):
        return first, np.asarray(inputs[1], first.dtype)
    arrays = [x for x in inputs if not isinstance(x, (bool, int, float))]
    common: str | None = None
    for x in arrays:
        common = dtype_of(x) if common is None else promote(common, dtype_of(x))
    for x in inputs:
        if isinstance(x, (bool, int, float)):
            mine = of_scalar(x, common)
            common = mine if common is None else promote(common, mine)
    assert common is not None
    return tuple(in_dtype(x, common) for x in inputs)


def floats(x: Array) -> Array:
    """Whole numbers become float32: roots and exponentials need floats."""
    return x if is_float(dtype_of(x)) else in_dtype(x, "float32")
