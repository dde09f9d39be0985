"""Convolutions in C, and their gradients, against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine.ops.base import make
from pyengine.ops.window import output_length
from tests.executors.simd.support import MODES, compare, run

modes = pytest.mark.parametrize("mode", MODES)
few = settings(max_examples=60, deadline=None)
TOLERANCE = 2e-6  # of the sum without signs; sums of some hundred products, one after the other


def agrees(op, *inputs, mode):
    """`compare`, relative to what comes out without signs (and without what is no number)."""
    plain = [np.nan_to_num(np.abs(x.astype(np.float64)), posinf=0) for x in inputs]
    magnitude = op.evaluate(*plain).max(initial=0)
    compare(op, *inputs, mode=mode, tolerance=TOLERANCE, magnitude=float(magnitude))


@st.composite
def convolutions(draw):
    """Settings, and the shapes of image, kernel and result."""
    axes = []
    for _ in range(2):
        size, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
        if draw(st.booleans()):
            size, stride, dilation = 3, 1, 1
        pads = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)) | st.just((0, 0)))
        least = max(1, (size - 1) * dilation + 1 - sum(pads))
        length = draw(st.integers(least, least + 6))
        axes.append(
            (size, stride, dilation, pads, length, output_length(length, size, stride, dilation, pads))
        )
    sizes, strides, dilation, padding, lengths, counts = zip(*axes, strict=True)
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    channels, filters = (
        draw(st.integers(1, 9)),
        draw(st.integers(1, 5) | st.sampled_from([8, 11, 16, 17, 34])),
    )
    if draw(st.booleans()) and groups > 1:  # depthwise
        channels, filters = 1, draw(st.integers(1, 2))
        groups = draw(st.integers(2, 21))
    images = draw(st.integers(0, 3))
    words = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    image = (images, *lengths, channels * groups)
    return words, image, (*sizes, channels, filters * groups), (images, *counts, filters * groups)


def numbers(shape, seed, odd=False):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(np.float32)
    if odd and x.size:
        x.flat[rng.integers(0, x.size, 2)] = rng.choice(np.float32([np.nan, np.inf, -np.inf]), 2)
    return x


@modes
@few
@given(case=convolutions(), seed=st.integers(0, 99))
def test_a_convolution_agrees_with_the_reference(mode, case, seed):
    words, image, kernel, _ = case
    x, weights = numbers(image, seed), numbers(kernel, seed + 1)
    agrees(make("conv2d", **words), x, weights, mode=mode)


@modes
@few
@given(case=convolutions(), seed=st.integers(0, 99))
def test_its_input_gradient_agrees_with_the_reference(mode, case, seed):
    words, image, kernel, result = case
    op = make("conv2d_input_gradient", **words, lengths=image[1:3])
    agrees(op, numbers(result, seed), numbers(kernel, seed + 1), mode=mode)


@modes
@few
@given(case=convolutions(), seed=st.integers(0, 99))
def test_its_kernel_gradient_agrees_with_the_reference(mode, case, seed):
    words, image, kernel, result = case
    op = make("conv2d_kernel_gradient", **words, sizes=kernel[:2])
    agrees(op, numbers(image, seed), numbers(result, seed + 1), mode=mode)


@modes
@few
@given(case=convolutions(), seed=st.integers(0, 99), which=st.integers(0, 1))
def test_nan_and_infinity_go_where_the_reference_sends_them(mode, case, seed, which):
    words, image, kernel, result = case
    x, weights, gradient = (numbers(shape, seed + i) for i, shape in enumerate((image, kernel, result)))
    for op, first, second in (
        (make("conv2d", **words), x, weights),
        (make("conv2d_input_gradient", **words, lengths=image[1:3]), gradient, weights),
        (make("conv2d_kernel_gradient", **words, sizes=kernel[:2]), x, gradient),
    ):
        inputs = [first, second]
        inputs[which] = numbers(inputs[which].shape, seed + 3, odd=True)
        agrees(op, *inputs, mode=mode)


@modes
@few
@given(
    case=convolutions(),
    seed=st.integers(0, 99),
    activation=st.sampled_from(["linear", "relu", "relu6"]),
    odd=st.booleans(),
)
def test_bias_and_activation_come_with_the_sum(mode, case, seed, activation, odd):
    words, image, kernel, _ = case
    x, weights, bias = (numbers(shape, seed + i, odd) for i, shape in enumerate((image, kernel, kernel[3:])))
    op = make("conv2d_bias", **words, activation=activation)
    agrees(op, 3 * x, weights, bias, mode=mode)


BIG = {
    "many channels: panels are made of some of them": ((1, 4, 5, 4200), (3, 3, 4200, 3), (1, 0)),
    "many filters: panels are made for some of them": ((1, 4, 3, 70), (3, 3, 70, 530), (0, 1)),
    "large images: the kernel's gradient takes some rows": ((2, 40, 44, 5), (3, 2, 5, 33), (1, 1)),
    "many small images: it takes some of them": ((75, 4, 4, 6), (3, 3, 6, 17), (0, 0)),
}


@modes
@pytest.mark.parametrize("what", BIG)
@pytest.mark.parametrize("stride", [1, 2])
def test_sums_that_are_taken_in_parts_are_whole(mode, what, stride):
    image, kernel, pads = BIG[what]
    words = {"strides": (stride, stride), "padding": (pads, pads), "dilation": (1, 1), "groups": 1}
    counts = (output_length(n, k, stride, 1, pads) for n, k in zip(image[1:3], kernel[:2], strict=True))
    result = (image[0], *counts, kernel[3])
    x, weights, gradient, bias = (
        numbers(shape, i) for i, shape in enumerate((image, kernel, result, kernel[3:]))
    )
    # 37 800 products one after the other: roundings add up to about 6e-6 of the largest sum
    tolerance = 2e-5 if image[3] > 1000 else TOLERANCE
    compare(make("conv2d_bias", **words, activation="relu"), x, weights, bias, mode=mode, tolerance=tolerance)
    op = make("conv2d_input_gradient", **words, lengths=image[1:3])
    agrees(op, gradient, weights, mode=mode)
    op = make("conv2d_kernel_gradient", **words, sizes=kernel[:2])
    agrees(op, x, gradient, mode=mode)


@modes
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_over_large_images(mode, multiplier):
    channels = 35
    words = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": channels}
    x = numbers((2, 30, 31, channels), 1)
    weights, gradient = (
        numbers((3, 3, 1, channels * multiplier), 2),
        numbers((2, 30, 31, channels * multiplier), 3),
    )
    agrees(make("conv2d", **words), x, weights, mode=mode)
    op = make("conv2d_input_gradient", **words, lengths=(30, 31))
    agrees(op, gradient, weights, mode=mode)
    op = make("conv2d_kernel_gradient", **words, sizes=(3, 3))
    agrees(op, x, gradient, mode=mode)


def test_strict_sums_do_not_depend_on_what_lies_beside():
    """The same numbers alone and among others give the same bits: the order of a sum is that of its taps."""
    words = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    x, weights = numbers((3, 9, 7, 11), 1), numbers((3, 3, 11, 19), 2)
    op = make("conv2d", **words)
    whole = run(op, x, weights)
    np.testing.assert_array_equal(run(op, x[1:2], weights), whole[1:2])
    np.testing.assert_array_equal(run(op, x, weights[..., 5:8]), whole[..., 5:8])


def one_after_the_other(columns, weights, part):
    """columns: (P, K)  weights: (K, F). In float32, each product rounded and added in turn; anew every `part` of K."""
    total = np.float32(0)
    for start in range(0, columns.shape[1], part):
        piece = np.zeros((columns.shape[0], weights.shape[1]), np.float32)
        for k in range(start, min(start + part, columns.shape[1])):
            piece += columns[:, k, None] * weights[k]
        total = total + piece
    return total


@pytest.mark.parametrize("channels", [1, 5, 900, 3000])
def test_strict_sums_have_one_order_whatever_the_width_of_the_vectors(channels):
    """Tap after tap, and in a tap channel after channel; with many channels, as many of them as 8192 taps have."""
    words = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    x, weights = numbers((2, 3, 4, channels), 1), numbers((3, 3, channels, 19), 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))  # (2, 1, 2, channels, 3, 3)
    windows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(4, 9, channels)
    some = min(channels, 8192 // 9)
    parts = [slice(start, start + some) for start in range(0, channels, some)]
    columns = np.concatenate([windows[:, :, part].reshape(4, -1) for part in parts], axis=1)
    rows = np.concatenate([weights.reshape(9, channels, 19)[:, part].reshape(-1, 19) for part in parts])
    expected = one_after_the_other(columns, rows, 9 * some)
    np.testing.assert_array_equal(run(make("conv2d", **words), x, weights).reshape(4, 19), expected)


@pytest.mark.parametrize("channels", [3, 4, 18, 35])
def test_strict_depthwise_sums_have_one_order_down_to_the_sign_of_zero(channels):
    """Channels that fill vectors and those behind them are summed by different code."""
    words = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": channels}
    x, weights = numbers((1, 5, 6, channels), 1), numbers((3, 3, 1, channels), 2)
    x[0, :, :3] = -0.0
    weights[...] = np.abs(weights)
    op = make("conv2d_bias", **words, activation="linear")
    found = run(op, x, weights, np.full(channels, -0.0, np.float32))
    expected = np.zeros((1, 3, 4, channels), np.float32)
    for i in range(3):
        for j in range(3):
            expected += x[:, i : i + 3, j : j + 4] * weights[i, j, 0]
    expected += np.float32(-0.0)
    np.testing.assert_array_equal(found.view(np.int32), expected.view(np.int32))
