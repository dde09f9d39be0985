"""The reference executor: every call is its op's own meaning, on views into one arena."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from pyengine.errors import ShapeError
from pyengine.executors.base import Executor, Memory
from pyengine.graph.variable import aligned_bytes
from pyengine.plan import Call, Program, Slot


class NumpyExecutor(Executor):
    """Runs anything that has an `evaluate`."""

    name = "numpy"

    def supports(self, call: Call) -> bool:
        return True

    def allocate(self, program: Program) -> Memory:
        memory = Memory(program)
        constants = aligned_bytes(len(program.constants))
        constants[:] = np.frombuffer(program.constants, np.uint8)
        blocks: dict[str | int, np.ndarray] = {"arena": aligned_bytes(program.arena), "constants": constants}
        for number, variable in enumerate(program.variables):
            blocks[number] = variable.value.reshape(-1).view(np.uint8)

        def view(slot: Slot) -> np.ndarray:
            block = blocks[slot.region][slot.offset : slot.offset + slot.spec.nbytes]
            return block.view(slot.spec.dtype).reshape(slot.spec.shape)

        memory.inputs = {name: view(slot) for name, slot in program.inputs.items()}
        memory.outputs = {name: view(slot) for name, slot in program.outputs.items()}
        memory.seconds = [0.0] * len(program.calls)
        memory.run_calls = [prepared(call, view) for call in program.calls]
        return memory

    def write(self, memory: Memory, name: str, array: np.ndarray) -> None:
        target = memory.inputs[name]
        if target.shape != array.shape:
            raise ShapeError(
                f"Input {name!r} has shape {target.shape}, but got an array of shape {array.shape}."
            )
        np.copyto(target, array, casting="unsafe")

    def run(self, memory: Memory, start: int = 0, deadline: float | None = None) -> int:
        calls = memory.run_calls
        with np.errstate(all="ignore"):
            if deadline is None:
                for call in calls[start:] if start else calls:
                    call()
                return len(calls)
            now = time.perf_counter()
            for number in range(start, len(calls)):
                # A call cannot be divided: one that took too long for the rest gets a stretch of its own.
                if number > start and now + memory.seconds[number] > deadline:
                    return number
                began = now
                calls[number]()
                now = time.perf_counter()
                memory.seconds[number] = now - began
                if now >= deadline:
                    return number + 1
        return len(calls)

    def read(self, memory: Memory, name: str) -> np.ndarray:
        return memory.outputs[name].copy()

    def close(self, memory: Memory) -> None:
        memory.inputs, memory.outputs, memory.run_calls = {}, {}, []


def prepared(call: Call, view: Callable[[Slot], np.ndarray]) -> Callable[[], None]:
    """The call with its arrays bound."""
    arrays = [view(slot) for slot in call.inputs]
    function = getattr(call.op, "function", None)
    if isinstance(function, np.ufunc) and call.output.spec.size:
        return partial(function, *arrays, out=view(call.output))
    return partial(call.op.evaluate_into, view(call.output), *arrays)
