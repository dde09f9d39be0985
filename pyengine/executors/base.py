"""What every executor can do. NumPy's is the reference; the others must agree with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from pyengine.errors import ShapeError
from pyengine.plan import Call, Program
from pyengine.transforms import Target

T = TypeVar("T")
Soon: TypeAlias = T | Awaitable[T]
"""An answer, or something to await for it."""


@dataclass(frozen=True)
class Batches:
    """A data set from which every step takes its own rows, so that many steps run in one go.

    Attributes:
        arrays: all samples of each input, by its name; (samples, …), in the input's dtype, C-contiguous.
        order: numbers of rows, int64; step s takes those from s · batch on. None: as they lie.
        first: where in `order` step 0 begins.
    """

    arrays: dict[str, np.ndarray]
    order: np.ndarray | None = None
    first: int = 0


class Memory:
    """A Program with its memory: what an executor made in `allocate` and runs from then on.

    Attributes:
        program: what runs here.
        length: runs of `run` are counted in these: the calls of one step, the taking of its batch included.
        arena: the block that the program's arena lies in; programs that never run at the same time may share one.
        inputs, outputs: the array of each, by name, where the executor shares NumPy's memory: for the executor and the
            page's own fast path; nothing else reads them.
        batches: where each step takes its inputs from, or None: they have been written.
        watched: the name of a scalar output: `run` stops behind a step that leaves no finite number there.
        fallbacks: numbers of the program's calls that run on NumPy because the executor has no kernel for them.
        estimate: seconds that a step takes at least, as far as that is known beforehand.
        within: whether `run` stopped within the call at which it stands, not before it; a run goes on there. Set it to
            False to run that call again.
    """

    def __init__(self, program: Program, length: int):
        self.program = program
        self.length = length
        self.arena = np.empty(0, np.uint8)
        self.inputs: dict[str, np.ndarray] = {}
        self.outputs: dict[str, np.ndarray] = {}
        self.batches: Batches | None = None
        self.watched: str | None = None
        self.fallbacks: list[int] = []
        self.estimate = 0.0
        self.within = False

    def finite(self) -> bool:
        """Whether what is watched is a finite number."""
        return self.watched is None or bool(np.isfinite(self.outputs[self.watched]))


class Executor(Target, ABC):
    """Runs Programs, and says what it can run in one pass (see `Target`).

    A Memory is made once per Program; running it allocates nothing of its own.

    The memory is the executor's own business: NumPy's, that of a pool of threads, a GPU's. Who uses one writes inputs
    and binds data sets, runs, reads outputs, and has the variables fetched before anybody looks at them. `write`,
    `bind`, `run`, `read` and `fetch` may answer with something to await. An executor whose `run` is awaited stops
    between steps only, and a fit ends no sooner than what is awaited.

    A run begins with what the variables hold. An executor with copies of its own compares `Variable.version` with that
    of its last look: what has been set since then wins over what a program has left in the copy.

    To add one: a subclass in a file here, its name in `table.py`; the tables in `tests/cases` run on it.

    Attributes:
        name: what it is called in `pyengine.set_executor` and in the environment variable.
        modes: builds to choose from, the default first; empty where there is nothing to choose.
    """

    name: str
    modes: tuple[str, ...] = ()

    @abstractmethod
    def supports(self, call: Call) -> bool:
        """Whether this executor runs the call itself; otherwise NumPy does, on the same memory, and it is counted."""

    @abstractmethod
    def allocate(self, program: Program, beside: Memory | None = None) -> Memory:
        """Memory for a program: its arena, its constants, and the buffers of its variables (shared).

        Arguments:
            beside: that of a program which never runs at the same time. Its arena is used where it is large enough;
                nothing read from one of the two outlives a run of the other.
        """

    def nbytes(self, memories: Iterable[Memory]) -> int:
        """How much memory the arenas take, those that programs share counted once."""
        return sum({id(memory.arena): memory.arena.size for memory in memories}.values())

    def write(self, memory: Memory, name: str, array: np.ndarray) -> Soon[None]:
        """Feed an input; shape must be equal, the dtype is cast."""
        target = memory.inputs[name]
        if target.shape != array.shape:
            raise ShapeError(
                f"Input {name!r} has shape {target.shape}, but got an array of shape {array.shape}."
            )
        np.copyto(target, array, casting="unsafe")
        return None

    def bind(self, memory: Memory, batches: Batches | None) -> Soon[None]:
        """From now on each step begins by taking its rows of a data set (None, done at once: inputs are written)."""
        memory.batches = batches
        if batches is not None:
            check_batches(memory.program, batches)
        return None

    @abstractmethod
    def run(
        self, memory: Memory, start: int = 0, deadline: float | None = None, stop: int | None = None
    ) -> Soon[int]:
        """Run from `start` to `stop`, or until `deadline` (seconds of time.perf_counter) has passed.

        Both are counted over steps: step · memory.length + call; by default one whole step. Returns where it stands:
        `stop`, or less when time is over, or behind a step whose watched output is not finite. Something always runs.
        """

    def read(self, memory: Memory, name: str, out: np.ndarray | None = None) -> Soon[np.ndarray]:
        """A copy of an output, in `out` if that is given."""
        if out is None:
            return memory.outputs[name].copy()
        np.copyto(out, memory.outputs[name])
        return out

    def fetch(self, memory: Memory) -> Soon[None]:
        """Let the program's variables hold what it has left in them. Here they are its memory."""
        return None

    @abstractmethod
    def close(self, memory: Memory) -> None:
        """Free the memory."""


def check_batches(program: Program, batches: Batches) -> None:
    """Every input has its array, with rows of its shape and dtype."""
    for name, slot in program.inputs.items():
        array: Any = batches.arrays.get(name)
        if array is None:
            raise ShapeError(f"Input {name!r} has no array among {', '.join(batches.arrays) or 'none'}.")
        if array.shape[1:] != slot.spec.shape[1:] or array.dtype != slot.spec.dtype:
            raise ShapeError(
                f"Input {name!r} takes batches {slot.spec}, but the data set has rows of shape {array.shape[1:]}, "
                f"{array.dtype}."
            )
        if not array.flags.c_contiguous:
            raise ShapeError(
                f"The array of input {name!r} must be C-contiguous: np.ascontiguousarray makes it so."
            )
