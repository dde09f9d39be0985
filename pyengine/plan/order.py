"""In which order the nodes run: any that respects what needs what; this one keeps little alive at once."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Set

from pyengine.graph import Graph, Node, Value


def order(
    graph: Graph, after: dict[Node, set[Node]] | None = None, elsewhere: Set[Value] = frozenset()
) -> list[Node]:
    """The nodes in running order.

    As they were written, except that a node which frees at least as much memory as it takes runs as soon as it can:
    so an optimizer's update follows its gradient at once instead of waiting for all the others.

    Arguments:
        after: for a node, others that must have run before it although it does not use their values.
        elsewhere: values that take no memory of the step's, for they are made in their variables.
    """
    position = {node: index for index, node in enumerate(graph.nodes)}
    made = {value: node for node in graph.nodes for value in node.outputs}
    users: dict[Value, int] = defaultdict(int)
    followers: dict[Node, list[Node]] = defaultdict(list)
    waiting: dict[Node, int] = {}
    for node in graph.nodes:
        needed = {made[value] for value in node.inputs if value in made} | (after or {}).get(node, set())
        waiting[node] = len(needed)
        for earlier in needed:
            followers[earlier].append(node)
        for value in set(node.inputs):
            users[value] += 1
    for value in (*graph.outputs.values(), *graph.writes.values()):
        users[value] += 1

    def frees(node: Node) -> bool:
        freed = sum(v.spec.nbytes for v in set(node.inputs) if v in made and users[v] == 1)
        return freed >= sum(value.spec.nbytes for value in node.outputs if value not in elsewhere)

    ready = [position[node] for node in graph.nodes if not waiting[node]]
    heapq.heapify(ready)
    result: list[Node] = []
    fresh: list[int] = []  # became ready by the last step: the only ones whose turn may come early
    while ready or fresh:
        early = [index for index in fresh if frees(graph.nodes[index])]
        if early:
            index = min(early)
            fresh.remove(index)
        else:
            for index in fresh:
                heapq.heappush(ready, index)
            fresh = []
            index = heapq.heappop(ready)
        node = graph.nodes[index]
        result.append(node)
        for value in set(node.inputs):
            users[value] -= 1
        for follower in followers[node]:
            waiting[follower] -= 1
            if not waiting[follower]:
                fresh.append(position[follower])
    return result
