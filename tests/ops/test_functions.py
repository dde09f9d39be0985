"""Functions of ops that are more than one op, dtypes where two meet, indexing, and errors in words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pyengine import ops
from pyengine.errors import ArgumentError, DataError, DtypeError, GraphError, ShapeError
from pyengine.executors import NumpyExecutor
from pyengine.graph import Graph, Spec, Variable
from pyengine.ops.index import add_along_axis
from pyengine.plan import plan
from pyengine.transforms import differentiate, trace
from tests.cases.ops import floats, real

some = settings(max_examples=80, deadline=None, derandomize=True)


def run(function, *arrays):
    """The result of a function as a graph, run; and its gradients, when its result is summed."""
    specs = {f"x{i}": Spec(x.shape, x.dtype.name) for i, x in enumerate(arrays)}

    def step(**values):
        result = function(*values.values())
        return {"y": result, "loss": ops.sum(result)}

    graph = differentiate(trace(step, specs), "loss", specs)
    executor = NumpyExecutor()
    memory = executor.allocate(plan(graph))
    for name, array in zip(specs, arrays, strict=True):
        executor.write(memory, name, array)
    executor.run(memory)
    outputs = {name: executor.read(memory, name) for name in graph.outputs}
    return outputs["y"], [outputs.get(f"gradient/{name}") for name in specs]


@some
@given(npst.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0))
def test_two_shapes_broadcast_as_in_numpy_and_gradients_come_back_in_their_own(shapes):
    a, b = real(*shapes.input_shapes[0]), real(*shapes.input_shapes[1], seed=1)
    y, (da, db) = run(ops.multiply, a, b)
    np.testing.assert_array_equal(y, a * b)
    stretched_b, stretched_a = np.broadcast_to(b, y.shape), np.broadcast_to(a, y.shape)
    np.testing.assert_allclose(da, folded(stretched_b, a.shape), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(db, folded(stretched_a, b.shape), rtol=1e-5, atol=1e-5)


def folded(x, shape):
    """Sums over what was stretched, entry by entry."""
    result = np.zeros(shape)
    lead = x.ndim - len(shape)
    for place, value in np.ndenumerate(x):
        own = tuple(0 if length == 1 else index for index, length in zip(place[lead:], shape, strict=True))
        result[own] += value
    return result


def indices_of(shape):
    """Basic indices with whole numbers, slices with positive steps, `...` and None."""
    return npst.basic_indices(shape, min_dims=0, allow_newaxis=True).filter(forward)


def forward(item):
    parts = item if isinstance(item, tuple) else (item,)
    return all((part.step or 1) > 0 for part in parts if isinstance(part, slice))


@some
@given(st.data())
def test_basic_indexing_is_that_of_numpy_and_its_gradient_marks_what_was_taken(data):
    shape = data.draw(npst.array_shapes(max_dims=3, max_side=4))
    item = data.draw(indices_of(shape))
    x = real(*shape)
    y, (gradient,) = run(lambda v: v[item], x)
    np.testing.assert_array_equal(y, x[item])
    marked = np.zeros(shape, np.float32)
    marked[item] = 1
    np.testing.assert_array_equal(gradient, marked)


def test_composites_are_their_definitions():
    x = real(2, 3, 4)
    np.testing.assert_allclose(ops.mean(x, axis=(0, 2)), x.mean((0, 2)), rtol=1e-6)
    np.testing.assert_allclose(ops.variance(x, axis=1), x.var(1), rtol=1e-5)
    np.testing.assert_array_equal(ops.stack([x, x + 1], axis=1), np.stack([x, x + 1], axis=1))
    for got, expected in zip(ops.split(x, 2), np.split(x, 2, -1), strict=True):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(ops.flatten(x), x.reshape(2, 12))
    np.testing.assert_array_equal(ops.squeeze(x[:, :1]), x[:, 0])
    np.testing.assert_array_equal(ops.expand_dims(x, -1), x[..., None])


def test_operators_of_variables_and_values_are_the_ops():
    v = Variable([1.0, 2.0], name="v")
    graph = trace(lambda x: {"y": 1 + (2 - x) * v / 2**v - -v // 1 + v**2 % 2}, {"x": Spec((2,))})
    executor = NumpyExecutor()
    memory = executor.allocate(plan(graph))
    executor.write(memory, "x", floats(3, 5))
    executor.run(memory)
    x, w = np.array([3.0, 5.0]), np.array([1.0, 2.0])
    np.testing.assert_allclose(executor.read(memory, "y"), 1 + (2 - x) * w / 2**w - -w // 1 + w**2 % 2)


@pytest.mark.parametrize(
    ("call", "dtype"),
    [
        (lambda: ops.add(np.int32([1]), 1), "int32"),
        (lambda: ops.add(np.int32([1]), 0.5), "float32"),
        (lambda: ops.add(np.float64([1]), 0.5), "float64"),
        (lambda: ops.add(np.float32([1]), np.int64([1])), "float32"),
        (lambda: ops.divide(np.int32([1]), 2), "float32"),
        (lambda: ops.mean(np.uint8([1, 2])), "float32"),
        (lambda: ops.sum(np.array([True])), "int32"),
        (lambda: ops.sqrt(np.int32([4])), "float32"),
        (lambda: ops.softmax(np.int32([4])), "float32"),
        (lambda: ops.exp([1.0, 2.0]), "float32"),
    ],
)
def test_dtypes_meet_as_the_reference_says(call, dtype):
    assert call().dtype == dtype


def test_equal_numbers_share_the_gradient_of_max_and_maximum():
    _, (gradient,) = run(lambda x: ops.max(x, axis=1), floats([1, 1, 0], [2, 0, 2]))
    np.testing.assert_array_equal(gradient, [[0.5, 0.5, 0], [0.5, 0, 0.5]])
    _, (da, db) = run(ops.maximum, floats(1, 2), floats(1, 1))
    np.testing.assert_array_equal([da, db], [[0.5, 1], [0.5, 0]])


def test_slopes_at_corners_are_those_of_tensorflow():
    for function in (ops.relu, ops.abs):
        _, (gradient,) = run(function, floats(0))
        assert gradient == 0
    _, (gradient,) = run(lambda x: ops.clip(x, 0.0, 1.0), floats(-1, 0, 1, 2))
    np.testing.assert_array_equal(gradient, [0, 1, 1, 0])


def test_a_power_of_zero_has_a_finite_slope():
    _, (da, _) = run(ops.power, floats(0, 0, 0), floats(0, 1, 2))
    np.testing.assert_array_equal(da, [0, 1, 0])


def test_no_gradient_flows_where_none_should():
    y, (gradient,) = run(lambda x: ops.stop_gradient(x) * x, floats(3))
    assert (y, gradient) == (9, 3)
    _, (gradient,) = run(
        lambda x: ops.where(ops.greater(x, 0.0), ops.sqrt(ops.maximum(x, 1.0)), 0.0), floats(-1, 4)
    )
    np.testing.assert_allclose(gradient, [0, 0.25])


def test_random_numbers_follow_the_state_and_nothing_else():
    state = Variable(np.uint32([1, 2, 0]), name="state")

    def step():
        drawn = ops.random_uniform(state, shape=(4,))
        state.assign(ops.next_random_state(state))
        return {"drawn": drawn, "again": ops.random_uniform(state, shape=(4,))}

    executor = NumpyExecutor()
    memory = executor.allocate(plan(trace(step, {})))
    draws = []
    for _ in range(3):
        executor.run(memory)
        draws.append((executor.read(memory, "drawn"), executor.read(memory, "again")))
    assert state.value.tolist() == [1, 2, 3]
    assert (draws[0][1] == draws[1][0]).all(), "the next step draws from the state that this one left"
    assert (draws[1][1] == draws[2][0]).all()
    assert not (draws[0][0] == draws[1][0]).any()
    state.set(np.uint32([1, 2, 0]))
    executor.run(memory)
    np.testing.assert_array_equal(executor.read(memory, "drawn"), draws[0][0])


def test_uniform_numbers_keep_to_their_bounds():
    drawn = ops.random_uniform(np.uint32([0, 7, 0]), shape=(10_000,), low=-1.0, high=2.0)
    assert drawn.min() >= -1
    assert drawn.max() < 2
    # Mean 0.5 with standard error 3 / √(12 · 10⁴) = 0.0087; four of them.
    assert math.isclose(drawn.mean(), 0.5, abs_tol=0.035)


X = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ops.add(X, np.zeros(2, np.float32)), ShapeError, r"broadcast .*\(2, 3\) and \(2,\)"),
        (lambda: ops.matmul(X, X), ShapeError, r"inner lengths 3 and 2"),
        (lambda: ops.reshape(X, (4,)), ShapeError, r"6 numbers.*\(4,\)"),
        (lambda: ops.squeeze(X, 0), ShapeError, r"axes of length 1, but got \(0,\) of shape \(2, 3\)"),
        (lambda: ops.sum(X, axis=2), ArgumentError, r"axis expects .* from -2 to 1 .*rank 2"),
        (lambda: ops.max(np.zeros((0,), np.float32)), ShapeError, r"ops.max expects at least one number"),
        (
            lambda: ops.argmax(np.zeros((2, 0), np.float32)),
            ShapeError,
            r"ops.argmax expects at least one number",
        ),
        (lambda: ops.split(X, 2), ShapeError, r"a divisor of 3, the length of axis 1"),
        (lambda: ops.concatenate([X, X[0]]), ShapeError, r"every other axis than 1.*\(2, 3\), \(3,\)"),
        (lambda: ops.concatenate([X, X[:1]], axis=1), ShapeError, r"equal on every other axis"),
        (
            lambda: ops.gather(X, np.float32([1])),
            DtypeError,
            r"ops.gather: index expects .* got dtype float32",
        ),
        (
            lambda: ops.gather(X, [0, 2]),
            DataError,
            r"index expects .* from 0 to 1, .* but got `2` at `indices\[1\]`",
        ),
        (lambda: ops.gather(X, [-1]), DataError, r"but got `-1`"),
        (lambda: ops.scatter_add(X, [0, 5], 4), DataError, r"index expects .* from 0 to 3, .* but got `5`"),
        (lambda: ops.scatter_add(X, [0], 4), ShapeError, r"shape of the indices \(1,\).*\(2, 3\)"),
        (
            lambda: ops.take_along_axis(X, [[0]]),
            ShapeError,
            r"equal to \(2, 3\) on every other axis .* \(1, 1\)",
        ),
        (lambda: ops.take_along_axis(X, [[3], [0]]), DataError, r"but got `3`"),
        (lambda: add_along_axis(X, [[0]], 2), ShapeError, r"the shape of the indices"),
        (lambda: ops.one_hot([0], 0), ArgumentError, r"depth expects .* at least 1, .*0"),
        (lambda: ops.one_hot(X, 2), DtypeError, r"ops.one_hot: index expects a whole number"),
        (
            lambda: ops.random_normal(X, shape=(2,)),
            ShapeError,
            r"dtype uint32 .*dtype float32, shape \(2, 3\)",
        ),
        (lambda: ops.random_normal(np.uint32([1, 2, 3]), shape=(2,), dtype="int32"), DtypeError, r"int32"),
        (
            lambda: ops.random_uniform(np.uint32([1, 2, 3]), shape=(2,), low=1.0, high=0.0),
            ArgumentError,
            r"low ≤ high, but got 1.0 and 0.0",
        ),
        (lambda: ops.add(Graph().input("x", Spec((2,))), 1), GraphError, r"no graph is being written"),
        (
            lambda: ops.add(np.array(["a"], object), 1),
            DtypeError,
            r"dtype expects one of .*, but got 'object'",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
