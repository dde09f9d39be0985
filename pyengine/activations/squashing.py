"""Squashing functions: sigmoids, the hyperbolic tangent, softmax; and the exponential behind them.

Source: the defaults and the numbers are those of Keras 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyengine import ops
from pyengine.errors import ShapeError
from pyengine.ops.base import Array
from pyengine.shapes import normalize_axes, size


def sigmoid(x: Array) -> Any:
    """1 / (1 + e⁻ˣ): between 0 and 1.

    Shapes: x of any shape -> the same shape.

    >>> sigmoid([0.0, 2.0]).round(4)
    array([0.5   , 0.8808], dtype=float32)
    """
    return ops.sigmoid(x)


def hard_sigmoid(x: Array) -> Any:
    """relu6(x + 3) / 6, a piecewise linear sigmoid (not the 0.2 x + 0.5 of Keras 2 and TensorFlow.js).

    Shapes: x of any shape -> the same shape.

    >>> hard_sigmoid([-4.0, 0.0, 1.5])
    array([0.  , 0.5 , 0.75], dtype=float32)
    """
    return ops.divide(ops.minimum(ops.relu(ops.add(x, 3.0)), 6.0), 6.0)


def log_sigmoid(x: Array) -> Any:
    """log(sigmoid(x)), without overflow.

    Shapes: x of any shape -> the same shape.

    >>> log_sigmoid([-100.0, 0.0]).round(4)
    array([-100.    ,   -0.6931], dtype=float32)
    """
    return ops.negative(ops.softplus(ops.negative(x)))


def sparse_sigmoid(x: Array) -> Any:
    """0 for x ≤ -1, (x + 1) / 2 for -1 < x < 1, 1 above.

    Shapes: x of any shape -> the same shape.

    >>> sparse_sigmoid([-2.0, 0.0, 2.0])
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return ops.clip(ops.multiply(ops.add(x, 1.0), 0.5), 0.0, 1.0)


def softsign(x: Array) -> Any:
    """x / (1 + |x|).

    Shapes: x of any shape -> the same shape.

    >>> softsign([-1.0, 3.0])
    array([-0.5 ,  0.75], dtype=float32)
    """
    return ops.divide(x, ops.add(ops.abs(x), 1.0))


def tanh(x: Array) -> Any:
    """tanh(x) = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ), the hyperbolic tangent.

    Shapes: x of any shape -> the same shape.

    >>> tanh([0.0, 1.0]).round(4)
    array([0.    , 0.7616], dtype=float32)
    """
    return ops.tanh(x)


def hard_tanh(x: Array) -> Any:
    """min(max(x, -1), 1).

    Shapes: x of any shape -> the same shape.

    >>> hard_tanh([-3.0, 0.5])
    array([-1. ,  0.5], dtype=float32)
    """
    return ops.clip(x, -1.0, 1.0)


def exponential(x: Array) -> Any:
    """eˣ.

    Shapes: x of any shape -> the same shape.

    >>> exponential([0.0, 1.0]).round(4)
    array([1.    , 2.7183], dtype=float32)
    """
    return ops.exp(x)


def softmax(x: Array, axis: int | Sequence[int] = -1) -> Any:
    """eˣ / Σ eˣ, the sum over an axis, or over several together: positive numbers that sum to 1.

    Shapes: x of any shape but () -> the same shape.
    Arguments:
        axis: the axis, or the axes, summed over; default -1.
    Errors: ShapeError for a single number.

    >>> softmax([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    >>> softmax([[[0.0, 0.0], [0.0, 0.0]]], axis=(1, 2))
    array([[[0.25, 0.25],
            [0.25, 0.25]]], dtype=float32)
    """
    return _over_axes(ops.softmax, _with_axis("softmax", x), axis)


def log_softmax(x: Array, axis: int | Sequence[int] = -1) -> Any:
    """log(softmax(x)), without overflow.

    Shapes: x of any shape but () -> the same shape.
    Arguments:
        axis: the axis, or the axes, summed over; default -1.
    Errors: ShapeError for a single number.

    >>> log_softmax([[0.0, 0.0]]).round(4)
    array([[-0.6931, -0.6931]], dtype=float32)
    """
    return _over_axes(ops.log_softmax, _with_axis("log_softmax", x), axis)


def _with_axis(name: str, x: Array) -> Array:
    """Refuse a single number, whose softmax would always be 1."""
    if ops.shape_of(x) == ():
        raise ShapeError(
            where=name,
            argument="x",
            expected="an array with an axis to sum over",
            got="a single number",
            fix="Use it on arrays of shape (batch, classes).",
        )
    return x


def _over_axes(function: Callable[..., Any], x: Array, axis: int | Sequence[int]) -> Any:
    """A function along one axis, along several: they are brought together, taken as one, and taken apart again."""
    if not isinstance(axis, (list, tuple)):
        return function(x, axis=axis)
    shape = ops.shape_of(x)
    together = normalize_axes(axis, len(shape))
    if len(together) == 1:
        return function(x, axis=together[0])
    order = [place for place in range(len(shape)) if place not in together] + [*together]
    turned = tuple(shape[place] for place in order)
    apart = len(shape) - len(together)
    joined = ops.reshape(ops.transpose(x, order), (*turned[:apart], size(turned[apart:])))
    back = sorted(range(len(shape)), key=order.__getitem__)
    return ops.transpose(ops.reshape(function(joined, axis=-1), turned), back)
