"""Gather and scatter, along axes and by rows, against the reference; indices out of range are its errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyengine import ops
from pyengine.errors import DataError
from tests.executors.simd.support import MODES, run

few = settings(max_examples=60, deadline=None)
shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=9)
kinds = st.sampled_from(["int32", "int64", "uint8", "uint32"])
dtypes = st.sampled_from(["bool", "uint8", "int32", "float32", "float64", "int64"])
added = st.sampled_from(["int32", "float32"])
seeds = st.integers(0, 1000)


def numbers(rng, shape, dtype="float32"):
    """Whole numbers, so that sums are exact in any order."""
    return rng.integers(-50, 50, shape).astype(dtype)


def assert_same(op, *arrays, mode):
    found = run(op, *arrays, mode=mode)
    expected = op.evaluate(*arrays)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def somewhere(rng, shape, length, kind):
    return (
        rng.integers(0, max(length, 1), shape).astype(kind) if length else np.zeros((0,) * len(shape), kind)
    )


@pytest.mark.parametrize("mode", MODES)
@given(
    shape=shapes, wide=st.sampled_from([1, 3, 70]), to=hnp.array_shapes(min_dims=0, min_side=0, max_side=5),
    axis=st.integers(0, 3), kind=kinds, dtype=dtypes, seed=seeds
)  # fmt: skip
@few
def test_entries_along_any_axis(mode, shape, wide, to, axis, kind, dtype, seed):
    rng = np.random.default_rng(seed)
    shape, axis = (*shape, wide), axis % len(shape)
    to = to if shape[axis] else (0, 3)  # of nothing, nothing can be chosen
    indices = somewhere(rng, to, shape[axis], kind)
    assert_same(ops.make("gather", axis=axis), numbers(rng, shape, dtype), indices, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@given(
    before=hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4),
    to=hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=9),
    after=st.sampled_from([(), (1,), (3,), (2, 35)]),
    length=st.integers(1, 12),
    kind=kinds,
    dtype=added,
    seed=seeds,
)
@few
def test_updates_meet_in_their_entries(mode, before, to, after, length, kind, dtype, seed):
    rng = np.random.default_rng(seed)
    updates = numbers(rng, (*before, *to, *after), dtype)
    op = ops.make("scatter_add", length=length, axis=len(before))
    assert_same(op, updates, somewhere(rng, to, length, kind), mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_updates_are_added_in_their_order(mode):
    updates = np.float32([1e8, 1, -1e8, 1])
    op = ops.make("scatter_add", length=1, axis=0)
    assert run(op, updates, np.zeros(4, "i4"), mode=mode) == 1
    along = ops.make("add_along_axis", length=1, axis=0)
    assert run(along, updates, np.zeros(4, "i4"), mode=mode) == 1


@pytest.mark.parametrize("mode", MODES)
@given(shape=shapes, axis=st.integers(0, 3), length=st.integers(1, 9), kind=kinds, dtype=dtypes, seed=seeds)
@few
def test_every_row_has_its_own_indices(mode, shape, axis, length, kind, dtype, seed):
    rng, axis = np.random.default_rng(seed), axis % len(shape)
    indices = somewhere(rng, shape, length, kind)
    x = numbers(rng, (*shape[:axis], length, *shape[axis + 1 :]), dtype)
    assert_same(ops.make("take_along_axis", axis=axis), x, indices, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@given(shape=shapes, axis=st.integers(0, 3), length=st.integers(1, 9), kind=kinds, dtype=added, seed=seeds)
@few
def test_every_row_has_its_own_sums(mode, shape, axis, length, kind, dtype, seed):
    rng, axis = np.random.default_rng(seed), axis % len(shape)
    op = ops.make("add_along_axis", length=length, axis=axis)
    assert_same(op, numbers(rng, shape, dtype), somewhere(rng, shape, length, kind), mode=mode)


@pytest.mark.parametrize("mode", MODES)
@given(shape=shapes, depth=st.integers(1, 9), kind=kinds, dtype=dtypes, seed=seeds)
@few
def test_one_hot_is_all_zeros_for_an_index_beyond(mode, shape, depth, kind, dtype, seed):
    indices = np.random.default_rng(seed).integers(0 if kind[0] == "u" else -3, depth + 3, shape).astype(kind)
    assert_same(ops.make("one_hot", depth=depth, dtype=dtype), indices, mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "wrong", [np.int32([0, -1]), np.int32([3, 0]), np.int64([0, 2**32]), np.uint32([2**32 - 1, 0])]
)
def test_an_index_out_of_range_is_the_references_error(mode, wrong):
    x = np.zeros(3, "f4")
    for op, array in [
        (ops.make("gather", axis=0), x),
        (ops.make("scatter_add", length=3, axis=0), x[:2]),
        (ops.make("take_along_axis", axis=0), x),
        (ops.make("add_along_axis", length=3, axis=0), x[:2]),
    ]:
        with pytest.raises(
            DataError, match=f"{op.name}: index expects .* from 0 to 2, as there are 3 entries"
        ):
            run(op, array, wrong, mode=mode)
