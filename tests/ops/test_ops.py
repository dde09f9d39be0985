"""Every row of the table of ops: value, shape rule, evaluation into given memory, text, executors, gradient."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from pyengine import ops
from pyengine.bridge import catalogue
from pyengine.executors import EXECUTORS, DryExecutor
from pyengine.graph import Graph, Spec, check, parse_graph, print_graph
from pyengine.names import camel
from pyengine.plan import plan
from pyengine.transforms import differentiate, simplify, trace
from tests.cases.ops import CASES, Case

each_case = pytest.mark.parametrize("case", CASES, ids=str)


RUNNERS = {**EXECUTORS, "dry": DryExecutor}


def traced(case: Case, inputs=None) -> Graph:
    """The call as a graph with inputs x0, x1, … and output y."""
    inputs = case.inputs if inputs is None else inputs
    specs = {f"x{i}": Spec(x.shape, x.dtype.name) for i, x in enumerate(inputs)}
    return check(trace(lambda **values: {"y": case.call(*values.values())}, specs))


def run(graph: Graph, inputs, executor: str = "numpy") -> dict[str, np.ndarray]:
    """All outputs of a graph."""
    runner = RUNNERS[executor]()
    memory = runner.allocate(plan(graph))
    for name, array in zip(graph.inputs, inputs, strict=True):
        runner.write(memory, name, array)
    assert runner.run(memory) == memory.length
    return {name: runner.read(memory, name) for name in graph.outputs}


def assert_near(got, expected, tolerance):
    """Equal within `tolerance` times the largest finite expected number; NaN and infinities in the same places."""
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind == "f" else np.zeros(0)
    scale = float(finite.max(initial=0.0))
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * scale)


# Tests define ops, too.
OWN = {name: op for name, op in ops.OPS.items() if op.__module__.startswith("pyengine.ops.")}


def test_every_op_has_a_row():
    assert OWN.keys() - {case.op for case in CASES} == set()


def test_public_is_what_is_listed():
    functions = {name for name, value in vars(ops).items() if inspect.isfunction(value)}
    assert functions == {*ops.__all__, "make"}
    for name in ("sum_to", "lstm_cell", "gru_cell", "masked_softmax", "add_along_axis", "meet", "Chain"):
        assert not hasattr(ops, name), f"{name} is for layers and transforms"


def test_javascript_is_offered_the_public_ops_that_it_has_a_use_for():
    offered = catalogue.operations()
    assert offered.keys() <= {camel(name.rstrip("_")) for name in ops.__all__}
    for name in ("sumTo", "lstmCell", "gruCell", "maskedSoftmax", "nextRandomState", "apply", "scan"):
        assert name not in offered
    assert offered["takeAlongAxis"] == ["x", "indices", "axis"]


def test_every_op_gives_its_three_rules():
    for name, op in OWN.items():
        for rule in ("shape", "evaluate", "gradient"):
            assert getattr(op, rule) is not getattr(ops.Op, rule), f"{name} lacks {rule}"
        taken = set(inspect.get_annotations(op)) & {"shape", "evaluate", "evaluate_into", "gradient", "key"}
        assert not taken, f"{name} has settings that hide its rules: {taken}"


@each_case
def test_values_are_those_of_the_definition(case):
    got, expected = case.call(*case.inputs), case.truth()
    assert got.shape == expected.shape
    if expected.dtype.kind == "b" or got.dtype.kind != "f":
        np.testing.assert_array_equal(got, expected)
    else:
        assert_near(got, expected.astype(np.float64), case.tolerance)


@each_case
def test_shape_rule_foretells_what_comes(case):
    graph = traced(case)
    got = case.call(*case.inputs)
    assert case.op in {node.op.name for node in graph.nodes}
    assert graph.outputs["y"].spec == Spec(got.shape, got.dtype.name)


@each_case
def test_evaluation_into_memory_gives_the_same_bits(case):
    """Into garbage, and over each input that the op says it may replace."""
    graph = traced(case)
    known = dict(zip(graph.inputs.values(), case.inputs, strict=True)) | graph.constants
    for node in graph.nodes:
        arrays = [known[value] for value in node.inputs]
        specs = [value.spec for value in node.outputs]
        with np.errstate(all="ignore"):
            made = node.op.evaluate(*arrays)
            expected = [np.asarray(one) for one in (made if node.op.several else (made,))]
            assert [Spec(one.shape, one.dtype.name) for one in expected] == specs, node
            outputs = [np.empty(spec.shape, spec.dtype) for spec in specs]
            for out in outputs:
                out.reshape(-1).view(np.uint8)[...] = 0xA5
            evaluate_into(node.op, outputs, arrays, expected)
            for index, spec in enumerate(specs):
                for place in node.op.in_place:
                    if place < len(arrays) and node.inputs[place].spec == spec:
                        replaced = [array.copy() for array in arrays]
                        evaluate_into(
                            node.op,
                            [*outputs[:index], replaced[place], *outputs[index + 1 :]],
                            replaced,
                            expected,
                        )
        known.update(zip(node.outputs, expected, strict=True))


def evaluate_into(op, outputs, arrays, expected):
    op.evaluate_into(tuple(outputs) if op.several else outputs[0], *arrays)
    for out, truth in zip(outputs, expected, strict=True):
        np.testing.assert_array_equal(out, truth)


@each_case
def test_inputs_are_left_alone(case):
    inputs = [x.copy() for x in case.inputs]
    case.call(*inputs)
    for before, after in zip(case.inputs, inputs, strict=True):
        np.testing.assert_array_equal(before, after)


@each_case
def test_text_of_the_graph_reads_back(case):
    text = print_graph(traced(case), full=True)
    assert print_graph(parse_graph(text, ops.make), full=True) == text


@each_case
@pytest.mark.parametrize("executor", RUNNERS)
def test_every_executor_agrees_with_the_reference(case, executor):
    graph, expected = simplify(traced(case)), case.call(*case.inputs)
    got = run(graph, case.inputs, executor)["y"]
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    if executor == "numpy":
        np.testing.assert_array_equal(got, expected)
    elif executor != "dry":  # which runs nothing: that it accepts the plan is what it shows
        assert_near(got, expected.astype(np.float64), case.tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if case.positions()], ids=str)
def test_gradient_is_that_of_finite_differences(case):
    """In float64, for a random weighting of the outputs, through differentiate, simplify, plan and executor."""
    inputs = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in case.inputs]
    weights = np.random.default_rng(9).uniform(0.5, 1.5, case.call(*inputs).shape)

    def weighted(**values):
        result = case.call(*values.values())
        return {"loss": ops.sum(ops.multiply(ops.cast(result, dtype="float64"), weights))}

    specs = {f"x{i}": Spec(x.shape, x.dtype.name) for i, x in enumerate(inputs)}
    names = [f"x{position}" for position in case.positions()]
    graph = check(simplify(check(differentiate(trace(weighted, specs), "loss", names))))
    outputs = run(graph, inputs)
    for position in case.positions():
        expected = finite_differences(case, inputs, position, weights)
        got = outputs.get(f"gradient/x{position}", np.zeros_like(expected))
        assert got.dtype == np.float64
        assert_near(got, expected, 1e-7)


def finite_differences(case, inputs, position, weights, step=1e-5):
    """(f(x + h) - f(x - h)) / 2h, one element at a time; exact to h² and to 1e-16 / h."""
    result = np.zeros(inputs[position].shape)
    for place in np.ndindex(result.shape):
        sides = []
        for sign in (1, -1):
            moved = [x.copy() for x in inputs]
            moved[position][place] += sign * step
            sides.append(case.call(*moved))
        result[place] = ((sides[0] - sides[1]).astype(np.float64) * weights).sum() / (2 * step)
    return result
