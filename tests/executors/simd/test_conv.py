"""Convolutions in C, and their gradients, against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine.ops.base import make
from pyengine.ops.window import output_length
from tests.executors.simd.support import MODES, compare

modes = pytest.mark.parametrize("mode", MODES)
few = settings(max_examples=60, deadline=None)
TOLERANCE = 2e-6  # of the largest number; sums of some hundred products, one after the other


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
    compare(make("conv2d", **words), x, weights, mode=mode, tolerance=TOLERANCE)


@modes
@few
@given(case=convolutions(), seed=st.integers(0, 99))
def test_its_input_gradient_agrees_with_the_reference(mode, case, seed):
    words, image, kernel, result = case
    op = make("conv2d_input_gradient", **words, lengths=image[1:3])
    compare(op, numbers(result, seed), numbers(kernel, seed + 1), mode=mode, tolerance=TOLERANCE)


@modes
@few
@given(case=convolutions(), seed=st.integers(0, 99))
def test_its_kernel_gradient_agrees_with_the_reference(mode, case, seed):
    words, image, kernel, result = case
    op = make("conv2d_kernel_gradient", **words, sizes=kernel[:2])
    compare(op, numbers(image, seed), numbers(result, seed + 1), mode=mode, tolerance=TOLERANCE)


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
        compare(op, *inputs, mode=mode, tolerance=TOLERANCE)
