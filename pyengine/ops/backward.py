"""Reverse-mode differentiation: gradients are propagated back through a list of nodes by the rules of their ops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pyengine.errors import GraphError, MissingGradientError
from pyengine.graph import Node, Value
from pyengine.ops.arithmetic import add
from pyengine.ops.structure import copy


def dependent(nodes: Iterable[Node], sources: Iterable[Value]) -> set[Value]:
    """The sources, and every value of the nodes that depends on them."""
    found = set(sources)
    for node in nodes:
        if not found.isdisjoint(node.inputs):
            found.update(node.outputs)
    return found


def pull_back(
    nodes: Sequence[Node], arrived: Mapping[Value, Value], sources: Iterable[Value]
) -> dict[Value, Value]:
    """The gradient of every value on the paths from the sources to the values whose gradients are given.

    Recorded in the graph that is being traced, which holds the nodes.

    Args:
        nodes: in their order.
        arrived: gradients of a scalar, known already, by value.
        sources: what gradients are wanted of; nothing is worked out for what does not depend on them.
    """
    depends = dependent(nodes, sources)
    gradients = {value: gradient for value, gradient in arrived.items() if value in depends}
    for node in reversed(nodes):
        given = tuple(gradients.get(value) for value in node.outputs)
        if depends.isdisjoint(node.outputs) or all(array is None for array in given):
            continue
        node.output.graph.layer = node.layer
        parts = gradient_of(node, given)
        for value, part in zip(node.inputs, parts, strict=True):
            if part is None or value not in depends:
                continue
            if part.spec != value.spec:
                raise GraphError(f"{node.op.name} gives a gradient {part.spec} for an input {value.spec}.")
            gradients[value] = add(gradients[value], part) if value in gradients else part
    for node in nodes[:1]:
        node.output.graph.layer = ""
    return gradients


def gradient_of(node: Node, arrived: tuple[Value | None, ...]) -> tuple[Value | None, ...]:
    """The gradients of a node's inputs by its op's rule; MissingGradientError where it has none."""
    try:
        if node.op.several:
            return node.op.gradient(arrived, node.outputs, *node.inputs)
        return node.op.gradient(arrived[0], node.output, *node.inputs)
    except NotImplementedError as error:
        raise MissingGradientError(
            where=node.layer or "model.fit",
            argument="training",
            expected="ops with a gradient between the weights and the loss",
            got=f"`{node.op.name}`, which has none",
            fix="Write `gradient` in the class of that op, or use other ops there.",
        ) from error


def gradient_of_expansion(
    expansion: Callable[..., Sequence[Any]], arrived: Sequence[Value | None], inputs: Sequence[Value]
) -> tuple[Value | None, ...]:
    """The gradients of an op that is defined by others: its expansion is recorded and differentiated.

    >>> from pyengine.graph import Graph, Spec
    >>> from pyengine.ops import square
    >>> with Graph() as graph:
    ...     x = graph.input("x", Spec((2,)))
    ...     gradient_of_expansion(lambda x: (square(x),), [x], [x])
    (Value(f32[2]),)
    """
    graph = inputs[0].graph
    # A value that is given twice gets two gradients: each place is a value of its own.
    own = [copy(value) if value in inputs[:place] else value for place, value in enumerate(inputs)]
    start = len(graph.nodes)
    outputs = expansion(*own)
    nodes = graph.nodes[start:]
    given = {
        value: gradient for value, gradient in zip(outputs, arrived, strict=True) if gradient is not None
    }
    gradients = pull_back(nodes, given, own)
    return tuple(gradients.get(value) for value in own)
