"""Fusion of elementwise nodes into Chains: one pass over memory instead of one for every node.

Nodes of one output shape are merged from the last to the first, a producer into its consumer: so what only the
backward pass needs is computed there, from what the forward pass keeps anyway.
"""

from __future__ import annotations

import heapq
import itertools
from bisect import insort
from collections.abc import Iterable, Iterator

from pyengine.graph import Graph, Node, Value
from pyengine.ops.broadcast import BroadcastTo
from pyengine.ops.fused import Chain, Instruction
from pyengine.shapes import Shape
from pyengine.transforms.checking import with_check
from pyengine.transforms.merging import TopologicalOrder, Vertex
from pyengine.transforms.rebuild import new_graph_like
from pyengine.transforms.target import Target

SMALL = 4096  # bytes: arrays up to this are not worth keeping apart
SCALARS = 3  # times as much for chains of single numbers, which take no room
NEVER_BEFORE, NEVER_AFTER = -1, 1 << 62  # places of groups that nothing is before or after


def works(node: Node, target: Target) -> bool:
    """Whether it does real work: not what a chain may hold, nor what makes something out of little, as random ops."""
    if node.op.alias or target.chains(node):
        return False
    return any(value.spec.nbytes > SMALL for value in node.inputs)


class Group(Vertex):
    """Nodes to be fused into one.

    Attributes:
        inputs: what comes from outside.
        outputs: what is made here and needed elsewhere.
        latest, earliest: the last place of all nodes that must run before the group, the first of those that wait for
            it. Only while groups of single numbers are merged.
    """

    __slots__ = ("earliest", "inputs", "latest", "outputs", "target")

    def __init__(self, place: int, node: Node):
        super().__init__(place)
        self.inputs = set(node.inputs)
        self.outputs = list(node.outputs)
        self.target: Shape = node.output.shape
        self.latest, self.earliest = NEVER_BEFORE, NEVER_AFTER

    @property
    def first(self) -> int:
        return self.members[0]

    @property
    def last(self) -> int:
        return self.members[-1]


