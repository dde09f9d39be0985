"""Rematerialization: cheap values are recomputed in the backward pass, where that keeps less in memory."""

from __future__ import annotations

from collections import defaultdict

from pyengine.graph import Graph, Node, Value
from pyengine.transforms.chains import SMALL, works
from pyengine.transforms.checking import with_check
from pyengine.transforms.rebuild import Made, rebuild
from pyengine.transforms.target import Target


@with_check
def rematerialize(graph: Graph, target: Target) -> Graph:
    """The graph in which late users of cheap values recompute them.

    A late user comes after an expensive node, during which its input would have to be kept. It gets its own copy of a
    cheap value if the inputs of that copy are live anyway, or if keeping one array replaces keeping several.
    """
    if not any(node.op.cheap and node.output.spec.nbytes > SMALL for node in graph.nodes):
        return graph
    stage: dict[Node, int] = {}  # how many nodes that do real work stand before it
    producer: dict[Value, Node] = {}
    users: dict[Value, list[Node]] = defaultdict(list)
    work = 0
    for node in graph.nodes:
        stage[node] = work
        work += works(node, target)
        producer.update(dict.fromkeys(node.outputs, node))
        for value in dict.fromkeys(node.inputs):
            users[value].append(node)
    last = {value: max(stage[node] for node in nodes) for value, nodes in users.items()}
    always = work + 1
    last.update(dict.fromkeys([*graph.outputs.values(), *graph.writes.values(), *graph.constants], always))
    to_copy: set[Value] = set()
    wanted: dict[Value, list[Value]] = defaultdict(list)  # by the one array that must be kept for them

    def accept(value: Value, until: int) -> None:
        to_copy.add(value)
        last[value] = stage[producer[value]]
        for source in producer[value].inputs:
            last[source] = max(last.get(source, 0), until)

    for node in reversed(graph.nodes):
        value = node.output
        if not (node.op.cheap and target.chains(node)) or value.spec.nbytes <= SMALL:
            continue
        if last.get(value, always) == always:
            continue
        late = [user for user in users[value] if stage[user] > stage[node]]
        if not late or not all(target.chains(user) and user.output.shape == value.shape for user in late):
            continue
        until = max(stage[user] for user in late)
        absent = [x for x in dict.fromkeys(node.inputs) if x.spec.nbytes > SMALL and last[x] < until]
        if not absent:
            accept(value, until)
        elif len(absent) == 1:
            wanted[absent[0]].append(value)
    for source, values in wanted.items():
        if sum(value.spec.nbytes for value in values) > source.spec.nbytes:
            for value in values:
                accept(value, last[value])
    return with_copies(graph, to_copy, stage) if to_copy else graph


def with_copies(graph: Graph, to_copy: set[Value], stage: dict[Node, int]) -> Graph:
    """These values recomputed for each later stage in which they are used."""
    return rebuild(graph, Copies(to_copy, stage).rule)[0]


class Copies:
    """The rule of `with_copies`, and what it has copied so far."""

    def __init__(self, to_copy: set[Value], stage: dict[Node, int]):
        self.to_copy = to_copy
        self.stage = stage
        self.new_of: dict[Value, Value] = {}
        self.copies: dict[tuple[Value, int], Value] = {}

    def at(self, value: Value, when: int, new: Graph) -> Value:
        node = value.node
        if value not in self.to_copy or node is None or self.stage[node] == when:
            return self.new_of[value]
        if (value, when) not in self.copies:
            self.copies[value, when] = new.copy_node(node, tuple(self.at(x, when, new) for x in node.inputs))
        return self.copies[value, when]

    def rule(self, node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        self.new_of.update(zip(node.inputs, inputs, strict=True))
        result = new.copy_node(node, tuple(self.at(value, self.stage[node], new) for value in node.inputs))
        self.new_of.update(zip(node.outputs, result if isinstance(result, tuple) else (result,), strict=True))
        return result
