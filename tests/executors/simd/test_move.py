"""Kernels that move bytes, and steps that take their rows of a data set themselves."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.executors import Batches, NumpyExecutor
from pyengine.graph import Graph, Spec, Variable
from pyengine.plan import plan
from tests.executors.simd.support import MODES, compare, executor


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (5, 7)])
def test_a_copy_has_the_same_numbers(mode, shape):
    compare(
        ops.make("copy"), np.random.default_rng(0).normal(size=shape).astype("f4"), mode=mode, tolerance=0
    )


def summing():
    """A step that adds the rows it sees to a variable."""
    total = Variable(np.zeros(3), name="total")
    graph = Graph()
    with graph:
        x = graph.input("x", Spec((2, 3)))
        sum_ = ops.sum(x, axis=0)
        total.assign_add(sum_)
        graph.outputs = {"loss": ops.sum(sum_)}
    return total, plan(graph)


@pytest.mark.parametrize("make", [NumpyExecutor, *[lambda m=m: executor(m) for m in MODES]])
@pytest.mark.parametrize("order", [None, np.array([5, 4, 3, 2, 1, 0])])
def test_steps_take_their_rows_of_a_data_set(make, order):
    total, program = summing()
    one = make()
    memory = one.allocate(program)
    data = np.arange(18, dtype=np.float32).reshape(6, 3)
    one.bind(memory, Batches({"x": data}, order))
    assert one.run(memory, stop=2 * memory.length) == 2 * memory.length
    rows = data if order is None else data[order]
    np.testing.assert_array_equal(total.value, rows[:4].sum(0))
    one.run(memory, start=2 * memory.length, stop=3 * memory.length)
    np.testing.assert_array_equal(total.value, data.sum(0))
    # One call at a time, as a deadline in the past makes it.
    total.set(np.zeros(3))
    position = 0
    while position < 3 * memory.length:
        further = one.run(memory, position, deadline=0.0, stop=3 * memory.length)
        assert position < further
        position = further
    np.testing.assert_array_equal(total.value, data.sum(0))


@pytest.mark.parametrize("make", [NumpyExecutor, *[lambda m=m: executor(m) for m in MODES]])
def test_running_stops_behind_the_step_whose_loss_is_no_number(make):
    _, program = summing()
    one = make()
    memory = one.allocate(program)
    data = np.ones((8, 3), np.float32)
    data[3] = np.nan
    one.bind(memory, Batches({"x": data}))
    memory.watched = "loss"
    assert one.run(memory, stop=4 * memory.length) == 2 * memory.length
    memory.watched = None
    assert one.run(memory, start=2 * memory.length, stop=4 * memory.length) == 4 * memory.length
