"""Rectifiers and their smooth relatives: about x for large x, about 0 or a small slope for large -x.

Source: the defaults and the numbers are those of Keras 3.
"""

from __future__ import annotations

import math
from typing import Any

from pyengine import ops
from pyengine.activations.squashing import hard_sigmoid
from pyengine.ops.base import Array

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def linear(x: Array) -> Any:
    """x: the identity.

    Shapes: x of any shape -> the same shape.

    >>> linear([1.5, -2.0])
    [1.5, -2.0]
    """
    return x


def relu(
    x: Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """max(x, 0), or more generally x above a threshold, at most max_value, and below it a slope.

    f(x) = max_value for x ≥ max_value, x for threshold < x < max_value,
    negative_slope · (x - threshold) for x ≤ threshold. With max_value and a negative threshold, what passes is also
    at least 0, as in Keras.

    Shapes: x of any shape -> the same shape.
    Arguments:
        negative_slope: slope below the threshold, at least 0; default 0.0.
        max_value: the greatest value; default None, no bound.
        threshold: above it x passes; at it the output is 0, and so is the gradient. Default 0.0.

    >>> relu([-1.0, 0.5, 9.0], max_value=6.0)
    array([0. , 0.5, 6. ], dtype=float32)
    """
    if threshold == 0:
        result = ops.relu(x) if negative_slope == 0 else leaky_relu(x, negative_slope)
        return result if max_value is None else ops.minimum(result, max_value)
    result = ops.where(ops.greater(x, threshold), x, 0.0)
    if max_value is not None:
        result = ops.minimum(ops.maximum(result, 0.0) if threshold < 0 else result, max_value)
    if not negative_slope:
        return result
    return ops.subtract(result, ops.multiply(ops.relu(ops.subtract(threshold, x)), negative_slope))


def relu6(x: Array) -> Any:
    """min(max(x, 0), 6).

    Shapes: x of any shape -> the same shape.

    >>> relu6([-1.0, 0.5, 9.0])
    array([0. , 0.5, 6. ], dtype=float32)

    Source: Howard et al., "MobileNets" (2017); Keras 3.
    """
    return ops.minimum(ops.relu(x), 6.0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Any:
    """x for x > 0, negative_slope · x below.

    Shapes: x of any shape -> the same shape.
    Arguments:
        negative_slope: slope below 0, default 0.2.

    >>> leaky_relu([-1.0, 2.0])
    array([-0.2,  2. ], dtype=float32)

    Source: Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013); Keras 3.
    """
    return ops.where(ops.greater(x, 0.0), x, ops.multiply(x, negative_slope))


def elu(x: Array, alpha: float = 1.0) -> Any:
    """x for x > 0, alpha · (eˣ - 1) below.

    Shapes: x of any shape -> the same shape.
    Arguments:
        alpha: -alpha is the limit for x → -∞; default 1.0.

    >>> elu([-1.0, 2.0]).round(4)
    array([-0.6321,  2.    ], dtype=float32)

    Source: Clevert, Unterthiner, Hochreiter (2015); Keras 3.
    """
    # The exponential never sees a positive x: its overflow would come back as 0 · ∞ in the gradient.
    below = ops.expm1(ops.minimum(x, 0.0))
    return ops.where(ops.greater(x, 0.0), x, below if alpha == 1 else ops.multiply(below, alpha))


def selu(x: Array) -> Any:
    """1.0507 · elu(x, 1.6733): keeps mean 0 and variance 1 from layer to layer.

    Shapes: x of any shape -> the same shape.

    >>> selu([-1.0, 2.0]).round(4)
    array([-1.1113,  2.1014], dtype=float32)

    Source: Klambauer et al., "Self-normalizing neural networks" (2017); Keras 3.
    """
    return ops.multiply(elu(x, SELU_ALPHA), SELU_SCALE)


def celu(x: Array, alpha: float = 1.0) -> Any:
    """x for x > 0, alpha · (e^(x / alpha) - 1) below.

    Shapes: x of any shape -> the same shape.
    Arguments:
        alpha: -alpha is the limit for x → -∞, not 0; default 1.0.

    >>> celu([-1.0, 2.0], alpha=0.5).round(4)
    array([-0.4323,  2.    ], dtype=float32)

    Source: Barron, "Continuously differentiable exponential linear units" (2017); Keras 3.
    """
    below = ops.expm1(ops.divide(ops.minimum(x, 0.0), alpha))
    return ops.where(ops.greater(x, 0.0), x, ops.multiply(below, alpha))


def gelu(x: Array, approximate: bool = False) -> Any:
    """x · Φ(x), where Φ is the distribution function of the standard normal distribution.

    Shapes: x of any shape -> the same shape.
    Arguments:
        approximate: whether to compute x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) instead; default False.

    >>> gelu([-1.0, 2.0]).round(4)
    array([-0.1587,  1.9545], dtype=float32)

    Source: Hendrycks, Gimpel, "Gaussian error linear units" (2016); Keras 3.
    """
    if approximate:
        inner = ops.multiply(x, ops.add(ops.multiply(ops.square(x), 0.044715), 1.0))
        curve = ops.tanh(ops.multiply(inner, math.sqrt(2 / math.pi)))
    else:
        curve = ops.erf(ops.multiply(x, math.sqrt(0.5)))
    return ops.multiply(ops.multiply(x, 0.5), ops.add(curve, 1.0))


def silu(x: Array) -> Any:
    """x · sigmoid(x), also called swish.

    Shapes: x of any shape -> the same shape.

    >>> silu([-1.0, 2.0]).round(4)
    array([-0.2689,  1.7616], dtype=float32)

    Source: Ramachandran, Zoph, Le, "Searching for activation functions" (2017); Keras 3.
    """
    return ops.multiply(x, ops.sigmoid(x))


def hard_silu(x: Array) -> Any:
    """x · hard_sigmoid(x), also called hard_swish.

    Shapes: x of any shape -> the same shape.

    >>> hard_silu([-4.0, 1.5])
    array([-0.   ,  1.125], dtype=float32)

    Source: Howard et al., "Searching for MobileNetV3" (2019); Keras 3.
    """
    return ops.multiply(x, hard_sigmoid(x))


def softplus(x: Array) -> Any:
    """log(1 + eˣ), without overflow.

    Shapes: x of any shape -> the same shape.

    >>> softplus([0.0, 100.0]).round(4)
    array([  0.6931, 100.    ], dtype=float32)
    """
    return ops.softplus(x)


def squareplus(x: Array, b: float = 4.0) -> Any:
    """(x + √(x² + b)) / 2: like softplus, without an exponential.

    Shapes: x of any shape -> the same shape.
    Arguments:
        b: how smooth the bend at 0 is, at least 0; default 4.0. With 0 it is relu.

    >>> squareplus([0.0, 1.5])
    array([1., 2.], dtype=float32)

    Source: Barron, "Squareplus: a softplus-like algebraic rectifier" (2021); Keras 3.
    """
    return ops.multiply(ops.add(x, ops.sqrt(ops.add(ops.square(x), b))), 0.5)


def sparse_plus(x: Array) -> Any:
    """0 for x ≤ -1, (x + 1)² / 4 for -1 < x < 1, x above.

    Shapes: x of any shape -> the same shape.

    >>> sparse_plus([-2.0, 0.0, 2.0])
    array([0.  , 0.25, 2.  ], dtype=float32)
    """
    middle = ops.multiply(ops.square(ops.add(x, 1.0)), 0.25)
    return ops.where(ops.less_equal(x, -1.0), 0.0, ops.where(ops.less(x, 1.0), middle, x))


def mish(x: Array) -> Any:
    """x · tanh(softplus(x)).

    Shapes: x of any shape -> the same shape.

    >>> mish([-1.0, 2.0]).round(4)
    array([-0.3034,  1.944 ], dtype=float32)

    Source: Misra, "Mish: a self-regularized non-monotonic activation function" (2019); Keras 3.
    """
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


def glu(x: Array, axis: int = -1) -> Any:
    """a · sigmoid(b), where a and b are the first and the second half of x on `axis`.

    Shapes: x of any shape with an even length on `axis` -> the same shape with half that length.
    Arguments:
        axis: the axis that is halved, default -1.

    >>> glu([[2.0, 0.0]])
    array([[1.]], dtype=float32)

    Source: Dauphin et al., "Language modeling with gated convolutional networks" (2016); Keras 3.
    """
    first, second = ops.split(x, 2, axis=axis)
    return ops.multiply(first, ops.sigmoid(second))
