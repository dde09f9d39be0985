"""Standardization to mean 0 and variance 1, then scale and offset: over the last axes, or over all but the last.

Layers need them in every step, so each is one op, and so is its gradient: few passes over memory.
"""

from __future__ import annotations

from typing import Any

from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops.arithmetic import add, multiply, square, subtract
from pyengine.ops.base import Array, Op, apply
from pyengine.ops.broadcast import sum_to
from pyengine.ops.cast import meet
from pyengine.ops.expanded import Expanded
from pyengine.ops.functions import rsqrt
from pyengine.ops.reduce import mean


class Standardize(Expanded):
    """y = (x - mean) · gamma / √(variance + epsilon) + beta, with statistics over `axes`.

    y may lie where x lies, and the gradient of x where x or the gradient of y lies: statistics are taken before.
    """

    several = True
    epsilon: float

    def axes(self, x: Any, gamma: Any) -> tuple[int, ...]:
        """The axes that statistics are taken over."""
        raise NotImplementedError

    def check(self, x: Spec, *factors: Spec) -> None:
        """Every factor belongs to the last axes of x; at least one axis is left."""
        for factor in factors:
            rank = len(factor.shape)
            if factor != factors[0] or not 0 < rank < len(x.shape) or x.shape[-rank:] != factor.shape:
                raise ShapeError(
                    where=f"ops.{self.name}",
                    argument="gamma",
                    expected=f"gamma and beta of one shape, that of the last axes of {x.shape}",
                    got=" and ".join(str(each.shape) for each in factors),
                    fix="Give both the lengths of the axes that are normalized.",
                )


class OverLast(Standardize):
    """Statistics over the axes that gamma has."""

    def axes(self, x, gamma):
        return tuple(range(x.ndim - gamma.ndim, x.ndim))


class OverFirst(Standardize):
    """Statistics over the axes that gamma has not."""

    def axes(self, x, gamma):
        return tuple(range(x.ndim - gamma.ndim))

    def scratch(self, *specs: Spec) -> int:
        """Two float32 sums for each channel; where these are few, for those of some rows side by side."""
        return 8 * max(specs[-1].size, 512)


class Forward(Standardize):
    in_place = (0,)
    backward: type[Op]

    def gradient(self, gradient, output, x, gamma, beta):
        if any(one is not None for one in gradient[1:]):
            return super().gradient(gradient, output, x, gamma, beta)
        return apply(self.backward(epsilon=self.epsilon), gradient[0], x, gamma, *output[1:])


class Backward(Standardize):
    in_place = (0, 1)

    def shape(self, gradient: Spec, x: Spec, gamma: Spec, *statistics: Spec) -> tuple[Spec, ...]:
        self.check(x, gamma)
        return x, gamma, gamma

    def of_inputs(self, gradient, x, gamma, center, scale):
        """The gradients of x, gamma and beta, in plain ops; scale: 1 / √(variance + epsilon)."""
        axes = self.axes(x, gamma)
        hat = multiply(subtract(x, center), scale)
        wide = multiply(gradient, gamma)
        along = multiply(hat, mean(multiply(wide, hat), axis=axes, keepdims=True))
        back = subtract(subtract(wide, mean(wide, axis=axes, keepdims=True)), along)
        return (
            multiply(back, scale),
            sum_to(multiply(gradient, hat), gamma.shape),
            sum_to(gradient, gamma.shape),
        )


class LayerNormGradient(OverLast, Backward):
    """gradient, x: (…, *S)  gamma: S  mean, scale: (…, 1 …)  ->  the gradients of x, gamma and beta.

    With h = (x - mean) · scale and w = gradient · gamma:
    (w - mean(w) - h · mean(w · h)) · scale, Σ gradient · h, Σ gradient; means over S, sums over the rest.
    """

    name = "layer_norm_gradient"

    def expand(self, gradient, x, gamma, center, scale):
        return self.of_inputs(gradient, x, gamma, center, scale)


