"""Merging vertices of a directed acyclic graph so that it stays acyclic, with a topological order to search within.

Two vertices may be merged if every path between them is a single edge. A path leads upwards in the topological order,
so only what stands between the two is searched, from both ends at once. The end that is exhausted first shows that
there is no path, and the vertices found from it are all that must move to keep the order.

Source: Pearce, Kelly, "A dynamic topological sort algorithm for directed acyclic graphs" (2006), with edges contracted
instead of inserted; the labels: Dietz, Sleator, "Two algorithms for maintaining order in a list" (1987).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

GAP = 1 << 48  # between neighbouring labels


class Vertex:
    """A vertex in a topological order: a linked list whose labels rise.

    Attributes:
        members: the places in the original graph of what has been merged, in order.
        label: says which of two vertices stands first.
        previous, following: its neighbours.
    """

    __slots__ = ("following", "label", "members", "previous")

    def __init__(self, place: int):
        self.members = [place]
        self.label = place * GAP
        self.previous: Vertex | None = None
        self.following: Vertex | None = None


V = TypeVar("V", bound=Vertex)
Moved = tuple[bool, list[V]]  # whether they were found from the early end; vertices in their order


class TopologicalOrder(Generic[V]):
    """The order of all vertices, kept while they are merged.

    Arguments:
        vertices: in a topological order, one for each place.
        before, after: the vertices that a vertex has an edge from, or to; each may be given several times.
    """

    def __init__(
        self,
        vertices: Sequence[V],
        before: Callable[[V], Iterable[V]],
        after: Callable[[V], Iterable[V]],
    ):
        self.before, self.after = before, after
        self.head = Vertex(-1)
        last = self.head
        for vertex in vertices:
            last.following, vertex.previous = vertex, last
            last = vertex
        self.tail = Vertex(len(vertices))
        last.following, self.tail.previous = self.tail, last
        self.enter, self.leave = spanning_forest(vertices, before)

    def apart(self, early: V, late: V) -> Moved | None:
        """What must move so that the two may be merged, for `merge`; None if a path of several edges joins them."""
        found_up, found_down = {early}, {late}
        up, down = [early], [late]
        hints: Hints | None = None
        while True:
            vertex = up.pop()
            for other in self.after(vertex):
                if other in found_up or other.label > late.label:
                    continue
                if other is late:
                    if vertex is early:
                        continue
                    return None
                hints = hints or Hints(self, early, late)
                if other in found_down or hints.leads_to_late(other):
                    return None
                found_up.add(other)
                up.append(other)
            if not up:
                found_up.remove(early)
                return True, sorted(found_up, key=_label) if found_up else []
            vertex = down.pop()
            for other in self.before(vertex):
                if other in found_down or other.label < early.label:
                    continue
                if other is early:
                    if vertex is late:
                        continue
                    return None
                hints = hints or Hints(self, early, late)
                if other in found_up or hints.comes_from_early(other):
                    return None
                found_down.add(other)
                down.append(other)
            if not down:
                found_down.remove(late)
                return False, sorted(found_down, key=_label) if found_down else []

    def merge(self, kept: V, gone: V, moved: Moved) -> None:
        """Take `gone` out of the order and put `kept` where both may stand."""
        early, late = (kept, gone) if kept.label < gone.label else (gone, kept)
        upwards, vertices = moved
        # What follows the early one goes behind the late one, or what leads to the late one before the early one.
        place = late if upwards else early
        for vertex in vertices:
            self.cut(vertex)
        self.insert(place if upwards else place.previous, vertices)
        if place is gone:
            self.cut(kept)
            self.insert(gone, [kept])
        self.cut(gone)

    def cut(self, vertex: Vertex) -> None:
        """Take a vertex out of the list."""
        assert vertex.previous is not None
        assert vertex.following is not None
        vertex.previous.following, vertex.following.previous = vertex.following, vertex.previous

    def insert(self, behind: Vertex | None, vertices: Sequence[Vertex]) -> None:
        """Put vertices into the list, in this order."""
        assert behind is not None
        assert behind.following is not None
        if not vertices:
            return
        end, label = behind.following, behind.label
        step = (end.label - label) // (len(vertices) + 1)
        for vertex in vertices:
            label += step
            vertex.label = label
            behind.following, vertex.previous = vertex, behind
            behind = vertex
        behind.following, end.previous = end, behind
        if not step:
            self.relabel()

    def relabel(self) -> None:
        """Labels with gaps again."""
        vertex, label = self.head.following, 0
        while vertex is not None:
            vertex.label = label
            vertex, label = vertex.following, label + GAP


class Hints:
    """The paths from one vertex, and to another, that the spanning forest shows; it knows some, not all."""

    def __init__(self, order: TopologicalOrder[Any], early: Vertex, late: Vertex):
        self.enter, self.leave = order.enter, order.leave
        self.late = sorted(self.enter[place] for place in late.members)
        # Ranges of preorder numbers below the early vertex; of one that lies in another, only the outer.
        self.starts: list[int] = []
        self.stops: list[int] = []
        for start, stop in sorted((self.enter[place], self.leave[place]) for place in early.members):
            if not self.stops or start >= self.stops[-1]:
                self.starts.append(start)
                self.stops.append(stop)

    def leads_to_late(self, vertex: Vertex) -> bool:
        for place in vertex.members:
            index = bisect_left(self.late, self.enter[place])
            if index < len(self.late) and self.late[index] < self.leave[place]:
                return True
        return False

    def comes_from_early(self, vertex: Vertex) -> bool:
        for place in vertex.members:
            index = bisect_right(self.starts, self.enter[place])
            if index and self.enter[place] < self.stops[index - 1]:
                return True
        return False


def _label(vertex: Vertex) -> int:
    return vertex.label


def spanning_forest(vertices: Sequence[V], before: Callable[[V], Iterable[V]]) -> tuple[list[int], list[int]]:
    """Preorder numbers of a forest whose edges are some of the graph's: each vertex hangs on the last it comes after.

    Returns: for each place its number, and the first number behind all that hang below it.
    """
    count = len(vertices)
    parent = [max([other.members[0] for other in before(vertex)], default=-1) for vertex in vertices]
    size = [1] * count
    for place in range(count - 1, -1, -1):
        if parent[place] >= 0:
            size[parent[place]] += size[place]
    enter = [0] * count
    free = [0] * (count + 1)  # the next number below each place; the last: of the roots
    for place, above in enumerate(parent):
        enter[place] = free[above]
        free[above] += size[place]
        free[place] = enter[place] + 1
    return enter, [number + size[place] for place, number in enumerate(enter)]
