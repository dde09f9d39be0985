"""Merging in a directed acyclic graph, against an exhaustive search for circles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pyengine import ops
from pyengine.graph import Graph, Spec
from pyengine.transforms import differentiate, simplify
from pyengine.transforms.chains import NEVER_AFTER, NEVER_BEFORE, Group, Grouping
from pyengine.transforms.merging import TopologicalOrder, Vertex
from pyengine.transforms.simplify import without_dead
from pyengine.transforms.target import REFERENCE
from tests.random_graphs import random_graph


class Contracted:
    """A random graph whose vertices get merged."""

    def __init__(self, seed: int, count: int, edges: int):
        rng = np.random.default_rng(seed)
        pairs = {tuple(sorted(map(int, rng.choice(count, 2, replace=False)))) for _ in range(edges)}
        self.edges = sorted(pairs)
        self.vertex = [Vertex(place) for place in range(count)]
        self.order = TopologicalOrder(self.vertex, self.before, self.after)

    def before(self, vertex: Vertex) -> list[Vertex]:
        found = [self.vertex[a] for a, b in self.edges if self.vertex[b] is vertex]
        return [other for other in found if other is not vertex]

    def after(self, vertex: Vertex) -> list[Vertex]:
        found = [self.vertex[b] for a, b in self.edges if self.vertex[a] is vertex]
        return [other for other in found if other is not vertex]

    def acyclic(self, a: Vertex, b: Vertex) -> bool:
        """Whether there is no circle once the two are one: vertices that nothing remaining leads to are taken away."""
        name = [id(a) if vertex is b else id(vertex) for vertex in self.vertex]
        edges = {(name[x], name[y]) for x, y in self.edges if name[x] != name[y]}
        remaining = set(name)
        while free := remaining - {y for _, y in edges}:
            remaining -= free
            edges = {(x, y) for x, y in edges if x not in free}
        return not remaining

    def merge(self, a: Vertex, b: Vertex) -> bool:
        early, late = (a, b) if a.label < b.label else (b, a)
        moved = self.order.apart(early, late)
        if moved is None:
            return False
        self.order.merge(a, b, moved)
        a.members = sorted(a.members + b.members)
        for place in b.members:
            self.vertex[place] = a
        return True


@pytest.mark.parametrize("seed", range(40))
def test_two_vertices_merge_exactly_if_that_closes_no_circle(seed: int) -> None:
    count = 14
    graph = Contracted(seed, count, edges=10 + seed % 20)
    rng = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(count), 2))
    for index in rng.permutation(len(pairs)):
        a, b = (graph.vertex[place] for place in rng.permutation(pairs[index]))
        if a is not b:
            expected = graph.acyclic(a, b)
            assert graph.merge(a, b) == expected
        assert all(graph.vertex[x].label <= graph.vertex[y].label for x, y in graph.edges)
    labels = {vertex.label for vertex in graph.vertex}
    assert len(labels) == len(set(map(id, graph.vertex)))


def test_an_order_without_a_gap_left_gets_new_labels() -> None:
    vertices = [Vertex(place) for place in range(100)]
    order = TopologicalOrder(vertices, lambda vertex: [], lambda vertex: [])
    for vertex in vertices[1:]:  # each into half of the gap that the one before has left
        order.cut(vertex)
        order.insert(vertices[0], [vertex])
    labels = [vertex.label for vertex in [vertices[0], *vertices[:0:-1], order.tail]]
    assert all(a < b for a, b in itertools.pairwise(labels))


class Searched:
    """The order of `Grouping`, whose questions are answered by following all edges."""

    def __init__(self, grouping: Grouping):
        self.grouping = grouping

    def reached(self, group: Group, direction: str) -> set[Group]:
        found: set[Group] = set()
        rest = [group]
        while rest:
            new = set(getattr(self.grouping, direction)(rest.pop())) - found
            found |= new
            rest += new
        return found

    def apart(self, early: Group, late: Group) -> tuple[bool, list[Group]] | None:
        """Legal if nothing that comes after one comes before the other."""
        for a, b in ((early, late), (late, early)):
            if self.reached(a, "after") & self.reached(b, "before") - {a, b}:
                return None
        return True, []

    def merge(self, kept: Group, gone: Group, moved: object) -> None:
        pass

    def cut(self, gone: Group) -> None:
        pass


class SearchedGrouping(Grouping):
    """Groups that know only what an exhaustive search tells them."""

    def __init__(self, graph: Graph):
        super().__init__(graph, REFERENCE)
        self.order = Searched(self)  # type: ignore[assignment]

    def ready(self, one: Group, other: Group) -> bool:
        latest = max((g.last for g in self.order.reached(other, "before")), default=NEVER_BEFORE)
        later = self.order.reached(one, "after") - {other}
        return latest <= min((g.first for g in later), default=NEVER_AFTER)


def groups(grouping: Grouping) -> list[list[int]]:
    grouping.grow()
    return [group.members for group in dict.fromkeys(grouping.group)]


@pytest.mark.parametrize("seed", range(30))
def test_groups_are_those_that_an_exhaustive_search_allows(seed: int) -> None:
    graph = without_dead(random_graph(seed, nodes=40))
    assert groups(Grouping(graph, REFERENCE)) == groups(SearchedGrouping(graph))


@pytest.mark.parametrize("seed", range(10))
def test_groups_of_single_numbers_are_those_that_an_exhaustive_search_allows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = Graph()
    with graph:
        values = [graph.input(name, Spec(())) for name in "ab"]
        arrays = [graph.input("c", Spec((3, 2)))]
        for _ in range(60):
            x, y = (values[index] for index in rng.integers(0, len(values), 2))
            kind = rng.integers(5)
            if kind == 0:
                arrays.append(arrays[rng.integers(len(arrays))] * x)
            elif kind == 1:
                values.append(ops.sum(arrays[rng.integers(len(arrays))]))
            else:
                values.append((ops.add, ops.multiply, ops.subtract)[kind - 2](x, y))
        graph.outputs = {"x": values[-1], "y": ops.sum(arrays[-1]), "loss": values[-2]}
    graph = simplify(differentiate(graph, "loss", ["a", "c"]))
    assert groups(Grouping(graph, REFERENCE)) == groups(SearchedGrouping(graph))
