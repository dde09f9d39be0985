"""Convolutions of images, and of sequences as images one row high.

One trilinear form, Σ conv2d(x, kernel) · gradient, gives three ops: each is the derivative of that form with
respect to one of the three arrays, so each one's gradients are the other two, to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine.errors import ArgumentError, ShapeError, describe
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, shape_of
from pyengine.ops.cast import meet
from pyengine.ops.product import product
from pyengine.ops.structure import reshape
from pyengine.ops.window import Padding, offsets, output_lengths, patches, resolve_padding
from pyengine.shapes import Shape, pair, size

CHUNK = 2**18  # numbers gathered before one product: fits caches, and bounds memory whatever the batch


class Convolution(Op):
    """Settings that the three share.

    x: (B, H, W, C)  kernel: (KH, KW, C / groups, F)  gradient: (B, OH, OW, F). Filter f belongs to group
    f div (F / groups). Evaluation gathers windows into a matrix, so that BLAS does the arithmetic; with one
    channel a group (depthwise) there is nothing to sum over, and whole images are multiplied place by place.
    """

    strides: tuple[int, int]
    padding: Padding
    dilation: tuple[int, int]
    groups: int

    def counts(self, lengths: Shape, sizes: Shape) -> Shape:
        return output_lengths(self.name, lengths, sizes, self.strides, self.dilation, self.padding)

    def places(self, lengths: Shape, counts: Shape, sizes: Shape):
        return offsets(lengths, counts, sizes, self.strides, self.dilation, self.padding)

    def check_kernel(self, channels: int, kernel: Shape) -> None:
        if channels != kernel[2] * self.groups or kernel[3] % self.groups:
            raise ShapeError(
                where=f"ops.{self.name}",
                argument="kernel",
                expected=f"(height, width, channels / groups, filters) with {channels / self.groups:g} channels "
                f"(inputs have {channels}, groups={self.groups}) and filters divisible by {self.groups}",
                got=f"shape {kernel}",
                fix="Change `groups`, or the kernel.",
            )

    def columns(self, x, counts, sizes):
        """Matrices of windows, some images at a time: (images, groups, B · OH · OW, KH · KW · C / groups)."""
        batch, channels = x.shape[0], x.shape[3]
        padded = padded_image(x, self.padding)
        view = patches(padded, counts, sizes, self.strides, self.dilation)
        step = max(1, CHUNK // max(1, size(view.shape[1:])))
        for start in range(0, batch, step):
            part = view[start : start + step]
            rows = part.shape[0] * size(counts)
            part = part.reshape(rows, size(sizes), self.groups, channels // self.groups)
            part = part.transpose(2, 0, 1, 3).reshape(self.groups, rows, -1)
            yield slice(start, start + step), part

    def kernel_by_group(self, kernel):
        """(groups, KH · KW · C / groups, F / groups)."""
        rows, filters = size(kernel.shape[:3]), kernel.shape[3]
        return kernel.reshape(rows, self.groups, filters // self.groups).transpose(1, 0, 2)

    def gradient_by_group(self, gradient):
        """(groups, B · OH · OW, F / groups)."""
        rows, filters = size(gradient.shape[:3]), gradient.shape[3]
        return gradient.reshape(rows, self.groups, filters // self.groups).transpose(1, 0, 2)


def padded_image(x: np.ndarray, padding: Padding) -> np.ndarray:
    """Zeros around height and width."""
    if not any(map(any, padding)):
        return x
    (top, bottom), (left, right) = padding
    batch, height, width, channels = x.shape
    out = np.zeros((batch, height + top + bottom, width + left + right, channels), x.dtype)
    out[:, top : top + height, left : left + width] = x
    return out


class Conv2D(Convolution):
    """x, kernel -> (B, OH, OW, F)."""

    name = "conv2d"

    def shape(self, x: Spec, kernel: Spec) -> Spec:
        check_rank(self.name, "an input (batch, height, width, channels)", x)
        check_rank(self.name, "a kernel (height, width, channels / groups, filters)", kernel)
        self.check_kernel(x.shape[3], kernel.shape)
        return Spec(
            (x.shape[0], *self.counts(x.shape[1:3], kernel.shape[:2]), kernel.shape[3]),
            x.dtype,
        )

    def evaluate(self, x, kernel):
        counts = self.counts(x.shape[1:3], kernel.shape[:2])
        out = np.empty((x.shape[0], *counts, kernel.shape[3]), x.dtype)
        self.evaluate_into(out, x, kernel)
        return out

    def evaluate_into(self, out, x, kernel):
        sizes, counts = kernel.shape[:2], out.shape[1:3]
        if self.groups > 1 and kernel.shape[2] == 1:
            out.fill(0)
            wide, narrow = split_channels(out, self.groups), x[..., None]
            weights = kernel.reshape(*sizes, self.groups, -1)
            for place, outputs, inputs in self.places(x.shape[1:3], counts, sizes):
                wide[outputs] += narrow[inputs] * weights[place]
            return
        weights = self.kernel_by_group(kernel)
        for images, columns in self.columns(x, counts, sizes):
            target = out[images].reshape(columns.shape[1], -1)
            if self.groups == 1:
                product(columns[0], weights[0], target)
            else:
                split_channels(target, self.groups)[...] = np.matmul(columns, weights).transpose(1, 0, 2)

    def gradient(self, gradient, output, x, kernel):
        return (
            apply(Conv2DInputGradient(**self.settings, lengths=x.shape[1:3]), gradient, kernel),
            apply(Conv2DKernelGradient(**self.settings, sizes=kernel.shape[:2]), x, gradient),
        )


class Conv2DInputGradient(Convolution):
    """gradient, kernel -> (B, *lengths, C): also a transposed convolution."""

    name = "conv2d_input_gradient"
    lengths: tuple[int, int]

    def shape(self, gradient: Spec, kernel: Spec) -> Spec:
        channels = kernel.shape[2] * self.groups
        self.check_kernel(channels, kernel.shape)
        check_gradient(self.name, gradient, (*self.counts(self.lengths, kernel.shape[:2]), kernel.shape[3]))
        return Spec((gradient.shape[0], *self.lengths, channels), gradient.dtype)

    def evaluate(self, gradient, kernel):
        out = np.empty((gradient.shape[0], *self.lengths, kernel.shape[2] * self.groups), gradient.dtype)
        self.evaluate_into(out, gradient, kernel)
        return out

    def evaluate_into(self, out, gradient, kernel):
        sizes, counts = kernel.shape[:2], gradient.shape[1:3]
        out.fill(0)
        weights = kernel.reshape(*sizes, kernel.shape[2], self.groups, -1).transpose(0, 1, 3, 4, 2)
        grouped = split_channels(gradient, self.groups)  # (B, OH, OW, groups, F / groups)
        for place, outputs, inputs in self.places(self.lengths, counts, sizes):
            seen, target = grouped[outputs], out[inputs]
            if kernel.shape[2] == 1 and self.groups > 1:
                target += np.einsum("bhwgf,gf->bhwg", seen, weights[place][..., 0])
                continue
            rows = seen.reshape(size(seen.shape[:3]), self.groups, seen.shape[4])
            part = rows[:, 0] @ weights[place][0] if self.groups == 1 else by_group(rows, weights[place])
            target += part.reshape(target.shape)

    def gradient(self, gradient, output, upstream, kernel):
        plain = {key: value for key, value in self.settings.items() if key != "lengths"}
        return (
            apply(Conv2D(**plain), gradient, kernel),
            apply(Conv2DKernelGradient(**plain, sizes=kernel.shape[:2]), gradient, upstream),
        )


class Conv2DKernelGradient(Convolution):
    """x, gradient -> (*sizes, C / groups, F)."""

    name = "conv2d_kernel_gradient"
    sizes: tuple[int, int]

    def shape(self, x: Spec, gradient: Spec) -> Spec:
        filters = gradient.shape[3]
        check_gradient(self.name, gradient, (*self.counts(x.shape[1:3], self.sizes), filters))
        kernel = (*self.sizes, x.shape[3] // self.groups, filters)
        self.check_kernel(x.shape[3], kernel)
        return Spec(kernel, x.dtype)

    def evaluate(self, x, gradient):
        out = np.empty((*self.sizes, x.shape[3] // self.groups, gradient.shape[3]), x.dtype)
        self.evaluate_into(out, x, gradient)
        return out

    def evaluate_into(self, out, x, gradient):
        counts, groups = gradient.shape[1:3], self.groups
        out.fill(0)
        if groups > 1 and x.shape[3] == groups:
            wide = split_channels(gradient, groups)
            target = out.reshape(*self.sizes, groups, -1)
            for place, outputs, inputs in self.places(x.shape[1:3], counts, self.sizes):
                np.einsum("bhwg,bhwgf->gf", x[inputs], wide[outputs], out=target[place])
            return
        target = out.reshape(-1, groups, out.shape[3] // groups).transpose(1, 0, 2)
        part = np.empty(target.shape, target.dtype)
        for images, columns in self.columns(x, counts, self.sizes):
            rows = self.gradient_by_group(gradient[images])
            if groups == 1:
                product(columns[0].T, rows[0], part[0])
            else:
                np.matmul(columns.transpose(0, 2, 1), rows, out=part)
            target += part

    def gradient(self, gradient, output, x, upstream):
        plain = {key: value for key, value in self.settings.items() if key != "sizes"}
        return (
            apply(Conv2DInputGradient(**plain, lengths=x.shape[1:3]), upstream, gradient),
            apply(Conv2D(**plain), x, gradient),
        )


def by_group(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """rows: (N, groups, K)  weights: (groups, K, M) -> (N, groups, M)."""
    return np.matmul(rows.transpose(1, 0, 2), weights).transpose(1, 0, 2)


def split_channels(x: np.ndarray, groups: int) -> np.ndarray:
    """(…, C) as (…, groups, C / groups), the same memory."""
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def check_rank(op: str, what: str, spec: Spec) -> None:
    if len(spec.shape) != 4:
        raise ShapeError(
            where=f"ops.{op}",
            argument="the inputs",
            expected=what,
            got=f"shape {spec.shape}",
            fix="Give one image a batch axis, `x[None]`, and grey ones an axis of channels, `x[..., None]`.",
        )


def check_gradient(op: str, gradient: Spec, expected: Shape) -> None:
    if gradient.shape[1:] != expected:
        raise ShapeError(
            where=f"ops.{op}",
            argument="gradient",
            expected=f"shape (batch, {', '.join(map(str, expected))})",
            got=f"shape {gradient.shape}",
            fix="Give the gradient of the op's output.",
        )


def conv2d(
    x: Array,
    kernel: Array,
    *,
    strides: int | Sequence[int] = (1, 1),
    padding: str | Sequence[Sequence[int]] = "valid",
    dilation: int | Sequence[int] = (1, 1),
    groups: int = 1,
) -> Any:
    """A window slides over images; at each place its weights are multiplied with what it sees, and summed.

    out[b, i, j, f] = Σ x[b, i·stride + m·dilation - top, j·stride + n·dilation - left, c] kernel[m, n, c, f],
    summed over m, n, c (a cross-correlation, as everywhere in this field).

    Shapes: x (batch, height, width, channels), kernel (height, width, channels / groups, filters) -> (batch, rows,
        columns, filters).
    Arguments:
        x: images.
        kernel: the weights.
        strides: steps from window to window; default (1, 1).
        padding: "valid" (windows lie inside), "same" (ceil(length / strides) long), or ((top, bottom), (left, right));
            default "valid".
        dilation: steps between the places that a window sees; default (1, 1).
        groups: into how many parts, which do not see each other, channels and filters are split; default 1.
    Errors: ShapeError when the kernel does not fit the channels, or is larger than the padded input.

    >>> conv2d(np.ones((1, 3, 3, 1), np.float32), np.ones((2, 2, 1, 1), np.float32)).reshape(2, 2)
    array([[4., 4.],
           [4., 4.]], dtype=float32)
    """
    x, kernel = meet(x, kernel)
    check_rank("conv2d", "an input (batch, height, width, channels)", Spec(shape_of(x)))
    check_rank("conv2d", "a kernel (height, width, channels / groups, filters)", Spec(shape_of(kernel)))
    strides, dilation = pair(strides, "strides"), pair(dilation, "dilation")
    if not isinstance(groups, int) or groups < 1:
        raise ArgumentError(
            where="ops.conv2d",
            argument="groups",
            expected="a whole number of at least 1",
            got=describe(groups),
            fix="Use `groups=1`.",
        )
    padding = resolve_padding(padding, shape_of(x)[1:3], shape_of(kernel)[:2], strides, dilation)
    op = Conv2D(strides=strides, padding=padding, dilation=dilation, groups=groups)
    return apply(op, x, kernel)


def depthwise_conv2d(
    x: Array,
    kernel: Array,
    *,
    strides: int | Sequence[int] = (1, 1),
    padding: str | Sequence[Sequence[int]] = "valid",
    dilation: int | Sequence[int] = (1, 1),
) -> Any:
    """Every channel is convolved on its own: a grouped convolution with one channel a group.

    Shapes: x (batch, height, width, channels), kernel (height, width, channels, multiplier) -> (batch, rows, columns,
        channels · multiplier), the multiplier running fastest.
    Arguments:
        x: images.
        kernel: the weights.
        strides: steps from window to window; default (1, 1).
        padding: "valid" (windows lie inside), "same" (ceil(length / strides) long), or ((top, bottom), (left, right));
            default "valid".
        dilation: steps between the places that a window sees; default (1, 1).
    Errors: ShapeError when the kernel does not fit the channels, or is larger than the padded input.

    >>> image = np.ones((1, 2, 2, 3), np.float32)
    >>> depthwise_conv2d(image, np.ones((2, 2, 3, 1), np.float32)).reshape(3)
    array([4., 4., 4.], dtype=float32)
    """
    check_rank("depthwise_conv2d", "a kernel (height, width, channels, multiplier)", Spec(shape_of(kernel)))
    height, width, channels, multiplier = shape_of(kernel)
    if len(shape_of(x)) != 4 or shape_of(x)[3] != channels:
        raise ShapeError(
            where="ops.depthwise_conv2d",
            argument="the inputs",
            expected=f"(batch, height, width, {channels}), as the kernel has shape {shape_of(kernel)}",
            got=f"shape {shape_of(x)}",
            fix="Use a kernel (height, width, channels of the inputs, multiplier).",
        )
    grouped = reshape(kernel, (height, width, 1, channels * multiplier))
    return conv2d(x, grouped, strides=strides, padding=padding, dilation=dilation, groups=channels)


def conv1d(
    x: Array,
    kernel: Array,
    *,
    strides: int = 1,
    padding: str | Sequence[int] = "valid",
    dilation: int = 1,
    groups: int = 1,
) -> Any:
    """A window slides over sequences: conv2d on images one row high.

    Shapes: x (batch, steps, channels), kernel (length, channels / groups, filters) -> (batch, windows, filters).
    Arguments:
        x: sequences.
        kernel: the weights.
        strides: steps from window to window; default 1.
        padding: "valid" (windows lie inside), "same" (as many places as there are, with strides of 1), "causal"
            (result t sees nothing after t · strides), or zeros (before, after); default "valid".
        dilation: steps between the places that a window sees; default 1.
        groups: into how many parts, which do not see each other, channels and filters are split; default 1.
    Errors: ShapeError when the kernel does not fit the channels, or is larger than the padded input.

    >>> conv1d(np.float32([[[1], [2], [4]]]), np.ones((2, 1, 1), np.float32), padding="causal").reshape(3)
    array([1., 3., 6.], dtype=float32)
    """
    if len(shape_of(x)) != 3 or len(shape_of(kernel)) != 3:
        raise ShapeError(
            where="ops.conv1d",
            argument="the inputs",
            expected="sequences (batch, steps, channels) and a kernel (length, channels / groups, filters)",
            got=f"shapes {shape_of(x)} and {shape_of(kernel)}",
            fix="Give sequences of numbers an axis of channels: `x[..., None]`.",
        )
    batch, steps, channels = shape_of(x)
    (strides,), (dilation,) = pair(strides, "strides", count=1), pair(dilation, "dilation", count=1)
    if padding == "causal":
        padding = ((shape_of(kernel)[0] - 1) * dilation, 0)
    if not isinstance(padding, str):
        padding = ((0, 0), padding)  # type: ignore[assignment]
    result = conv2d(
        reshape(x, (batch, 1, steps, channels)),
        reshape(kernel, (1, *shape_of(kernel))),
        strides=(1, strides),
        padding=padding,  # type: ignore[arg-type]
        dilation=(1, dilation),
        groups=groups,
    )
    return reshape(result, (batch, shape_of(result)[2], shape_of(result)[3]))
