"""Arithmetic, signs, bounds and rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.ops.base import Array, apply, method
from pyengine.ops.cast import cast, floats, meet
from pyengine.ops.comparison import equal, greater, less
from pyengine.ops.elementwise import Binary, Elementwise


class Add(Binary):
    """No number is neutral: -0.0 + 0.0 is 0.0."""

    name = "add"
    commutative = True
    cheap = True
    function = np.add

    def partial(self, gradient, output, a, b):
        return gradient, gradient


class Subtract(Binary):
    name = "subtract"
    cheap = True
    neutral = ((1, 0.0),)
    function = np.subtract

    def partial(self, gradient, output, a, b):
        return gradient, negative(gradient)


class Multiply(Binary):
    name = "multiply"
    commutative = True
    cheap = True
    neutral = ((0, 1.0), (1, 1.0))
    function = np.multiply

    def partial(self, gradient, output, a, b):
        return multiply(gradient, b), multiply(gradient, a)


class Divide(Binary):
    name = "divide"
    neutral = ((1, 1.0),)
    function = np.divide

    def partial(self, gradient, output, a, b):
        return divide(gradient, b), negative(divide(multiply(gradient, output), b))


class FloorDivide(Binary):
    name = "floor_divide"
    function = np.floor_divide

    def partial(self, gradient, output, a, b):
        return None, None


class Mod(Binary):
    """The remainder has the sign of the divisor, as Python's."""

    name = "mod"
    function = np.mod

    def partial(self, gradient, output, a, b):
        return gradient, negative(multiply(gradient, floor_divide(a, b)))


class Maximum(Binary):
    """Where both are equal the gradient goes half to each, as PyTorch and JAX do."""

    name = "maximum"
    commutative = True
    cheap = True
    function = np.maximum

    def partial(self, gradient, output, a, b):
        share = add(cast(greater(a, b), dtype=a.dtype), multiply(cast(equal(a, b), dtype=a.dtype), 0.5))
        return multiply(gradient, share), multiply(gradient, subtract(1.0, share))


class Minimum(Binary):
    name = "minimum"
    commutative = True
    cheap = True
    function = np.minimum

    def partial(self, gradient, output, a, b):
        share = add(cast(less(a, b), dtype=a.dtype), multiply(cast(equal(a, b), dtype=a.dtype), 0.5))
        return multiply(gradient, share), multiply(gradient, subtract(1.0, share))


class Unary(Elementwise):
    in_place = (0,)

    def slope(self, output, x):
        """The derivative, elementwise; None where it is 0 almost everywhere."""
        raise NotImplementedError

    def gradient(self, gradient, output, x):
        slope = self.slope(output, x)
        return (None if slope is None else multiply(gradient, slope),)


class Negative(Unary):
    name = "negative"
    cheap = True
    own_inverse = True
    function = np.negative

    def gradient(self, gradient, output, x):
        return (negative(gradient),)


class Abs(Unary):
    name = "abs"
    cheap = True
    function = np.abs

    def slope(self, output, x):
        return sign(x)


class Sign(Unary):
    name = "sign"
    cheap = True
    function = np.sign

    def slope(self, output, x):
        return None


class Floor(Unary):
    name = "floor"
    function = np.floor

    def slope(self, output, x):
        return None


class Ceil(Unary):
    name = "ceil"
    function = np.ceil

    def slope(self, output, x):
        return None


class Round(Unary):
    """Halves go to the even neighbour."""

    name = "round"
    function = np.rint

    def slope(self, output, x):
        return None


class Square(Unary):
    name = "square"
    cheap = True
    function = np.square

    def slope(self, output, x):
        return multiply(x, 2.0)


class Clip(Elementwise):
    """Slope 1 strictly within and at the bounds, 0 outside."""

    name = "clip"
    cheap = True
    in_place = (0,)
    low: float
    high: float

    def evaluate(self, x):
        return np.clip(x, self.low, self.high)

    def evaluate_into(self, out, x):
        np.clip(x, self.low, self.high, out=out)

    def gradient(self, gradient, output, x):
        return (multiply(gradient, cast(equal(x, output), dtype=x.dtype)),)


@method("__add__")
def add(a: Array, b: Array) -> Any:
    """a + b.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> add([1.0, 2.0], 3.0)
    array([4., 5.], dtype=float32)
    """
    return apply(Add(), *meet(a, b))


