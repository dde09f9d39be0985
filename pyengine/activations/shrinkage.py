"""Shrinkage functions: x moved towards 0, or small x set to 0.

Source: the defaults and the numbers are those of Keras 3.
"""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.ops.base import Array


def tanh_shrink(x: Array) -> Any:
    """x - tanh(x).

    Shapes: x of any shape -> the same shape.

    >>> tanh_shrink([0.0, 1.0]).round(4)
    array([0.    , 0.2384], dtype=float32)
    """
    return ops.subtract(x, ops.tanh(x))


def hard_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0.

    Shapes: x of any shape -> the same shape.
    Arguments:
        threshold: at least 0, default 0.5.

    >>> hard_shrink([-2.0, 0.25])
    array([-2.,  0.], dtype=float32)
    """
    return ops.where(ops.greater(ops.abs(x), threshold), x, 0.0)


def soft_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x - threshold for x > threshold, x + threshold for x < -threshold, else 0.

    Shapes: x of any shape -> the same shape.
    Arguments:
        threshold: at least 0, default 0.5.

    >>> soft_shrink([-2.0, 0.25, 1.0])
    array([-1.5,  0. ,  0.5], dtype=float32)
    """
    return ops.subtract(x, ops.clip(x, -threshold, threshold))


def threshold(x: Array, threshold: float, default_value: float) -> Any:
    """x for x > threshold, else default_value.

    Shapes: x of any shape -> the same shape.
    Arguments:
        threshold: values above it pass.
        default_value: what the others become.

    >>> threshold([-2.0, 0.25], 0.0, -1.0)
    array([-1.  ,  0.25], dtype=float32)
    """
    return ops.where(ops.greater(x, threshold), x, float(default_value))
