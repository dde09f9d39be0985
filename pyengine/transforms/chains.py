"""Elementwise nodes that belong together become Chains: one pass over memory instead of one for every node.

Nodes of one output shape are merged from the last to the first, a producer into its consumer: so what only the
backward pass needs is computed there, from what the forward pass keeps anyway.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator

from pyengine.graph import Graph, Node, Value
from pyengine.ops.elementwise import Elementwise
from pyengine.ops.fused import Chain, Instruction
from pyengine.shapes import Shape
from pyengine.transforms.rebuild import begun

# Bounds of a Chain: what it holds at a time shall fit the first-level cache.
INSTRUCTIONS, INPUTS, OUTPUTS = 24, 16, 6
SMALL = 4096  # bytes: arrays up to this are not worth keeping apart
SCALARS = 3  # times as much for chains of single numbers, which take no room
FLOATS, WHOLE, CAST_FROM = ("float32",), ("int32", "uint32", "bool"), ("uint8", "int64")
# Ops that chains have for whole numbers and truths too.
FOR_WHOLE = set(
    "add subtract multiply maximum minimum floor_divide mod equal not_equal greater greater_equal less "  # noqa: SIM905
    "less_equal logical_and logical_or logical_not where negative abs sign square relu".split()
)


def fusible(node: Node) -> bool:
    """Whether a chain has an instruction for it."""
    dtype = node.output.dtype
    if dtype not in FLOATS and dtype not in WHOLE:
        return False
    name = node.op.name
    if name == "cast":
        return node.inputs[0].dtype in FLOATS + WHOLE + CAST_FROM
    if name == "broadcast_to":
        return True
    if not isinstance(node.op, Elementwise):
        return False
    dtypes = {value.dtype for value in node.inputs}
    if name == "where":
        return dtypes <= {*FLOATS, *WHOLE}
    return dtypes == {*FLOATS} or (name in FOR_WHOLE and dtypes <= {*WHOLE})


def works(node: Node) -> bool:
    """Whether it does real work: not what a chain may hold, nor what makes something out of little, as random ops."""
    if node.op.alias or fusible(node):
        return False
    return any(value.spec.nbytes > SMALL for value in node.inputs)


class Group:
    """Nodes that shall run as one.

    Attributes:
        members: their places in the graph, in order.
        before, after: bit masks of the places of all nodes that must have run before the group, or that wait for it.
        inputs: what comes from outside.
        outputs: what is made here and needed elsewhere.
    """

    __slots__ = ("after", "before", "first", "inputs", "last", "mask", "members", "outputs", "target")

    def __init__(self, place: int, node: Node, before: int, after: int):
        self.members = [place]
        self.mask = 1 << place
        self.first = self.last = place
        self.before, self.after = before, after
        self.inputs = set(node.inputs)
        self.outputs = list(node.outputs)
        self.target: Shape = node.output.shape


def places(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Grouping:
    """The groups of a graph while they grow."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.nodes = graph.nodes
        self.place = {value: place for place, node in enumerate(self.nodes) for value in node.outputs}
        self.kept = {*graph.outputs.values(), *graph.writes.values()}
        self.users: dict[Value, list[int]] = {}
        before: list[int] = []
        for place, node in enumerate(self.nodes):
            mask = 0
            for value in dict.fromkeys(node.inputs):
                self.users.setdefault(value, []).append(place)
                maker = self.place.get(value)
                if maker is not None:
                    mask |= before[maker] | 1 << maker
            before.append(mask)
        self.readers = {value: sum(1 << place for place in users) for value, users in self.users.items()}
        after = [0] * len(self.nodes)
        for place in range(len(self.nodes) - 1, -1, -1):
            mask = after[place] | 1 << place
            for value in self.nodes[place].inputs:
                maker = self.place.get(value)
                if maker is not None:
                    after[maker] |= mask
        # How many nodes that do real work stand before each place.
        self.work = [0]
        self.group: list[Group] = []
        for place, node in enumerate(self.nodes):
            self.group.append(Group(place, node, before[place], after[place]))
            self.work.append(self.work[-1] + works(node))
        self.fusible = [fusible(node) for node in self.nodes]
        # One place of each group that may still grow: only those are asked for what comes before and after them.
        self.leaders = sum(1 << place for place, able in enumerate(self.fusible) if able)

    def made_in(self, mask: int, value: Value) -> bool:
        place = self.place.get(value)
        return place is not None and bool(mask >> place & 1)

    def needed(self, values: Iterable[Value], mask: int) -> list[Value]:
        """Those of the values that are needed outside of the nodes of a mask."""
        return [value for value in values if value in self.kept or self.readers.get(value, 0) & ~mask]

    def merge(self, a: Group, b: Group) -> bool:
        """Make two groups one, if that is legal, small enough, and keeps no more in memory."""
        if a is b or a.target != b.target:
            return False
        mask = a.mask | b.mask
        # Nothing outside may stand between the two.
        if (a.after & b.before | b.after & a.before) & ~mask:
            return False
        factor = 1 if a.target else SCALARS
        if len(a.members) + len(b.members) > INSTRUCTIONS * factor:
            return False
        inputs = {value for value in a.inputs | b.inputs if not self.made_in(mask, value)}
        if len(inputs) > INPUTS * factor:
            return False
        outputs = self.needed(a.outputs, mask) + self.needed(b.outputs, mask)
        if len(outputs) > OUTPUTS * factor:
            return False
        early, late = (a, b) if a.first < b.first else (b, a)
        if a.outputs[0].spec.nbytes > SMALL and not self.near(early, late, mask):
            return False
        self.join(a, b, mask, inputs)
        a.outputs = outputs
        return True

    def near(self, early: Group, late: Group, mask: int) -> bool:
        """Whether running the early nodes with the late ones keeps no more in memory than running them apart.

        If real work is done between them, nothing that the early ones make may be needed elsewhere, and what they
        alone need may not be larger than what they make.
        """
        if self.work[early.last] == self.work[late.first]:
            return True
        if self.needed(early.outputs, mask):
            return False
        ends = [
            value for value in early.inputs if value in self.place and not self.readers[value] & ~early.mask
        ]
        return sum(v.spec.nbytes for v in ends) <= sum(v.spec.nbytes for v in early.outputs)

    def join(self, a: Group, b: Group, mask: int, inputs: set[Value]) -> None:
        """What was before or after one is now before or after both."""
        before, after = (a.before | b.before) & ~mask, (a.after | b.after) & ~mask
        # Whoever knew only one of the two learns of the other's relations.
        for place in places((a.before ^ b.before) & ~mask & self.leaders):
            self.group[place].after |= after | mask
        for place in places((a.after ^ b.after) & ~mask & self.leaders):
            self.group[place].before |= before | mask
        self.leaders &= ~b.mask
        a.members = sorted(a.members + b.members)
        a.mask, a.before, a.after, a.inputs = mask, before, after, inputs
        a.first, a.last = a.members[0], a.members[-1]
        for place in b.members:
            self.group[place] = a

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
        numbers: list[Group] = []
        for place, own in enumerate(list(self.group)):
            if not self.fusible[place] or own.target or own.first != place:
                continue
            if not any(self.timely(other, own) and self.merge(other, own) for other in numbers):
                numbers.append(own)

    def timely(self, a: Group, b: Group) -> bool:
        """Whether neither must wait for what comes only after the other is needed."""
        for one, other in ((a, b), (b, a)):
            needed = one.after & ~other.mask
            if needed and other.before.bit_length() > (needed & -needed).bit_length():
                return False
        return True


def chained(graph: Graph) -> Graph:
    """The graph with Chains in place of the elementwise nodes that were brought together."""
    if not any(map(fusible, graph.nodes)):
        return graph
    grouping = Grouping(graph)
    grouping.grow()
    new, to = begun(graph)
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
        made = new.again(node, tuple(to[value] for value in node.inputs))
        to.update(zip(node.outputs, made if isinstance(made, tuple) else (made,), strict=True))
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
        operands = tuple(number(value) for value in node.inputs)
        if node.op.name == "broadcast_to":  # operands are stretched by themselves
            operand[node.output] = operands[0]
            continue
        code.append((node.op.name, operands, tuple(node.op.settings.items())))
        operand[node.output] = -len(code)
    outputs = sorted(group.outputs, key=grouping.place.__getitem__)
    chain = Chain(code=tuple(code), outputs=tuple(operand[v] for v in outputs), target=group.target)
    to.update(zip(outputs, new.add(chain, tuple(inputs)), strict=True))
