"""Fusing asks its target: what an executor lacks stands alone, and the rest is fused all the same."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.executors import NumpyExecutor, SimdExecutor
from pyengine.graph import Spec, check
from pyengine.ops.functions import Erf
from pyengine.ops.fused import MatmulBias
from pyengine.plan import plan
from pyengine.transforms import Target, fuse, simplify, trace
from tests.executors.simd.support import executor
from tests.random_graphs import interpret


class WithoutErf(Target):
    """Has no error function, and short chains."""

    chain_instructions = 3

    def in_chain(self, op, dtypes):
        return super().in_chain(op, dtypes) and not isinstance(op, Erf)


def gelu(x):
    half, inner = x * 0.5, ops.erf(x * 0.7)
    return {"y": half * (inner + 1.0) - ops.exp(x)}


def names(graph):
    return [node.op.name for node in graph.nodes]


def test_an_op_that_the_target_lacks_stands_alone_between_chains():
    graph = simplify(trace(gelu, {"x": Spec((3, 4))}))
    assert names(fuse(graph)) == ["chain"]
    apart = check(fuse(graph, WithoutErf()))
    assert names(apart).count("erf") == 1
    assert all(len(node.op.code) <= 3 for node in apart.nodes if node.op.name == "chain")
    assert {"chain", "erf"} <= {*names(apart)}
    feeds = {"x": np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)}
    for expected, found in zip(interpret(graph, feeds), interpret(apart, feeds), strict=True):
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


def test_loops_are_fused_for_the_same_target():
    def step(h, x):
        (h,), _ = ops.scan(lambda s, x, c: ((gelu(s[0] + x[0])["y"],), ()), [h], [x])
        return {"h": h}

    graph = simplify(trace(step, {"h": Spec((2, 2)), "x": Spec((3, 2, 2))}))
    (loop,) = [node for node in fuse(graph, WithoutErf()).nodes if node.op.body]
    assert "erf" in names(loop.op.body)


def mixed(x, y):
    """Floats, and between them a sum of bytes, for which the C library has no operation."""
    a = ops.cast(ops.exp(x) + 1.0, dtype="uint8")
    return {"y": ops.cast(a + y, dtype="float32") * 2.0 + x}


def test_the_report_names_the_op_that_a_library_lacks_and_not_the_chain():
    graph = simplify(trace(mixed, {"x": Spec((4,)), "y": Spec((4,), "uint8")}))
    feeds = {"x": np.float32([0, 1, 2, 3]), "y": np.uint8([1, 250, 3, 4])}
    results = []
    for one in (NumpyExecutor(), executor("strict")):
        program = plan(check(fuse(graph, one)))
        memory = one.allocate(program)
        for name, array in feeds.items():
            one.write(memory, name, array)
        one.run(memory)
        results.append(one.read(memory, "y"))
        if isinstance(one, SimdExecutor):
            assert memory.on_numpy() == "1 of 3 calls ran on numpy: uint8 add"
        else:
            assert [call.op.name for call in program.calls] == ["chain"]
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6)


class WithoutBias(Target):
    """Adds nothing to products while it makes them."""

    def has_kernel(self, op, inputs):
        return not isinstance(op, MatmulBias)


def test_a_fused_op_that_the_target_lacks_is_taken_apart_and_its_parts_are_fused_otherwise():
    def step(x, w, b):
        return {"y": ops.relu(ops.matmul(x, w) + b) * 2.0}

    graph = simplify(trace(step, {"x": Spec((2, 3)), "w": Spec((3, 4)), "b": Spec((4,))}))
    assert names(fuse(graph)) == ["matmul_bias", "multiply"]
    assert names(fuse(graph, WithoutBias())) == ["matmul", "chain"]


def test_what_is_too_large_for_a_kernel_runs_in_the_library_all_the_same():
    """Statistics of so long a row do not fit the workspace, but sums of any length do."""
    rng = np.random.default_rng(0)
    feeds = {
        name: rng.normal(size=shape).astype("f4") for name, shape in (("x", (2, 60000)), ("g", (60000,)))
    }

    def step(x, g):
        return {"y": ops.layer_normalization(x, g, g, epsilon=1e-3)}

    graph = simplify(trace(step, {name: Spec(array.shape) for name, array in feeds.items()}))
    one = executor("strict")
    memory = one.allocate(plan(fuse(graph, one)))
    assert not memory.fallbacks
    for name, array in feeds.items():
        one.write(memory, name, array)
    one.run(memory)
    (expected, _) = interpret(graph, feeds)
    np.testing.assert_allclose(one.read(memory, "y"), expected["y"], atol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "word"), [("uint8", "chain (uint8 add)"), ("float64", "chain (float64 add)")]
)
def test_a_chain_that_was_fused_for_another_target_is_reported_with_the_culprit(dtype, word):
    def step(x):
        return {"y": ops.maximum(x + x, x)}

    program = plan(fuse(trace(step, {"x": Spec((4,), dtype)})))
    memory = executor("strict").allocate(program)
    assert memory.on_numpy() == f"1 of 1 calls ran on numpy: {word}"


def test_chains_of_the_reference_keep_the_dtype_of_each_instruction():
    """NumPy's floor of whole numbers is float64, in which nothing overflows."""

    def step(x):
        return {"y": ops.floor(x) + x}

    graph = trace(step, {"x": Spec((2,), "int32")})
    feeds = {"x": np.int32([2**30, -5])}
    (expected, _), (found, _) = interpret(graph, feeds), interpret(fuse(graph), feeds)
    np.testing.assert_array_equal(found["y"], expected["y"])
    np.testing.assert_array_equal(found["y"], np.int32([-(2**31), -10]))
