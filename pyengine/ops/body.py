"""A graph inside an op: as a setting, that is as plain tuples, which print, compare and hash; and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pyengine.errors import GraphError
from pyengine.graph import Graph, Node, Spec, Value
from pyengine.ops.base import make

# inputs as (dtype, shape), constants as (dtype, shape, numbers), nodes as (op, operands, its settings' items), results.
# Operands and results count values: the inputs, the constants, then what the nodes make, in order.
Code = tuple[tuple, tuple, tuple, tuple]


def code_of(graph: Graph) -> Code:
    """The tuples of a graph that neither reads nor writes variables."""
    if graph.reads or graph.writes:
        named = ", ".join(variable.name for variable in (*graph.reads, *graph.writes))
        raise GraphError(f"A graph inside an op cannot read or write variables, but this one has {named}.")
    values = [*graph.inputs.values(), *graph.constants]
    values += [value for node in graph.nodes for value in node.outputs]
    number = {value: index for index, value in enumerate(values)}
    return (
        tuple((value.dtype, value.shape) for value in graph.inputs.values()),
        tuple(
            (value.dtype, value.shape, tuple(array.reshape(-1).tolist()))
            for value, array in graph.constants.items()
        ),
        tuple(
            (node.op.name, tuple(number[value] for value in node.inputs), tuple(node.op.settings.items()))
            for node in graph.nodes
        ),
        tuple(number[value] for value in graph.outputs.values()),
    )


@lru_cache(maxsize=64)
def graph_of(code: Code) -> Graph:
    """The graph of such tuples: inputs and outputs are named "0", "1", … It must not be changed."""
    inputs, constants, nodes, results = code
    graph = Graph()
    values = [graph.input(str(index), Spec(shape, dtype)) for index, (dtype, shape) in enumerate(inputs)]
    for dtype, shape, numbers in constants:
        values.append(graph.constant(np.array(numbers, dtype).reshape(shape)))
    for name, operands, settings in nodes:
        graph.add(make(name, **dict(settings)), tuple(values[index] for index in operands))
        values += graph.nodes[-1].outputs
    graph.outputs = {str(index): values[place] for index, place in enumerate(results)}
    return graph


def evaluate(
    graph: Graph, arrays: Sequence[np.ndarray], wanted: Sequence[Value] | None = None
) -> list[np.ndarray]:
    """What the graph makes of its inputs, node by node. `wanted`: the inputs of its last node, rather than outputs."""
    arrays_of: dict[Value, Any] = dict(zip(graph.inputs.values(), arrays, strict=True))
    arrays_of.update(graph.constants)
    for node in graph.nodes if wanted is None else graph.nodes[:-1]:
        outputs = node.op.evaluate(*[arrays_of[value] for value in node.inputs])
        if node.op.several:
            arrays_of.update(zip(node.outputs, map(np.asarray, outputs), strict=True))
        else:
            arrays_of[node.outputs[0]] = np.asarray(outputs)
    return [arrays_of[value] for value in (graph.outputs.values() if wanted is None else wanted)]


def replay(nodes: Sequence[Node], new_of: dict[Value, Value], graph: Graph) -> None:
    """Record the nodes in another graph; `new_of` maps their inputs to its values; their outputs are added to it."""
    for node in nodes:
        outputs = graph.add(node.op, tuple(new_of[value] for value in node.inputs))
        new_of.update(zip(node.outputs, outputs if node.op.several else (outputs,), strict=True))


def needed_nodes(nodes: Sequence[Node], results: Sequence[Value], given: set[Value]) -> list[Node]:
    """Of the nodes, in order, those that the results need while some values are given."""
    wanted = set(results) - given
    found = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.outputs):
            found.append(node)
            wanted.update(value for value in node.inputs if value not in given)
    return found[::-1]


def with_saved_values(graph: Graph) -> Graph:
    """The graph whose ops keep what their gradients need."""
    if not any(node.op.body is not None for node in graph.nodes):
        return graph
    new = Graph()
    new_of: dict[Value, Value] = {value: new.input(name, value.spec) for name, value in graph.inputs.items()}
    new_of.update({value: new.constant(array) for value, array in graph.constants.items()})
    for node in graph.nodes:
        op, places = node.op.differentiable() or (node.op, range(len(node.outputs)))
        outputs = new.add(op, tuple(new_of[value] for value in node.inputs))
        outputs = outputs if op.several else (outputs,)
        new_of.update(zip(node.outputs, (outputs[place] for place in places), strict=True))
    new.outputs = {name: new_of[value] for name, value in graph.outputs.items()}
    return new
