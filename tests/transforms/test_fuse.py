"""Fused graphs mean what they meant: chains to the bit, patterns but for the order of sums."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.errors import ShapeError
from pyengine.executors.dry import follow, meaning
from pyengine.graph import Graph, Spec, Variable, check
from pyengine.ops.fused import Chain
from pyengine.plan import plan
from pyengine.transforms import chains, differentiate, fuse, recompute, simplify, trace
from tests.random_graphs import interpret, random_graph


def feeds_for(graph, seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: (rng.normal(size=v.shape) * (3 if v.dtype == "int32" else 1)).astype(v.dtype)
        for name, v in graph.inputs.items()
    }


def assert_same(graph, fused, seed=0):
    """Bit for bit, in a sound plan."""
    feeds = feeds_for(graph, seed)
    for expected, got in zip(interpret(graph, feeds), interpret(fused, feeds), strict=True):
        assert expected.keys() == got.keys()
        for name in expected:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=f"seed {seed}: {name}")
    program = plan(fused)
    assert follow(program) == meaning(fused, program)


def assert_same_but_for_rounding(graph, fused):
    feeds = feeds_for(graph)
    expected, _ = interpret(graph, feeds)
    got, _ = interpret(fused, feeds)
    for name in expected:
        np.testing.assert_allclose(
            got[name], expected[name], rtol=1e-5, atol=1e-6 * np.abs(expected[name]).max()
        )
    program = plan(fused)
    assert follow(program) == meaning(fused, program)


def names(graph):
    return [node.op.name for node in graph.nodes]


def mixed_graph(seed: int, nodes: int = 40) -> Graph:
    """Arrays of several shapes and dtypes, numbers, and some ops that no chain can hold."""
    rng = np.random.default_rng(seed)
    graph = Graph()
    variables = [Variable(rng.normal(size=shape), name=f"v{i}") for i, shape in enumerate([(4, 6), (6,), ()])]
    with graph:
        values = [graph.input("a", Spec((4, 6))), graph.input("b", Spec((6,)))]
        values += [graph.input("c", Spec(())), graph.input("d", Spec((4, 1))), *(v * 1.5 for v in variables)]
        for _ in range(nodes):
            x, y, z = (values[index] for index in rng.integers(0, len(values), 3))
            kind = rng.integers(0, 12)
            if kind < 3:
                made = [ops.tanh, ops.relu, ops.square, ops.sigmoid, ops.negative][rng.integers(5)](x)
            elif kind < 7:
                made = [ops.add, ops.multiply, ops.subtract, ops.maximum][rng.integers(4)](x, y)
            elif kind == 7:
                made = ops.where(ops.greater(x, y), z, 0.5)
            elif kind == 8:
                made = ops.cast(ops.add(ops.cast(ops.clip(x, -9, 9), dtype="int32"), 2), dtype="float32")
            elif kind == 9:
                made = ops.sum(x, axis=-1, keepdims=True) if x.shape else ops.exp(ops.minimum(x, 1.0))
            elif kind == 10:
                made = ops.broadcast_to(x, (4, 6))
            else:
                made = variables[rng.integers(3)]
                if x.shape == made.shape:
                    made.assign(made * 0.5 + x)
                made = made * 1.0
            values.append(made)
        graph.outputs = {f"out{n}": values[-1 - index] for n, index in enumerate(rng.integers(0, 12, 4))}
    return graph


@pytest.mark.parametrize("small", [0, chains.SMALL])
@pytest.mark.parametrize("block", range(3))
def test_chains_keep_every_bit_and_memory_stays_sound(block, small, monkeypatch):
    """Also where every array counts as large, so that it matters what is kept how long."""
    monkeypatch.setattr(chains, "SMALL", small)
    monkeypatch.setattr(recompute, "SMALL", small)
    for seed in range(block * 30, block * 30 + 30):
        for graph in (random_graph(seed, 40), mixed_graph(seed)):
            fused = check(fuse(simplify(graph)))
            assert_same(graph, fused, seed)


def test_an_update_with_moments_is_one_pass_that_writes_its_variables_in_place():
    moment, weight = Variable(np.ones((8, 8)), name="moment"), Variable(np.ones((8, 8)), name="weight")

    def step(gradient):
        moment.assign(moment * 0.9 + gradient * 0.1)
        weight.assign(weight - moment * 0.01)
        return {}

    graph = simplify(trace(step, {"gradient": Spec((8, 8))}))
    fused = check(fuse(graph))
    assert names(fused) == ["chain"]
    (call,) = plan(fused).calls
    assert [slot.region for slot in call.outputs] == [0, 1]
    assert_same(graph, fused)


def test_single_numbers_are_worked_out_together():
    counter, rate = Variable(np.int32(0), name="counter"), Variable(1.0, name="rate")

    def step(x):
        counter.assign_add(1)
        return {"y": ops.sum(x) / 7.0, "rate": rate * ops.sqrt(ops.cast(counter, dtype="float32"))}

    graph = simplify(trace(step, {"x": Spec((5, 3))}))
    fused = check(fuse(graph))
    assert names(fused) == ["sum", "chain"]
    assert_same(graph, fused)


def test_what_the_backward_pass_needs_is_computed_there():
    """1 - tanh² is not kept from the forward pass, for tanh itself is."""

    def step(x, w):
        h = ops.tanh(ops.matmul(x, w))
        back = ops.matmul(ops.matmul(h, w), w)
        return {"y": ops.multiply(back, 1.0 - ops.square(h))}

    fused = check(fuse(simplify(trace(step, {"x": Spec((64, 64)), "w": Spec((64, 64))}))))
    assert names(fused) == ["matmul", "tanh", "matmul", "matmul", "chain"]


def test_a_chain_is_not_delayed_when_that_would_keep_more():
    """Two large arrays make a third that is wanted late: only the third waits."""

    def step(x, w):
        a, b = ops.matmul(x, w), ops.matmul(w, x)
        kept = a * b
        late = ops.matmul(ops.matmul(x, x), x)
        return {"y": kept + late}

    graph = simplify(trace(step, {"x": Spec((64, 64)), "w": Spec((64, 64))}))
    fused = check(fuse(graph))
    assert plan(fused).arena <= plan(graph).arena


def test_long_expressions_are_cut():
    def step(x):
        for index in range(100):
            x = ops.sin(x) * float(index)
        return {"y": x}

    graph = simplify(trace(step, {"x": Spec((4, 4))}))
    fused = check(fuse(graph))
    assert 5 <= len(fused.nodes) <= 20
    assert all(len(node.op.code) <= 24 and len(node.inputs) <= 16 for node in fused.nodes)
    assert_same(graph, fused)


def test_a_chain_refuses_what_does_not_stretch_to_its_target():
    chain = Chain(code=(("add", (0, 1), ()),), outputs=(-1,), target=(2, 3))
    with pytest.raises(ShapeError, match=r"chain over \(2, 3\) cannot hold f32\[4,2,3\]"):
        chain.shape(Spec((4, 2, 3)), Spec((3,)))


def test_a_chain_is_listed_in_a_few_words():
    def step(x, b):
        y = ops.clip(x * b, 0.0, 6.0)
        return {"y": y, "above": ops.cast(ops.greater(y, 1.0), dtype="float32")}

    graph = fuse(simplify(trace(step, {"x": Spec((2, 3)), "b": Spec((3,))})))
    (call,) = plan(graph).calls
    expected = "multiply(0,1) clip(%0,low=0.0,high=6.0) greater(%1,2) cast(%2,dtype=float32) -> %1 %3"
    assert str(call).endswith(expected)


def test_two_cheap_values_of_one_array_are_made_again_and_the_array_is_kept_instead():
    """GELU: x / 2 and x / √2 come from x, but erf is too dear to be made twice."""

    def step(x, w):
        h = ops.matmul(x, w)
        y = (h * 0.5) * (1.0 + ops.erf(h * 0.7071))
        return {"loss": ops.sum(ops.square(ops.matmul(ops.tanh(ops.matmul(y, w)), w)))}

    specs = {"x": Spec((64, 64)), "w": Spec((64, 64))}
    graph = simplify(differentiate(trace(step, specs), "loss", ["x"]))
    fused = check(fuse(graph))
    assert_same_but_for_rounding(graph, fused)
    forward = next(node for node in fused.nodes if node.op.name == "chain")
    assert len(forward.outputs) == 2  # 1 + erf, and y; what they are made of is kept for both
    assert sum(node.op.name == "chain" and "erf" in str(node.op.code) for node in fused.nodes) == 1


def test_a_cheap_value_is_made_again_where_all_it_is_made_of_is_there_anyway():
    def step(x, w):
        h = ops.tanh(ops.matmul(x, w))
        scaled = h * 3.0
        late = ops.matmul(ops.matmul(scaled, w), w)
        return {"y": late * scaled * h}

    graph = simplify(trace(step, {"x": Spec((64, 64)), "w": Spec((64, 64))}))
    fused = check(fuse(graph))
    assert_same(graph, fused)
    assert all(len(node.outputs) <= 2 for node in fused.nodes)
    last = fused.nodes[-1]
    assert last.op.name == "chain"
    assert [name for name, _, _ in last.op.code].count("multiply") == 3


def test_what_is_used_late_by_more_than_chains_is_kept():
    """The product needs relu's result itself, so nothing is gained by making it again."""

    def step(x, w):
        h = ops.relu(x * 2.0)
        late = ops.matmul(ops.matmul(h, w), w)
        return {"y": late * h, "z": ops.matmul(h, late, transpose_a=True)}

    graph = simplify(trace(step, {"x": Spec((64, 64)), "w": Spec((64, 64))}))
    fused = check(fuse(graph))
    assert_same(graph, fused)
    assert sum("relu" in str(node.op.settings.get("code")) for node in fused.nodes) == 1
