"""Comparisons, logic, and the choice between two arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.ops.base import Array, apply, method
from pyengine.ops.broadcast import sum_to
from pyengine.ops.cast import in_dtype, meet
from pyengine.ops.elementwise import Elementwise


class Truth(Elementwise):
    """Returns booleans, through which no gradient flows."""

    dtype = "bool"

    def gradient(self, gradient, output, *inputs):
        return (None,) * len(inputs)


class Comparison(Truth):
    """Of two inputs of one dtype."""

    cheap = True


class Equal(Comparison):
    name = "equal"
    commutative = True
    function = np.equal


class NotEqual(Comparison):
    name = "not_equal"
    commutative = True
    function = np.not_equal


class Greater(Comparison):
    name = "greater"
    function = np.greater


class GreaterEqual(Comparison):
    name = "greater_equal"
    function = np.greater_equal


class Less(Comparison):
    name = "less"
    function = np.less


class LessEqual(Comparison):
    name = "less_equal"
    function = np.less_equal


class LogicalAnd(Comparison):
    name = "logical_and"
    commutative = True
    function = np.logical_and


class LogicalOr(Comparison):
    name = "logical_or"
    commutative = True
    function = np.logical_or


class LogicalNot(Truth):
    name = "logical_not"
    cheap = True
    function = np.logical_not


class IsFinite(Truth):
    name = "isfinite"
    function = np.isfinite


class IsNan(Truth):
    name = "isnan"
    function = np.isnan


class Where(Elementwise):
    """condition: bool  a, b: one dtype."""

    name = "where"
    cheap = True
    in_place = (1, 2)
    function = staticmethod(np.where)

    def gradient(self, gradient, output, condition, a, b):
        zero = np.zeros((), gradient.dtype)
        da, db = where(condition, gradient, zero), where(condition, zero, gradient)
        return None, sum_to(da, a.shape), sum_to(db, b.shape)


def equal(a: Array, b: Array) -> Any:
    """a = b, as bool.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> equal([1.0, 2.0], 2.0)
    array([False,  True])
    """
    return apply(Equal(), *meet(a, b))


def not_equal(a: Array, b: Array) -> Any:
    """a ≠ b, as bool.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> not_equal([1.0, 2.0], 2.0)
    array([ True, False])
    """
    return apply(NotEqual(), *meet(a, b))


@method("__gt__")
def greater(a: Array, b: Array) -> Any:
    """a > b, as bool.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> greater([1.0, 3.0], 2.0)
    array([False,  True])
    """
    return apply(Greater(), *meet(a, b))


@method("__ge__")
def greater_equal(a: Array, b: Array) -> Any:
    """a ≥ b, as bool.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> greater_equal([1.0, 2.0], 2.0)
    array([False,  True])
    """
    return apply(GreaterEqual(), *meet(a, b))


@method("__lt__")
def less(a: Array, b: Array) -> Any:
    """a < b, as bool.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> less([1.0, 3.0], 2.0)
    array([ True, False])
    """
    return apply(Less(), *meet(a, b))


@method("__le__")
def less_equal(a: Array, b: Array) -> Any:
    """a ≤ b, as bool.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> less_equal([1.0, 2.0], 2.0)
    array([ True,  True])
    """
    return apply(LessEqual(), *meet(a, b))


@method("__and__")
def logical_and(a: Array, b: Array) -> Any:
    """Whether both are true.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> logical_and([True, False], True)
    array([ True, False])
    """
    return apply(LogicalAnd(), in_dtype(a, "bool"), in_dtype(b, "bool"))


@method("__or__")
def logical_or(a: Array, b: Array) -> Any:
    """Whether at least one is true.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> logical_or([True, False], False)
    array([ True, False])
    """
    return apply(LogicalOr(), in_dtype(a, "bool"), in_dtype(b, "bool"))


@method("__invert__")
def logical_not(x: Array) -> Any:
    """Whether it is false.

    Shapes: x (…) -> (…), of every number by itself.

    >>> logical_not([True, False])
    array([False,  True])
    """
    return apply(LogicalNot(), in_dtype(x, "bool"))


def isfinite(x: Array) -> Any:
    """Neither NaN nor infinite.

    Shapes: x (…) -> (…), of every number by itself.

    >>> isfinite([1.0, float('inf')])
    array([ True, False])
    """
    return apply(IsFinite(), x)


def isnan(x: Array) -> Any:
    """NaN.

    Shapes: x (…) -> (…), of every number by itself.

    >>> isnan([1.0, float('nan')])
    array([False,  True])
    """
    return apply(IsNan(), x)


def where(condition: Array, a: Array, b: Array) -> Any:
    """a where the condition holds, else b.

    Shapes: condition (of bool), a and b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.], dtype=float32)
    """
    return apply(Where(), in_dtype(condition, "bool"), *meet(a, b))
