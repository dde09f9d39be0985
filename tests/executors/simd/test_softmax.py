"""Softmax, its logarithm and logsumexp against the reference, along every axis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyengine import ops
from pyengine.errors import DataError
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


def assert_losses(op, arrays, mode, over):
    """Likelihoods are off by the rounding of differences of scores; gradients by that share of themselves."""
    with np.errstate(all="ignore"):
        truth = op.evaluate(*(a.astype("f8") if a.dtype == np.float32 else a for a in arrays))
    likelihood, gradient = run(op, *arrays, mode=mode, over=over, output=1)
    finite = arrays[0][np.isfinite(arrays[0])]
    rounding = 1e-6 + 1.2e-7 * (float(np.ptp(finite)) if finite.size else 0)
    slope = float(abs(arrays[2]).max(initial=0))
    np.testing.assert_allclose(likelihood, truth[0].astype("f4"), rtol=1e-6, atol=8 * rounding)
    np.testing.assert_allclose(gradient, truth[1].astype("f4"), rtol=1e-6, atol=8 * rounding * slope)


@st.composite
def rows_of_scores(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9))
    n = draw(st.one_of(st.integers(2, 40), st.sampled_from([32, 33, 257, 1030])))
    seed, slopes = draw(st.integers(0, 1000)), draw(st.booleans())
    x = scores(seed, (*shape, n))
    slope = scores(seed + 1, (*shape, 1) if slopes else ())
    return x, slope, np.random.default_rng(seed + 2)


@pytest.mark.parametrize("mode", MODES)
@given(rows=rows_of_scores(), over=st.sampled_from([None, 0, 1]))
@few
def test_losses_against_targets_and_their_gradients(mode, rows, over):
    x, slope, rng = rows
    targets = rng.random(x.shape).astype("f4")
    targets /= targets.sum(-1, keepdims=True)
    assert_losses(ops.make("softmax_crossentropy"), (x, targets, slope), mode, over)


@pytest.mark.parametrize("mode", MODES)
@given(
    rows=rows_of_scores(), over=st.sampled_from([None, 0]), kind=st.sampled_from(["int32", "int64", "uint8"])
)
@few
def test_losses_against_classes_and_their_gradients(mode, rows, over, kind):
    x, slope, rng = rows
    classes = rng.integers(0, min(x.shape[-1], 255), (*x.shape[:-1], 1)).astype(kind)
    # Scores of -inf, as a mask leaves them, have no share; but not that of the class.
    masked = np.where(
        (rng.random(x.shape) < 0.1) & (classes != np.arange(x.shape[-1])), np.float32(-np.inf), x
    )
    assert_losses(ops.make("sparse_softmax_crossentropy"), (masked, classes, slope), mode, over)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [5, 50])
def test_losses_of_scores_that_are_no_numbers_are_none(mode, n):
    x, targets = np.zeros((6, n), "f4"), np.full((6, n), 1 / n, "f4")
    x[1, 2], x[3, 1], x[4] = np.nan, np.inf, -np.inf
    likelihood, gradient = run(ops.make("softmax_crossentropy"), x, targets, np.float32(1), mode=mode)
    np.testing.assert_array_equal(np.isnan(likelihood[:, 0]), [False, True, False, True, True, False])
    np.testing.assert_array_equal(np.isnan(gradient).any(1), [False, True, False, True, True, False])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [5, 50])
def test_a_class_out_of_range_is_the_references_error(mode, n):
    with pytest.raises(DataError, match=f"but got `{n}`"):
        run(
            ops.make("sparse_softmax_crossentropy"),
            np.zeros((2, n), "f4"), np.int32([[0], [n]]), np.float32(1), mode=mode,
        )  # fmt: skip


@st.composite
def masked_scores(draw):
    """Scores (…, queries, keys), and a mask that broadcasts to them or none."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=6))
    shape = (*shape[:-1], draw(st.sampled_from([1, 3, 8, 33, 70])))
    seed, share = draw(st.integers(0, 1000)), draw(st.sampled_from([0.0, 0.2, 0.9]))
    x = scores(seed, shape, draw(st.sampled_from([0.0, 0.0, 0.02])))
    if not draw(st.booleans()):
        return (x,)
    kept = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    mask = [n if keep else 1 for n, keep in zip(shape, kept, strict=True)]
    return x, np.random.default_rng(seed).random(mask[draw(st.integers(0, len(shape) - 1)) :]) >= share


@pytest.mark.parametrize("mode", MODES)
@given(arrays=masked_scores(), causal=st.booleans(), over=st.sampled_from([None, 0]))
@few
def test_only_what_is_seen_has_a_share(mode, arrays, causal, over):
    op = ops.make("masked_softmax", causal=causal)
    with np.errstate(all="ignore"):
        expected = op.evaluate(arrays[0].astype("f8"), *arrays[1:]).astype("f4")
    found = run(op, *arrays, mode=mode, over=over)
    finite = arrays[0][np.isfinite(arrays[0])]
    rounding = 1.2e-7 * float(np.ptp(finite)) if finite.size else 0.0
    np.testing.assert_allclose(found, expected, rtol=1e-6 + rounding, atol=1e-37)


@pytest.mark.parametrize("mode", MODES)
@given(
    shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=70),
    over=st.sampled_from([None, 0, 1]),
    seed=st.integers(0, 99),
)
@few
def test_gradients_of_scores(mode, shape, over, seed):
    dy, y = scores(seed, shape), ops.softmax(scores(seed + 1, shape))
    op = ops.make("softmax_gradient")
    expected = op.evaluate(dy.astype("f8"), y.astype("f8"))
    found = run(op, dy, y, mode=mode, over=over)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * abs(dy).max())
