"""What every executor can do. NumPy's is the reference; the others must agree with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from pyengine.plan import Call, Program


class Memory:
    """A Program with its memory: what an executor made in `allocate` and runs from then on.

    Attributes:
        program: what runs here.
        inputs, outputs: the array of each, by name, where the executor shares NumPy's memory.
        run_calls, seconds: each call made ready to run, and how long it took when last looked at.
    """

    def __init__(self, program: Program):
        self.program = program
        self.inputs: dict[str, np.ndarray] = {}
        self.outputs: dict[str, np.ndarray] = {}
        self.run_calls: list[Any] = []
        self.seconds: list[float] = []

    @property
    def length(self) -> int:
        return len(self.program.calls)


class Executor(ABC):
    """Six methods. A Memory is made once per Program; running it allocates nothing of its own.

    To add one: a subclass in a file here, its name in `executors/__init__.py`; the tables in `tests/cases` run on it.
    """

    name: str

    @abstractmethod
    def supports(self, call: Call) -> bool:
        """Whether this executor runs the call itself; otherwise NumPy does, on the same memory, and it is counted."""

    @abstractmethod
    def allocate(self, program: Program) -> Memory:
        """Memory for a program: a zeroed arena, its constants, and the buffers of its variables (shared)."""

    @abstractmethod
    def write(self, memory: Memory, name: str, array: np.ndarray) -> None:
        """Feed an input; shape must be equal, the dtype is cast."""

    @abstractmethod
    def run(self, memory: Memory, start: int = 0, deadline: float | None = None) -> int:
        """Run calls from number `start` until the end, or until `deadline` (seconds of time.perf_counter) has passed.

        Returns the number of the next call; the program's length when the step is complete. At least one call runs.
        """

    @abstractmethod
    def read(self, memory: Memory, name: str) -> np.ndarray:
        """A copy of an output."""

    @abstractmethod
    def close(self, memory: Memory) -> None:
        """Let go of the memory."""