class Grouping:
    """The groups of a graph while they grow."""

    def __init__(self, graph: Graph, target: Target):
        self.graph = graph
        self.target = target
        self.nodes = graph.nodes
        self.place = {value: place for place, node in enumerate(self.nodes) for value in node.outputs}
        self.kept = {*graph.outputs.values(), *graph.writes.values()}
        self.users: dict[Value, list[int]] = {}
        self.fusible = [target.chains(node) for node in self.nodes]
        # How many nodes that do real work stand before each place.
        self.work = [0]
        for place, node in enumerate(self.nodes):
            for value in node.inputs:
                users = self.users.setdefault(value, [])
                if not users or users[-1] != place:
                    users.append(place)
            self.work.append(self.work[-1] + (not self.fusible[place] and works(node, target)))
        self.group = [Group(place, node) for place, node in enumerate(self.nodes)]
        self.order = TopologicalOrder(self.group, self.before, self.after)

    def before(self, group: Group) -> list[Group]:
        """The groups whose values it uses."""
        groups, place = self.group, self.place
        return [groups[place[value]] for value in group.inputs if value in place]

    def after(self, group: Group) -> list[Group]:
        """The groups that use its values."""
        groups, users = self.group, self.users
        found = [groups[place] for value in group.outputs for place in users.get(value, ())]
        return [other for other in found if other is not group]

    def needed(self, values: Iterable[Value], *inside: Group) -> list[Value]:
        """Those of the values that are needed outside of some groups."""
        group, users, kept = self.group, self.users, self.kept
        return [
            value
            for value in values
            if value in kept or not all(group[place] in inside for place in users.get(value, ()))
        ]

    def merge(self, a: Group, b: Group) -> bool:
        """Make two groups one, if that is legal, small enough, and keeps no more in memory."""
        if a is b or a.target != b.target:
            return False
        factor = 1 if a.target else SCALARS
        if len(a.members) + len(b.members) > self.target.chain_instructions * factor:
            return False
        if len(b.members) == 1 and self.serves_only(b, a):
            return self.absorb(a, b)
        inputs = (a.inputs | b.inputs).difference(a.outputs, b.outputs)
        if len(inputs) > self.target.chain_inputs * factor:
            return False
        outputs = self.needed(a.outputs, a, b) + self.needed(b.outputs, a, b)
        if len(outputs) > self.target.chain_outputs * factor:
            return False
        early, late = (a, b) if a.first < b.first else (b, a)
        if a.outputs[0].spec.nbytes > SMALL and not self.near(early, late):
            return False
        # Nothing outside may stand between the two.
        early, late = (a, b) if a.label < b.label else (b, a)
        moved = self.order.apart(early, late)
        if moved is None:
            return False
        self.order.merge(a, b, moved)
        a.members = sorted(a.members + b.members)
        a.inputs, a.outputs = inputs, outputs
        for member in b.members:
            self.group[member] = a
        return True

    def serves_only(self, one: Group, other: Group) -> bool:
        """Whether all that one group gives is used in the other, and nowhere else."""
        group, users = self.group, self.users
        return all(
            value not in self.kept and all(group[place] is other for place in users[value])
            for value in one.outputs
        )

    def absorb(self, a: Group, b: Group) -> bool:
        """`merge` of a node that only one group needs, as most do: nothing else can stand between the two."""
        inputs = (a.inputs | b.inputs).difference(b.outputs)
        if len(inputs) > self.target.chain_inputs * (1 if a.target else SCALARS):
            return False
        early, late = (a, b) if a.first < b.first else (b, a)
        if a.outputs[0].spec.nbytes > SMALL and not self.near(early, late):
            return False
        self.order.cut(b)
        insort(a.members, b.first)
        a.inputs = inputs
        self.group[b.first] = a
        return True

    def near(self, early: Group, late: Group) -> bool:
        """Whether running the early nodes with the late ones keeps no more in memory than running them apart.

        If real work is done between them, nothing that the early ones make may be needed elsewhere, and what they
        alone need may not be larger than what they make.
        """
        if self.work[early.last] == self.work[late.first]:
            return True
        if self.needed(early.outputs, early, late):
            return False
        ends = [
            value
            for value in early.inputs
            if value in self.place and all(self.group[place] is early for place in self.users[value])
        ]
        return sum(v.spec.nbytes for v in ends) <= sum(v.spec.nbytes for v in early.outputs)

    def grow(self) -> None:
        """Producers into consumers, from the last to the first; then those that read the same; then single numbers."""
        for place in range(len(self.nodes) - 1, -1, -1):
            if self.fusible[place]:
                for value in self.nodes[place].inputs:
                    maker = self.place.get(value)
                    if maker is not None and self.fusible[maker]:
                        self.merge(self.group[place], self.group[maker])
        for value, users in self.users.items():
            if value.shape and value not in self.graph.constants:
                together = [place for place in users if self.fusible[place]]
                for one, other in itertools.pairwise(together):
                    a, b = self.group[one], self.group[other]
                    if a.target == value.shape and self.work[a.last] == self.work[b.first]:
                        self.merge(a, b)
        self.merge_numbers()

    def merge_numbers(self) -> None:
        """Groups of single numbers, which need not have anything to do with one another."""
        # A list's order is that of the places, in which groups are no longer ordered.
        ordered = sorted(dict.fromkeys(self.group), key=lambda group: group.label)
        for group in ordered:
            self.spread_latest(group)
        for group in reversed(ordered):
            self.spread_earliest(group)
        numbers: list[Group] = []
        for place, own in enumerate(list(self.group)):
            if not self.fusible[place] or own.target or own.first != place:
                continue
            for other in numbers:
                if self.timely(other, own) and self.merge(other, own):
                    self.widen(other, own)
                    break
            else:
                numbers.append(own)

    def spread_latest(self, group: Group) -> list[Group]:
        """Tell the groups behind one what must run before them; returns those to which that is new."""
        latest = max(group.last, group.latest)
        found = [other for other in self.after(group) if other.latest < latest]
        for other in found:
            other.latest = latest
        return found

    def spread_earliest(self, group: Group) -> list[Group]:
        """Tell the groups before one what waits for them; returns those to which that is new."""
        earliest = min(group.first, group.earliest)
        found = [other for other in self.before(group) if other.earliest > earliest]
        for other in found:
            other.earliest = earliest
        return found

    def widen(self, group: Group, gone: Group) -> None:
        """What was before or after one of two groups that are merged is before or after both."""
        group.latest = max((max(o.last, o.latest) for o in self.before(group)), default=NEVER_BEFORE)
        group.earliest = min((min(o.first, o.earliest) for o in self.after(group)), default=NEVER_AFTER)
        for spread in (self.spread_latest, self.spread_earliest):
            changed = [group]
            while changed:
                changed += spread(changed.pop())

    def timely(self, a: Group, b: Group) -> bool:
        """Whether neither must wait for what comes only after the other is needed."""
        return self.ready(a, b) and self.ready(b, a)

    def ready(self, one: Group, other: Group) -> bool:
        """Whether all that the other waits for stands before what waits for the one, the other itself apart."""
        if one not in self.before(other):
            return other.latest <= one.earliest
        later = [min(o.first, o.earliest) for o in self.after(one) if o is not other]
        return other.latest <= min([*later, other.earliest])


