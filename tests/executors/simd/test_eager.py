"""Ops on arrays, done by the library where NumPy is slow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from pyengine.errors import ShapeError
from pyengine.executors import set_executor
from pyengine.executors.choice import chosen
from pyengine.executors.simd import eager
from pyengine.executors.simd.encode import rounds
from pyengine.ops import base
from pyengine.ops.conv import Conv2D
from pyengine.ops.matmul import Matmul

RANDOM = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """The library for ops on arrays, as in a page."""
    monkeypatch.setattr(chosen, "executor", chosen.executor)
    set_executor("simd", mode="strict")
    monkeypatch.setattr(base, "accelerate", eager.accelerate)


def floats(*shape):
    return RANDOM.normal(size=shape).astype("f4")


def done(op, *arrays):
    """What the library gives; it must be the library that does."""
    made = eager.accelerate(op, arrays)
    assert made is not None
    return made


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 70), inner=st.integers(1, 70), columns=st.integers(1, 70), turned=st.integers(0, 3)
)
def test_products_are_those_of_the_reference(rows, inner, columns, turned):
    a, b = floats(rows, inner), floats(inner, columns)
    op = Matmul(transpose_a=bool(turned & 1), transpose_b=bool(turned & 2))
    a, b = np.ascontiguousarray(a.T) if turned & 1 else a, np.ascontiguousarray(b.T) if turned & 2 else b
    if max(a.size, b.size) < eager.LARGE:
        assert eager.accelerate(op, (a, b)) is None
        return
    np.testing.assert_allclose(done(op, a, b), op.evaluate(a, b), rtol=2e-5, atol=1e-4)


def test_the_same_shapes_again_with_other_arrays_give_other_results():
    first, second = floats(2, 40, 40)
    op = Matmul(transpose_a=False, transpose_b=False)
    one, other = done(op, first, second), done(op, second, first)
    np.testing.assert_allclose(one, first @ second, rtol=2e-5, atol=1e-4)
    np.testing.assert_allclose(other, second @ first, rtol=2e-5, atol=1e-4)


def test_a_convolution_is_that_of_the_reference():
    x, kernel = floats(2, 16, 16, 3), floats(3, 3, 3, 8)
    settings = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    op = Conv2D(**settings)
    np.testing.assert_allclose(done(op, x, kernel), op.evaluate(x, kernel), rtol=2e-5, atol=1e-4)


def test_a_long_call_is_not_left_to_numpy(monkeypatch):
    monkeypatch.setattr(rounds, "LONG", 0)
    eager.encode_operation.cache_clear()
    a = np.ones((70, 40), np.float32)
    found = eager.accelerate(Matmul(transpose_a=False, transpose_b=True), (a, a))
    assert found is not None
    np.testing.assert_array_equal(found, np.full((70, 70), 40, np.float32))


def test_ops_come_to_it_by_themselves(monkeypatch):
    a, b = floats(40, 40), floats(40, 40)
    monkeypatch.setattr(Matmul, "evaluate", None)
    np.testing.assert_allclose(ops.matmul(a, b), a @ b, rtol=2e-5, atol=1e-4)


def test_arrays_that_may_not_be_written_are_read():
    a = floats(40, 40)
    a.flags.writeable = False
    np.testing.assert_allclose(ops.matmul(a, a), a @ a, rtol=2e-5, atol=1e-4)


@pytest.mark.parametrize("change", [
    lambda a: a.T,
    lambda a: a[::2, ::2],
    lambda a: a.astype("f8"),
    lambda a: a.astype("i4"),
    lambda a: a.astype(">f4"),
    lambda a: a[:3, :3].copy(),
    lambda a: a[:, :0].copy(),
    lambda a: a.tolist(),
])  # fmt: skip
def test_what_it_does_not_take_numpy_does(change):
    a = change(floats(40, 40))
    turned = np.asarray(a).T
    assert eager.accelerate(Matmul(transpose_a=False, transpose_b=True), (a, a)) is None
    np.testing.assert_allclose(
        ops.matmul(a, a, transpose_b=True), np.asarray(a) @ turned, rtol=2e-5, atol=1e-4
    )


def test_without_the_library_numpy_does_it():
    set_executor("numpy")
    a = floats(40, 40)
    assert eager.accelerate(Matmul(transpose_a=False, transpose_b=False), (a, a)) is None


def test_shapes_that_do_not_fit_are_refused_in_the_same_words():
    with pytest.raises(ShapeError, match="inner lengths 50 and 40"):
        ops.matmul(floats(40, 50), floats(40, 50))
