"""Geometry of sliding windows, for all strides, dilations, paddings and groups that come to mind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from pyengine.errors import ArgumentError, ShapeError
from pyengine.ops.window import output_length, reach, resolve_padding
from tests.cases.ops import real
from tests.ops import naive

some = settings(max_examples=60, deadline=None, derandomize=True)
small = st.integers(1, 3)
pads = st.tuples(st.integers(0, 2), st.integers(0, 2))


@st.composite
def geometries(draw):
    """Lengths, window, strides, padding and dilation of which at least one window fits."""
    axes = []
    for _ in range(2):
        size, step, pad = draw(small), draw(small), draw(pads)
        least = max((size - 1) * step + 1 - sum(pad), 1)
        axes.append((draw(st.integers(least, least + 4)), size, draw(small), pad, step))
    lengths, sizes, strides, padding, dilation = zip(*axes, strict=True)
    return lengths, sizes, {"strides": strides, "padding": padding, "dilation": dilation}


def close(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-5)


@some
@given(
    geometries(), st.integers(0, 2), st.sampled_from([(1, 2, 3), (2, 1, 1), (2, 2, 2), (3, 1, 2), (1, 1, 1)])
)
def test_convolutions_follow_their_definition(geometry, batch, channels):
    lengths, sizes, placed = geometry
    groups, inner, outer = channels
    x, kernel = real(batch, *lengths, groups * inner), real(*sizes, inner, groups * outer, seed=1)
    got = ops.conv2d(x, kernel, **placed, groups=groups)
    close(got, naive.conv2d(x, kernel, **placed, groups=groups))
    whole = {**placed, "groups": groups}
    gradient = real(*got.shape, seed=2)
    to_input = ops.make("conv2d_input_gradient", **whole, lengths=lengths)
    to_kernel = ops.make("conv2d_kernel_gradient", **whole, sizes=sizes)
    # The transpose of a linear map L: <L u, v> = <u, Lᵀ v>; the values themselves are the table's business.
    form = np.vdot(np.float64(got), gradient)
    for name, u, v in [
        ("input", ops.apply(to_input, gradient, kernel), x),
        ("kernel", ops.apply(to_kernel, x, gradient), kernel),
    ]:
        assert u.shape == v.shape, name
        assert np.vdot(np.float64(u), v) == pytest.approx(form, rel=1e-5, abs=1e-3), name


@some
@given(st.integers(1, 9), small, small, small)
def test_same_padding_keeps_the_length_over_the_stride(length, size, stride, step):
    ((before, after),) = resolve_padding("same", (length,), (size,), (stride,), (step,))
    assert output_length(length, size, stride, step, (before, after)) == -(-length // stride)
    assert after - before in (0, 1), "the odd zero goes to the end"
    if before:  # one zero fewer would lose a window
        assert output_length(length, size, stride, step, (before, after - 1)) < -(-length // stride)


@some
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), small, st.integers(0, 4))
def test_reach_finds_all_pairs_and_only_these(length, count, offset, stride, before):
    outputs, inputs = reach(length, count, offset, stride, before)
    pairs = list(zip(range(count)[outputs], range(length)[inputs], strict=True))
    places = [(o, o * stride + offset - before) for o in range(count)]
    assert pairs == [(o, i) for o, i in places if 0 <= i < length]


@st.composite
def pooled(draw):
    axes = []
    for _ in range(2):
        size = draw(small)
        pad = draw(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)))
        least = max(size - sum(pad), 1)
        axes.append((draw(st.integers(least, least + 4)), size, draw(small), pad))
    lengths, sizes, strides, padding = zip(*axes, strict=True)
    return lengths, {"pool_size": sizes, "strides": strides, "padding": padding}


@some
@given(pooled(), st.integers(0, 2), st.integers(1, 3))
def test_pools_follow_their_definition(geometry, batch, channels):
    lengths, placed = geometry
    x = real(batch, *lengths, channels)
    largest = ops.max_pool2d(x, **placed)
    close(largest, naive.max_pool2d(x, **placed))
    close(ops.average_pool2d(x, **placed), naive.average_pool2d(x, **placed))
    gradient = real(*largest.shape, seed=1)
    got = ops.apply(ops.make("max_pool2d_gradient", **placed), gradient, x, largest)
    close(got, naive.max_pool2d_gradient(gradient, x, **placed))


@pytest.mark.parametrize("padding", ["valid", "same", "causal", (2, 1)])
def test_conv1d_is_its_definition(padding):
    x, kernel = real(2, 6, 2), real(3, 2, 3, seed=1)
    sides = {"valid": (0, 0), "same": (2, 2), "causal": (4, 0)}.get(padding, padding)
    expected = naive.conv2d(x[:, None], kernel[None], padding=((0, 0), sides), dilation=(1, 2))[:, 0]
    close(ops.conv1d(x, kernel, padding=padding, dilation=2), expected)


def test_causal_convolution_does_not_see_the_future():
    x, kernel = real(1, 6, 1), real(3, 1, 1, seed=1)
    later = x.copy()
    later[0, 4:] += 1
    before, after = (ops.conv1d(array, kernel, padding="causal") for array in (x, later))
    np.testing.assert_array_equal(before[0, :4], after[0, :4])
    assert (before[0, 4:] != after[0, 4:]).all()


def test_depthwise_is_a_convolution_for_each_channel():
    x, kernel = real(2, 4, 5, 3), real(2, 3, 3, 2, seed=1)
    got = ops.depthwise_conv2d(x, kernel, strides=(1, 2), padding="same")
    sides = resolve_padding("same", (4, 5), (2, 3), (1, 2), (1, 1))
    each = [
        naive.conv2d(x[..., c : c + 1], kernel[:, :, c : c + 1], strides=(1, 2), padding=sides)
        for c in range(3)
    ]
    close(got, np.concatenate(each, -1))


@pytest.mark.parametrize("function", ["max", "average"])
def test_pools_of_sequences_are_those_of_images_one_row_high(function):
    x = real(2, 7, 3)
    settings = {"pool_size": (1, 3), "strides": (1, 2), "padding": ((0, 0), (1, 1))}
    expected = getattr(naive, f"{function}_pool2d")(x[:, None], **settings)[:, 0]
    close(getattr(ops, f"{function}_pool1d")(x, pool_size=3, strides=2, padding="same"), expected)


def test_chunks_of_images_give_the_same_as_one(monkeypatch):
    x, kernel = real(5, 4, 4, 2), real(2, 2, 2, 3, seed=1)
    settings = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    gradient = ops.make("conv2d_kernel_gradient", **settings, sizes=(2, 2))
    values = ops.conv2d(x, kernel)
    weights = ops.apply(gradient, x, values)
    monkeypatch.setattr("pyengine.ops.conv.CHUNK", 2 * 3 * 3 * 8)  # two images at a time
    close(ops.conv2d(x, kernel), values)
    np.testing.assert_allclose(ops.apply(gradient, x, values), weights, rtol=1e-5, atol=1e-4)


IMAGE, KERNEL = np.zeros((1, 5, 5, 4), np.float32), np.zeros((3, 3, 4, 6), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ops.conv2d(IMAGE[0], KERNEL), ShapeError, r"batch, height, width, channels.*\(5, 5, 4\)"),
        (lambda: ops.conv2d(IMAGE, KERNEL[0]), ShapeError, r"a kernel .*\(3, 4, 6\)"),
        (lambda: ops.conv2d(IMAGE[..., :3], KERNEL), ShapeError, r"with 3 channels .*\(3, 3, 4, 6\)"),
        (lambda: ops.conv2d(IMAGE, KERNEL, groups=2), ShapeError, r"with 2 channels"),
        (lambda: ops.conv2d(IMAGE, KERNEL[:, :, :1], groups=4), ShapeError, r"divisible by 4"),
        (lambda: ops.conv2d(IMAGE, KERNEL, dilation=3), ShapeError, r"at least \(7, 7\), .*\(5, 5\)"),
        (lambda: ops.conv2d(IMAGE, KERNEL, strides=0), ArgumentError, r"strides expects .*`0`"),
        (lambda: ops.conv2d(IMAGE, KERNEL, groups=0), ArgumentError, r"groups expects .*`0`"),
        (lambda: ops.conv2d(IMAGE, KERNEL, padding="full"), ArgumentError, r"'valid', 'same'.*full"),
        (lambda: ops.conv2d(IMAGE, KERNEL, padding=((0, -1), (0, 0))), ArgumentError, r"at least 0.*-1"),
        (lambda: ops.conv1d(IMAGE, KERNEL), ShapeError, r"batch, steps, channels.*\(1, 5, 5, 4\)"),
        (lambda: ops.depthwise_conv2d(IMAGE[..., :2], KERNEL), ShapeError, r"width, 4\).*\(1, 5, 5, 2\)"),
        (lambda: ops.max_pool2d(IMAGE[0]), ShapeError, r"max_pool2d expects .*\(5, 5, 4\)"),
        (lambda: ops.max_pool2d(IMAGE, pool_size=6), ShapeError, r"at least \(6, 6\)"),
        (lambda: ops.max_pool2d(IMAGE, padding=((2, 0), (0, 0))), ArgumentError, r"less than pool_size"),
        (lambda: ops.average_pool1d(IMAGE), ShapeError, r"batch, steps, channels"),
        (
            lambda: ops.average_pool2d(IMAGE.astype(np.int32)),
            TypeError,
            r"expects floats, but got dtype int32",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
