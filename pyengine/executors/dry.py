"""Dry run: counts calls, and verifies a memory plan by tracking which value each byte holds."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from pyengine.errors import GraphError
from pyengine.executors.base import Executor, Memory
from pyengine.graph import Graph, Spec, Value
from pyengine.ops.base import Op
from pyengine.ops.structure import Copy
from pyengine.plan import Call, Program, Slot

Token = Any  # stands for a value: what was computed, from what


class DryExecutor(Executor):
    """Checks a program when its memory is allocated; `run` only counts calls, `read` returns zeros."""

    name = "dry"

    def __init__(self) -> None:
        self.executed = 0

    def supports(self, call: Call) -> bool:
        return True

    def allocate(self, program: Program, beside: Memory | None = None) -> Memory:
        follow(program)
        memory = Memory(program, len(program.calls))
        memory.outputs = {name: np.zeros(s.spec.shape, s.spec.dtype) for name, s in program.outputs.items()}
        return memory

    def write(self, memory: Memory, name: str, array: np.ndarray) -> None:
        pass

    def run(
        self, memory: Memory, start: int = 0, deadline: float | None = None, stop: int | None = None
    ) -> int:
        stop = memory.length if stop is None else stop
        reached = stop if deadline is None else min(start + 1, stop)
        self.executed += reached - start
        return reached

    def close(self, memory: Memory) -> None:
        memory.outputs = {}


class Tokens:
    """Which value every byte of every region belongs to."""

    def __init__(self, program: Program):
        self.sizes: dict[str | int, int] = {"arena": program.arena, "constants": len(program.constants)}
        self.sizes.update(
            {number: variable.value.nbytes for number, variable in enumerate(program.variables)}
        )
        self.held: dict[str | int, list[tuple[int, int, Token]]] = {region: [] for region in self.sizes}

    def write(self, slot: Slot, token: Token) -> None:
        start, stop = self.bounds(slot)
        kept = [
            interval for interval in self.held[slot.region] if interval[1] <= start or stop <= interval[0]
        ]
        self.held[slot.region] = [*kept, (start, stop, token)]

    def read(self, slot: Slot) -> Token:
        start, stop = self.bounds(slot)
        for have in self.held[slot.region]:
            if have[:2] == (start, stop):
                return have[2]
        raise GraphError(f"Slot {slot} is read, but what was there is overwritten or was never made.")

    def bounds(self, slot: Slot) -> tuple[int, int]:
        stop = slot.offset + slot.spec.nbytes
        if slot.offset < 0 or stop > self.sizes[slot.region] or slot.offset % 64:
            raise GraphError(
                f"Slot {slot} is unaligned or outside its region of {self.sizes[slot.region]} bytes."
            )
        return slot.offset, max(stop, slot.offset + 1)


def follow(program: Program) -> tuple[dict[str, Token], list[Token]]:
    """The tokens of the outputs and of the variables after the program. Raises GraphError where memory is unsound."""
    memory = Tokens(program)
    for name, slot in program.inputs.items():
        memory.write(slot, ("input", name))
    for number, variable in enumerate(program.variables):
        memory.write(Slot(number, 0, spec_of(variable)), ("read", number))
    for call in program.calls:
        tokens = []
        for position, slot in enumerate(call.inputs):
            if slot.region == "constants":
                memory.bounds(slot)
                content = program.constants[slot.offset : slot.offset + slot.spec.nbytes]
                tokens.append(("constant", content))
            else:
                tokens.append(memory.read(slot))
            for output in call.outputs:
                if overlapping(slot, output) and not (slot == output and position in call.op.in_place):
                    raise GraphError(
                        f"{call}: the output overlaps input {position}, which {call.op.name} still reads."
                    )
        own = [*call.outputs, *([call.scratch] if call.scratch else ())]
        if any(overlapping(a, b) for a, b in itertools.combinations(own, 2)):
            raise GraphError(f"{call}: two of its outputs, or one and its scratch memory, overlap.")
        if call.scratch:
            if any(overlapping(call.scratch, slot) for slot in call.inputs):
                raise GraphError(f"{call}: its scratch memory overlaps an input.")
            memory.write(call.scratch, "scratch")
        for slot, token in zip(call.outputs, made_by(call.op, tokens, len(call.outputs)), strict=True):
            memory.write(slot, token)
    outputs = {
        name: ("constant", program.constants[slot.offset : slot.offset + slot.spec.nbytes])
        if slot.region == "constants"
        else memory.read(slot)
        for name, slot in program.outputs.items()
    }
    variables = [memory.read(Slot(n, 0, spec_of(v))) for n, v in enumerate(program.variables)]
    return outputs, variables


def meaning(graph: Graph, program: Program) -> tuple[dict[str, Token], list[Token]]:
    """The same tokens, worked out from the graph itself: what `follow(program)` must give."""
    token: dict[Value, Token] = {value: ("input", name) for name, value in graph.inputs.items()}
    token.update(
        {value: ("constant", np.ascontiguousarray(a).tobytes()) for value, a in graph.constants.items()}
    )
    token.update({graph.reads[v]: ("read", n) for n, v in enumerate(program.variables) if v in graph.reads})
    for node in graph.nodes:
        inputs = [token[value] for value in node.inputs]
        token.update(zip(node.outputs, made_by(node.op, inputs, len(node.outputs)), strict=True))
    outputs = {name: token[value] for name, value in graph.outputs.items()}
    variables = [
        token[graph.writes[v]] if v in graph.writes else ("read", n) for n, v in enumerate(program.variables)
    ]
    return outputs, variables


def made_by(op: Op, inputs: list[Token], count: int) -> list[Token]:
    """The tokens of a node's or call's outputs; what only moves keeps its token."""
    if op.alias or isinstance(op, Copy):
        return [inputs[0]]
    return [(op.key, number, *inputs) for number in range(count)]


def spec_of(variable: Any) -> Any:
    return Spec(variable.shape, variable.dtype)


def overlapping(a: Slot, b: Slot) -> bool:
    """Whether two slots share a byte."""
    return (
        a.region == b.region and a.offset < b.offset + b.spec.nbytes and b.offset < a.offset + a.spec.nbytes
    )
