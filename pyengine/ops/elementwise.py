"""Ops that treat every number on its own: arithmetic, comparisons, roots, exponentials, activations' pieces.

Inputs broadcast against each other by NumPy's rule. To add one: a class here with its meaning and its gradient, a
function below, a row in `tests/cases/ops.py`.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from pyengine import shapes
from pyengine.dtypes import is_float
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, dtype_of, in_dtype, meet, method
from pyengine.ops.structure import cast


class Elementwise(Op):
    """`function` is a NumPy ufunc or takes `out`; the result has the inputs' dtype."""

    in_place: ClassVar[tuple[int, ...]] = (0, 1, 2)
    elementwise = True
    function: Any = None
    dtype: ClassVar[str | None] = None

    def shape(self, *specs: Spec) -> Spec:
        last = specs[-1]
        if self.dtype is None and all(spec is last or spec == last for spec in specs):
            return last
        return Spec(shapes.broadcast(*(spec.shape for spec in specs)), self.dtype or specs[-1].dtype)

    def evaluate(self, *arrays):
        return self.function(*arrays)

    def evaluate_into(self, out, *arrays):
        if isinstance(self.function, np.ufunc):
            self.function(*arrays, out=out)
        else:
            out[...] = self.evaluate(*arrays)


def sum_to(x, shape):
    from pyengine.ops.reduce import sum_to

    return sum_to(x, shape)


class Binary(Elementwise):
    """Two floats or two whole numbers; gradients are summed over what was broadcast."""

    def partial(self, gradient, output, a, b):
        raise NotImplementedError

    def gradient(self, gradient, output, a, b):
        da, db = self.partial(gradient, output, a, b)
        return (None if da is None else sum_to(da, a.shape), None if db is None else sum_to(db, b.shape))


class Add(Binary):
    """No number is neutral: -0.0 + 0.0 is 0.0."""

    name = "add"
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


class Power(Binary):
    name = "power"
    function = np.power

    def partial(self, gradient, output, a, b):
        positive = greater(a, 0.0)
        # a⁰ is flat everywhere; 0 · a⁻¹ would be NaN where a is 0.
        slope = multiply(b, power(a, where(equal(b, 0.0), 1.0, subtract(b, 1.0))))
        log_a = where(positive, log(where(positive, a, 1.0)), 0.0)
        return multiply(gradient, slope), multiply(gradient, multiply(output, log_a))


class Maximum(Binary):
    """Where both are equal the gradient goes half to each, as PyTorch and JAX do."""

    name = "maximum"
    cheap = True
    function = np.maximum

    def partial(self, gradient, output, a, b):
        share = add(cast(greater(a, b), dtype=a.dtype), multiply(cast(equal(a, b), dtype=a.dtype), 0.5))
        return multiply(gradient, share), multiply(gradient, subtract(1.0, share))


class Minimum(Binary):
    name = "minimum"
    cheap = True
    function = np.minimum

    def partial(self, gradient, output, a, b):
        share = add(cast(less(a, b), dtype=a.dtype), multiply(cast(equal(a, b), dtype=a.dtype), 0.5))
        return multiply(gradient, share), multiply(gradient, subtract(1.0, share))


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


class Comparison(Elementwise):
    dtype = "bool"
    cheap = True

    def gradient(self, gradient, output, a, b):
        return None, None


class Equal(Comparison):
    name = "equal"
    function = np.equal


class NotEqual(Comparison):
    name = "not_equal"
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
    function = np.logical_and


class LogicalOr(Comparison):
    name = "logical_or"
    function = np.logical_or


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


class Unary(Elementwise):
    in_place = (0,)

    def slope(self, output, x):
        """The derivative, elementwise; None where it is 0 almost everywhere."""
        raise NotImplementedError

    def gradient(self, gradient, output, x):
        slope = self.slope(output, x)
        return (None if slope is None else multiply(gradient, slope),)


class LogicalNot(Unary):
    name = "logical_not"
    cheap = True
    dtype = "bool"
    function = np.logical_not

    def slope(self, output, x):
        return None


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


class IsFinite(Unary):
    name = "isfinite"
    dtype = "bool"
    function = np.isfinite

    def slope(self, output, x):
        return None


class IsNan(Unary):
    name = "isnan"
    dtype = "bool"
    function = np.isnan

    def slope(self, output, x):
        return None


class Square(Unary):
    name = "square"
    cheap = True
    function = np.square

    def slope(self, output, x):
        return multiply(x, 2.0)


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


