"""Matches of patterns in a graph, and the queries that patterns use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyengine.graph import Graph, Node, Value
from pyengine.ops.base import Op


@dataclass(frozen=True)
class Match:
    """A match: nodes and the expression that replaces them.

    Attributes:
        nodes: they are dropped; nothing else uses what they make, but for `outputs`.
        inputs: what the new expression is made of.
        build: from the new graph's values for the inputs to those for the outputs; called while it is recording.
        outputs: the values that it gives.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    build: Callable[..., tuple[Value, ...]]
    outputs: tuple[Value, ...]


class Uses:
    """Who uses which value, and which ops there are."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.ops = {type(node.op) for node in graph.nodes}
        self.users: dict[Value, list[Node]] = {}
        for node in graph.nodes:
            for value in node.inputs:
                users = self.users.setdefault(value, [])
                if not users or users[-1] is not node:
                    users.append(node)
        self.kept = {*graph.outputs.values(), *graph.writes.values()}

    def of(self, value: Value) -> list[Node]:
        """The nodes that use it; none where it also leaves the graph, for then it must stay."""
        return [] if value in self.kept else self.users.get(value, [])

    def only(self, value: Value, *ops: type[Op]) -> Node | None:
        """The one node that uses it, if there is just one and its op is one of these."""
        users = self.of(value)
        return users[0] if len(users) == 1 and isinstance(users[0].op, ops) else None

    def number(self, value: Value) -> float | None:
        """Of a constant that holds one number, that number."""
        array = self.graph.constants.get(value)
        return array.item() if array is not None and array.size == 1 else None


def other(node: Node, value: Value) -> Value | None:
    """The second input of a node of two, of which `value` is one; None if it is both."""
    a, b = node.inputs
    return None if a is b else b if a is value else a


def depends(value: Value, on: set[Value], steps: int = 1000) -> bool:
    """Whether a value is computed from one of others; also True if that is not decided within `steps` values."""
    seen, waiting = set[Value](), [value]
    while waiting and len(seen) < steps:
        source = waiting.pop()
        if source in on:
            return True
        if source.node is not None and source not in seen:
            waiting.extend(source.node.inputs)
        seen.add(source)
    return bool(waiting)
