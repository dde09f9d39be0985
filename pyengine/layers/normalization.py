"""Layers that bring numbers to mean 0 and variance 1, then to a scale that is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import constraints, initializers, ops, regularizers
from pyengine.graph import Variable
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.merge import BATCH_AXIS
from pyengine.layers.symbolic import AnyShape
from pyengine.shapes import normalize_axes, normalize_axis


class Normalization(Layer):
    """Base: a scale gamma and an offset beta, each optional."""

    def _keep_scale(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta: tuple[Any, Any, Any],
        gamma: tuple[Any, Any, Any],
    ) -> None:
        """beta, gamma: (initializer, regularizer, constraint)."""
        self.epsilon = float(
            check.number(self, "epsilon", epsilon, "a number above 0", lambda value: value > 0, "1e-3")
        )
        self.center, self.scale = center, scale
        self.beta: Variable | None = None
        self.gamma: Variable | None = None
        self._beta_words = (initializers.get(beta[0]), regularizers.get(beta[1]), constraints.get(beta[2]))
        self._gamma_words = (
            initializers.get(gamma[0]),
            regularizers.get(gamma[1]),
            constraints.get(gamma[2]),
        )

    def _add_scale(self, shape: Sequence[int | None]) -> None:
        if self.scale:
            initializer, regularizer, constraint = self._gamma_words
            self.gamma = self.add_weight(
                "gamma", shape, initializer, regularizer=regularizer, constraint=constraint
            )
        if self.center:
            initializer, regularizer, constraint = self._beta_words
            self.beta = self.add_weight(
                "beta", shape, initializer, regularizer=regularizer, constraint=constraint
            )

    def _scale_and_offset(self, shape: Sequence[int], dtype: str) -> tuple[Any, Any]:
        """gamma and beta; ones and zeros where there is none."""
        gamma = np.ones(shape, dtype) if self.gamma is None else self.gamma
        return gamma, np.zeros(shape, dtype) if self.beta is None else self.beta

    def _scaled(self, centered: Any, variance: Any, axes: tuple[int, ...]) -> Any:
        """centered / √(variance + epsilon) · gamma + beta, with the small factors brought together first."""
        factor = ops.rsqrt(ops.add(variance, self.epsilon))
        if self.gamma is not None:
            factor = ops.multiply(factor, aligned(self.gamma, centered.shape, axes))
        out = ops.multiply(centered, factor)
        return out if self.beta is None else ops.add(out, aligned(self.beta, centered.shape, axes))


def aligned(weight: Any, shape: Sequence[int], axes: tuple[int, ...]) -> Any:
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
        …_initializer, …_regularizer, …_constraint: of the four weights.

    >>> BatchNormalization(epsilon=1e-7)([[1.0], [3.0]], training=True)
    array([[-1.],
           [ 1.]], dtype=float32)

    Agrees with Keras 3. Source: Ioffe, Szegedy, "Batch normalization" (ICML 2015).
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        *,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep_scale(
            epsilon,
            center,
            scale,
            (beta_initializer, beta_regularizer, beta_constraint),
            (gamma_initializer, gamma_regularizer, gamma_constraint),
        )
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        self.axis = check.axis(self, "axis", axis)
        self.momentum = float(
            check.number(
                self, "momentum", momentum, "a number from 0 to 1", lambda value: 0 <= value <= 1, "0.99"
            )
        )
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, shape: AnyShape) -> None:
        axis = normalize_axis(self.axis, len(shape))
        channels = shape[axis]
        if channels is None:
            raise self.shape_error(
                f"a known number of channels, axis {self.axis}",
                shape,
                "Give `Input` (or the first layer) that length.",
            )
        self._add_scale((channels,))
        self.moving_mean = self.add_weight(
            "moving_mean", (channels,), self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            "moving_variance", (channels,), self.moving_variance_initializer, trainable=False
        )
        self.known_lengths = {self.axis: channels}

    def call(self, x: Any, *, training: bool) -> Any:
        axis = normalize_axis(self.axis, len(x.shape))
        if not training or not self.trainable:
            centered = ops.subtract(x, aligned(self.moving_mean, x.shape, (axis,)))
            return self._scaled(centered, aligned(self.moving_variance, x.shape, (axis,)), (axis,))
        others = tuple(one for one in range(len(x.shape)) if one != axis)
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
        …_initializer, …_regularizer, …_constraint: of the two weights.

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
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._keep_scale(
            epsilon,
            center,
            scale,
            (beta_initializer, beta_regularizer, beta_constraint),
            (gamma_initializer, gamma_regularizer, gamma_constraint),
        )
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
        self._add_scale(tuple(lengths.values()))
        self.known_lengths = {axis: length for axis, length in lengths.items() if length is not None}

    def call(self, x: Any) -> Any:
        axes = normalize_axes(self.axis, len(x.shape))
        if axes == tuple(range(len(x.shape) - len(axes), len(x.shape))):
            weights = self._scale_and_offset(x.shape[-len(axes) :], ops.dtype_of(x))
            return ops.layer_normalization(x, *weights, epsilon=self.epsilon)
        centered = ops.subtract(x, ops.mean(x, axis=axes, keepdims=True))
        variance = ops.mean(ops.square(centered), axis=axes, keepdims=True)
        return self._scaled(centered, variance, axes)
