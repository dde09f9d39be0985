"""Lowering: ops that an executor lacks are replaced by their expansions."""

from __future__ import annotations

from pyengine.graph import Graph, Node, Value
from pyengine.ops.body import replay
from pyengine.ops.expanded import Expanded
from pyengine.transforms.checking import with_check
from pyengine.transforms.rebuild import Made, keep, rebuild
from pyengine.transforms.target import Target


@with_check
def unfuse(graph: Graph, target: Target) -> Graph:
    """A graph in which an expansion stands in the place of each op that the target lacks, if it has all in there."""
    absent = {node for node in graph.nodes if isinstance(node.op, Expanded) and lacks(node, target)}

    def rule(node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        if node not in absent:
            return keep(node, inputs, new)
        expansion = expansion_of(node)
        new_of = dict(zip(expansion.inputs.values(), inputs, strict=True))
        new_of.update({value: new.constant(array) for value, array in expansion.constants.items()})
        replay(expansion.nodes, new_of, new)
        return tuple(new_of[value] for value in expansion.outputs.values())

    return rebuild(graph, rule)[0] if absent else graph


def expansion_of(node: Node) -> Graph:
    """What defines the node's op, on inputs like the node's."""
    return node.op.expansion(*(value.spec for value in node.inputs))


def lacks(node: Node, target: Target) -> bool:
    """Whether the target has no kernel for the node, but those for its expansion."""
    return not runs(node, target) and all(runs(part, target) for part in expansion_of(node).nodes)


def runs(node: Node, target: Target) -> bool:
    return node.op.alias or target.has_kernel(node.op, tuple(value.spec for value in node.inputs))
