"""Softmax, its logarithm and logsumexp against the reference, along every axis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyengine import ops
from tests.executors.simd.support import MODES, run

few = settings(max_examples=60, deadline=None)


def scores(seed, shape, special=0.0):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=shape) * rng.choice([1, 30])).astype("f4")
    return np.where(rng.random(shape) < special, rng.choice(np.float32([np.inf, -np.inf, np.nan]), shape), x)


def assert_close(op, x, mode, over=None):
    """The difference x - max is rounded, at most by half a unit of its last place: logarithms are off by as much, and
    exponentials by that share of themselves. Shares below 1e-37 may be 0.
    """
    with np.errstate(all="ignore"):
        expected = op.evaluate(x.astype("f8")).astype("f4")
    found = run(op, x, mode=mode, over=over)
    finite = x[np.isfinite(x)]
    rounding = 1.2e-7 * float(np.ptp(finite)) if finite.size else 0.0
    if op.name == "softmax":
        np.testing.assert_allclose(found, expected, rtol=1e-6 + rounding, atol=1e-37)
    else:
        np.testing.assert_allclose(found, expected, rtol=5e-7, atol=5e-7 + rounding)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@given(
    shape=hnp.array_shapes(max_dims=4, min_side=0, max_side=20),
    axis=st.integers(0, 3),
    seed=st.integers(0, 1000),
    special=st.sampled_from([0.0, 0.05, 1.0]),
    over=st.sampled_from([None, 0]),
)
@few
def test_along_any_axis_also_in_place(mode, name, shape, axis, seed, special, over):
    assert_close(ops.make(name, axis=axis % len(shape)), scores(seed, shape, special), mode, over)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("shape", "axis"), [((3, 1001), 1), ((2, 50_000), 1), ((700, 33), 0), ((9, 3), 0)])
def test_along_long_axes(mode, name, shape, axis):
    assert_close(ops.make(name, axis=axis), scores(0, shape), mode)


@pytest.mark.parametrize("mode", MODES)
@given(
    shape=hnp.array_shapes(min_dims=3, max_dims=3, max_side=20),
    axes=st.sampled_from([(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]),
    keepdims=st.booleans(),
    seed=st.integers(0, 1000),
    special=st.sampled_from([0.0, 0.05]),
)
@few
def test_logsumexp_over_neighbouring_axes(mode, shape, axes, keepdims, seed, special):
    assert_close(ops.make("logsumexp", axes=axes, keepdims=keepdims), scores(seed, shape, special), mode)


@pytest.mark.parametrize("mode", MODES)
def test_masked_scores_have_no_share(mode):
    x = np.float32([[1, -np.inf, 1, -np.inf, -np.inf], [-np.inf] * 5])
    shares = run(ops.make("softmax", axis=1), x, mode=mode)
    np.testing.assert_array_equal(shares[0], [0.5, 0, 0.5, 0, 0])
    assert np.isnan(shares[1]).all()
    assert run(ops.make("logsumexp", axes=(1,), keepdims=False), x, mode=mode)[1] == -np.inf
    assert run(ops.make("logsumexp", axes=(1,), keepdims=False), -x, mode=mode)[1] == np.inf
