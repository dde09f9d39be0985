"""Ops that are defined by others: all that follows from the definition agrees with it."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.graph import check
from pyengine.ops.expanded import Expanded
from pyengine.transforms import Target
from pyengine.transforms.patterns import replace_patterns
from pyengine.transforms.unfuse import unfuse
from tests.cases.ops import CASES
from tests.cases.run import finite_differences, gradients, traced
from tests.random_graphs import interpret

EXPANDED = {name for name, op in ops.OPS.items() if issubclass(op, Expanded)}


class Plain(Target):
    """Has none of the ops that others define."""

    def has_kernel(self, op, inputs):
        return not isinstance(op, Expanded)


def test_every_op_that_others_define_has_a_row():
    assert {case.op for case in CASES if case.op in EXPANDED} == EXPANDED
    assert {"chain", "matmul_bias", "masked_softmax", "lstm_cell", "layer_norm_gradient"} <= EXPANDED


@pytest.mark.parametrize("case", [case for case in CASES if case.op in EXPANDED], ids=str)
def test_an_op_is_its_expansion_to_the_bit(case):
    names = [f"x{place}" for place in range(len(case.inputs))]
    feeds = dict(zip(names, case.inputs, strict=True))
    graph = traced(lambda **values: {"y": case.call(*values.values())}, **feeds)
    plain = check(unfuse(graph, Plain()))
    assert not any(isinstance(node.op, Expanded) for node in plain.nodes)
    (expected, _), (found, _) = interpret(graph, feeds), interpret(plain, feeds)
    np.testing.assert_array_equal(found["y"], expected["y"])


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.op in EXPANDED and ops.OPS[case.op].begins_with], ids=str
)
def test_an_op_that_fusing_looks_for_is_found_where_its_expansion_stands(case):
    feeds = {f"x{place}": array for place, array in enumerate(case.inputs)}
    graph = traced(lambda **values: {"y": case.call(*values.values())}, **feeds)
    plain = unfuse(graph, Plain())
    assert case.op not in [node.op.name for node in plain.nodes]
    found = [node.op for node in check(replace_patterns(plain)).nodes if node.op.name == case.op]
    assert [op.key for op in found] == [node.op.key for node in graph.nodes if node.op.name == case.op]


def test_fused_ops_have_the_gradients_of_their_expansions():
    code = (("multiply", (0, 1), ()), ("tanh", (-1,), ()))
    x, factor = np.float64([[0.5, -1, 2]]), np.float64([[0.5], [0.25]])
    chain = ops.make("chain", code=code, outputs=(-2,), target=(2, 3))

    def loss(x, factor):
        return ops.sum(ops.square(ops.apply(chain, x, factor)[0]))

    _, found = gradients(loss, ["x", "factor"], x=x, factor=factor)
    np.testing.assert_allclose(found["x"], finite_differences(lambda x: loss(x, factor), x), rtol=1e-7)
    np.testing.assert_allclose(found["factor"], finite_differences(lambda f: loss(x, f), factor), rtol=1e-7)