class LayerNorm(OverLast, Forward):
    """x: (…, *S)  gamma, beta: S  ->  y like x, mean: (…, 1 …), 1 / √(variance + epsilon): (…, 1 …)."""

    name = "layer_norm"
    backward = LayerNormGradient

    def shape(self, x: Spec, gamma: Spec, beta: Spec) -> tuple[Spec, Spec, Spec]:
        self.check(x, gamma, beta)
        rank = len(gamma.shape)
        row = Spec((*x.shape[:-rank], *(1,) * rank), x.dtype)
        return x, row, row

    def expand(self, x, gamma, beta):
        axes = self.axes(x, gamma)
        center = mean(x, axis=axes, keepdims=True)
        centered = subtract(x, center)
        scale = rsqrt(add(mean(square(centered), axis=axes, keepdims=True), self.epsilon))
        return add(multiply(centered, multiply(scale, gamma)), beta), center, scale


class BatchNormGradient(OverFirst, Backward):
    """gradient, x: (…, C)  gamma, mean, variance: (C,)  ->  the gradients of x, gamma and beta.

    As of `layer_norm`, with scale = 1 / √(variance + epsilon), and all means and sums over all axes but the last.
    """

    name = "batch_norm_gradient"

    def expand(self, gradient, x, gamma, center, variance):
        return self.of_inputs(gradient, x, gamma, center, rsqrt(add(variance, self.epsilon)))


class BatchNorm(OverFirst, Forward):
    """x: (…, C)  gamma, beta: (C,)  ->  y like x, mean: (C,), variance: (C,)."""

    name = "batch_norm"
    backward = BatchNormGradient

    def shape(self, x: Spec, gamma: Spec, beta: Spec) -> tuple[Spec, Spec, Spec]:
        self.check(x, gamma, beta)
        if len(gamma.shape) != 1:
            raise ShapeError(
                where="ops.batch_normalization",
                argument="gamma",
                expected="one axis, that of the channels",
                got=f"shape {gamma.shape}",
                fix="Give one number for each channel.",
            )
        return x, gamma, gamma

    def expand(self, x, gamma, beta):
        axes = self.axes(x, gamma)
        center = mean(x, axis=axes)
        centered = subtract(x, center)
        variance = mean(square(centered), axis=axes)
        scale = rsqrt(add(variance, self.epsilon))
        return add(multiply(centered, multiply(scale, gamma)), beta), center, variance


def layer_normalization(x: Array, gamma: Array, beta: Array, *, epsilon: float) -> Any:
    """Each sample with mean 0 and variance 1 over its last axes, as many as gamma has; then · gamma + beta.

    Shapes: x (batch, …, *lengths), gamma and beta (*lengths,) -> as x.
    Arguments:
        x: array of floats.
        gamma: the factors.
        beta: what is added.
        epsilon: added to the variance, above 0.

    >>> import numpy as np
    >>> layer_normalization(np.float32([[1, 3]]), np.float32([1, 1]), np.float32([0, 5]), epsilon=1e-7)
    array([[-1.,  6.]], dtype=float32)
    """
    return apply(LayerNorm(epsilon=epsilon), *meet(x, gamma, beta))[0]


def batch_normalization(x: Array, gamma: Array, beta: Array, *, epsilon: float) -> Any:
    """Each channel (last axis) with mean 0 and variance 1 over all others; then · gamma + beta.

    Shapes: x (…, channels), gamma and beta (channels,) -> as x, and (channels,) twice.
    Arguments:
        x: array of floats.
        gamma: the factors.
        beta: what is added.
        epsilon: added to the variance, above 0.
    Returns: the result, the means and the variances.

    >>> import numpy as np
    >>> y, mean, variance = batch_normalization(np.float32([[1], [3]]), [1.0], [0.0], epsilon=1e-7)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    return apply(BatchNorm(epsilon=epsilon), *meet(x, gamma, beta))
