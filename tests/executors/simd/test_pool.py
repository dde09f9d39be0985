"""Pools in C against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine.ops.base import make
from pyengine.ops.window import output_length
from tests.executors.simd.support import MODES, compare, run

modes = pytest.mark.parametrize("mode", MODES)
few = settings(max_examples=40, deadline=None)


@st.composite
def pools(draw):
    """Settings, and the shape of an image into which at least one window fits."""
    images, channels = draw(st.integers(0, 3)), draw(st.integers(1, 21))
    size, strides, padding, lengths = [], [], [], []
    for _ in range(2):
        side, stride = draw(st.sampled_from([(2, 2), (1, 1), (2, 1), (3, 1), (3, 2), (1, 3), (2, 3), (4, 3)]))
        pads = draw(st.sampled_from([(0, 0), (0, 1), (1, 1), (side - 1, 0)]))
        pads = (min(pads[0], side - 1), min(pads[1], side - 1))
        size.append(side)
        strides.append(stride)
        padding.append(pads)
        lengths.append(draw(st.integers(max(1, side - sum(pads)), 9)))
    settings_ = {"pool_size": tuple(size), "strides": tuple(strides), "padding": tuple(padding)}
    return settings_, (images, *lengths, channels)


def pooled(settings_, shape):
    counts = (
        output_length(length, size, stride, 1, pads)
        for length, size, stride, pads in zip(
            shape[1:3], settings_["pool_size"], settings_["strides"], settings_["padding"], strict=True
        )
    )
    return (shape[0], *counts, shape[3])


def few_numbers(shape, seed, odd=False):
    """Small whole numbers, so that many are equal; with `odd`, NaN and infinities among them."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, shape).astype(np.float32)
    if odd:
        strange = rng.random(shape) < 0.1
        x[strange] = rng.choice(np.float32([np.nan, np.inf, -np.inf]), int(strange.sum()))
    return x


@modes
@few
@given(case=pools(), seed=st.integers(0, 99), odd=st.booleans())
def test_max_pool_is_the_reference_to_the_bit(mode, case, seed, odd):
    settings_, shape = case
    op, x = make("max_pool2d", **settings_), few_numbers(shape, seed, odd)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(run(op, x, mode=mode), op.evaluate(x))


@modes
@few
@given(case=pools(), seed=st.integers(0, 99), odd=st.booleans())
def test_the_first_of_equals_gets_the_gradient_and_is_picked(mode, case, seed, odd):
    settings_, shape = case
    x = few_numbers(shape, seed, odd)
    with np.errstate(all="ignore"):
        largest = make("max_pool2d", **settings_).evaluate(x)
        gradient = few_numbers(largest.shape, seed + 1, odd)
        op = make("max_pool2d_gradient", **settings_)
        # sums of small whole numbers are exact in any order
        np.testing.assert_array_equal(
            run(op, gradient, x, largest, mode=mode), op.evaluate(gradient, x, largest)
        )
        op, values = make("max_pool2d_pick", **settings_), few_numbers(shape, seed + 2, odd)
        np.testing.assert_array_equal(run(op, values, x, largest, mode=mode), op.evaluate(values, x, largest))


@modes
@few
@given(case=pools(), seed=st.integers(0, 99), odd=st.booleans())
def test_average_pool_and_its_gradient_agree_with_the_reference(mode, case, seed, odd):
    settings_, shape = case
    compare(make("average_pool2d", **settings_), few_numbers(shape, seed, odd), mode=mode)
    gradient = few_numbers(pooled(settings_, shape), seed, odd)
    compare(make("average_pool2d_gradient", **settings_, lengths=shape[1:3]), gradient, mode=mode)


@modes
@pytest.mark.parametrize("shape", [(2, 4, 6, 32), (2, 5, 7, 16), (1, 11, 11, 5)])
def test_windows_of_two_by_two_leave_zeros_where_no_window_looks(mode, shape):
    settings_ = {"pool_size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
    x = few_numbers(shape, 1)
    largest = make("max_pool2d", **settings_).evaluate(x)
    gradient = np.ones_like(largest)
    found = run(make("max_pool2d_gradient", **settings_), gradient, x, largest, mode=mode)
    assert found.sum() == largest.size
    covered = found[:, : 2 * largest.shape[1], : 2 * largest.shape[2]]
    assert covered.sum() == largest.size
    compare(make("average_pool2d_gradient", **settings_, lengths=shape[1:3]), gradient, mode=mode)


@modes
def test_the_mean_of_whole_images(mode):
    x = np.random.default_rng(3).standard_normal((2, 12, 13, 19)).astype(np.float32)
    settings_ = {"pool_size": (12, 13), "strides": (12, 13), "padding": ((0, 0), (0, 0))}
    # 156 numbers added one after the other: an error of 156 / 2 roundings at the very most, measured 1e-6
    compare(make("average_pool2d", **settings_), x, mode=mode, tolerance=4e-6)