def _floats(x: Array) -> Array:
    """Whole numbers become float32: roots and exponentials need floats."""
    return x if is_float(dtype_of(x)) else in_dtype(x, "float32")


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
    return apply(Divide(), _floats(a), _floats(b))


@method("__pow__")
def power(a: Array, b: Array) -> Any:
    """aᵇ. The exponents 2, 1, 0.5 and -0.5 take the ops made for them."""
    if isinstance(b, (int, float)) and b in (2, 1, 0.5, -0.5):
        return {2: square, 1: lambda x: x, 0.5: sqrt, -0.5: rsqrt}[b](a)
    return apply(Power(), *meet(a, b))


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


def equal(a: Array, b: Array) -> Any:
    """a = b, as bool."""
    return apply(Equal(), *meet(a, b))


def not_equal(a: Array, b: Array) -> Any:
    """a ≠ b, as bool."""
    return apply(NotEqual(), *meet(a, b))


@method("__gt__")
def greater(a: Array, b: Array) -> Any:
    """a > b, as bool."""
    return apply(Greater(), *meet(a, b))


@method("__ge__")
def greater_equal(a: Array, b: Array) -> Any:
    """a ≥ b, as bool."""
    return apply(GreaterEqual(), *meet(a, b))


@method("__lt__")
def less(a: Array, b: Array) -> Any:
    """a < b, as bool."""
    return apply(Less(), *meet(a, b))


@method("__le__")
def less_equal(a: Array, b: Array) -> Any:
    """a ≤ b, as bool."""
    return apply(LessEqual(), *meet(a, b))


@method("__and__")
def logical_and(a: Array, b: Array) -> Any:
    """Whether both are true."""
    return apply(LogicalAnd(), in_dtype(a, "bool"), in_dtype(b, "bool"))


@method("__or__")
def logical_or(a: Array, b: Array) -> Any:
    """Whether at least one is true."""
    return apply(LogicalOr(), in_dtype(a, "bool"), in_dtype(b, "bool"))


@method("__invert__")
def logical_not(x: Array) -> Any:
    """Whether it is false."""
    return apply(LogicalNot(), in_dtype(x, "bool"))


def where(condition: Array, a: Array, b: Array) -> Any:
    """a where the condition holds, else b."""
    return apply(Where(), in_dtype(condition, "bool"), *meet(a, b))


def clip(x: Array, low: float, high: float) -> Any:
    """x, but at least `low` and at most `high`."""
    return apply(Clip(low=low, high=high), x)


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


def isfinite(x: Array) -> Any:
    """Neither NaN nor infinite."""
    return apply(IsFinite(), x)


def isnan(x: Array) -> Any:
    """NaN."""
    return apply(IsNan(), x)


def square(x: Array) -> Any:
    """x²."""
    return apply(Square(), x)


def sqrt(x: Array) -> Any:
    """√x."""
    return apply(Sqrt(), _floats(x))


def rsqrt(x: Array) -> Any:
    """1 / √x."""
    return apply(Rsqrt(), _floats(x))


def exp(x: Array) -> Any:
    """eˣ."""
    return apply(Exp(), _floats(x))


def expm1(x: Array) -> Any:
    """eˣ - 1."""
    return apply(Expm1(), _floats(x))


def log(x: Array) -> Any:
    """The natural logarithm."""
    return apply(Log(), _floats(x))


def log1p(x: Array) -> Any:
    """log(1 + x)."""
    return apply(Log1p(), _floats(x))


def sin(x: Array) -> Any:
    """The sine; radians."""
    return apply(Sin(), _floats(x))


def cos(x: Array) -> Any:
    """The cosine; radians."""
    return apply(Cos(), _floats(x))


def tanh(x: Array) -> Any:
    """The hyperbolic tangent."""
    return apply(Tanh(), _floats(x))


def sigmoid(x: Array) -> Any:
    """1 / (1 + e⁻ˣ)."""
    return apply(Sigmoid(), _floats(x))


def softplus(x: Array) -> Any:
    """log(1 + eˣ)."""
    return apply(Softplus(), _floats(x))


def erf(x: Array) -> Any:
    """The error function."""
    return apply(Erf(), _floats(x))


def relu(x: Array) -> Any:
    """max(x, 0)."""
    return apply(Relu(), x)


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


@method("__rpow__")
def _rpow(b: Array, a: Array) -> Any:
    return power(a, b)
