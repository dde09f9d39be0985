"""Pools: the largest number or the mean of every window, or of everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.spatial import Spatial


class Pooling(Spatial):
    """Base of pools over windows.

    Arguments:
        pool_size: the window's length on every spatial axis, or one number for all.
        strides: steps from window to window; None: the windows lie side by side.
        padding: "valid" (windows lie inside) or "same" (windows may hang over; what is outside does not count).
    Errors: ShapeError for a window that does not fit, or inputs of another rank; else as `Layer`.
    """

    _pool: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.pool_size = check.wholes(self, "pool_size", pool_size, self.axes)
        given = pool_size if strides is None else strides
        self.strides = check.wholes(self, "strides", given, self.axes)
        self.padding = check.choice(self, "padding", padding, ("valid", "same"))

    def call(self, x: Any) -> Any:
        size: Any = self.pool_size if self.axes > 1 else self.pool_size[0]
        strides: Any = self.strides if self.axes > 1 else self.strides[0]
        return type(self)._pool(x, pool_size=size, strides=strides, padding=self.padding)


class MaxPooling1D(Pooling):
    """The largest number of every window of a sequence.

    y[place, c] = max x[place · strides + k, c] over the places k of the window.

    Shapes: (batch, steps, channels) to (batch, windows, channels).
    Arguments: see `Pooling`.

    >>> MaxPooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]])
    array([[[3.],
            [2.]]], dtype=float32)

    Agrees with Keras 3.
    """

    axes = 1
    _pool = staticmethod(ops.max_pool1d)


class MaxPooling2D(Pooling):
    """The largest number of every window of an image, channel by channel.

    y[place, c] = max x[place · strides + k, c] over the places k of the window.

    Shapes: (batch, height, width, channels) to (batch, rows of windows, columns of windows, channels).
    Arguments: see `Pooling`.

    >>> MaxPooling2D(2).compute_output_shape((None, 28, 28, 8))
    (None, 14, 14, 8)

    Agrees with Keras 3.
    """

    axes = 2
    _pool = staticmethod(ops.max_pool2d)


class AveragePooling1D(Pooling):
    """The mean of every window of a sequence.

    y[place, c] = mean x[place · strides + k, c] over the places k of the window.

    Shapes: (batch, steps, channels) to (batch, windows, channels).
    Arguments: see `Pooling`.

    >>> AveragePooling1D(2)([[[1.0], [3.0]]])
    array([[[2.]]], dtype=float32)

    Agrees with Keras 3.
    """

    axes = 1
    _pool = staticmethod(ops.average_pool1d)


class AveragePooling2D(Pooling):
    """The mean of every window of an image, channel by channel.

    y[place, c] = mean x[place · strides + k, c] over the places k of the window.

    Shapes: (batch, height, width, channels) to (batch, rows of windows, columns of windows, channels).
    Arguments: see `Pooling`.

    >>> AveragePooling2D(7).compute_output_shape((None, 7, 7, 16))
    (None, 1, 1, 16)

    Agrees with Keras 3.
    """

    axes = 2
    _pool = staticmethod(ops.average_pool2d)


class GlobalPooling(Spatial):
    """Base of pools over all places at once.

    Arguments:
        keepdims: whether the spatial axes stay, with length 1.
    """

    _pool: ClassVar[Callable[..., Any]]

    def __init__(self, *, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.keepdims = keepdims

    def call(self, x: Any) -> Any:
        return type(self)._pool(x, axis=tuple(range(1, self.axes + 1)), keepdims=self.keepdims)


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel over a whole sequence.

    y[c] = mean x[place, c] over all places.

    Shapes: (batch, steps, channels) to (batch, channels).
    Arguments: see `GlobalPooling`.

    >>> GlobalAveragePooling1D()([[[1.0], [3.0]]])
    array([[2.]], dtype=float32)

    Agrees with Keras 3.
    """

    axes = 1
    _pool = staticmethod(ops.mean)


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel over a whole image.

    y[c] = mean x[place, c] over all places.

    Shapes: (batch, height, width, channels) to (batch, channels).
    Arguments: see `GlobalPooling`.

    >>> GlobalAveragePooling2D().compute_output_shape((None, 7, 7, 1280))
    (None, 1280)

    Agrees with Keras 3.
    """

    axes = 2
    _pool = staticmethod(ops.mean)


class GlobalMaxPooling1D(GlobalPooling):
    """The largest number of each channel over a whole sequence.

    y[c] = max x[place, c] over all places.

    Shapes: (batch, steps, channels) to (batch, channels).
    Arguments: see `GlobalPooling`.

    >>> GlobalMaxPooling1D()([[[1.0], [3.0]]])
    array([[3.]], dtype=float32)

    Agrees with Keras 3.
    """

    axes = 1
    _pool = staticmethod(ops.max)


class GlobalMaxPooling2D(GlobalPooling):
    """The largest number of each channel over a whole image.

    y[c] = max x[place, c] over all places.

    Shapes: (batch, height, width, channels) to (batch, channels).
    Arguments: see `GlobalPooling`.

    >>> GlobalMaxPooling2D().compute_output_shape((None, 7, 7, 64))
    (None, 64)

    Agrees with Keras 3.
    """

    axes = 2
    _pool = staticmethod(ops.max)
