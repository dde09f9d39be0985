"""The running order, against one that asks anew at each step which nodes may run early."""

from __future__ import annotations

import pytest

from pyengine.graph import Graph, Node
from pyengine.plan.order import order
from pyengine.plan.storage import ordering
from tests.random_graphs import random_graph


def plainly(graph: Graph, after: dict[Node, set[Node]]) -> list[Node]:
    """Of what the last steps made ready, the first that frees as much as it takes; else the first of all."""
    made = {value: node for node in graph.nodes for value in node.outputs}
    kept = [*graph.outputs.values(), *graph.writes.values()]
    result: list[Node] = []
    fresh: set[Node] = set()

    def ready(node: Node) -> bool:
        needed = {made[value] for value in node.inputs if value in made} | after.get(node, set())
        return node not in result and needed <= set(result)

    def frees(node: Node) -> bool:
        left = [value for other in graph.nodes if other not in result for value in set(other.inputs)] + kept
        dying = [value for value in set(node.inputs) if value in made and left.count(value) == 1]
        return sum(v.spec.nbytes for v in dying) >= sum(v.spec.nbytes for v in node.outputs)

    while len(result) < len(graph.nodes):
        before = {node for node in graph.nodes if ready(node)}
        early = [node for node in graph.nodes if node in fresh and frees(node)]
        if not early:
            fresh = set()
        result.append(early[0] if early else next(node for node in graph.nodes if node in before))
        fresh |= {node for node in graph.nodes if ready(node)} - before
        fresh -= set(result)
    return result


@pytest.mark.parametrize("seed", range(30))
def test_the_order_is_that_of_asking_anew_at_each_step(seed: int) -> None:
    graph = random_graph(seed, nodes=20)
    _, after = ordering(graph)
    assert order(graph, after) == plainly(graph, after)
