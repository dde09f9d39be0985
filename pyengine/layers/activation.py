"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyengine import activations
from pyengine.layers import check
from pyengine.layers.base import Layer

NOT_NEGATIVE = ("a number of at least 0", lambda value: value >= 0, "0.1")


class Activation(Layer):
    """An activation function as a layer: y = activation(x).

    Shapes: any, unchanged.
    Arguments:
        activation: name, or function of ops.

    >>> Activation("relu")([-1.0, 2.0])
    array([0., 2.], dtype=float32)

    Agrees with Keras 3.
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = check.activation(self, "activation", activation)

    def call(self, x: Any) -> Any:
        return self.activation(x)


class ReLU(Layer):
    """min(x, max_value) where x > threshold, else negative_slope · (x - threshold).

    Shapes: any, unchanged.
    Arguments:
        max_value: ceiling of the output, at least 0; None: no ceiling.
        negative_slope: slope below the threshold, at least 0.
        threshold: above it the input passes, at least 0.

    >>> ReLU(max_value=6)([-1.0, 2.0, 9.0])
    array([0., 2., 6.], dtype=float32)

    Agrees with Keras 3.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for name, value in [
            ("max_value", max_value),
            ("negative_slope", negative_slope),
            ("threshold", threshold),
        ]:
            if value is None and name == "max_value":
                continue
            check.number(self, name, value, *NOT_NEGATIVE)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, x: Any) -> Any:
        return activations.relu(
            x, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class LeakyReLU(Layer):
    """x where x ≥ 0, else negative_slope · x.

    Shapes: any, unchanged.
    Arguments:
        negative_slope: slope below 0, at least 0.
        alpha: TensorFlow.js's word for negative_slope; wins if given.

    >>> LeakyReLU(0.5)([-2.0, 2.0])
    array([-1.,  2.], dtype=float32)

    Agrees with Keras 3.
    """

    def __init__(self, negative_slope: float = 0.3, *, alpha: float | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        slope = negative_slope if alpha is None else alpha
        self.negative_slope = check.number(self, "negative_slope", slope, *NOT_NEGATIVE)

    def call(self, x: Any) -> Any:
        return activations.leaky_relu(x, negative_slope=self.negative_slope)


class Softmax(Layer):
    """Numbers that are positive and sum to 1 along an axis (or several): exp(x) / Σ exp(x).

    Shapes: any, unchanged.
    Arguments:
        axis: the axis, or a list of axes that sum to 1 together.

    >>> Softmax()([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)

    Agrees with Keras 3.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = check.axes(self, "axis", axis)

    def call(self, x: Any) -> Any:
        return activations.softmax(x, self.axis)
