"""A copy of a graph in which a rule may replace nodes: the basis of the other transforms."""

from __future__ import annotations

from collections.abc import Callable

from pyengine.graph import Graph, Node, Value

Made = Value | tuple[Value, ...]  # what stands for a node's output, or for its several ones
Rule = Callable[[Node, tuple[Value, ...], Graph], Made]


def keep(node: Node, inputs: tuple[Value, ...], graph: Graph) -> Made:
    """The rule that changes nothing."""
    return graph.copy_node(node, inputs)


def in_bodies(graph: Graph, transform: Callable[[Graph], Graph]) -> Graph:
    """The graph whose ops that have a body (a loop's) run it transformed."""
    if all(node.op.body is None for node in graph.nodes):
        return graph

    def rule(node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        op = node.op if node.op.body is None else node.op.with_body(transform(node.op.body))
        return new.add(op, inputs)

    return rebuild(graph, rule)[0]


def new_graph_like(graph: Graph) -> tuple[Graph, dict[Value, Value]]:
    """A new graph with the same inputs, constants and reads, and a map from old values to new ones."""
    new = Graph()
    to: dict[Value, Value] = {}
    for name, value in graph.inputs.items():
        to[value] = new.input(name, value.spec)
    for value, array in graph.constants.items():
        to[value] = new.constant(array)
    for variable, value in graph.reads.items():
        to[value] = new.read(variable)
    return new, to


def rebuild(graph: Graph, rule: Rule = keep) -> tuple[Graph, dict[Value, Value]]:
    """A new graph and, for every old value, the new one.

    `rule(node, inputs, new_graph)` gets each node in order with its inputs already translated and returns the new
    value that stands for its output, or a tuple of them.
    """
    new, to = new_graph_like(graph)
    for node in graph.nodes:
        new.layer = node.layer
        result = rule(node, tuple([to[value] for value in node.inputs]), new)
        if isinstance(result, tuple):
            to.update(zip(node.outputs, result, strict=True))
        else:
            (output,) = node.outputs
            to[output] = result
    for variable, value in graph.writes.items():
        new.write(variable, to[value])
    new.outputs = {name: to[value] for name, value in graph.outputs.items()}
    new.layer = graph.layer
    return new, to
