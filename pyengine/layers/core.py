"""Layers that every model has: Dense, and those that only change the shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape
from pyengine.layers.weight import Weight
from pyengine.shapes import size


class Dense(Layer):
    """Every output sees every input: y = activation(x @ kernel + bias).

    Shapes: (batch, …, features) to (batch, …, units).
    Weights: kernel (features, units), bias (units,).
    Arguments:
        units: how many outputs, at least 1.
        activation: name or function of ops; None leaves the sum as it is.
        use_bias: whether a bias is added.

    >>> Dense(2, kernel_initializer="ones")([[1.0, 2.0, 3.0]])
    array([[6., 6.]], dtype=float32)

    Agrees with Keras 3.
    """

    kernel = Weight("glorot_uniform")
    bias = Weight("zeros", when="use_bias")

    def __init__(self, units: int, activation: Any = None, *, use_bias: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = check.whole(self, "units", units)
        self.activation = check.activation(self, "activation", activation)
        self.use_bias = use_bias

    def build(self, shape: AnyShape) -> None:
        if len(shape) < 2:
            raise self.shape_error(
                "inputs of rank 2 or more, (batch, …, features)",
                shape,
                "Give one sample a batch axis, `x[None]`, or single numbers an axis of features, `x[:, None]`.",
            )
        if shape[-1] is None:
            raise self.shape_error(
                "a known number of features, the last axis",
                shape,
                "Give `Input` (or the first layer) that length.",
            )
        self.add_weights(kernel=(shape[-1], self.units), bias=(self.units,))
        self.known_lengths = {-1: shape[-1]}

    def call(self, x: Any) -> Any:
        x = ops.matmul(x, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return self.activation(x)


class Flatten(Layer):
    """All numbers of a sample in one row.

    Shapes: (batch, …) to (batch, numbers per sample); (batch,) to (batch, 1).
    Arguments:
        data_format: None or "channels_last", the only layout.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]])
    array([[1., 2., 3., 4.]], dtype=float32)

    Agrees with Keras 3.
    """

    def __init__(self, *, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check.channels_last(self, data_format)

    def call(self, x: Any) -> Any:
        return ops.flatten(x)

    def advice_to(self, reader: Layer) -> str:
        if not reader.takes:
            return ""
        return f"Put it in front of {self.label}, which makes one row of every sample."


class Reshape(Layer):
    """The numbers of each sample in another shape.

    Shapes: (batch, …) to (batch, *target_shape).
    Arguments:
        target_shape: shape of one sample; one length may be -1: what is left.
    Errors: ShapeError where the sample holds another count of numbers; else as `Layer`.

    >>> Reshape((2, -1))([[1.0, 2.0, 3.0, 4.0]]).shape
    (1, 2, 2)

    Agrees with Keras 3.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        given = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        self.target_shape = tuple(
            -1 if n in (-1, None) else check.whole(self, "target_shape", n) for n in given
        )
        if self.target_shape.count(-1) > 1:
            raise self.refusal(
                "target_shape", "at most one -1, the length that is worked out", given, "Give the others."
            )

    def call(self, x: Any) -> Any:
        each = size(x.shape[1:])
        known_size = size(length for length in self.target_shape if length != -1)
        if -1 in self.target_shape and each % known_size == 0:
            target = tuple(each // known_size if length == -1 else length for length in self.target_shape)
        else:
            target = self.target_shape
        if size(target) != each:
            raise self.shape_error(
                f"a shape of {each} numbers, as many as a sample of shape {x.shape[1:]} has",
                f"{self.target_shape}, which holds {'a multiple of ' if -1 in target else ''}{known_size}",
                "Give lengths whose product is that, or -1 for one of them.",
                "target_shape",
            )
        return ops.reshape(x, (x.shape[0], *target))


class Permute(Layer):
    """The axes of each sample in another order.

    Shapes: (batch, axis 1, axis 2, …) to (batch, axis dims[0], axis dims[1], …).
    Arguments:
        dims: the order, counted from 1: the batch stays first.

    >>> Permute((2, 1))([[[1.0, 2.0, 3.0]]]).shape
    (1, 3, 1)

    Agrees with Keras 3.
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(check.whole(self, "dims", axis) for axis in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise self.refusal(
                "dims",
                f"each of 1 … {len(self.dims)} once (the batch is axis 0 and stays)",
                dims,
                "Use, for example, `dims=(2, 1)`.",
            )
        self.input_rank = len(self.dims) + 1

    def call(self, x: Any) -> Any:
        return ops.transpose(x, (0, *self.dims))


class RepeatVector(Layer):
    """Each sample n times, along a new axis.

    Shapes: (batch, features) to (batch, n, features).
    Arguments:
        n: how often each sample is repeated, at least 1.

    >>> RepeatVector(3)([[1.0, 2.0]]).shape
    (1, 3, 2)

    Agrees with Keras 3.
    """

    input_rank = 2

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.n = check.whole(self, "n", n)

    def call(self, x: Any) -> Any:
        batch, features = x.shape
        return ops.broadcast_to(ops.expand_dims(x, 1), (batch, self.n, features))
