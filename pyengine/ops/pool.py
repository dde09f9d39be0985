"""Pools: the largest or the mean of what a sliding window sees. Padding is never counted.

Written as loops over the places of the window, each on a strided slice of all images, so nothing is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine.dtypes import is_float
from pyengine.errors import ArgumentError, DtypeError, ShapeError, describe
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, dtype_of, shape_of
from pyengine.ops.structure import reshape
from pyengine.ops.window import Padding, offsets, output_lengths, resolve_padding
from pyengine.shapes import Shape, pair


class Pool(Op):
    """x: (B, H, W, C) -> (B, OH, OW, C)."""

    pool_size: tuple[int, int]
    strides: tuple[int, int]
    padding: Padding

    def counts(self, lengths: Shape) -> Shape:
        return output_lengths(self.name, lengths, self.pool_size, self.strides, (1, 1), self.padding)

    def pooled(self, shape: Shape) -> Shape:
        return (shape[0], *self.counts(shape[1:3]), shape[3])

    def places(self, lengths: Shape, counts: Shape):
        """Slices of outputs and inputs that meet, for each place of the window in row-major order."""
        for _, outputs, inputs in offsets(
            lengths, counts, self.pool_size, self.strides, (1, 1), self.padding
        ):
            yield outputs, inputs

    def check_pooled(self, what: str, spec: Spec, x: Spec) -> None:
        if spec.shape != self.pooled(x.shape):
            raise ShapeError(
                where=f"ops.{self.name}",
                argument=what,
                expected=f"shape {self.pooled(x.shape)}, as images of shape {x.shape} are pooled to",
                got=f"shape {spec.shape}",
                fix="Give what belongs to the op's output.",
            )


class MaxPool2D(Pool):
    """x -> the largest in each window; NaN wins."""

    name = "max_pool2d"

    def shape(self, x: Spec) -> Spec:
        return Spec(self.pooled(x.shape), x.dtype)

    def evaluate(self, x):
        out = np.empty(self.pooled(x.shape), x.dtype)
        self.evaluate_into(out, x)
        return out

    def evaluate_into(self, out, x):
        out.fill(-np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
        for outputs, inputs in self.places(x.shape[1:3], out.shape[1:3]):
            np.maximum(out[outputs], x[inputs], out=out[outputs])

    def gradient(self, gradient, output, x):
        return (apply(MaxPool2DGradient(**self.settings), gradient, x, output),)


class MaxPool2DGradient(Pool):
    """gradient: (B, OH, OW, C)  x  output -> (B, H, W, C). Of equal largest the first in the window gets all.

    That is TensorFlow's rule. `max_pool2d_pick` is its transpose.
    """

    name = "max_pool2d_gradient"

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        # Windows of 2 by 2, side by side: a place is read and written for one window only, so it may lie over x.
        if (self.pool_size, self.strides, self.padding) == ((2, 2), (2, 2), ((0, 0), (0, 0))):
            self.in_place = (1,)  # type: ignore[misc]

    def shape(self, gradient: Spec, x: Spec, output: Spec) -> Spec:
        self.check_pooled("a gradient", gradient, x)
        self.check_pooled("the pool's output", output, x)
        return x

    def evaluate(self, gradient, x, output):
        out = np.empty_like(x)
        self.evaluate_into(out, gradient, x, output)
        return out

    def evaluate_into(self, out, gradient, x, output):
        x = x.copy() if np.may_share_memory(out, x) else x
        out.fill(0)
        for outputs, inputs, chosen in first_largest(self, x, output):
            out[inputs] += gradient[outputs] * chosen

    def gradient(self, gradient, output, upstream, x, pooled):
        return apply(MaxPool2DPick(**self.settings), gradient, x, pooled), None, None


class MaxPool2DPick(Pool):
    """values: (B, H, W, C)  x  output -> (B, OH, OW, C): from each window the value where x is largest."""

    name = "max_pool2d_pick"

    def shape(self, values: Spec, x: Spec, output: Spec) -> Spec:
        self.check_pooled("the pool's output", output, x)
        return output

    def evaluate(self, values, x, output):
        out = np.zeros_like(output)
        for outputs, inputs, chosen in first_largest(self, x, output):
            out[outputs] += values[inputs] * chosen
        return out

    def gradient(self, gradient, output, values, x, pooled):
        return apply(MaxPool2DGradient(**self.settings), gradient, x, pooled), None, None


def first_largest(pool: Pool, x: np.ndarray, output: np.ndarray):
    """For each place of the window: the slices that meet there, and where the first largest stands."""
    free = np.ones(output.shape, bool)
    for outputs, inputs in pool.places(x.shape[1:3], output.shape[1:3]):
        chosen = x[inputs] == output[outputs]
        chosen &= free[outputs]
        free[outputs] ^= chosen
        yield outputs, inputs, chosen


class AveragePool2D(Pool):
    """x -> the mean of each window over the places that are not padding."""

    name = "average_pool2d"

    def shape(self, x: Spec) -> Spec:
        return Spec(self.pooled(x.shape), x.dtype)

    def evaluate(self, x):
        out = np.empty(self.pooled(x.shape), x.dtype)
        self.evaluate_into(out, x)
        return out

    def evaluate_into(self, out, x):
        out.fill(0)
        for outputs, inputs in self.places(x.shape[1:3], out.shape[1:3]):
            out[outputs] += x[inputs]
        out /= valid_counts(self, x.shape[1:3], out.shape[1:3]).astype(out.dtype)

    def gradient(self, gradient, output, x):
        return (apply(AveragePool2DGradient(**self.settings, lengths=x.shape[1:3]), gradient),)


class AveragePool2DGradient(Pool):
    """gradient: (B, OH, OW, C) -> (B, *lengths, C): each window's share laid back: the pool's transpose."""

    name = "average_pool2d_gradient"
    lengths: tuple[int, int]

    def shape(self, gradient: Spec) -> Spec:
        x = Spec((gradient.shape[0], *self.lengths, gradient.shape[3]), gradient.dtype)
        self.check_pooled("a gradient", gradient, x)
        return x

    def evaluate(self, gradient):
        out = np.empty((gradient.shape[0], *self.lengths, gradient.shape[3]), gradient.dtype)
        self.evaluate_into(out, gradient)
        return out

    def evaluate_into(self, out, gradient):
        counts = gradient.shape[1:3]
        share = gradient / valid_counts(self, self.lengths, counts).astype(gradient.dtype)
        out.fill(0)
        for outputs, inputs in self.places(self.lengths, counts):
            out[inputs] += share[outputs]

    def gradient(self, gradient, output, upstream):
        plain = {key: value for key, value in self.settings.items() if key != "lengths"}
        return (apply(AveragePool2D(**plain), gradient),)


def valid_counts(pool: Pool, lengths: Shape, counts: Shape) -> np.ndarray:
    """How many elements of each window are within the image: (OH, OW, 1)."""
    result = np.zeros((1, *counts), np.int64)
    for outputs, _ in pool.places(lengths, counts):
        result[outputs] += 1
    return result[0, :, :, None]


def _pool2d(op: type[Pool], x: Array, pool_size: Any, strides: Any, padding: Any) -> Any:
    shape = shape_of(x)
    if len(shape) != 4:
        raise ShapeError(
            where=f"ops.{op.name}",
            argument="the inputs",
            expected="images (batch, height, width, channels)",
            got=f"shape {shape}",
            fix="Give one image a batch axis, `x[None]`, and grey ones an axis of channels, `x[..., None]`.",
        )
    pool_size = pair(pool_size, "pool_size")
    strides = pool_size if strides is None else pair(strides, "strides")
    padding = resolve_padding(padding, shape[1:3], pool_size, strides, (1, 1))
    if any(side >= length for length, sides in zip(pool_size, padding, strict=True) for side in sides):
        raise ArgumentError(
            where=f"ops.{op.name}",
            argument="padding",
            expected=f"less than pool_size {pool_size} on each axis, so that no window sees padding alone",
            got=describe(padding),
            fix="Use `padding='same'`, or a larger `pool_size`.",
        )
    return apply(op(pool_size=pool_size, strides=strides, padding=padding), x)


def max_pool2d(
    x: Array,
    *,
    pool_size: int | Sequence[int] = (2, 2),
    strides: int | Sequence[int] | None = None,
    padding: str | Sequence[Sequence[int]] = "valid",
) -> Any:
    """The largest number in each window. The gradient goes to the first of equals, as in TensorFlow.

    Shapes: x (batch, height, width, channels) -> (batch, rows, columns, channels).
    Arguments:
        x: images.
        pool_size: height and width of a window, or one number for both; default (2, 2).
        strides: steps from window to window; by default, None, pool_size.
        padding: "valid" (windows lie inside), "same" (they may hang over), or pairs (before, after); default "valid".
    Errors: ShapeError for another rank, or a window that does not fit; ArgumentError for settings that cannot be.

    >>> max_pool2d(np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)).reshape(2, 2)
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """
    return _pool2d(MaxPool2D, x, pool_size, strides, padding)


def average_pool2d(
    x: Array,
    *,
    pool_size: int | Sequence[int] = (2, 2),
    strides: int | Sequence[int] | None = None,
    padding: str | Sequence[Sequence[int]] = "valid",
) -> Any:
    """The mean of each window; padding is not counted, as in TensorFlow.

    Shapes: x `(batch, height, width, channels)`, floats; result `(batch, rows, columns, channels)`.
    Arguments:
        x: images.
        pool_size: height and width of a window, or one number for both; default (2, 2).
        strides: steps from window to window; by default, None, pool_size.
        padding: "valid" (windows lie inside), "same" (they may hang over), or pairs (before, after); default "valid".
    Errors: ShapeError for another rank, or a window that does not fit; ArgumentError for settings that cannot be.

    >>> average_pool2d(np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)).reshape(2, 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """
    if not is_float(dtype_of(x)):
        raise DtypeError(
            where="ops.average_pool2d",
            argument="the inputs",
            expected="floats",
            got=f"dtype {dtype_of(x)}",
            fix="Cast the images first: `ops.cast(x, dtype='float32')`.",
        )
    return _pool2d(AveragePool2D, x, pool_size, strides, padding)


def _pool1d(function: Any, x: Array, pool_size: Any, strides: Any, padding: Any) -> Any:
    shape = shape_of(x)
    if len(shape) != 3:
        raise ShapeError(
            where=f"ops.{function.__name__.replace('2d', '1d')}",
            argument="the inputs",
            expected="sequences (batch, steps, channels)",
            got=f"shape {shape}",
            fix="Give sequences of numbers an axis of channels: `x[..., None]`.",
        )
    (length,) = pair(pool_size, "pool_size", count=1)
    (stride,) = (length,) if strides is None else pair(strides, "strides", count=1)
    if not isinstance(padding, str):
        padding = ((0, 0), padding)
    images = reshape(x, (shape[0], 1, *shape[1:]))
    result = function(images, pool_size=(1, length), strides=(1, stride), padding=padding)
    return reshape(result, (shape[0], *shape_of(result)[2:]))


def max_pool1d(
    x: Array, *, pool_size: int = 2, strides: int | None = None, padding: str | Sequence[int] = "valid"
) -> Any:
    """The largest number in each window of a sequence.

    Shapes: x (batch, steps, channels) -> (batch, windows, channels).
    Arguments:
        x: sequences.
        pool_size: length of a window; default 2.
        strides: steps from window to window; by default, None, pool_size.
        padding: "valid" (windows lie inside), "same" (they may hang over), or zeros (before, after); default "valid".
    Errors: ShapeError for another rank, or a window that does not fit; ArgumentError for settings that cannot be.

    >>> max_pool1d([[[1.0], [3.0], [2.0], [0.0]]], pool_size=2)
    array([[[3.],
            [2.]]], dtype=float32)
    """
    return _pool1d(max_pool2d, x, pool_size, strides, padding)


def average_pool1d(
    x: Array, *, pool_size: int = 2, strides: int | None = None, padding: str | Sequence[int] = "valid"
) -> Any:
    """The mean of each window of a sequence; padding is not counted.

    Shapes: x (batch, steps, channels) -> (batch, windows, channels).
    Arguments:
        x: sequences.
        pool_size: length of a window; default 2.
        strides: steps from window to window; by default, None, pool_size.
        padding: "valid" (windows lie inside), "same" (they may hang over), or zeros (before, after); default "valid".
    Errors: ShapeError for another rank, or a window that does not fit; ArgumentError for settings that cannot be.

    >>> average_pool1d([[[1.0], [3.0], [2.0], [0.0]]], pool_size=2)
    array([[[2.],
            [1.]]], dtype=float32)
    """
    return _pool1d(average_pool2d, x, pool_size, strides, padding)
