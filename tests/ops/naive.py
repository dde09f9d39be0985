"""Convolutions and pools by their definitions: one loop per index, float64. Slow and obviously right."""

from __future__ import annotations

import itertools

import numpy as np


def windows(length, size, stride, step, pads):
    """For each window on one axis, the places (in the window, on the input) that exist."""
    count = (length + sum(pads) - (size - 1) * step - 1) // stride + 1
    return [
        [
            (place, start * stride + place * step - pads[0])
            for place in range(size)
            if 0 <= start * stride + place * step - pads[0] < length
        ]
        for start in range(count)
    ]


def terms(shape, sizes, strides, padding, dilation):
    """Every (row, column, m, n, y, x): output place, window place, input place."""
    rows = windows(shape[0], sizes[0], strides[0], dilation[0], padding[0])
    columns = windows(shape[1], sizes[1], strides[1], dilation[1], padding[1])
    for (i, down), (j, across) in itertools.product(enumerate(rows), enumerate(columns)):
        for (m, y), (n, x) in itertools.product(down, across):
            yield i, j, m, n, y, x


def output_shape(shape, sizes, strides, padding, dilation):
    return tuple(len(windows(*axis)) for axis in zip(shape, sizes, strides, dilation, padding, strict=True))


def conv2d(x, kernel, *, strides=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
    """out[b, i, j, f] = Σ x[b, y, x, c] kernel[m, n, c within its group, f]."""
    x, kernel = np.float64(x), np.float64(kernel)
    filters, channels = kernel.shape[3], kernel.shape[2]
    counts = output_shape(x.shape[1:3], kernel.shape[:2], strides, padding, dilation)
    out = np.zeros((x.shape[0], *counts, filters))
    for b, f, c in itertools.product(range(x.shape[0]), range(filters), range(channels)):
        group = f // (filters // groups)
        for i, j, m, n, y, w in terms(x.shape[1:3], kernel.shape[:2], strides, padding, dilation):
            out[b, i, j, f] += x[b, y, w, group * channels + c] * kernel[m, n, c, f]
    return out


def conv2d_input_gradient(gradient, kernel, *, lengths, groups=1, **geometry):
    """The transpose of conv2d in x, from its matrix."""
    shape = (gradient.shape[0], *lengths, kernel.shape[2] * groups)
    return transpose_of(lambda x: conv2d(x, kernel, groups=groups, **geometry), shape, gradient)


def conv2d_kernel_gradient(x, gradient, *, sizes, groups=1, **geometry):
    """The transpose of conv2d in the kernel, from its matrix."""
    shape = (*sizes, x.shape[3] // groups, gradient.shape[3])
    return transpose_of(lambda kernel: conv2d(x, kernel, groups=groups, **geometry), shape, gradient)


def transpose_of(linear, shape, cotangent):
    """For a linear function of an array of this shape: what its transpose makes of a cotangent."""
    result = np.zeros(shape)
    for place in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[place] = 1
        result[place] = (linear(unit) * np.float64(cotangent)).sum()
    return result


def seen(x, pool_size, strides, padding):
    """What each window sees: {(b, i, j, c): [(value, (b, y, x, c)), …]} in row-major order of the window."""
    result = {}
    for b, c in itertools.product(range(x.shape[0]), range(x.shape[3])):
        for i, j, _, _, y, w in terms(x.shape[1:3], pool_size, strides, padding, (1, 1)):
            result.setdefault((b, i, j, c), []).append((float(x[b, y, w, c]), (b, y, w, c)))
    return result


def pool(x, choose, *, pool_size, strides, padding):
    """Each window's values through `choose`."""
    counts = output_shape(x.shape[1:3], pool_size, strides, padding, (1, 1))
    out = np.zeros((x.shape[0], *counts, x.shape[3]))
    for place, entries in seen(x, pool_size, strides, padding).items():
        out[place] = choose([value for value, _ in entries])
    return out


def max_pool2d(x, **geometry):
    return pool(x, max, **geometry)


def average_pool2d(x, **geometry):
    return pool(x, lambda values: sum(values) / len(values), **geometry)


def average_pool2d_gradient(gradient, *, lengths, **geometry):
    shape = (gradient.shape[0], *lengths, gradient.shape[3])
    return transpose_of(lambda x: average_pool2d(x, **geometry), shape, gradient)


def max_pool2d_gradient(gradient, x, **geometry):
    """All to the first largest of each window."""
    out = np.zeros(x.shape)
    for place, entries in seen(x, **geometry).items():
        _, winner = max(entries, key=lambda entry: entry[0])  # max keeps the first of equals
        out[winner] += gradient[place]
    return out


def max_pool2d_pick(values, x, **geometry):
    """From each window the value that stands where x is largest."""
    counts = output_shape(
        x.shape[1:3], geometry["pool_size"], geometry["strides"], geometry["padding"], (1, 1)
    )
    out = np.zeros((x.shape[0], *counts, x.shape[3]))
    for place, entries in seen(x, **geometry).items():
        _, winner = max(entries, key=lambda entry: entry[0])
        out[place] = values[winner]
    return out
