"""Layer and batch normalization and their gradients, against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from tests.executors.simd.support import MODES, run

few = settings(max_examples=50, deadline=None)
lengths = st.one_of(st.integers(1, 12), st.sampled_from([16, 31, 33, 64, 100, 257]))
counts = st.one_of(st.integers(1, 9), st.sampled_from([31, 64, 200, 1100]))


def numbers(rng, *shape, offset=0.0):
    return (rng.normal(size=shape) + offset).astype("f4")


def assert_agrees(op, arrays, mode, tolerance, over=None, least=0.0):
    """Each output within the tolerance of its largest number, or of `least`: what was subtracted may be as large."""
    truth = op.evaluate(*(array.astype("f8") for array in arrays))
    for found, expected in zip(run(op, *arrays, mode=mode, over=over), truth, strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(abs(expected).max(), least))


@pytest.mark.parametrize("mode", MODES)
@given(
    kind=st.sampled_from(["layer", "batch"]), count=counts, n=lengths, offset=st.sampled_from([0.0, 3.0]),
    over=st.sampled_from([None, 0]), seed=st.integers(0, 1000),
)  # fmt: skip
@few
def test_normalized_numbers_and_their_statistics(mode, kind, count, n, offset, over, seed):
    rng = np.random.default_rng(seed)
    arrays = numbers(rng, count, n, offset=offset), numbers(rng, n), numbers(rng, n)
    assert_agrees(ops.make(f"{kind}_norm", epsilon=1e-2), arrays, mode, 1e-5, over, least=10)


@pytest.mark.parametrize("mode", MODES)
@given(
    kind=st.sampled_from(["layer", "batch"]), count=counts, n=lengths, offset=st.sampled_from([0.0, 3.0]),
    over=st.sampled_from([None, 0, 1]), seed=st.integers(0, 1000),
)  # fmt: skip
@few
def test_gradients_of_normalized_numbers(mode, kind, count, n, offset, over, seed):
    rng = np.random.default_rng(seed)
    x, gamma, gradient = numbers(rng, count, n, offset=offset), numbers(rng, n), numbers(rng, count, n)
    statistics = ops.make(f"{kind}_norm", epsilon=1e-2).evaluate(x, gamma, gamma)[1:]
    op = ops.make(f"{kind}_norm_gradient", epsilon=1e-2)
    steepest = 1 / np.sqrt(1e-2) * abs(gamma).max() * abs(gradient).max()
    assert_agrees(op, (gradient, x, gamma, *statistics), mode, 1e-5, over, least=steepest)


@pytest.mark.parametrize("mode", MODES)
def test_statistics_over_several_axes(mode):
    rng = np.random.default_rng(0)
    x = numbers(rng, 3, 5, 4, 6)
    for kind, shape in [("layer", (4, 6)), ("layer", (6,)), ("batch", (6,))]:
        gamma, beta = numbers(rng, *shape), numbers(rng, *shape)
        op = ops.make(f"{kind}_norm", epsilon=1e-3)
        assert_agrees(op, (x, gamma, beta), mode, 1e-5)
        statistics = op.evaluate(x, gamma, beta)[1:]
        back = ops.make(f"{kind}_norm_gradient", epsilon=1e-3)
        assert_agrees(back, (numbers(rng, *x.shape), x, gamma, *statistics), mode, 1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_variances_far_from_zero_lose_little(mode):
    # Sums of squares would leave nothing of a variance of 1 around 1000.
    rng = np.random.default_rng(0)
    x = numbers(rng, 10_000, 5, offset=1000.0)
    one = np.ones(5, "f4")
    _, mean, variance = run(ops.make("batch_norm", epsilon=1e-3), x, one, one, mode=mode)
    np.testing.assert_allclose(mean, x.astype("f8").mean(0), rtol=3e-7)
    np.testing.assert_allclose(variance, x.astype("f8").var(0), rtol=1e-4)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["layer", "batch"])
def test_a_nan_stays_in_its_row_or_column(mode, kind):
    x, one = numbers(np.random.default_rng(0), 40, 37), np.ones(37, "f4")
    x[3, 5] = np.nan
    y = run(ops.make(f"{kind}_norm", epsilon=1e-3), x, one, one, mode=mode)[0]
    wrong = np.isnan(y)
    assert wrong[3].all() == (kind == "layer")
    assert wrong[:, 5].all() == (kind == "batch")
    assert wrong.sum() == (37 if kind == "layer" else 40)
