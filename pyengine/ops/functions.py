"""Powers, exponentials, logarithms, circular functions, and what activations are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyengine.ops.arithmetic import Unary, add, divide, multiply, negative, square, subtract
from pyengine.ops.base import Array, apply, method
from pyengine.ops.cast import cast, floats, meet
from pyengine.ops.comparison import equal, greater, where
from pyengine.ops.elementwise import Binary


class Power(Binary):
    name = "power"
    function = np.power

    def partial(self, gradient, output, a, b):
        positive = greater(a, 0.0)
        # a⁰ is flat everywhere; 0 · a⁻¹ would be NaN where a is 0.
        slope = multiply(b, power(a, where(equal(b, 0.0), 1.0, subtract(b, 1.0))))
        log_a = where(positive, log(where(positive, a, 1.0)), 0.0)
        return multiply(gradient, slope), multiply(gradient, multiply(output, log_a))


class Sqrt(Unary):
    name = "sqrt"
    function = np.sqrt

    def slope(self, output, x):
        return divide(0.5, output)


class Rsqrt(Unary):
    """1 / √x."""

    name = "rsqrt"

    def evaluate(self, x):
        return 1 / np.sqrt(x)

    def evaluate_into(self, out, x):
        np.sqrt(x, out=out)
        np.divide(1, out, out=out)

    def slope(self, output, x):
        return multiply(-0.5, divide(output, x))


class Exp(Unary):
    name = "exp"
    function = np.exp

    def slope(self, output, x):
        return output


class Expm1(Unary):
    """exp(x) - 1, exact near 0."""

    name = "expm1"
    function = np.expm1

    def slope(self, output, x):
        return add(output, 1.0)


class Log(Unary):
    name = "log"
    function = np.log

    def gradient(self, gradient, output, x):
        return (divide(gradient, x),)


class Log1p(Unary):
    """log(1 + x), exact near 0."""

    name = "log1p"
    function = np.log1p

    def gradient(self, gradient, output, x):
        return (divide(gradient, add(x, 1.0)),)


class Sin(Unary):
    name = "sin"
    function = np.sin

    def slope(self, output, x):
        return cos(x)


class Cos(Unary):
    name = "cos"
    function = np.cos

    def slope(self, output, x):
        return negative(sin(x))


class Tanh(Unary):
    name = "tanh"
    function = np.tanh

    def slope(self, output, x):
        return subtract(1.0, square(output))


class Sigmoid(Unary):
    """1 / (1 + exp(-x)), without overflow at either end."""

    name = "sigmoid"

    def evaluate(self, x):
        out = np.empty_like(x)
        self.evaluate_into(out, x)
        return out

    def evaluate_into(self, out, x):
        # (1 + tanh(x/2)) / 2 loses the lower tail; exp(-|x|) keeps both.
        small = np.exp(-np.abs(x))
        np.divide(np.where(x >= 0, np.ones((), x.dtype), small), 1 + small, out=out)

    def slope(self, output, x):
        return multiply(output, subtract(1.0, output))


class Softplus(Unary):
    """log(1 + exp(x)), without overflow."""

    name = "softplus"

    def evaluate(self, x):
        return np.logaddexp(x, np.zeros((), x.dtype))

    def slope(self, output, x):
        return sigmoid(x)


class Erf(Unary):
    """The error function: 2/√π ∫₀ˣ exp(-t²) dt."""

    name = "erf"

    def evaluate(self, x):
        return erf_array(x)

    def slope(self, output, x):
        return multiply(2 / math.sqrt(math.pi), exp(negative(square(x))))


class Relu(Unary):
    """max(x, 0). Slope 0 at 0, as TensorFlow and PyTorch do: dead units stay dead."""

    name = "relu"
    cheap = True

    def evaluate(self, x):
        return np.maximum(x, np.zeros((), x.dtype))

    def evaluate_into(self, out, x):
        np.maximum(x, np.zeros((), x.dtype), out=out)

    def slope(self, output, x):
        return cast(greater(output, 0.0), dtype=x.dtype)


_erf = np.vectorize(math.erf, otypes=[np.float64])


def erf_array(x: np.ndarray) -> np.ndarray:
    """erf of an array, worked out in float64 by the C library and rounded once."""
    return _erf(x.astype(np.float64)).astype(x.dtype) if x.size else x.copy()


@method("__pow__")
def power(a: Array, b: Array) -> Any:
    """aᵇ. The exponents 2, 1, 0.5 and -0.5 take the ops made for them.

    Shapes: a, b that broadcast against each other -> their common shape.
    Errors: ShapeError for shapes that do not broadcast.

    >>> power([2.0, 3.0], 2.0)
    array([4., 9.], dtype=float32)
    """
    if isinstance(b, (int, float)) and b in (2, 1, 0.5, -0.5):
        return {2: square, 1: lambda x: x, 0.5: sqrt, -0.5: rsqrt}[b](a)
    return apply(Power(), *meet(a, b))


def sqrt(x: Array) -> Any:
    """√x.

    Shapes: x (…) -> (…), of every number by itself.

    >>> sqrt([4.0, 9.0])
    array([2., 3.], dtype=float32)
    """
    return apply(Sqrt(), floats(x))


def rsqrt(x: Array) -> Any:
    """1 / √x.

    Shapes: x (…) -> (…), of every number by itself.

    >>> rsqrt([4.0, 16.0])
    array([0.5 , 0.25], dtype=float32)
    """
    return apply(Rsqrt(), floats(x))


def exp(x: Array) -> Any:
    """eˣ.

    Shapes: x (…) -> (…), of every number by itself.

    >>> exp([0.0, 1.0])
    array([1.      , 2.718282], dtype=float32)
    """
    return apply(Exp(), floats(x))


def expm1(x: Array) -> Any:
    """eˣ - 1.

    Shapes: x (…) -> (…), of every number by itself.

    >>> expm1([0.0, 1e-6])
    array([0.0000000e+00, 1.0000005e-06], dtype=float32)
    """
    return apply(Expm1(), floats(x))


def log(x: Array) -> Any:
    """The natural logarithm.

    Shapes: x (…) -> (…), of every number by itself.

    >>> log([1.0, 2.0])
    array([0.       , 0.6931472], dtype=float32)
    """
    return apply(Log(), floats(x))


def log1p(x: Array) -> Any:
    """log(1 + x).

    Shapes: x (…) -> (…), of every number by itself.

    >>> log1p([0.0, 1e-6])
    array([0.000000e+00, 9.999995e-07], dtype=float32)
    """
    return apply(Log1p(), floats(x))


def sin(x: Array) -> Any:
    """The sine; radians.

    Shapes: x (…) -> (…), of every number by itself.

    >>> sin([0.0, 1.0])
    array([0.      , 0.841471], dtype=float32)
    """
    return apply(Sin(), floats(x))


def cos(x: Array) -> Any:
    """The cosine; radians.

    Shapes: x (…) -> (…), of every number by itself.

    >>> cos([0.0, 3.0])
    array([ 1.       , -0.9899925], dtype=float32)
    """
    return apply(Cos(), floats(x))


def tanh(x: Array) -> Any:
    """The hyperbolic tangent.

    Shapes: x (…) -> (…), of every number by itself.

    >>> tanh([0.0, 1.0])
    array([0.       , 0.7615942], dtype=float32)
    """
    return apply(Tanh(), floats(x))


def sigmoid(x: Array) -> Any:
    """1 / (1 + e⁻ˣ).

    Shapes: x (…) -> (…), of every number by itself.

    >>> sigmoid([0.0, 2.0])
    array([0.5     , 0.880797], dtype=float32)
    """
    return apply(Sigmoid(), floats(x))


def softplus(x: Array) -> Any:
    """log(1 + eˣ).

    Shapes: x (…) -> (…), of every number by itself.

    >>> softplus([0.0, 2.0])
    array([0.6931472, 2.126928 ], dtype=float32)
    """
    return apply(Softplus(), floats(x))


def erf(x: Array) -> Any:
    """The error function.

    Shapes: x (…) -> (…), of every number by itself.

    >>> erf([0.0, 0.5])
    array([0.       , 0.5204999], dtype=float32)
    """
    return apply(Erf(), floats(x))


def relu(x: Array) -> Any:
    """max(x, 0).

    Shapes: x (…) -> (…), of every number by itself.

    >>> relu([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """
    return apply(Relu(), x)


@method("__rpow__")
def _rpow(b: Array, a: Array) -> Any:
    return power(a, b)
