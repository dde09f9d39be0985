"""Random graphs for the tests of transforms, plans and executors: many shapes of sharing, aliasing and assignment."""

from __future__ import annotations

import numpy as np

from pyengine import ops
from pyengine.graph import Graph, Spec, Variable

UNARY = [ops.tanh, ops.relu, ops.square, ops.negative, ops.sigmoid, ops.stop_gradient, ops.copy]
BINARY = [ops.add, ops.multiply, ops.subtract, ops.maximum]


def random_graph(seed: int, nodes: int = 25) -> Graph:
    """A legal graph with inputs, constants, variables read and written (also swapped), and several outputs."""
    rng = np.random.default_rng(seed)
    graph = Graph()
    variables = [Variable(rng.normal(size=(4, 6)), name=f"v{index}") for index in range(3)]
    with graph:
        values = [graph.input("a", Spec((4, 6))), graph.input("b", Spec((4, 6)))]
        values += [variable + 0.0 for variable in variables[: rng.integers(0, 4)]]
        for _ in range(nodes):
            kind = rng.integers(0, 9)
            x, y = (values[index] for index in rng.integers(0, len(values), 2))
            if kind < 3:
                values.append(UNARY[rng.integers(len(UNARY))](x))
            elif kind < 6:
                values.append(BINARY[rng.integers(len(BINARY))](x, y))
            elif kind == 6:
                values.append(ops.reshape(ops.reshape(x, (6, 4)), (4, 6)))
            elif kind == 7:
                values.append(x * ops.mean(y, axis=0, keepdims=True))
            else:
                variable = variables[rng.integers(3)]
                variable.assign(
                    ops.matmul(ops.matmul(x, y, transpose_b=True), variable)
                    if rng.random() < 0.3
                    else variable * 0.5 + x
                    if rng.random() < 0.7
                    else y
                )
                values.append(ops.relu(variable))
        if rng.random() < 0.5:
            first, second = variables[0] + 0.0, variables[1] * 1.0
            variables[0].assign(second)
            variables[1].assign(first)
        graph.outputs = {f"out{n}": values[index] for n, index in enumerate(rng.integers(0, len(values), 3))}
    return graph


def interpret(
    graph: Graph, feeds: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Outputs and new contents of variables, computed node by node with memory of its own for every value."""
    array = {value: feeds[name] for name, value in graph.inputs.items()}
    array.update(graph.constants)
    array.update({value: variable.numpy() for variable, value in graph.reads.items()})
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            made = node.op.evaluate(*(array[value] for value in node.inputs))
            for value, one in zip(node.outputs, made if node.op.several else (made,), strict=True):
                array[value] = np.array(one, value.dtype)
    outputs = {name: array[value].copy() for name, value in graph.outputs.items()}
    return outputs, {variable.name: array[value].copy() for variable, value in graph.writes.items()}
