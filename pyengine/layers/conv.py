"""Convolutions: the same small weights at every place of a sequence or an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.spatial import Spatial
from pyengine.layers.symbolic import AnyShape
from pyengine.layers.weight import Weight

PADDINGS = ("valid", "same")


class Windowed(Spatial):
    """Base of convolutions: what they share about windows, channels, bias and activation."""

    paddings: ClassVar[Sequence[str]] = PADDINGS

    bias: Any

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.kernel_size = check.wholes(self, "kernel_size", kernel_size, self.axes)
        self.strides = check.wholes(self, "strides", strides, self.axes)
        self.dilation_rate = check.wholes(self, "dilation_rate", dilation_rate, self.axes)
        self.padding = check.choice(self, "padding", padding, self.paddings)
        self.activation = check.activation(self, "activation", activation)
        self.use_bias = use_bias

    def _finish(self, x: Any) -> Any:
        """With bias and activation."""
        return self.activation(x if self.bias is None else ops.add(x, self.bias))

    def _channels(self, shape: AnyShape) -> int:
        """The input's channels, which must be known and stay."""
        if shape[-1] is None:
            raise self.shape_error(
                "a known number of channels, the last axis",
                shape,
                "Give `Input` (or the first layer) that length.",
            )
        self.known_lengths = {-1: shape[-1]}
        return shape[-1]


class Convolution(Windowed):
    """Base of Conv1D and Conv2D."""

    kernel = Weight("glorot_uniform")
    bias = Weight("zeros", when="use_bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        *,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            kernel_size,
            strides,
            padding,
            dilation_rate,
            activation,
            use_bias,
            data_format=data_format,
            **kwargs,
        )
        self.filters = check.whole(self, "filters", filters)
        self.groups = check.whole(self, "groups", groups)
        if self.filters % self.groups:
            raise self.refusal(
                "filters", f"a multiple of groups={groups}", filters, "Change `filters` or `groups`."
            )

    def build(self, shape: AnyShape) -> None:
        channels = self._channels(shape)
        if channels % self.groups:
            raise self.shape_error(
                f"a number of channels that is a multiple of groups={self.groups}",
                f"{channels} channels, shape {shape}",
                "Change `groups`, or the channels of the input.",
            )
        self.add_weights(
            kernel=(*self.kernel_size, channels // self.groups, self.filters), bias=(self.filters,)
        )


class Conv1D(Convolution):
    """A window slides along sequences; at each place every filter sums what it sees, weighted.

    y[place, f] = activation(Σ x[place · strides + k · dilation_rate, c] · kernel[k, c, f] + bias[f]), over k and c.

    Shapes: (batch, steps, channels) to (batch, new steps, filters).
    Weights: kernel (kernel_size, channels / groups, filters), bias (filters,).
    Arguments:
        filters: how many outputs each place has, at least 1.
        kernel_size: length of the window.
        strides: steps from window to window.
        padding: "valid" (windows lie inside), "same" (as many places as steps, if strides is 1; the odd zero at
            the end), or "causal" (an output sees nothing later than itself).
        dilation_rate: steps between the places that a window sees.
        groups: the channels and filters are split into so many parts that do not see each other.
        activation, use_bias: as in Dense.

    >>> Conv1D(4, 3).compute_output_shape((None, 10, 2))
    (None, 8, 4)

    Agrees with Keras 3.
    """

    axes = 1
    paddings = (*PADDINGS, "causal")

    def call(self, x: Any) -> Any:
        return self._finish(
            ops.conv1d(
                x,
                self.kernel,
                strides=self.strides[0],
                padding=self.padding,
                dilation=self.dilation_rate[0],
                groups=self.groups,
            )
        )


class Conv2D(Convolution):
    """A window slides over images; at each place every filter sums what it sees, weighted.

    y[place, f] = activation(Σ x[place · strides + k · dilation_rate, c] · kernel[k, c, f] + bias[f]), over k and c.
    A place is a row and a column.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, filters).
    Weights: kernel (height, width, channels / groups, filters), bias (filters,).
    Arguments:
        filters: how many outputs each place has, at least 1.
        kernel_size: height and width of the window, or one number for both.
        strides: steps from window to window.
        padding: "valid" (windows lie inside) or "same" (as many places as pixels, if strides is 1; odd zeros at
            the bottom and the right).
        dilation_rate: steps between the places that a window sees.
        groups: the channels and filters are split into so many parts that do not see each other.
        activation, use_bias: as in Dense.

    >>> Conv2D(8, 3, padding="same").compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 8)

    Agrees with Keras 3.
    """

    axes = 2

    def call(self, x: Any) -> Any:
        return self._finish(
            ops.conv2d(
                x,
                self.kernel,
                strides=self.strides,
                padding=self.padding,
                dilation=self.dilation_rate,
                groups=self.groups,
            )
        )


class DepthwiseConv2D(Windowed):
    """A convolution of every channel on its own.

    y[place, c, m] = Σ x[place · strides + k · dilation_rate, c] · kernel[k, c, m], over the places k of the window;
    then bias and activation.

    Shapes: (batch, height, width, channels) to (batch, new height, new width, channels · depth_multiplier).
    Weights: kernel (height, width, channels, depth_multiplier), bias (channels · depth_multiplier,).
    Arguments:
        kernel_size, strides, padding, dilation_rate: as in Conv2D.
        depth_multiplier: how many outputs each channel has.
        activation, use_bias: as in Dense.

    >>> DepthwiseConv2D(3, depth_multiplier=2).compute_output_shape((None, 8, 8, 4))
    (None, 6, 6, 8)

    Agrees with Keras 3. Source: Chollet, "Xception" (CVPR 2017).
    """

    axes = 2

    kernel = Weight("glorot_uniform", words="depthwise")
    bias = Weight("zeros", when="use_bias")

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        *,
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            kernel_size,
            strides,
            padding,
            dilation_rate,
            activation,
            use_bias,
            data_format=data_format,
            **kwargs,
        )
        self.depth_multiplier = check.whole(self, "depth_multiplier", depth_multiplier)

    def build(self, shape: AnyShape) -> None:
        channels = self._channels(shape)
        self.add_weights(
            kernel=(*self.kernel_size, channels, self.depth_multiplier),
            bias=(channels * self.depth_multiplier,),
        )

    def call(self, x: Any) -> Any:
        return self._finish(
            ops.depthwise_conv2d(
                x, self.kernel, strides=self.strides, padding=self.padding, dilation=self.dilation_rate
            )
        )


