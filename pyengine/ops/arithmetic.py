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
    """a + b."""
    return apply(Add(), *meet(a, b))


@method("__sub__")
def subtract(a: Array, b: Array) -> Any:
    """a - b."""
    return apply(Subtract(), *meet(a, b))


@method("__mul__")
def multiply(a: Array, b: Array) -> Any:
    """a · b."""
    return apply(Multiply(), *meet(a, b))


@method("__truediv__")
def divide(a: Array, b: Array) -> Any:
    """a / b, in floats."""
    a, b = meet(a, b)
    return apply(Divide(), floats(a), floats(b))


@method("__floordiv__")
def floor_divide(a: Array, b: Array) -> Any:
    """The largest whole number not above a / b."""
    return apply(FloorDivide(), *meet(a, b))


@method("__mod__")
def mod(a: Array, b: Array) -> Any:
    """The remainder of a / b, with the sign of b."""
    return apply(Mod(), *meet(a, b))


def maximum(a: Array, b: Array) -> Any:
    """The larger of two; NaN wins."""
    return apply(Maximum(), *meet(a, b))


def minimum(a: Array, b: Array) -> Any:
    """The smaller of two; NaN wins."""
    return apply(Minimum(), *meet(a, b))


@method("__neg__")
def negative(x: Array) -> Any:
    """-x."""
    return apply(Negative(), x)


@method("__abs__")
def abs(x: Array) -> Any:
    """|x|. Slope 0 at 0."""
    return apply(Abs(), x)


def sign(x: Array) -> Any:
    """-1, 0 or 1."""
    return apply(Sign(), x)


def floor(x: Array) -> Any:
    """The largest whole number not above x, still a float."""
    return apply(Floor(), x)


def ceil(x: Array) -> Any:
    """The smallest whole number not below x, still a float."""
    return apply(Ceil(), x)


def round(x: Array) -> Any:
    """The nearest whole number (halves to even), still a float."""
    return apply(Round(), x)


def square(x: Array) -> Any:
    """x²."""
    return apply(Square(), x)


def clip(x: Array, low: float, high: float) -> Any:
    """x, but at least `low` and at most `high`."""
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
