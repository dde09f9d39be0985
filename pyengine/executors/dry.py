"""Runs nothing: counts the calls and checks that the plan's memory is sound."""

from __future__ import annotations

import numpy as np

from pyengine.errors import GraphError
from pyengine.executors.base import Executor, Memory
from pyengine.plan import Call, Program, Slot


class DryExecutor(Executor):
    """Follows who owns each byte of the arena: a call that reads what another call has overwritten is an error.

    `run` returns as the others do, `read` gives zeros, and `executed` counts calls.
    """

    name = "dry"

    def __init__(self) -> None:
        self.executed = 0

    def supports(self, call: Call) -> bool:
        return True

    def allocate(self, program: Program) -> Memory:
        check_bounds(program)
        memory = Memory(program)
        memory.outputs = {name: np.zeros(s.spec.shape, s.spec.dtype) for name, s in program.outputs.items()}
        return memory

    def write(self, memory: Memory, name: str, array: np.ndarray) -> None:
        pass

    def run(self, memory: Memory, start: int = 0, deadline: float | None = None) -> int:
        stop = memory.length if deadline is None else min(start + 1, memory.length)
        self.executed += stop - start
        return stop

    def read(self, memory: Memory, name: str) -> np.ndarray:
        return memory.outputs[name].copy()

    def close(self, memory: Memory) -> None:
        memory.outputs = {}


def check_bounds(program: Program) -> None:
    """Every slot lies within its region, at a multiple of 64 bytes."""
    sizes: dict[str | int, int] = {"arena": program.arena, "constants": len(program.constants)}
    sizes.update({number: variable.value.nbytes for number, variable in enumerate(program.variables)})
    slots = [*program.inputs.values(), *program.outputs.values()]
    for call in program.calls:
        slots += [*call.inputs, call.output]
    for slot in slots:
        if slot.offset < 0 or slot.offset + slot.spec.nbytes > sizes[slot.region]:
            raise GraphError(f"Slot {slot} lies outside its region of {sizes[slot.region]} bytes.")
        if slot.offset % 64:
            raise GraphError(f"Slot {slot} is not aligned to 64 bytes.")


def overlapping(a: Slot, b: Slot) -> bool:
    """Whether two slots share a byte."""
    return a.region == b.region and a.offset < b.offset + b.spec.nbytes and b.offset < a.offset + a.spec.nbytes
