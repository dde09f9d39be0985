"""Reductions, places of extrema and running sums, against the reference, over shapes, axes and special numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyengine import ops
from pyengine.executors.simd.encode.reduce import alternating
from tests.executors.simd.support import MODES, run

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
lengths = hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=9).filter(
    lambda s: np.prod(s) < 20_000
)
SPECIAL = np.float32([np.nan, np.inf, -np.inf, -0.0, 0.0, 3e38, 1e-45])


def numbers(seed, shape, dtype="float32", special=0.0):
    """Floats (some of them special) or whole numbers, among them equal ones."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(shape) < rng.choice([0.02, 0.5, 0.98])
    if dtype == "int32":
        limit = rng.choice([3, 2**31 - 1])
        return rng.integers(-limit - 1, limit, shape, endpoint=True).astype("i4")
    x = rng.choice([rng.normal(size=shape), rng.integers(-3, 3, shape)]).astype("f4")
    return np.where(rng.random(shape) < special, rng.choice(SPECIAL, shape), x).astype("f4")


@st.composite
def reductions(draw, names, empty=True):
    """The settings of a reduction, and a shape that it can have."""
    shape = draw(lengths)
    axes = draw(st.sets(st.integers(0, max(len(shape) - 1, 0)))) if shape else set()
    if not empty and any(shape[axis] == 0 for axis in axes):
        shape = tuple(n or 3 for n in shape)
    return ops.make(
        draw(st.sampled_from(names)), axes=tuple(sorted(axes)), keepdims=draw(st.booleans())
    ), shape


def assert_same(op, x, mode):
    """The very numbers of the reference; which NaN does not matter."""
    with np.errstate(all="ignore"):
        expected = op.evaluate(x)
    found = run(op, x, mode=mode)
    assert found.dtype == op.shape(ops.base.Spec(x.shape, x.dtype.name)).dtype
    np.testing.assert_array_equal(found, expected)


def assert_sums(op, x, mode, tolerance=3e-7):
    """Errors are counted in what was added up: a sum itself may be near 0."""
    found = run(op, x, mode=mode)
    truth, added = op.evaluate(x.astype("f8")), op.evaluate(np.abs(x).astype("f8"))
    assert found.shape == truth.shape
    assert (np.abs(found - truth) <= tolerance * added).all()


@pytest.mark.parametrize("mode", MODES)
@given(one=reductions(["sum"]), seed=seeds)
@few
def test_sums_are_the_references(mode, one, seed):
    op, shape = one
    assert_sums(op, numbers(seed, shape), mode)


@pytest.mark.parametrize("mode", MODES)
@given(one=reductions(["sum"]), seed=seeds)
@few
def test_sums_with_infinity_or_nan_are_what_they_must_be(mode, one, seed):
    op, shape = one
    x = np.where(numbers(seed, shape, "bool"), numbers(seed, shape), np.float32(np.inf))
    with np.errstate(all="ignore"):
        truth = op.evaluate(x)
    found = run(op, x, mode=mode)
    np.testing.assert_array_equal(found[~np.isfinite(truth)], truth[~np.isfinite(truth)])
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(truth))


@pytest.mark.parametrize("mode", MODES)
@given(one=reductions(["sum"]), seed=seeds)
@few
def test_sums_of_whole_numbers_wrap_around(mode, one, seed):
    op, shape = one
    assert_same(op, numbers(seed, shape, "int32"), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
@given(one=reductions(["max", "min"], empty=False), seed=seeds, special=st.sampled_from([0.0, 0.01, 0.5]))
@few
def test_extrema_are_the_references_and_nan_wins(mode, dtype, one, seed, special):
    op, shape = one
    assert_same(op, numbers(seed, shape, dtype, special), mode)


@pytest.mark.parametrize("mode", MODES)
@given(one=reductions(["all", "any"]), seed=seeds)
@few
def test_truth_is_the_references(mode, one, seed):
    op, shape = one
    assert_same(op, numbers(seed, shape, "bool"), mode)


# Long ones: every stretch, block and tail of the loops.
LONG = [
    *[((n,), (0,)) for n in (31, 32, 33, 255, 257, 1023, 4099, 70_001)],
    *[((n, width), (0,)) for n in (2, 15, 17, 255, 257, 1029) for width in (2, 3, 16, 31, 33, 129)],
    *[((3, 300, width), (1,)) for width in (1, 7, 40)],
    *[((300, 1100), axes) for axes in ((0,), (1,), (0, 1))],
    *[((40, 3, 50), (0, 2)), ((5, 40, 3, 50), (1, 3)), ((20, 4, 30, 6), (0, 2)), ((20, 3, 2), (0, 2))],
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("shape", "axes"), LONG)
def test_long_reductions_are_the_references(mode, shape, axes):
    x = numbers(len(shape), shape)
    assert_sums(ops.make("sum", axes=axes, keepdims=False), x, mode)
    assert_same(ops.make("max", axes=axes, keepdims=False), x, mode)
    assert_same(ops.make("sum", axes=axes, keepdims=False), numbers(1, shape, "int32"), mode)
    assert_same(ops.make("any", axes=axes, keepdims=False), numbers(1, shape, "bool"), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("shape", "axes"), [((2_000_000,), (0,)), ((200_000, 10), (0,)), ((20_000, 64), (0,))]
)
def test_a_million_equal_numbers_are_added_up_nearly_exactly(mode, shape, axes):
    # One after the other in float32, 0.1 would be off by 1 % here.
    op = ops.make("sum", axes=axes, keepdims=False)
    assert_sums(op, np.full(shape, 0.1, "f4"), mode, tolerance=2e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
@given(shape=hnp.array_shapes(max_dims=4, max_side=40), axis=st.integers(0, 3), seed=seeds, data=st.data())
@few
def test_places_of_extrema_are_the_first(mode, dtype, shape, axis, seed, data):
    name = data.draw(st.sampled_from(["argmax", "argmin"]))
    special = data.draw(st.sampled_from([0.0, 0.01, 0.5]))
    assert_same(ops.make(name, axis=axis % len(shape)), numbers(seed, shape, dtype, special), mode)


@pytest.mark.parametrize("mode", MODES)
@given(
    shape=hnp.array_shapes(min_side=0, max_dims=4, max_side=20),
    axis=st.integers(0, 3),
    seed=seeds,
    data=st.data(),
)
@few
def test_running_sums_are_the_references_to_the_bit(mode, shape, axis, seed, data):
    op = ops.make("cumsum", axis=axis % len(shape), reverse=data.draw(st.booleans()))
    assert_same(op, numbers(seed, shape, data.draw(st.sampled_from(["float32", "int32"])), 0.02), mode)


def test_neighbouring_axes_of_one_kind_are_one():
    assert alternating((2, 3, 1, 5, 7), (3, 4)) == [(6, False), (35, True)]
    assert alternating((1, 1), (0,)) == []


@pytest.mark.parametrize("op", [ops.make("sum", axes=(0,), keepdims=False), ops.make("argmax", axis=0)])
def test_doubles_are_left_to_the_reference(op):
    with pytest.raises(AssertionError, match="no kernel"):
        run(op, np.zeros(3))
