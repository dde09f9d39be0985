"""Convolutions of float images, and their gradients."""

from __future__ import annotations

import math

from pyengine.executors.simd.encode.base import Encoded, Word, each, encodes, floats
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call, Slot
from pyengine.shapes import size

LIMITS = {"linear": (-math.inf, math.inf), "relu": (0.0, math.inf), "relu6": (0.0, 6.0)}
GEOMETRY = 16  # words of `geometry`, the number of images first
HEIGHT, ROWS, TOP = 1, 4, 13  # places of some among these
MOST_TAPS = 2048  # a panel of the kernel with one channel of each must fit into the workspace


def geometry(call: Call, x: Slot, kernel: Slot, convolved: Slot) -> tuple[int, ...] | None:
    """The words of `geometry` in kernels/window.h, or None where there is nothing to sum over."""
    settings = call.op.settings
    (top, _), (left, _) = settings["padding"]
    sizes, filters = kernel.spec.shape[:2], kernel.spec.shape[3]
    if not floats(call) or not 0 < size(sizes) <= MOST_TAPS or not x.spec.shape[3] or not filters:
        return None
    groups = settings["groups"]
    counts = convolved.spec.shape[1:3]
    around = (*settings["strides"], *settings["dilation"], top, left, groups)
    return (*x.spec.shape, *counts, filters, *sizes, *around)


def encoded(
    call: Call,
    words: tuple[Word, ...],
    convolved: Slot,
    weights: Slot,
    by_image: dict[int, int],
    by_row: Axis,
    shift: int,
) -> Encoded:
    """The kernel for what a channel sees: all of its group, or itself alone. `convolved`: the forward output.

    It is divided by images, and a single image by rows: the padding at its top then moves by `shift`, and below 0 the
    first windows lie so many rows inside the image. `by_row` counts at a place of the geometry.
    """
    first = len(words) - GEOMETRY
    by_row = Axis(first + by_row.counted, {**by_row.moving, first + TOP: shift})
    _, _, channels, filters = weights.spec.shape
    alone = channels == 1 and filters == call.op.settings["groups"] > 1
    ending = call.op.name.removeprefix("conv2d").removesuffix("_bias")
    operations = 2 * size(convolved.spec.shape) * size(weights.spec.shape[:3])
    speed = 10 if alone else 40  # operations a nanosecond
    each_place = (160 if filters % 4 else 0) if alone else 0 if ending == "_kernel_gradient" else 20
    places = max(size(slot.spec.shape[:3]) for slot in (convolved, call.output))
    nanoseconds = 200 + operations // speed + each_place * places
    record = Encoded(f"{'depthwise' if alone else 'conv2d'}{ending}", words, nanoseconds)
    return in_rounds(record, Axis(first, by_image), by_row)


def row(slot: Slot) -> int:
    """Bytes of one row of an image."""
    return 4 * size(slot.spec.shape[2:])


@encodes("conv2d", "conv2d_bias")
def conv2d(call: Call) -> Encoded | None:
    x, kernel, *bias = call.inputs
    words = geometry(call, x, kernel, call.output)
    if words is None:
        return None
    limits = LIMITS.get(call.op.settings.get("activation", "linear"))
    if limits is None:
        return None
    ending = (bias[0] if bias else None, *limits)
    out, down = call.output, call.op.settings["strides"][0]
    by_row = Axis(ROWS, {0: row(out)})
    return encoded(
        call, (out, x, kernel, *ending, *words), out, kernel, {0: each(out), 1: each(x)}, by_row, -down
    )


@encodes("conv2d_input_gradient")
def conv2d_input_gradient(call: Call) -> Encoded | None:
    gradient, kernel = call.inputs
    words = geometry(call, call.output, kernel, gradient)
    if words is None:
        return None
    out = call.output
    by_image, by_row = {0: each(out), 1: each(gradient)}, Axis(HEIGHT, {0: row(out)})
    return encoded(call, (out, gradient, kernel, *words), gradient, kernel, by_image, by_row, 1)


@encodes("conv2d_kernel_gradient")
def conv2d_kernel_gradient(call: Call) -> Encoded | None:
    x, gradient = call.inputs
    words = geometry(call, x, call.output, gradient)
    if words is None:
        return None
    # Word 3: whether to add, from the second round on.
    by_image, by_row = {1: each(x), 2: each(gradient), 3: 1}, Axis(ROWS, {2: row(gradient), 3: 1})
    down = call.op.settings["strides"][0]
    return encoded(
        call, (call.output, x, gradient, 0, *words), gradient, call.output, by_image, by_row, -down
    )