@with_check
def form_chains(graph: Graph, target: Target) -> Graph:
    """The graph in which groups of elementwise nodes are fused into Chains."""
    if not any(map(target.chains, graph.nodes)):
        return graph
    grouping = Grouping(graph, target)
    grouping.grow()
    del grouping.order  # it refers back; without it the graph is freed by reference count
    new, to = new_graph_like(graph)
    for group in in_order(grouping):
        emit(grouping, group, new, to)
    for variable, value in graph.writes.items():
        new.write(variable, to[value])
    new.outputs = {name: to[value] for name, value in graph.outputs.items()}
    return new


def in_order(grouping: Grouping) -> Iterator[Group]:
    """The groups so that each comes after what it needs, else as the first of what they give stood in the graph."""
    groups = list(dict.fromkeys(grouping.group))
    number = {id(group): index for index, group in enumerate(groups)}
    waiting = [0] * len(groups)
    followers: list[list[int]] = [[] for _ in groups]
    turn = []
    for index, group in enumerate(groups):
        makers = {grouping.place[value] for value in group.inputs if value in grouping.place}
        needed = {number[id(grouping.group[place])] for place in makers}
        waiting[index] = len(needed)
        for other in needed:
            followers[other].append(index)
        turn.append(min((grouping.place[value] for value in group.outputs), default=group.first))
    ready = [(turn[index], index) for index, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    while ready:
        _, index = heapq.heappop(ready)
        yield groups[index]
        for other in followers[index]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, (turn[other], other))


def emit(grouping: Grouping, group: Group, new: Graph, to: dict[Value, Value]) -> None:
    """Write a group into the new graph: a node as it was, or a Chain."""
    if len(group.members) == 1:
        node = grouping.nodes[group.first]
        copies = new.append(
            node.op, tuple([to[v] for v in node.inputs]), tuple([v.spec for v in node.outputs])
        )
        to.update(zip(node.outputs, copies, strict=True))
        return
    inputs: dict[Value, int] = {}
    operand: dict[Value, int] = {}
    code: list[Instruction] = []

    def number(value: Value) -> int:
        if value in operand:
            return operand[value]
        return inputs.setdefault(to[value], len(inputs))

    for place in group.members:
        node = grouping.nodes[place]
        operands = tuple([number(value) for value in node.inputs])
        if isinstance(node.op, BroadcastTo):  # operands are stretched by themselves
            operand[node.output] = operands[0]
            continue
        code.append((node.op.name, operands, tuple(node.op.settings.items())))
        operand[node.output] = -len(code)
    outputs = sorted(group.outputs, key=grouping.place.__getitem__)
    chain = Chain(code=tuple(code), outputs=tuple(operand[v] for v in outputs), target=group.target)
    to.update(zip(outputs, new.append(chain, tuple(inputs), tuple(v.spec for v in outputs)), strict=True))
