"""Loops over time: what scan refuses, how much its gradient keeps, second derivatives, bodies through transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyengine import ops
from pyengine.errors import ArgumentError, GraphError, ShapeError
from pyengine.graph import Graph, Spec, Variable, check
from pyengine.ops.recurrent import gru_cell, lstm_cell
from pyengine.ops.scan import Scan
from pyengine.plan import plan
from pyengine.transforms import differentiate, fuse, simplify, trace
from tests.cases.run import execute, finite_differences, gradients

LENGTH, ROWS, UNITS = 5, 2, 3


def lstm(h: Any, c: Any, z: Any, kernel: Any, cell: bool = True) -> Any:
    """Final h and all outputs; the cell fused or in plain ops."""

    def step(states: Any, slices: Any, constants: Any) -> Any:
        sums = ops.add(ops.matmul(states[0], constants[0]), slices[0])
        if cell:
            new = lstm_cell(sums, states[1])
        else:
            i, f, g, o = ops.split(sums, 4)
            c = ops.add(ops.multiply(ops.sigmoid(f), states[1]), ops.multiply(ops.sigmoid(i), ops.tanh(g)))
            new = (ops.multiply(ops.sigmoid(o), ops.tanh(c)), c)
        return new, new[:1]

    return ops.scan(step, [h, c], [z], [kernel])


def arrays(dtype: str = "float64") -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = {
        "h": (ROWS, UNITS),
        "c": (ROWS, UNITS),
        "z": (LENGTH, ROWS, 4 * UNITS),
        "kernel": (UNITS, 4 * UNITS),
    }
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def specs(**given: np.ndarray) -> dict[str, Spec]:
    return {name: Spec(array.shape, array.dtype.name) for name, array in given.items()}


def differentiated(cell: bool = True, last: bool = False) -> Graph:
    def loss(**values: Any) -> dict[str, Any]:
        (h, _), (outputs,) = lstm(**values, cell=cell)
        return {"loss": ops.sum(ops.square(h if last else outputs))}

    return simplify(check(differentiate(trace(loss, specs(**arrays())), "loss", list(arrays()))))


def named(values: Any) -> dict[str, Any]:
    return {f"y{number}": value for number, value in enumerate(values)}


def scans(graph: Graph) -> list[Any]:
    return [node for node in graph.nodes if isinstance(node.op, Scan)]


@pytest.mark.parametrize("cell", [True, False])
def test_the_gradient_of_a_loop_is_that_of_its_steps_one_after_another(cell: bool) -> None:
    def looped(**values: Any) -> Any:
        (h, c), (outputs,) = lstm(**values, cell=cell)
        return ops.sum(ops.sin(outputs)) + ops.sum(ops.multiply(h, c))

    def unrolled(h: Any, c: Any, z: Any, kernel: Any) -> Any:
        total: Any = 0.0
        for time in range(LENGTH):
            slice_ = ops.reshape(ops.slice_(z, (time, 0, 0), (time + 1, ROWS, 4 * UNITS)), z.shape[1:])
            h, c = lstm_cell(ops.add(ops.matmul(h, kernel), slice_), c)
            total = total + ops.sum(ops.sin(h))
        return total + ops.sum(ops.multiply(h, c))

    values = arrays()
    expected, slopes = gradients(unrolled, list(values), **values)
    found, ours = gradients(looped, list(values), **values)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for name in values:
        np.testing.assert_allclose(ours[name], slopes[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("cell", [True, False])
def test_second_derivatives_come_from_differentiating_twice(cell: bool) -> None:
    values = arrays()
    graph = differentiated(cell)
    with graph:
        slope = graph.outputs["gradient/kernel"]
        graph.outputs = {"curve": ops.sum(ops.square(slope))}
    found = execute(check(differentiate(graph, "curve", ["h", "kernel", "z"])), **values)
    for name in ("h", "kernel", "z"):
        expected = finite_differences(
            lambda x, name=name: execute(graph, **{**values, name: x})["curve"], values[name], 1e-5
        )
        np.testing.assert_allclose(found[f"gradient/{name}"], expected, rtol=1e-6, atol=1e-6, err_msg=name)


def test_forward_keeps_only_what_the_way_back_cannot_cheaply_make_again() -> None:
    forward, backward = scans(differentiated(cell=False))
    results = [value.shape[2] // UNITS for value in forward.outputs[2:] if len(value.shape) == 3]
    # Shown outputs; three gates, candidate and tanh of the cell; histories of h and c. Neither sums nor products.
    assert results == [1, 1, 1, 1, 1, 1, 1, 1]
    assert [node.op.name for node in backward.op.body.nodes].count("sigmoid") == 0
    assert [node.op.name for node in backward.op.body.nodes].count("tanh") == 0
    assert forward.op.kept == (0, 1)


def test_a_loop_that_nobody_differentiates_keeps_nothing() -> None:
    def step(**values: Any) -> dict[str, Any]:
        (h, _), _ = lstm(**values)
        return {"h": h}

    (node,) = scans(trace(step, specs(**arrays())))
    assert node.op.kept == ()
    assert len(node.outputs) == 3
    frozen = differentiate(
        trace(
            lambda w, **values: {"loss": ops.sum(ops.multiply(lstm(**values)[0][0], w))},
            specs(**arrays(), w=np.zeros((ROWS, UNITS))),
        ),
        "loss",
        ["w"],
    )
    (node,) = scans(frozen)
    assert node.op.kept == ()


def test_the_gradient_of_a_kernel_is_one_product_after_the_loop() -> None:
    graph = differentiated()
    _, backward = scans(graph)
    assert [node.op.name for node in backward.op.body.nodes] == ["add", "lstm_cell_gradient", "matmul"]
    product = graph.outputs["gradient/kernel"].node
    assert product is not None
    assert product.op.name == "matmul"
    assert product.inputs[0].shape == (LENGTH * ROWS, UNITS)


def test_what_is_no_product_of_two_matrices_is_summed_in_the_loop() -> None:
    def loss(x: Any, factor: Any) -> Any:
        (s,), _ = ops.scan(
            lambda s, x, c: ((ops.tanh(ops.multiply(ops.add(s[0], x[0]), c[0])),), ()), [x], [xs], [factor]
        )
        return ops.sum(s)

    rng = np.random.default_rng(1)
    xs = rng.normal(size=(4, 2, 3))
    values = {"x": rng.normal(size=(2, 3)), "factor": rng.normal(size=(3,))}
    value, found = gradients(loss, list(values), **values)
    for name in values:
        expected = finite_differences(lambda x, name=name: loss(**{**values, name: x}), values[name])
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-8)
    assert value == loss(**values)


def test_a_bias_within_the_loop_is_summed_after_it_where_its_terms_lie_there_anyway() -> None:
    def loss(h: Any, x: Any, kernel: Any, bias: Any) -> Any:
        def step(states: Any, slices: Any, constants: Any) -> Any:
            inner = ops.add(ops.matmul(states[0], constants[0]), constants[1])
            return (gru_cell(slices[0], inner, states[0]),), ()

        return ops.sum(ops.scan(step, [h], [x], [kernel, bias])[0][0])

    rng = np.random.default_rng(1)
    shapes = {"h": (2, 3), "x": (4, 2, 9), "kernel": (3, 9), "bias": (9,)}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    graph = differentiate(trace(lambda **v: {"loss": loss(**v)}, specs(**values)), "loss", list(values))
    _, backward = scans(simplify(graph))
    assert "sum" not in [node.op.name for node in backward.op.body.nodes]
    assert backward.op.states == 1
    _, found = gradients(loss, list(values), **values)
    for name in values:
        expected = finite_differences(lambda x, name=name: loss(**{**values, name: x}), values[name])
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_variables_and_arrays_may_be_used_within_the_step() -> None:
    weight, table = Variable(np.full((2, 2), 0.5), name="weight", dtype="float64"), np.eye(2) * 3

    def loss(x: Any) -> Any:
        def step(states: Any, slices: Any, constants: Any) -> Any:
            return (ops.tanh(ops.add(ops.matmul(ops.matmul(states[0], weight), table), slices[0])),), ()

        return ops.sum(ops.scan(step, [np.ones((1, 2))], [x])[0][0])

    x = np.random.default_rng(2).normal(size=(3, 1, 2))
    _, found = gradients(loss, ["x"], x=x)
    np.testing.assert_allclose(found["x"], finite_differences(loss, x), rtol=1e-6, atol=1e-9)
    graph = differentiate(
        trace(lambda x: {"loss": loss(x)}, {"x": Spec(x.shape, "float64")}), "loss", [weight]
    )

    def of_weight(array: np.ndarray) -> float:
        weight.set(array)
        return float(loss(x))

    slope = execute(graph, x=x)["gradient/weight"]
    np.testing.assert_allclose(slope, finite_differences(of_weight, weight.numpy()), rtol=1e-6, atol=1e-9)


def test_a_loop_in_a_loop_has_its_gradient() -> None:
    def loss(h: Any, x: Any, kernel: Any) -> Any:
        def outer(states: Any, slices: Any, constants: Any) -> Any:
            def inner(inside: Any, row: Any, still: Any) -> Any:
                s = ops.tanh(ops.add(ops.matmul(inside[0], still[0]), row[0]))
                return (s,), (ops.square(s),)

            (s,), (squares,) = ops.scan(inner, states, slices, constants, reverse=True)
            return (s,), (ops.sum(squares, axis=0),)

        (s,), (rows,) = ops.scan(outer, [h], [x], [kernel])
        return ops.sum(s) + ops.sum(ops.sin(rows))

    rng = np.random.default_rng(4)
    values = {
        "h": rng.normal(size=(2, 2)),
        "x": rng.normal(size=(3, 4, 2, 2)),
        "kernel": rng.normal(size=(2, 2)),
    }
    _, found = gradients(loss, list(values), **values)
    for name in values:
        expected = finite_differences(lambda x, name=name: loss(**{**values, name: x}), values[name])
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-8, err_msg=name)


def test_bodies_are_simplified_and_fused() -> None:
    def step(x: Any) -> dict[str, Any]:
        def body(states: Any, slices: Any, constants: Any) -> Any:
            a = ops.multiply(ops.exp(ops.multiply(states[0], 1.0)), slices[0])
            return (ops.add(a, ops.exp(states[0])),), ()

        return {"y": ops.scan(body, [np.ones(3, "f4")], [x])[0][0]}

    graph = trace(step, {"x": Spec((4, 3))})
    (node,) = scans(simplify(graph))
    assert [one.op.name for one in node.op.body.nodes] == ["exp", "multiply", "add"]
    (node,) = scans(fuse(simplify(graph)))
    assert [one.op.name for one in node.op.body.nodes] == ["chain"]
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")
    np.testing.assert_allclose(execute(fuse(simplify(graph)), x=x)["y"], execute(graph, x=x)["y"], rtol=1e-6)


def test_a_program_lists_a_round_of_its_loop_below_it() -> None:
    program = plan(trace(lambda **values: {"h": lstm(**values)[0][0]}, specs(**arrays("float32"))))
    text = str(program)
    assert "scan" in text
    assert "length=5" in text
    assert '    v0 = variable "state 0"' in text
    assert "code=" not in text


def test_what_nobody_uses_of_a_loop_is_not_computed() -> None:
    def step(x: Any, kernel: Any, mask: Any, other: Any) -> dict[str, Any]:
        def body(states: Any, slices: Any, constants: Any) -> Any:
            h, unseen = states
            new = ops.tanh(ops.add(ops.matmul(ops.multiply(h, constants[1]), constants[0]), slices[0]))
            return (new, ops.add(unseen, slices[1])), (ops.exp(new), ops.square(new))

        start = np.zeros((ROWS, UNITS), "f4")
        (h, _), (_, squares) = ops.scan(body, [start, start], [x, other], [kernel, mask])
        return {"loss": ops.sum(h) + ops.sum(squares)}

    given = {
        "x": Spec((4, ROWS, UNITS)),
        "kernel": Spec((UNITS, UNITS)),
        "mask": Spec((ROWS, UNITS)),
        "other": Spec((4, ROWS, UNITS)),
    }
    graph = trace(step, given)
    (forward,) = scans(check(simplify(graph)))
    assert (forward.op.states, forward.op.sequences, forward.op.results) == (1, 1, 1)
    assert "exp" not in [node.op.name for node in forward.op.body.nodes]
    whole, part = (
        check(simplify(differentiate(graph, "loss", wrt))) for wrt in (["kernel", "mask"], ["kernel"])
    )
    assert [node.op.states for node in scans(whole)] == [1, 2]  # the mask's gradient is summed step by step
    assert [node.op.states for node in scans(part)] == [1, 1]
    arrays_ = {name: np.random.default_rng(1).normal(size=s.shape).astype("f4") for name, s in given.items()}
    one, other = execute(whole, **arrays_), execute(part, **arrays_)
    np.testing.assert_array_equal(one["gradient/kernel"], other["gradient/kernel"])
    np.testing.assert_array_equal(one["loss"], execute(graph, **arrays_)["loss"])


def test_results_lie_over_a_sequence_whose_slices_are_read_by_then() -> None:
    def replaceable(body: Any) -> list[bool]:
        """For each result, whether it may lie where the first sequence lies."""
        xs = np.zeros((3, 2), "f4")
        graph = trace(
            lambda x, other: named(ops.scan(body, [np.zeros(2, "f4")], [x, other])[1]),
            {"x": Spec(xs.shape), "other": Spec(xs.shape)},
        )
        (node,) = scans(graph)
        return [node.op.replaces(1, 1 + number) for number in range(node.op.results)]

    # Made of the slice by an op that works in place, or of what was made of it; then: while it is yet to be read.
    assert replaceable(lambda s, x, c: (s, (ops.tanh(x[0]),))) == [True]
    assert replaceable(lambda s, x, c: (s, (ops.add(ops.cumsum(x[0], axis=0), s[0]),))) == [True]
    assert replaceable(lambda s, x, c: (s, (ops.cumsum(x[0], axis=0),))) == [False]
    assert replaceable(lambda s, x, c: ((ops.add(s[0], x[0]),), (ops.tanh(x[1]),))) == [False]
    assert replaceable(lambda s, x, c: (s, (ops.tanh(x[0]), ops.exp(x[0])))) == [False, False]
    assert replaceable(lambda s, x, c: (s, (ops.tanh(x[0]), x[0]))) == [False, False]
    assert replaceable(lambda s, x, c: (s, (x[1], x[0]))) == [False, False]


def test_the_gates_of_an_lstm_take_no_memory_of_their_own() -> None:
    def loss(x: Any, kernel: Any) -> dict[str, Any]:
        sums = ops.multiply(x, 2.0)
        nothing = np.zeros((ROWS, UNITS), "f4")
        return {"loss": ops.sum(lstm(nothing, nothing, sums, kernel)[0][0])}

    given = {"x": Spec((100, ROWS, 4 * UNITS)), "kernel": Spec((UNITS, 4 * UNITS))}
    program = plan(simplify(differentiate(trace(loss, given), "loss", list(given))))
    forward, backward = (call for call in program.calls if call.loop)
    (gates,) = (slot for slot in forward.outputs if slot.spec == given["x"])
    (slope,) = (slot for slot in backward.outputs if slot.spec == given["x"])
    assert gates in forward.inputs
    assert slope in backward.inputs
    assert slope == gates


def test_what_scan_refuses() -> None:
    state, sequence = np.zeros(2, "f4"), np.zeros((3, 2), "f4")

    def run(function: Any, sequences: Any = (sequence,)) -> Any:
        return ops.scan(function, [state], sequences)

    with pytest.raises(
        ArgumentError, match="scan: sequences expects sequences of one length on axis 0, but got none"
    ):
        run(lambda s, x, c: (s, ()), sequences=())
    with pytest.raises(ArgumentError, match=r"one length on axis 0, but got lengths \[3, 4\]"):
        run(lambda s, x, c: (s, ()), sequences=(np.zeros((3, 2)), np.zeros((4, 2))))
    with pytest.raises(
        ArgumentError, match="returns 1 states, as many as it was given, but got one that returns 0"
    ):
        run(lambda s, x, c: ((), ()))
    with pytest.raises(ShapeError, match=r"states as it got them: f32\[2\], but got f32\[\]"):
        run(lambda s, x, c: ((ops.sum(s[0]),), ()))
    counter = Variable(np.zeros(2), name="counter")

    def counting(states: Any, slices: Any, constants: Any) -> Any:
        counter.assign_add(slices[0])
        return states, ()

    with pytest.raises(GraphError, match=r"cannot assign variables \(counter\): give it states instead"):
        run(counting)
    with pytest.raises(GraphError, match="belongs to another graph"):
        trace(
            lambda x: {
                "y": ops.scan(lambda s, a, c: ((ops.add(s[0], x),), ()), [x], [np.zeros((3, 2), "f4")])[0][0]
            },
            {"x": Spec((2,))},
        )
