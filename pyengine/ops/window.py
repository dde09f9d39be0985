"""Arithmetic of windows that slide over an image: how many, how padded, and what each place of them sees.

Convolutions and pools share it. Everything is said per axis first; `offsets` puts height and width together.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pyengine.errors import ArgumentError, ShapeError, describe
from pyengine.shapes import Shape

Padding = tuple[tuple[int, int], ...]


def resolve_padding(
    padding: str | Sequence[Sequence[int]],
    lengths: Sequence[int],
    sizes: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
) -> Padding:
    """Zeros (before, after) on each axis.

    "valid" adds none. "same" makes the result ceil(length / stride) long, the odd zero at the end, as
    TensorFlow does. Pairs are taken as they are.

    >>> resolve_padding("same", (28, 28), (3, 3), (2, 2), (1, 1))
    ((0, 1), (0, 1))
    """
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    if padding == "same":
        pairs = []
        for length, size, stride, step in zip(lengths, sizes, strides, dilation, strict=True):
            needed = (-(-length // stride) - 1) * stride + (size - 1) * step + 1
            total = max(needed - length, 0)
            pairs.append((total // 2, total - total // 2))
        return tuple(pairs)
    pairs = []
    if not isinstance(padding, str):
        with contextlib.suppress(TypeError, ValueError):  # said below, with what came
            pairs = [(operator.index(before), operator.index(after)) for before, after in padding]
    if len(pairs) != len(sizes) or any(side < 0 for pair in pairs for side in pair):
        raise ArgumentError(
            argument="padding",
            expected=f"'valid', 'same' or {len(sizes)} pairs (before, after) of at least 0",
            got=describe(padding),
            fix="Use `padding='same'`.",
        )
    return tuple(pairs)


def output_length(length: int, size: int, stride: int, step: int, pads: tuple[int, int]) -> int:
    """How many windows fit: floor((length + padding - extent) / stride) + 1."""
    return (length + sum(pads) - (size - 1) * step - 1) // stride + 1


def output_lengths(
    op: str, lengths: Shape, sizes: Shape, strides: Shape, dilation: Shape, padding: Padding
) -> Shape:
    """The number of windows on each axis; ShapeError when the window is larger than what it slides over."""
    result = tuple(map(output_length, lengths, sizes, strides, dilation, padding))
    if any(length < 1 for length in result):
        extents = tuple((size - 1) * step + 1 for size, step in zip(sizes, dilation, strict=True))
        raise ShapeError(
            where=f"ops.{op}",
            argument="the inputs",
            expected=f"height and width of at least {extents}, as large as a window (padding {padding})",
            got=f"{lengths}",
            fix="Use `padding='same'`, a smaller window or larger inputs.",
        )
    return result


def reach(length: int, count: int, offset: int, stride: int, before: int) -> tuple[slice, slice]:
    """For one place of the window on one axis: which outputs see the input there, and which inputs those are.

    Output o sees input o · stride + offset - before, if that exists.
    """
    shift = offset - before
    first = max(-(shift // stride), 0)  # the least o with o * stride + shift >= 0
    last = min((length - 1 - shift) // stride, count - 1)
    if last < first:
        return slice(0, 0), slice(0, 0)
    begin = first * stride + shift
    return slice(first, last + 1), slice(begin, begin + (last - first) * stride + 1, stride)


def offsets(
    lengths: Shape, counts: Shape, sizes: Shape, strides: Shape, dilation: Shape, padding: Padding
) -> Iterator[tuple[Any, Any, Any]]:
    """For each place in the window, in row-major order: the place, slices of output and input that meet there.

    The slices leave out the padding, so no padded copy of the input is needed. They index
    `(batch, height, width, channels)`.
    """
    axes = [
        [(place, *reach(length, count, place * step, stride, pads[0])) for place in range(size)]
        for length, count, size, stride, step, pads in zip(
            lengths, counts, sizes, strides, dilation, padding, strict=True
        )
    ]
    for places in itertools.product(*axes):
        outputs = tuple(place[1] for place in places)
        if all(part.stop > part.start for part in outputs):
            inputs = tuple(place[2] for place in places)
            yield tuple(place[0] for place in places), (slice(None), *outputs), (slice(None), *inputs)


def patches(x: np.ndarray, counts: Shape, sizes: Shape, strides: Shape, dilation: Shape) -> np.ndarray:
    """A view `(batch, rows, columns, *sizes, channels)` of what each window sees in a (padded) image."""
    batch, rows, columns, channels = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (x.shape[0], *counts, *sizes, x.shape[3]),
        (
            batch,
            rows * strides[0],
            columns * strides[1],
            rows * dilation[0],
            columns * dilation[1],
            channels,
        ),
        writeable=False,
    )