@method("__sub__")
def subtract(a: Array, b: Array) -> Any:
    """a - b.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> subtract([1.0, 2.0], 3.0)
    array([-2., -1.], dtype=float32)
    """
    return apply(Subtract(), *meet(a, b))


@method("__mul__")
def multiply(a: Array, b: Array) -> Any:
    """a · b.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> multiply([1.0, 2.0], [[3.0], [4.0]])
    array([[3., 6.],
           [4., 8.]], dtype=float32)
    """
    return apply(Multiply(), *meet(a, b))


@method("__truediv__")
def divide(a: Array, b: Array) -> Any:
    """a / b, in floats.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> divide([1.0, 2.0], 4.0)
    array([0.25, 0.5 ], dtype=float32)
    """
    a, b = meet(a, b)
    return apply(Divide(), floats(a), floats(b))


@method("__floordiv__")
def floor_divide(a: Array, b: Array) -> Any:
    """The largest whole number not above a / b.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> floor_divide([7.0, -7.0], 2.0)
    array([ 3., -4.], dtype=float32)
    """
    return apply(FloorDivide(), *meet(a, b))


@method("__mod__")
def mod(a: Array, b: Array) -> Any:
    """The remainder of a / b, with the sign of b.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> mod([7.0, -7.0], 3.0)
    array([1., 2.], dtype=float32)
    """
    return apply(Mod(), *meet(a, b))


def maximum(a: Array, b: Array) -> Any:
    """The larger of two; NaN wins.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> maximum([1.0, 5.0], 3.0)
    array([3., 5.], dtype=float32)
    """
    return apply(Maximum(), *meet(a, b))


def minimum(a: Array, b: Array) -> Any:
    """The smaller of two; NaN wins.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> minimum([1.0, 5.0], 3.0)
    array([1., 3.], dtype=float32)
    """
    return apply(Minimum(), *meet(a, b))


@method("__neg__")
def negative(x: Array) -> Any:
    """-x.

    Shapes: x (…) -> (…), of every number by itself.

    >>> negative([1.0, -2.0])
    array([-1.,  2.], dtype=float32)
    """
    return apply(Negative(), x)


@method("__abs__")
def abs(x: Array) -> Any:
    """|x|. Slope 0 at 0.

    Shapes: x (…) -> (…), of every number by itself.

    >>> abs([-1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
    return apply(Abs(), x)


def sign(x: Array) -> Any:
    """-1, 0 or 1.

    Shapes: x (…) -> (…), of every number by itself.

    >>> sign([-3.0, 0.0, 2.0])
    array([-1.,  0.,  1.], dtype=float32)
    """
    return apply(Sign(), x)


def floor(x: Array) -> Any:
    """The largest whole number not above x, still a float.

    Shapes: x (…) -> (…), of every number by itself.

    >>> floor([0.5, -0.5])
    array([ 0., -1.], dtype=float32)
    """
    return apply(Floor(), x)


def ceil(x: Array) -> Any:
    """The smallest whole number not below x, still a float.

    Shapes: x (…) -> (…), of every number by itself.

    >>> ceil([0.5, -0.5])
    array([ 1., -0.], dtype=float32)
    """
    return apply(Ceil(), x)


def round(x: Array) -> Any:
    """The nearest whole number (halves to even), still a float.

    Shapes: x (…) -> (…), of every number by itself.

    >>> round([0.5, 1.5, -1.2])
    array([ 0.,  2., -1.], dtype=float32)
    """
    return apply(Round(), x)


def square(x: Array) -> Any:
    """x².

    Shapes: x (…) -> (…), of every number by itself.

    >>> square([-3.0, 2.0])
    array([9., 4.], dtype=float32)
    """
    return apply(Square(), x)


def clip(x: Array, low: float, high: float) -> Any:
    """x, but at least `low` and at most `high`.

    Shapes: x (…) -> (…); low and high are numbers, or broadcast against it.
    Errors: ShapeError for shapes that do not broadcast.

    >>> clip([-2.0, 0.5, 9.0], -1.0, 1.0)
    array([-1. ,  0.5,  1. ], dtype=float32)
    """
    return apply(Clip(low=low, high=high), x)


@method("__radd__")
def _radd(b: Array, a: Array) -> Any:
    return add(a, b)


@method("__rsub__")
def _rsub(b: Array, a: Array) -> Any:
    return subtract(a, b)


@method("__rmul__")
def _rmul(b: Array, a: Array) -> Any:
    return multiply(a, b)


@method("__rtruediv__")
def _rtruediv(b: Array, a: Array) -> Any:
    return divide(a, b)
