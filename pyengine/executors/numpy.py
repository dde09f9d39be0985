"""The reference executor: every call runs its op's `evaluate` on views into one arena."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pyengine.errors import PyEngineError
from pyengine.executors.base import Executor, Memory
from pyengine.executors.blocks import Blocks, View
from pyengine.plan import Call, Program


class NumpyMemory(Memory):
    """Attributes: calls: each call made ready to run; seconds: how long each took when last looked at."""

    def __init__(self, program: Program, blocks: Blocks):
        super().__init__(program, len(program.inputs) + len(program.calls))
        view = blocks.view
        self.arena = blocks.of["arena"]
        self.step = 0
        self.inputs = {name: view(slot) for name, slot in program.inputs.items()}
        self.outputs = {name: view(slot) for name, slot in program.outputs.items()}
        self.calls = [bind_call(call, view) for call in program.calls]
        self.names = list(program.inputs)
        self.seconds = [0.0] * self.length

    def run(self, number: int) -> None:
        """Take an input, or run a call."""
        taken = len(self.names)
        if number < taken:
            self.take(self.names[number])
        else:
            self.calls[number - taken]()

    def take(self, name: str) -> None:
        """This step's rows of an input, where a data set is bound."""
        batches = self.batches
        if batches is None:
            return
        target, source = self.inputs[name], batches.arrays[name]
        begin = batches.first + self.step * len(target)
        if batches.order is None:
            np.copyto(target, source[begin : begin + len(target)])
        else:
            np.take(source, batches.order[begin : begin + len(target)], 0, out=target, mode="clip")


class NumpyExecutor(Executor):
    """Runs anything that has an `evaluate`."""

    name = "numpy"

    def supports(self, call: Call) -> bool:
        return True

    def allocate(self, program: Program, beside: Memory | None = None) -> Memory:
        return NumpyMemory(program, Blocks(program, beside.arena if beside else None))

    def run(
        self, memory: Memory, start: int = 0, deadline: float | None = None, stop: int | None = None
    ) -> int:
        assert isinstance(memory, NumpyMemory)
        length = memory.length
        stop = length if stop is None else stop
        if not length:
            return stop
        now = time.perf_counter() if deadline is not None else 0.0
        with np.errstate(all="ignore"):
            for position in range(start, stop):
                memory.step, number = divmod(position, length)
                if deadline is None:
                    memory.run(number)
                else:
                    # A call cannot be divided: one that took too long for the rest gets a stretch of its own.
                    if position > start and now + memory.seconds[number] > deadline:
                        return position
                    began = now
                    memory.run(number)
                    now = time.perf_counter()
                    memory.seconds[number] = now - began
                if number == length - 1 and not memory.finite():
                    return position + 1
                if deadline is not None and now >= deadline:
                    return position + 1
        return stop

    def close(self, memory: Memory) -> None:
        assert isinstance(memory, NumpyMemory)
        memory.inputs, memory.outputs, memory.calls = {}, {}, []


def bind_call(call: Call, view: View) -> Callable[[], None]:
    """The call with its arrays bound."""
    arrays = [view(slot) for slot in call.inputs]
    if call.op.several:
        out = tuple(map(view, call.outputs))
        return partial(run_op, call.layer, call.op.evaluate_into, out, *arrays)
    function = getattr(call.op, "function", None)
    if isinstance(function, np.ufunc) and call.output.spec.size:
        return partial(function, *arrays, out=view(call.output))
    return partial(run_op, call.layer, call.op.evaluate_into, view(call.output), *arrays)


def run_op(layer: str, evaluate_into: Callable[..., None], out: Any, *arrays: np.ndarray) -> None:
    """Run an op; an error that it raises names its layer."""
    try:
        evaluate_into(out, *arrays)
    except PyEngineError as error:
        raise error.inside(layer) if layer else error from None
