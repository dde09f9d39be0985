"""A Program: a flat list of Calls over one block of memory. It refers to no Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pyengine.graph import Graph, Node, Spec, Value, Variable
from pyengine.ops.base import Op
from pyengine.ops.structure import Copy
from pyengine.plan.arena import Layout, layout
from pyengine.plan.order import order
from pyengine.plan.storage import buffers, ordering, root_of
from pyengine.transforms.checking import with_check
from pyengine.transforms.rebuild import rebuild

ARENA, CONSTANTS = "arena", "constants"


@dataclass(frozen=True, slots=True)
class Slot:
    """The location of an array: a region (the arena, the constants, or a variable by number) and an offset in bytes."""

    region: str | int
    offset: int
    spec: Spec

    def __str__(self) -> str:
        where = f"v{self.region}" if isinstance(self.region, int) else f"{self.region[0]}{self.offset:x}"
        return f"{where}:{self.spec}"


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel to run: the op (name and settings) and the slots of its inputs and outputs.

    `layer` is the label of the layer that it belongs to, for errors.
    `scratch`, where the op asks for it, is memory that only this call uses. `loop`, where the op has a body, is the
    program of one round of it; its arena is that memory.
    """

    op: Op
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    scratch: Slot | None = None
    loop: Program | None = None
    layer: str = ""

    @property
    def output(self) -> Slot:
        """The only output, or the first."""
        return self.outputs[0]

    def __str__(self) -> str:
        outputs = " ".join(map(str, self.outputs))
        return (
            f"{outputs} = {self.op.name} {' '.join(map(str, self.inputs))} {self.op.settings_text()}".rstrip()
        )


@dataclass(frozen=True)
class Program:
    """What an executor runs.

    Attributes:
        calls: in running order.
        arena: bytes of the arena; `layout` tells what it would be without sharing.
        constants: the bytes that the region of constants holds.
        variables: name, shape and dtype of each variable region, by number.
        inputs, outputs: where to write what is fed and read what comes out, by name.
    """

    calls: tuple[Call, ...]
    layout: Layout
    constants: bytes
    variables: tuple[Variable, ...]
    inputs: dict[str, Slot]
    outputs: dict[str, Slot]

    @property
    def arena(self) -> int:
        return self.layout.size

    def __str__(self) -> str:
        lines = [
            f"{len(self.calls)} calls, arena {megabytes(self.arena)}, was {megabytes(self.layout.unshared)} "
            f"({megabytes(self.layout.alive)} alive at once), constants {len(self.constants)} bytes"
        ]
        lines += [f'{slot} = input "{name}"' for name, slot in self.inputs.items()]
        lines += [f'v{number} = variable "{v.name}"' for number, v in enumerate(self.variables)]
        for number, call in enumerate(self.calls):
            lines.append(f"{number}: {call}")
            if call.loop:
                lines += [f"    {line}" for line in str(call.loop).splitlines()]
        lines += [f'output "{name}" {slot}' for name, slot in self.outputs.items()]
        return "\n".join(lines)


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def plan(graph: Graph) -> Program:
    """Schedule the nodes, assign memory to every value, and list the calls."""
    graph = with_moved_reads(graph)
    direct, after = ordering(graph)
    nodes = order(graph, after, {*direct.values()})
    loops = {node: plan(node.op.loop()) for node in nodes if node.op.body is not None}
    buffer_of, scratch = buffers(graph, nodes, direct, {node: loop.arena for node, loop in loops.items()})
    shared = list(dict.fromkeys(b for b in buffer_of.values() if b.home is None))
    shared += scratch.values()
    arena = layout(shared)
    variables = tuple(dict.fromkeys([*graph.reads, *graph.writes]))
    number = {variable: index for index, variable in enumerate(variables)}
    constant_offset, constants = pack(graph.constants)

    def slot(value: Value) -> Slot:
        buffer = buffer_of[value]
        if buffer.home is None:
            return Slot(ARENA, arena.offsets[buffer], value.spec)
        if isinstance(buffer.home, Value):
            return Slot(CONSTANTS, constant_offset[buffer.home], value.spec)
        return Slot(number[buffer.home], 0, value.spec)

    def workspace(node: Node) -> Slot | None:
        buffer = scratch.get(node)
        return None if buffer is None else Slot(ARENA, arena.offsets[buffer], Spec((buffer.nbytes,), "uint8"))

    calls = [
        Call(
            node.op,
            tuple(map(slot, node.inputs)),
            tuple(map(slot, node.outputs)),
            workspace(node),
            loops.get(node),
            node.layer,
        )
        for node in nodes
        if not node.op.alias
    ]
    late = [(variable, value) for variable, value in graph.writes.items() if variable not in direct]
    calls += copies(late, slot, number)
    inputs = {name: slot(value) for name, value in graph.inputs.items()}
    outputs = {name: slot(value) for name, value in graph.outputs.items()}
    return Program(tuple(calls), arena, constants, variables, inputs, outputs)


@with_check
def with_moved_reads(graph: Graph) -> Graph:
    """The graph in which a copy is taken of what a variable held, where it shall be seen after the variable changed.

    That is: where another variable gets it (so two may swap), and where it is an output.
    """
    held = set(graph.reads.values())
    changed = {graph.reads[variable] for variable in graph.writes if variable in graph.reads}
    shown = any(root_of(value) in changed for value in graph.outputs.values())
    if not shown and not any(root_of(value) in held for value in graph.writes.values()):
        return graph
    graph, _ = rebuild(graph)
    held = set(graph.reads.values())
    changed = {graph.reads[variable] for variable in graph.writes if variable in graph.reads}
    for variable, value in graph.writes.items():
        if root_of(value) in held and root_of(value) is not graph.reads.get(variable):
            graph.writes[variable] = graph.add(Copy(), (value,))
    for name, value in graph.outputs.items():
        if root_of(value) in changed:
            graph.outputs[name] = graph.add(Copy(), (value,))
    return graph


def copies(late: Sequence[tuple[Variable, Value]], slot, number: dict[Variable, int]) -> list[Call]:
    """Calls that put new values into their variables at the end of the step."""
    result = []
    for variable, value in late:
        target = Slot(number[variable], 0, Spec(variable.shape, variable.dtype))
        if slot(value) != target:
            result.append(Call(Copy(), (slot(value),), (target,)))
    return result


def pack(constants: dict[Value, np.ndarray]) -> tuple[dict[Value, int], bytes]:
    """All constants one after another, each at a multiple of 64 bytes."""
    offsets, block = {}, bytearray()
    for value, array in constants.items():
        block += bytes(-len(block) % 64)
        offsets[value] = len(block)
        block += np.ascontiguousarray(array).tobytes()
    return offsets, bytes(block)
