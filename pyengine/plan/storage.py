"""Which values share memory: aliases, variables updated in place, outputs that reuse the memory of a dead input."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from pyengine.graph import Graph, Node, Value, Variable


@dataclass(eq=False)
class Buffer:
    """A piece of memory and when it is in use: from call `first` to call `last`, both included.

    `home` is None for memory of the arena, else the variable or constant whose own memory this is.
    """

    nbytes: int
    first: int
    last: int
    home: Variable | Value | None = None
    values: list[Value] = field(default_factory=list)


def ordering(graph: Graph) -> tuple[dict[Variable, Value], dict[Node, set[Node]]]:
    """The writes that can go straight into their variable, and what must have run before they do.

    A new value may be made in the variable's own memory if whatever reads the old one has run by then. So it must be
    made by a node that comes after all readers in the written order, and if that node reads the old value itself, its
    op must be able to work in place. Every other write is a copy at the end of the step.
    """
    position = {node: index for index, node in enumerate(graph.nodes)}
    readers: dict[Value, list[Node]] = defaultdict(list)
    roots = {
        value: root_of(value)
        for value in [*(value for node in graph.nodes for value in node.outputs), *graph.reads.values()]
    }
    for node in graph.nodes:
        for value in node.inputs:
            readers[roots.get(value, value)].append(node)
    kept = {roots.get(value, value) for value in graph.outputs.values()}
    kept |= {roots[value] for value in graph.writes.values() if value in roots}
    written = Counter(graph.writes.values())
    direct: dict[Variable, Value] = {}
    after: dict[Node, set[Node]] = {}
    for variable, value in graph.writes.items():
        maker = value.node
        if maker is None or maker.op.alias or written[value] > 1:
            continue
        old = graph.reads.get(variable)
        before = [reader for reader in readers.get(old, ()) if reader is not maker] if old is not None else []
        if old is not None and old in kept:
            continue
        if any(position[reader] > position[maker] for reader in before):
            continue
        if old is not None and maker in readers[old] and not replaces(maker, old, value):
            continue
        direct[variable] = value
        after[maker] = after.get(maker, set()) | set(before)
    return direct, after


def root_of(value: Value) -> Value:
    """The value whose memory this one merely sees in another shape."""
    while value.node is not None and value.node.op.alias:
        value = value.node.inputs[0]
    return value


def replaces(node: Node, value: Value, output: Value) -> bool:
    """Whether the node may write this output over this input (given directly, not through an alias)."""
    places = [index for index, source in enumerate(node.inputs) if root_of(source) is value]
    number = node.outputs.index(output)
    return all(node.inputs[index].spec == output.spec and node.op.replaces(index, number) for index in places)


def buffers(
    graph: Graph, nodes: list[Node], direct: dict[Variable, Value], rooms: dict[Node, int] | None = None
) -> tuple[dict[Value, Buffer], dict[Node, Buffer]]:
    """The buffer of every value, for this running order, and those that nodes need as scratch memory.

    An output takes over the memory of an input that dies with the call, where the op can work in place. `rooms`: what
    some nodes need beside what their ops ask for.
    """
    last: dict[Value, int] = {}
    end = len(nodes)
    for index, node in enumerate(nodes):
        for value in node.inputs:
            last[root_of(value)] = index
    for value in (*graph.outputs.values(), *graph.writes.values()):
        last[root_of(value)] = end

    home: dict[Value, Variable | Value] = {value: value for value in graph.constants}
    home.update({value: variable for variable, value in graph.reads.items()})
    home.update({value: variable for variable, value in direct.items()})
    result: dict[Value, Buffer] = {}
    scratch: dict[Node, Buffer] = {}

    def place(value: Value, index: int) -> None:
        result[value] = Buffer(value.spec.nbytes, index, last.get(value, index), home.get(value), [value])

    for value in (*graph.inputs.values(), *graph.constants, *graph.reads.values()):
        place(value, -1)
    for index, node in enumerate(nodes):
        if node.op.alias:
            result[node.output] = result[root_of(node.output)]
            continue
        if size := node.op.scratch(*(value.spec for value in node.inputs)) + (rooms or {}).get(node, 0):
            scratch[node] = Buffer(size, index, index)
        taken: set[Buffer] = set()
        for value in node.outputs:
            place(value, index)
            if value in home:
                continue
            for position in node.op.in_place:
                if position >= len(node.inputs):
                    break
                dying = root_of(node.inputs[position])
                held = result[dying]
                free = held.home is None and held.last == index and held not in taken
                if free and replaces(node, dying, value):
                    held.last = result[value].last
                    held.values.append(value)
                    result[value] = held
                    taken.add(held)
                    break
    return result, scratch
