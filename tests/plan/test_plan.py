"""A Program does what its graph says, in memory where no two live values overlap, and little of it."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.errors import GraphError
from pyengine.executors import DryExecutor, NumpyExecutor
from pyengine.executors.dry import follow, meaning
from pyengine.graph import Graph, Spec, Variable, check
from pyengine.plan import Call, Program, Slot, plan
from pyengine.plan.arena import layout
from pyengine.plan.storage import Buffer
from pyengine.transforms import differentiate, fuse, simplify, trace
from tests.random_graphs import interpret, random_graph


@pytest.mark.parametrize("block", range(10))
def test_no_live_value_is_overwritten_in_hundreds_of_random_graphs(block):
    for seed in range(block * 40, block * 40 + 40):
        for graph in (random_graph(seed), simplify(random_graph(seed, 60))):
            program = plan(check(graph))
            assert follow(program) == meaning(graph, program), f"seed {seed}"
            DryExecutor().allocate(program)


@pytest.mark.parametrize("block", range(6))
def test_a_program_computes_what_its_graph_means(block):
    for seed in range(1000 + block * 20, 1020 + block * 20):
        graph = random_graph(seed)
        rng = np.random.default_rng(seed)
        feeds = {name: rng.normal(size=(4, 6)).astype("f4") for name in ("a", "b")}
        outputs, written = interpret(graph, feeds)
        executor = NumpyExecutor()
        program = plan(graph)
        memory = executor.allocate(program)
        for name, array in feeds.items():
            executor.write(memory, name, array)
        executor.run(memory)
        for name, expected in outputs.items():
            np.testing.assert_array_equal(
                executor.read(memory, name), expected, err_msg=f"seed {seed} {name}"
            )
        for variable in graph.writes:
            np.testing.assert_array_equal(variable.value, written[variable.name], err_msg=f"seed {seed}")


def test_an_update_is_made_in_the_variables_own_memory():
    weight = Variable(np.ones((8, 8)), name="weight")
    graph = Graph()
    with graph:
        x = graph.input("x", Spec((4, 8)))
        y = ops.matmul(x, weight)
        weight.assign(weight - 0.1 * ops.matmul(x, y, transpose_a=True))
    program = plan(graph)
    assert program.calls[-1].op.name == "subtract"
    assert program.calls[-1].output.region == 0
    assert all(call.op.name != "copy" for call in program.calls)


def test_two_variables_can_swap():
    first, second = Variable(np.zeros(3), name="first"), Variable(np.ones(3), name="second")
    graph = Graph()
    with graph:
        a, b = graph.read(first), graph.read(second)
        first.assign(b)
        second.assign(a)
    program = plan(graph)
    assert follow(program) == meaning(graph, program)
    executor = NumpyExecutor()
    executor.run(executor.allocate(program))
    assert first.value.tolist() == [1, 1, 1]
    assert second.value.tolist() == [0, 0, 0]


def test_the_arena_is_hardly_larger_than_what_is_alive_at_once():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        buffers = []
        for _ in range(60):
            first = int(rng.integers(0, 50))
            buffers.append(Buffer(int(rng.integers(1, 5000)), first, first + int(rng.integers(0, 20))))
        found = layout(buffers)
        assert found.alive <= found.size <= 1.3 * found.alive <= 1.3 * found.unshared
        for a in buffers:
            for b in buffers:
                if a is not b and a.first <= b.last and b.first <= a.last:
                    start, stop = found.offsets[a], found.offsets[a] + a.nbytes
                    assert found.offsets[b] >= stop or found.offsets[b] + b.nbytes <= start


def test_the_dry_executor_sees_an_overwritten_value():
    spec = Spec((16,))
    a, b = Slot("arena", 0, spec), Slot("arena", 64, spec)
    square, add = ops.make("square"), ops.make("add")
    calls = (
        Call(square, (a,), (b,)),
        Call(square, (b,), (a,)),
        Call(add, (a, b), (b,)),
        Call(add, (a, b), (a,)),
    )
    sound = Program(calls, layout([Buffer(64, 0, 4), Buffer(64, 0, 4)]), b"", (), {"x": a}, {"y": a})
    DryExecutor().allocate(sound)
    shifted = Slot("arena", 0, Spec((20,)))
    broken = Program(
        (Call(square, (a,), (b,)), Call(square, (shifted,), (shifted,))), sound.layout, b"", (), {"x": a}, {}
    )
    with pytest.raises(GraphError, match="overwritten or was never made"):
        DryExecutor().allocate(broken)
    outside = Slot("arena", 128, spec)
    with pytest.raises(GraphError, match="outside its region"):
        DryExecutor().allocate(
            Program((Call(square, (a,), (outside,)),), sound.layout, b"", (), {"x": a}, {})
        )
    matmul = ops.make("matmul", transpose_a=False, transpose_b=False)
    square_slot = Slot("arena", 0, Spec((4, 4)))
    in_place = Program(
        (Call(matmul, (square_slot, square_slot), (square_slot,)),),
        sound.layout,
        b"",
        (),
        {"x": square_slot},
        {},
    )
    with pytest.raises(GraphError, match="overlaps input 0"):
        DryExecutor().allocate(in_place)


def test_a_program_prints_its_arena_before_and_after_planning():
    text = str(plan(random_graph(3)))
    assert "arena" in text.splitlines()[0]
    assert "was" in text.splitlines()[0]
    assert "0: a" in text


def test_a_run_stops_at_the_deadline_and_goes_on_where_it_stopped():
    graph = random_graph(5)
    executor = NumpyExecutor()
    memory = executor.allocate(plan(graph))
    position, stops = 0, 0
    while position < memory.length:
        position = executor.run(memory, position, deadline=0.0)
        stops += 1
    assert stops == memory.length > 5


def test_an_update_follows_its_gradient_at_once_so_that_the_gradient_need_not_wait():
    weights = [Variable(np.ones((32, 32)), name=f"weight{index}") for index in range(4)]
    slots = [Variable(np.zeros((32, 32)), name=f"slot{index}") for index in range(4)]

    def step(x):
        for weight in weights:
            x = ops.tanh(ops.matmul(x, weight))
        return {"loss": ops.sum(x)}

    graph = differentiate(trace(step, {"x": Spec((2, 32))}), "loss", weights)
    with graph:
        for weight, slot in zip(weights, slots, strict=True):
            gradient = graph.outputs.pop(f"gradient/{weight.name}")
            slot.assign(slot * 0.9 + gradient)
            weight.assign(weight - slot * 0.1)
    program = plan(fuse(simplify(graph)))
    assert program.arena < 2 * 32 * 32 * 4
    assert all(call.op.name != "copy" for call in program.calls)


def test_an_output_may_be_what_a_variable_held_before_the_step():
    counter = Variable(np.float32(1), name="counter")

    def step():
        before = ops.reshape(counter, (1,))
        counter.assign_add(1.0)
        return {"before": before}

    executor = NumpyExecutor()
    memory = executor.allocate(plan(trace(step, {})))
    executor.run(memory)
    assert executor.read(memory, "before").tolist() == [1.0]
    assert counter.value == 2
