"""Transpose, slice, pad, reverse and concatenate: the bytes of the reference, in every width."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyengine import ops
from tests.executors.simd.support import MODES, run

few = settings(max_examples=80, deadline=None)
shapes = hnp.array_shapes(min_dims=1, max_dims=6, min_side=0, max_side=8)
dtypes = st.sampled_from(["bool", "uint8", "int32", "float32", "float64", "int64"])


def numbers(shape, dtype):
    """No two alike next to each other, and the bytes of every one in use."""
    x = np.arange(np.prod(shape, dtype=int)) * 0x1234567
    return (x % 3 == 0 if dtype == "bool" else x.astype(dtype)).reshape(shape)


def assert_same(op, *arrays, mode):
    np.testing.assert_array_equal(run(op, *arrays, mode=mode), op.evaluate(*arrays))


@pytest.mark.parametrize("mode", MODES)
@given(shape=shapes, dtype=dtypes, data=st.data())
@few
def test_axes_in_any_order(mode, shape, dtype, data):
    axes = tuple(data.draw(st.permutations(range(len(shape)))))
    assert_same(ops.make("transpose", axes=axes), numbers(shape, dtype), mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((64, 64), (1, 0)),
        ((67, 35), (1, 0)),
        ((3, 100), (1, 0)),
        ((100, 3), (1, 0)),
        ((5, 18, 33), (0, 2, 1)),
        ((4, 9, 5, 20), (0, 2, 1, 3)),
        ((3, 17, 4, 21), (0, 2, 3, 1)),
        ((2, 20, 19, 3), (0, 3, 1, 2)),
        ((2, 300, 2, 70), (2, 0, 1, 3)),
    ],
)
def test_large_transposes_and_their_edges(mode, dtype, shape, axes):
    assert_same(ops.make("transpose", axes=axes), numbers(shape, dtype), mode=mode)


@st.composite
def boxes(draw):
    """A shape, and per axis a slice of it: (begin, end, step)."""
    shape = draw(shapes)
    begin = [draw(st.integers(0, n)) for n in shape]
    end = [draw(st.integers(b, n)) for b, n in zip(begin, shape, strict=True)]
    every = [draw(st.integers(1, 3)) for _ in shape]
    return shape, {"begin": tuple(begin), "end": tuple(end), "steps": tuple(every)}


@pytest.mark.parametrize("mode", MODES)
@given(box=boxes(), dtype=dtypes)
@few
def test_slices_and_pads_which_undo_them(mode, box, dtype):
    shape, setting = box
    op = ops.make("slice", **setting)
    x = numbers(shape, dtype)
    assert_same(op, x, mode=mode)
    back = ops.make("pad", begin=setting["begin"], steps=setting["steps"], target=shape)
    assert_same(back, op.evaluate(x).copy(), mode=mode)


@pytest.mark.parametrize("mode", MODES)
@given(shape=shapes, dtype=dtypes, axis=st.integers(0, 5))
@few
def test_an_axis_turned_round(mode, shape, dtype, axis):
    assert_same(ops.make("reverse", axis=axis % len(shape)), numbers(shape, dtype), mode=mode)


@pytest.mark.parametrize("mode", MODES)
@given(
    shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=8),
    dtype=dtypes,
    axis=st.integers(0, 2),
    lengths=st.lists(st.integers(0, 300), min_size=1, max_size=4),
)
@few
def test_arrays_one_behind_the_other(mode, shape, dtype, axis, lengths):
    axis %= len(shape)
    arrays = [numbers((*shape[:axis], n, *shape[axis + 1 :]), dtype) for n in lengths]
    assert_same(ops.make("concatenate", axis=axis), *arrays, mode=mode)
