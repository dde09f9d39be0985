"""Loops and recurrent cells in C against the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from pyengine.executors import DryExecutor, NumpyExecutor
from pyengine.executors.base import Memory
from pyengine.graph import Spec, Variable, check
from pyengine.ops import make
from pyengine.ops.recurrent import lstm_cell
from pyengine.plan import Program, plan
from pyengine.transforms import differentiate, fuse, simplify, trace
from tests.executors.simd.support import MODES, compare, executor, run

each_mode = pytest.mark.parametrize("mode", MODES)
few = settings(max_examples=60, deadline=None)
NUMBERS = (0.0, -0.0, 1.0, -3.0, 90.0, -90.0, 1e30, -1e30, np.inf, -np.inf, np.nan)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("f4")


# Cells


def near(op: ops.Op, *inputs: np.ndarray, mode: str) -> None:
    """Inputs of size 1: slopes of closed gates are differences from 1, so 1 is what errors are relative to."""
    expected = op.evaluate(*(array.astype("f8") for array in inputs))
    for one, truth in zip(run(op, *inputs, mode=mode), expected, strict=True):
        np.testing.assert_allclose(one, truth, rtol=0, atol=2e-6)


@each_mode
@few
@given(rows=st.integers(0, 3), units=st.integers(1, 37), seed=st.integers(0, 99))
def test_cells_of_any_size(mode: str, rows: int, units: int, seed: int) -> None:
    z, c = 3 * normal(rows, 4 * units, seed=seed), normal(rows, units, seed=seed + 1)
    near(make("lstm_cell"), z, c, mode=mode)
    _, _, gates, curve = make("lstm_cell").evaluate(z, c)
    dh, dc = normal(rows, units, seed=seed + 2), normal(rows, units, seed=seed + 3)
    near(make("lstm_cell_gradient"), dh, dc, gates, curve, c, mode=mode)
    x, s = 3 * normal(rows, 3 * units, seed=seed), normal(rows, 3 * units, seed=seed + 4)
    near(make("gru_cell"), x, s, c, mode=mode)
    near(make("gru_cell_gradient"), dh, make("gru_cell").evaluate(x, s, c)[1], c, mode=mode)


@each_mode
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_cells_of_special_numbers(mode: str, number: float) -> None:
    for place in range(4):
        z = np.zeros((1, 4 * 3), "f4")
        z[0, 3 * place] = number
        with np.errstate(all="ignore"):
            compare(make("lstm_cell"), z, np.ones((1, 3), "f4"), mode=mode)
    for place in range(3):
        x = np.zeros((1, 3 * 3), "f4")
        x[0, 3 * place] = number
        with np.errstate(all="ignore"):
            compare(make("gru_cell"), x, np.ones((1, 9), "f4"), np.ones((1, 3), "f4"), mode=mode)


@each_mode
def test_cells_over_their_inputs_give_the_same_bits(mode: str) -> None:
    units = 7
    z, c, dh, dc = (normal(2, n * units, seed=n) for n in (4, 1, 1, 1))
    gates, curve = make("lstm_cell").evaluate(z, c)[2:]
    for op, inputs, places in (
        (make("lstm_cell"), (z, c), {1: (0, 1), 0: (2,)}),
        (
            make("lstm_cell_gradient"),
            (dh, dc, gates, curve, c),
            {2: (0,), 0: (1,), 1: (1,), 3: (1,), 4: (1,)},
        ),
        (make("gru_cell_gradient"), (dh, gates, c), {0: (2,), 2: (2,)}),
    ):
        expected = run(op, *inputs, mode=mode)
        for place, outputs in places.items():
            assert place in op.in_place
            for output in outputs:
                found = over(op, inputs, place, output, mode)
                for one, other in zip(found, expected, strict=True):
                    np.testing.assert_array_equal(one, other)


def over(op: ops.Op, inputs: Any, place: int, output: int, mode: str) -> tuple[np.ndarray, ...]:
    """The outputs where one of them takes the memory of an input: a plan that has it so."""
    variable = Variable(inputs[place])

    def step(**values: Any) -> dict[str, Any]:
        taken = [variable if n == place else values[f"x{n}"] for n in range(len(inputs))]
        made = ops.apply(op, *taken)
        ops.assign(variable, made[output])
        return {f"y{n}": one for n, one in enumerate(made) if n != output}

    specs = {f"x{n}": Spec(x.shape) for n, x in enumerate(inputs) if n != place}
    program = plan(trace(step, specs))
    (call,) = program.calls
    assert call.inputs[place] == call.outputs[output]
    memory = executor(mode).allocate(program)
    assert not memory.fallbacks
    for name in specs:
        executor(mode).write(memory, name, inputs[int(name[1:])])
    executor(mode).run(memory)
    found = {name: executor(mode).read(memory, name) for name in program.outputs}
    return tuple(variable.numpy() if n == output else found[f"y{n}"] for n in range(len(call.outputs)))


# Loops

Step = Callable[[Any, Any, Any], tuple[Any, Any]]


def lstm(states: Any, slices: Any, constants: Any) -> tuple[Any, Any]:
    (h, c), (z,), (kernel,) = states, slices, constants
    h, c = lstm_cell(ops.add(z, ops.matmul(h, kernel)), c)
    return (h, c), (h,)


def plain(states: Any, slices: Any, constants: Any) -> tuple[Any, Any]:
    """States that swap, one that stays, results that are inputs, constants and one another."""
    (h, c), (z,), (kernel,) = states, slices, constants
    i, f, g, o = ops.split(ops.add(z, ops.matmul(h, kernel)), 4)
    new = ops.tanh(ops.add(ops.multiply(ops.sigmoid(f), c), ops.multiply(i, g)))
    return (c, ops.add(new, ops.multiply(o, 0.5))), (h, new, new, z, kernel)


def nested(states: Any, slices: Any, constants: Any) -> tuple[Any, Any]:
    """A loop in the loop, over what stands still outside and what moves, with states that come from outside."""
    (h, c), (z,), (kernel,) = states, slices, constants
    rows = ops.reshape(z, (4, *h.shape))

    def inner(inside: Any, row: Any, still: Any) -> tuple[Any, Any]:
        (s,), (x,) = inside, row
        outer, moving = still
        s = ops.tanh(ops.add(ops.multiply(s, x), ops.multiply(ops.mean(outer), ops.mean(moving))))
        return (s,), (ops.multiply(s, x),)

    (last,), (all_,) = ops.scan(inner, [h], [rows], [kernel, z], reverse=True)
    return (last, ops.add(c, ops.sum(all_, axis=0))), (last,)


BODIES: dict[str, Step] = {"lstm": lstm, "plain": plain, "nested": nested}


def looping(body: Step, length: int, rows: int, units: int, reverse: bool, slopes: bool) -> Program:
    specs = {
        "h": Spec((rows, units)),
        "c": Spec((rows, units)),
        "z": Spec((length, rows, 4 * units)),
        "kernel": Spec((units, 4 * units)),
    }

    def step(h: Any, c: Any, z: Any, kernel: Any) -> dict[str, Any]:
        (h, c), results = ops.scan(body, [h, c], [z], [kernel], reverse=reverse)
        loss = ops.add(ops.sum(ops.square(h)), ops.sum(c))
        for number, result in enumerate(results):
            loss = ops.add(loss, ops.sum(ops.multiply(ops.sin(result), 1.0 + number)))
        return {"h": h, "c": c, "loss": loss, **{f"y{n}": one for n, one in enumerate(results)}}

    graph = trace(step, specs)
    if slopes:
        graph = differentiate(graph, "loss", list(specs))
    program = plan(check(fuse(check(simplify(graph)))))
    DryExecutor().allocate(program)
    return program


def fed(runner: Any, program: Program) -> Memory:
    memory = runner.allocate(program)
    feed(runner, memory)
    return memory


def feed(runner: Any, memory: Memory) -> None:
    for number, (name, slot) in enumerate(memory.program.inputs.items()):
        runner.write(memory, name, normal(*slot.spec.shape, seed=number))


@each_mode
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("slopes", [False, True])
@settings(max_examples=8, deadline=None)
@given(length=st.integers(0, 4), rows=st.integers(1, 3), units=st.integers(1, 9))
def test_a_loop_is_that_of_the_reference(
    mode: str, body: str, reverse: bool, slopes: bool, length: int, rows: int, units: int
) -> None:
    program = looping(BODIES[body], length, rows, units, reverse, slopes)
    reference = NumpyExecutor()
    expected, memory = fed(reference, program), fed(executor(mode), program)
    assert not memory.fallbacks, memory.on_numpy()
    reference.run(expected)
    for _ in range(2):  # the second time from words that have moved
        feed(executor(mode), memory)
        executor(mode).run(memory)
        for name in program.outputs:
            truth = reference.read(expected, name)
            scale = float(np.abs(truth).max(initial=1))
            np.testing.assert_allclose(executor(mode).read(memory, name), truth, rtol=0, atol=2e-5 * scale)


@each_mode
@pytest.mark.parametrize("body", ["lstm", "nested"])
def test_a_loop_that_is_interrupted_again_and_again_gives_the_same_bits(mode: str, body: str) -> None:
    program = looping(BODIES[body], 400, 8, 32, False, True)
    runner = executor(mode)
    whole, pieces = fed(runner, program), fed(runner, program)
    runner.run(whole)
    position, stretches, inside = 0, 0, 0
    while position < pieces.length:
        before, position = position, runner.run(pieces, position, deadline=0.0)
        stretches += 1
        inside += before == position
    assert inside > 4
    assert stretches > inside
    for name in program.outputs:
        np.testing.assert_array_equal(runner.read(pieces, name), runner.read(whole, name))


def test_a_loop_that_was_left_in_the_middle_begins_anew() -> None:
    program = looping(lstm, 400, 8, 32, False, False)
    runner = executor("strict")
    expected, memory = fed(runner, program), fed(runner, program)
    runner.run(expected)
    position = 0
    while (reached := runner.run(memory, position, deadline=0.0)) != position:
        position = reached
    assert position < memory.length
    feed(runner, memory)
    runner.run(memory)
    for name in program.outputs:
        np.testing.assert_array_equal(runner.read(memory, name), runner.read(expected, name))


def test_a_loop_with_a_call_that_has_no_kernel_runs_on_numpy_and_is_counted() -> None:
    def step(h: Any, z: Any) -> dict[str, Any]:
        (h,), _ = ops.scan(lambda s, x, c: ((ops.add(s[0], x[0]),), ()), [h], [z])
        return {"h": h}

    specs = {"h": Spec((2, 2), "float64"), "z": Spec((3, 2, 2), "float64")}
    program = plan(trace(step, specs))
    memory = executor("strict").allocate(program)
    assert memory.on_numpy() == "1 of 1 calls ran on numpy: scan (float64 add)"
    executor("strict").write(memory, "h", np.ones((2, 2)))
    executor("strict").write(memory, "z", np.ones((3, 2, 2)))
    executor("strict").run(memory)
    np.testing.assert_array_equal(executor("strict").read(memory, "h"), 4)


def test_a_training_step_of_an_lstm_makes_two_calls_a_step_each_way() -> None:
    program = looping(lstm, 5, 2, 4, False, True)
    forward, backward = (call.loop for call in program.calls if call.loop)
    assert forward is not None
    assert backward is not None
    # and one more, for here the outputs of all steps are shown, and a gradient comes for each
    assert [call.op.name for call in forward.calls] == ["matmul_add", "lstm_cell", "copy"]
    assert [call.op.name for call in backward.calls] == ["add", "lstm_cell_gradient", "matmul"]
