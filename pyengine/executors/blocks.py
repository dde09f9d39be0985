"""The memory of a Program in NumPy's own heap: what slots mean where an executor shares it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyengine.errors import GraphError
from pyengine.graph.variable import aligned_bytes
from pyengine.plan import Program, Slot

View = Callable[[Slot], np.ndarray]


class Blocks:
    """An arena, the constants, and the variables' own buffers.

    Arguments:
        arena: memory that serves as the arena where it is large enough; else there is a new one. Not zeroed: in a
            page that would be one long task where the arena is large.
    """

    def __init__(self, program: Program, arena: np.ndarray | None = None):
        if arena is None or arena.size < program.arena:
            arena = aligned_bytes(program.arena, zeroed=False)
        constants = aligned_bytes(len(program.constants))
        constants[:] = np.frombuffer(program.constants, np.uint8)
        self.of: dict[str | int, np.ndarray] = {"arena": arena, "constants": constants}
        for number, variable in enumerate(program.variables):
            self.of[number] = variable.value.reshape(-1).view(np.uint8)
        self.address_of = {region: address(block) for region, block in self.of.items()}

    def view(self, slot: Slot) -> np.ndarray:
        """The slot's array."""
        block = self.of[slot.region][slot.offset : slot.offset + slot.spec.nbytes]
        return block.view(slot.spec.dtype).reshape(slot.spec.shape)

    def address(self, slot: Slot) -> int:
        """The address of the slot's array; raises an error if it is not within its region."""
        room = self.of[slot.region].size
        if not 0 <= slot.offset <= slot.offset + slot.spec.nbytes <= room:
            raise GraphError(f"Slot {slot} lies outside its region of {room} bytes.")
        return self.address_of[slot.region] + slot.offset


def address(array: np.ndarray) -> int:
    """Where an array's numbers begin."""
    return array.__array_interface__["data"][0]
