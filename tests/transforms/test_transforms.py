"""Transforms keep meaning: simplified graphs give the same bits, gradients agree with finite differences."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.errors import ArgumentError, GraphError
from pyengine.graph import Graph, Spec, Variable, check, parse_graph, print_graph
from pyengine.ops.base import OPS
from pyengine.plan.program import with_moved_reads
from pyengine.transforms import checking, differentiate, rebuild, simplify, trace
from pyengine.transforms.chains import form_chains
from pyengine.transforms.checking import with_check
from pyengine.transforms.patterns import replace_patterns
from pyengine.transforms.recompute import rematerialize
from tests.random_graphs import interpret, random_graph


def feeds_for(graph, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=v.shape).astype(v.dtype) for name, v in graph.inputs.items()}


@pytest.mark.parametrize("block", range(5))
def test_simplify_keeps_every_bit_and_never_adds_nodes(block):
    for seed in range(block * 30, block * 30 + 30):
        graph = random_graph(seed)
        small = check(simplify(graph))
        assert len(small.nodes) <= len(graph.nodes)
        feeds = feeds_for(graph, seed)
        for expected, got in zip(interpret(graph, feeds), interpret(small, feeds), strict=True):
            assert expected.keys() == got.keys()
            for name in expected:
                np.testing.assert_array_equal(got[name], expected[name], err_msg=f"seed {seed}: {name}")


def test_simplify_merges_folds_and_drops():
    def step(x):
        unused = ops.exp(x)
        assert unused.shape == x.shape
        a = ops.tanh(x * 1.0)
        b = ops.tanh(x)
        c = ops.reshape(ops.reshape(a + b, (3, 2)), (6,))
        return {"y": c * (ops.sqrt(4.0) + 1.0)}

    graph = simplify(trace(step, {"x": Spec((2, 3))}))
    assert [node.op.name for node in graph.nodes] == ["tanh", "add", "reshape", "multiply"]
    assert [array.item() for array in graph.constants.values()] == [3.0]


def test_simplify_turns_two_transposes_into_one_or_none():
    def step(x):
        return {
            "y": ops.transpose(ops.transpose(x, (1, 2, 0)), (1, 2, 0)),
            "z": ops.transpose(ops.transpose(x)),
        }

    graph = simplify(trace(step, {"x": Spec((2, 3, 4))}))
    assert [(node.op.name, node.op.axes) for node in graph.nodes] == [("transpose", (2, 0, 1))]
    assert graph.outputs["z"] is graph.inputs["x"]


SPECIAL = np.float32([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-45])


@pytest.mark.parametrize(
    ("op", "side", "number"), [(op, *one) for op in OPS.values() for one in op.neutral], ids=str
)
def test_with_a_neutral_number_the_other_input_is_the_result_to_the_bit(op, side, number):
    inputs = [SPECIAL, SPECIAL]
    inputs[side] = np.float32(number)
    np.testing.assert_array_equal(op().evaluate(*inputs).view(np.uint32), SPECIAL.view(np.uint32))


def test_the_negative_zero_is_not_neutral():
    graph = simplify(trace(lambda x: {"y": x - np.float32(-0.0)}, {"x": Spec((8,))}))
    assert [node.op.name for node in graph.nodes] == ["subtract"]


def test_gradients_agree_with_finite_differences_through_shared_values_and_variables():
    weight = Variable(np.random.default_rng(0).normal(size=(3, 2)), name="weight", dtype="float64")

    def step(x):
        h = ops.tanh(x @ weight)
        y = h * ops.sigmoid(h) + ops.mean(h)
        return {"loss": ops.sum(ops.square(y) * ops.exp(-y))}

    graph = check(differentiate(trace(step, {"x": Spec((4, 3), "float64")}), "loss", [weight, "x"]))
    feeds = feeds_for(graph)
    outputs, _ = interpret(graph, feeds)

    def loss():
        return float(interpret(graph, feeds)[0]["loss"])

    for array, name in ((feeds["x"], "gradient/x"), (weight.value, "gradient/weight")):
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + 1e-6
            up = loss()
            array[index] = kept - 1e-6
            down = loss()
            array[index] = kept
            assert outputs[name][index] == pytest.approx((up - down) / 2e-6, abs=1e-6)


def test_second_derivatives_come_from_differentiating_twice():
    graph = trace(lambda x: {"y": ops.sum(x**3)}, {"x": Spec((5,), "float64")})
    graph = differentiate(graph, "y", ["x"])
    with graph:
        graph.outputs["slope"] = ops.sum(graph.outputs.pop("gradient/x"))
    graph = check(simplify(differentiate(graph, "slope", ["x"])))
    x = np.linspace(0.5, 2.0, 5)
    np.testing.assert_allclose(interpret(graph, {"x": x})[0]["gradient/x"], 6 * x, rtol=1e-12)


def test_what_the_loss_does_not_depend_on_has_no_gradient_output():
    used, unused = Variable(np.ones(2), name="used"), Variable(np.ones(2), name="unused")

    def step(x):
        return {"loss": ops.sum(x * used), "other": x * unused}

    graph = differentiate(trace(step, {"x": Spec((2,))}), "loss", [used, unused])
    assert sorted(graph.outputs) == ["gradient/used", "loss", "other"]


def test_a_stopped_gradient_stops():
    graph = trace(lambda x: {"y": ops.sum(ops.stop_gradient(ops.square(x)) * x)}, {"x": Spec((3,))})
    x = np.array([1, 2, 3], "f4")
    assert interpret(differentiate(graph, "y", ["x"]), {"x": x})[0]["gradient/x"].tolist() == [1, 4, 9]


def test_only_a_scalar_can_be_differentiated():
    graph = trace(lambda x: {"y": ops.square(x)}, {"x": Spec((3,))})
    with pytest.raises(ArgumentError, match=r"'y', which is f32\[3\].*ops.sum"):
        differentiate(graph, "y", ["x"])


@pytest.mark.parametrize("seed", range(20))
def test_text_is_parsed_back_to_the_same_graph(seed):
    graph = random_graph(seed)
    variables = {variable.name: variable for variable in [*graph.reads, *graph.writes]}
    text = print_graph(graph, full=True)
    again = check(parse_graph(text, ops.make, variables))
    assert print_graph(again, full=True) == text
    feeds = feeds_for(graph)
    for expected, got in zip(interpret(graph, feeds), interpret(again, feeds), strict=True):
        for name in expected:
            np.testing.assert_array_equal(got[name], expected[name])


def test_the_check_names_what_is_wrong():
    graph = trace(lambda x: {"y": ops.square(ops.tanh(x))}, {"x": Spec((3,))})
    graph.nodes.reverse()
    with pytest.raises(GraphError, match=r"node 0 \(square\) uses .* before it is made"):
        check(graph)
    copy, _ = rebuild(trace(lambda x: {"y": ops.tanh(x)}, {"x": Spec((3,))}))
    copy.nodes[0].output.spec = Spec((4,))
    with pytest.raises(GraphError, match=r"makes f32\[4\], but its shape rule says f32\[3\]"):
        check(copy)


def test_a_value_of_another_graph_is_refused():
    first, second = Graph(), Graph()
    x = first.input("x", Spec((2,)))
    with second, pytest.raises(GraphError, match="belongs to another graph"):
        ops.tanh(x)


def test_an_if_on_a_graph_value_is_refused_in_words():
    with pytest.raises(TypeError, match=r"ops\.where"):
        trace(lambda x: {"y": x if x > 0 else -x}, {"x": Spec(())})


def test_a_variable_reads_as_what_was_assigned_before_in_the_step():
    counter = Variable(np.zeros((), "i4"), name="counter")

    def step():
        counter.assign_add(1)
        counter.assign_add(1)
        return {"now": counter * 10}

    outputs, written = interpret(trace(step, {}), {})
    assert outputs["now"] == 20
    assert written["counter"] == 2


def test_a_transform_that_makes_an_illegal_graph_fails_under_its_own_name() -> None:
    @with_check
    def reversed_nodes(graph: Graph) -> Graph:
        graph.nodes.reverse()
        return graph

    graph = trace(lambda x: {"y": ops.exp(ops.square(x))}, {"x": Spec((2,))})
    with pytest.raises(GraphError, match=r"reversed_nodes gives an illegal graph: node 0 \(exp\) uses"):
        reversed_nodes(graph)


def test_every_transform_is_checked_in_the_tests() -> None:
    for transform in (
        trace,
        differentiate,
        simplify,
        replace_patterns,
        rematerialize,
        form_chains,
        with_moved_reads,
    ):
        assert transform.__wrapped__  # type: ignore[attr-defined]
    assert checking.enabled
