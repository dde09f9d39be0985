"""Scheduling: a topological order of the nodes that keeps little memory alive at once."""

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
    producer = {value: node for node in graph.nodes for value in node.outputs}
    left: dict[Value, int] = defaultdict(int)  # how many users of a value have not run
    users: dict[Value, list[int]] = defaultdict(list)
    followers: dict[Node, list[Node]] = defaultdict(list)
    waiting: dict[Node, int] = {}
    for index, node in enumerate(graph.nodes):
        needed = {producer[value] for value in node.inputs if value in producer} | (after or {}).get(
            node, set()
        )
        waiting[node] = len(needed)
        for earlier in needed:
            followers[earlier].append(node)
        for value in set(node.inputs):
            left[value] += 1
            users[value].append(index)
    for value in (*graph.outputs.values(), *graph.writes.values()):
        left[value] += 1

    def frees(node: Node) -> bool:
        freed = sum(v.spec.nbytes for v in set(node.inputs) if v in producer and left[v] == 1)
        return freed >= sum(value.spec.nbytes for value in node.outputs if value not in elsewhere)

    ready = [position[node] for node in graph.nodes if not waiting[node]]
    heapq.heapify(ready)
    result: list[Node] = []
    # What the last step made ready is all whose turn may come early: those that free enough, and the others.
    early: list[int] = []
    fresh: set[int] = set()
    while ready or fresh or early:
        if not early:
            for index in fresh:
                heapq.heappush(ready, index)
            fresh.clear()
        node = graph.nodes[heapq.heappop(early or ready)]
        result.append(node)
        changed = []
        for value in set(node.inputs):
            left[value] -= 1
            if left[value] == 1:  # its last user frees it
                changed += users[value]
        for follower in followers[node]:
            waiting[follower] -= 1
            if not waiting[follower]:
                fresh.add(position[follower])
                changed.append(position[follower])
        for index in changed:
            if index in fresh and frees(graph.nodes[index]):
                fresh.remove(index)
                heapq.heappush(early, index)
    return result