class SeparableConv2D(Windowed):
    """A convolution of every channel on its own, then a mixture of the channels at every place.

    y = activation(conv2d(depthwise_conv2d(x, depthwise_kernel), pointwise_kernel) + bias).

    Shapes: (batch, height, width, channels) to (batch, new height, new width, filters).
    Weights: depthwise_kernel (height, width, channels, depth_multiplier), pointwise_kernel
        (1, 1, channels · depth_multiplier, filters), bias (filters,).
    Arguments:
        filters: how many outputs each place has, at least 1.
        kernel_size, strides, padding, dilation_rate: as in Conv2D.
        depth_multiplier: how many numbers each channel becomes before they are mixed.
        activation, use_bias: as in Dense.

    >>> SeparableConv2D(16, 3).compute_output_shape((None, 8, 8, 4))
    (None, 6, 6, 16)

    Agrees with Keras 3. Source: Chollet, "Xception" (CVPR 2017).
    """

    axes = 2

    depthwise_kernel = Weight("glorot_uniform", words="depthwise")
    pointwise_kernel = Weight("glorot_uniform", words="pointwise")
    bias = Weight("zeros", when="use_bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        *,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            kernel_size,
            strides,
            padding,
            dilation_rate,
            activation,
            use_bias,
            data_format=data_format,
            **kwargs,
        )
        self.filters = check.whole(self, "filters", filters)
        self.depth_multiplier = check.whole(self, "depth_multiplier", depth_multiplier)

    def build(self, shape: AnyShape) -> None:
        channels = self._channels(shape)
        self.add_weights(
            depthwise_kernel=(*self.kernel_size, channels, self.depth_multiplier),
            pointwise_kernel=(1, 1, channels * self.depth_multiplier, self.filters),
            bias=(self.filters,),
        )

    def call(self, x: Any) -> Any:
        x = ops.depthwise_conv2d(
            x, self.depthwise_kernel, strides=self.strides, padding=self.padding, dilation=self.dilation_rate
        )
        return self._finish(ops.conv2d(x, self.pointwise_kernel))


class ZeroPadding2D(Spatial):
    """Zeros around images.

    Shapes: (batch, height, width, channels) to (batch, top + height + bottom, left + width + right, channels).
    Arguments:
        padding: how many: one number for all sides, (above and below, left and right), or
            ((top, bottom), (left, right)).

    >>> ZeroPadding2D(((0, 1), (0, 1))).compute_output_shape((None, 4, 4, 3))
    (None, 5, 5, 3)

    Agrees with Keras 3.
    """

    axes = 2

    def __init__(self, padding: int | Sequence[int] | Sequence[Sequence[int]] = 1, **kwargs: Any):
        super().__init__(**kwargs)
        sides = list(padding) if isinstance(padding, (list, tuple)) else [padding, padding]
        if len(sides) != 2:
            raise self.refusal(
                "padding",
                "a whole number, (rows, columns) or ((top, bottom), (left, right))",
                padding,
                "Use, for example, `padding=1`.",
            )
        rows, columns = (check.wholes(self, "padding", side, 2, least=0) for side in sides)
        self.padding = ((rows[0], rows[1]), (columns[0], columns[1]))

    def call(self, x: Any) -> Any:
        return ops.pad(x, ((0, 0), *self.padding, (0, 0)))
