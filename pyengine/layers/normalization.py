"""Layers that bring numbers to mean 0 and variance 1, then to a scale that is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.graph import Variable
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.merge import BATCH_AXIS
from pyengine.layers.symbolic import AnyShape
from pyengine.layers.weight import Weight
from pyengine.shapes import normalize_axes, normalize_axis


class Normalization(Layer):
    """Base: a scale gamma and an offset beta, each optional.

    Errors: ShapeError where a length that the weights need is unknown; else as `Layer`.
    """

    beta = Weight("zeros", when="center")
    gamma = Weight("ones", when="scale")

    def __init__(self, epsilon: float, center: bool, scale: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = float(
            check.number(self, "epsilon", epsilon, "a number above 0", lambda value: value > 0, "1e-3")
        )
        self.center, self.scale = center, scale

    def _scale_and_offset(self, shape: Sequence[int], dtype: str) -> tuple[Any, Any]:
        """gamma and beta; ones and zeros where there is none."""
        gamma = np.ones(shape, dtype) if self.gamma is None else self.gamma
        return gamma, np.zeros(shape, dtype) if self.beta is None else self.beta

    def _scaled(self, centered: Any, variance: Any, axes: tuple[int, ...]) -> Any:
        """centered / √(variance + epsilon) · gamma + beta, with the small factors brought together first."""
        factor = ops.rsqrt(ops.add(variance, self.epsilon))
        if self.gamma is not None:
            factor = ops.multiply(factor, reshape_to_broadcast(self.gamma, centered.shape, axes))
        out = ops.multiply(centered, factor)
        return (
            out if self.beta is None else ops.add(out, reshape_to_broadcast(self.beta, centered.shape, axes))
        )


def reshape_to_broadcast(weight: Any, shape: Sequence[int], axes: tuple[int, ...]) -> Any:
    """A weight whose axes are `axes` of an array of `shape`, reshaped so that it broadcasts against it."""
    if axes == tuple(range(len(shape) - len(axes), len(shape))):
        return weight
    return ops.reshape(weight, tuple(n if axis in axes else 1 for axis, n in enumerate(shape)))


class BatchNormalization(Normalization):
    """Each channel with the mean 0 and variance 1 of its batch, then scaled and moved as learnt.

    (x - mean) / √(variance + epsilon) · gamma + beta. In training mean and variance are the batch's, and the
    moving ones follow: moving · momentum + batch's · (1 - momentum), the variance without Bessel's correction.
    Afterwards, and when `trainable` is False, the moving ones are used and left alone.

    Shapes: any, unchanged.
    Weights: gamma, beta, moving_mean, moving_variance, each (channels,).
    Arguments:
        axis: the axis of the channels.
        momentum: how slowly the moving statistics follow, 0 ≤ momentum ≤ 1.
        epsilon: added to the variance, above 0.
        center: whether beta is added.
        scale: whether gamma multiplies.

    >>> BatchNormalization(epsilon=1e-7)([[1.0], [3.0]], training=True)
    array([[-1.],
           [ 1.]], dtype=float32)

    Agrees with Keras 3. Source: Ioffe, Szegedy, "Batch normalization" (ICML 2015).
    """

    moving_mean = Weight("zeros", trainable=False)
    moving_variance = Weight("ones", trainable=False)

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        *,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ):
        super().__init__(epsilon, center, scale, **kwargs)
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        self.axis = check.axis(self, "axis", axis)
        self.momentum = float(
            check.number(
                self, "momentum", momentum, "a number from 0 to 1", lambda value: 0 <= value <= 1, "0.99"
            )
        )

    def build(self, shape: AnyShape) -> None:
        axis = normalize_axis(self.axis, len(shape))
        channels = shape[axis]
        if channels is None:
            raise self.shape_error(
                f"a known number of channels, axis {self.axis}",
                shape,
                "Give `Input` (or the first layer) that length.",
            )
        each = (channels,)
        self.add_weights(gamma=each, beta=each, moving_mean=each, moving_variance=each)
        self.known_lengths = {self.axis: channels}

    def call(self, x: Any, *, training: bool) -> Any:
        axis = normalize_axis(self.axis, len(x.shape))
        if not training or not self.trainable:
            centered = ops.subtract(x, reshape_to_broadcast(self.moving_mean, x.shape, (axis,)))
            return self._scaled(
                centered, reshape_to_broadcast(self.moving_variance, x.shape, (axis,)), (axis,)
            )
        others = tuple(other for other in range(len(x.shape)) if other != axis)
        if axis == len(x.shape) - 1:
            weights = self._scale_and_offset(self.moving_mean.shape, ops.dtype_of(x))
            out, mean, variance = ops.batch_normalization(x, *weights, epsilon=self.epsilon)
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, variance)
            return out
        mean = ops.mean(x, axis=others, keepdims=True)
        centered = ops.subtract(x, mean)
        variance = ops.mean(ops.square(centered), axis=others, keepdims=True)
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance)
        return self._scaled(centered, variance, (axis,))

    def _follow(self, moving: Variable, batch: Any) -> None:
        batch = ops.reshape(batch, moving.shape)
        ops.assign(
            moving, ops.add(ops.multiply(moving, self.momentum), ops.multiply(batch, 1 - self.momentum))
        )


class LayerNormalization(Normalization):
    """Each sample with mean 0 and variance 1 over some of its axes, then scaled and moved as learnt.

    (x - mean) / √(variance + epsilon) · gamma + beta, in training and after it alike.

    Shapes: any, unchanged.
    Weights: gamma, beta: the lengths of `axis`.
    Arguments:
        axis: the axis, or a list of axes, over which mean and variance are taken.
        epsilon: added to the variance, above 0.
        center: whether beta is added.
        scale: whether gamma multiplies.

    >>> LayerNormalization(epsilon=1e-7)([[1.0, 3.0]])
    array([[-1.,  1.]], dtype=float32)

    Agrees with Keras 3. Source: Ba, Kiros, Hinton, "Layer normalization" (2016).
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        *,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ):
        super().__init__(epsilon, center, scale, **kwargs)
        self.axis = check.axes(self, "axis", axis)

    def build(self, shape: AnyShape) -> None:
        axes = normalize_axes(self.axis, len(shape))
        lengths = {axis: shape[axis] for axis in axes}
        if 0 in axes:
            raise self.refusal("axis", "axes of the samples", self.axis, BATCH_AXIS)
        if None in lengths.values():
            raise self.shape_error(
                f"known lengths of the axes {', '.join(map(str, axes))}",
                shape,
                "Give `Input` (or the first layer) those lengths.",
            )
        each = tuple(lengths.values())
        self.add_weights(gamma=each, beta=each)
        self.known_lengths = {axis: length for axis, length in lengths.items() if length is not None}

    def call(self, x: Any) -> Any:
        axes = normalize_axes(self.axis, len(x.shape))
        if axes == tuple(range(len(x.shape) - len(axes), len(x.shape))):
            weights = self._scale_and_offset(x.shape[-len(axes) :], ops.dtype_of(x))
            return ops.layer_normalization(x, *weights, epsilon=self.epsilon)
        centered = ops.subtract(x, ops.mean(x, axis=axes, keepdims=True))
        variance = ops.mean(ops.square(centered), axis=axes, keepdims=True)
        return self._scaled(centered, variance, axes)
