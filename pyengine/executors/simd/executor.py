"""The executor that runs a whole Program, and many steps of it, in one call into the C library."""

from __future__ import annotations

import ctypes
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np

from pyengine.executors.base import Batches, Executor, Memory
from pyengine.executors.blocks import Blocks, address
from pyengine.executors.numpy import bind_call
from pyengine.executors.simd.encode import ENCODERS, Encoded, Moving, Named, Table, Word
from pyengine.executors.simd.encode.base import transfer_nanoseconds
from pyengine.executors.simd.encode.chain import obstacle
from pyengine.executors.simd.encode.operations import expressible
from pyengine.executors.simd.library import CONTROL, MODES, WANTS_HOST, Library, load
from pyengine.graph import Spec
from pyengine.graph.variable import aligned_bytes
from pyengine.ops.base import Op, make
from pyengine.ops.fused import Chain
from pyengine.plan import Call, Program, Slot

WORDS = len(CONTROL)
POSITION, STOP, BUDGET, CALLS, INDEX, RECORDS, WORKSPACE, WORKSPACE_BYTES, WATCHED, INTERRUPTED = range(WORDS)
SOURCE, ORDER, ROWS, FIRST = 3, 4, 5, 8  # words of a record of `batch`
HOST = Encoded("host", (), 0)


def encode(call: Call) -> Encoded | None:
    """The call for the library, or None where it has no kernel for it."""
    encoder = ENCODERS.get(call.op.name)
    return encoder(call) if encoder else None


def call_of(op: Op, inputs: Sequence[Spec]) -> Call:
    """A call of the op with separate arrays: inputs, outputs and scratch memory are regions 0, 1, …"""
    result = op.shape(*inputs)
    specs = [*inputs, *(result if op.several else (result,))]
    if scratch := op.scratch(*inputs):
        specs.append(Spec((scratch,), "uint8"))
    slots = [Slot(number, 0, spec) for number, spec in enumerate(specs)]
    spare = slots.pop() if scratch else None
    return Call(op, tuple(slots[: len(inputs)]), tuple(slots[len(inputs) :]), spare)


@lru_cache(1024)
def encodes(key: tuple, inputs: tuple[Spec, ...]) -> bool:
    """Whether the library has a kernel for the op with these name and settings."""
    name, *settings = key
    return encode(call_of(make(name, **dict(settings)), inputs)) is not None


def lacking(call: Call) -> str:
    """A description of a call that the library cannot run: its op, and the unsupported part of a loop or a Chain."""
    name, inside = call.op.name, ""
    if call.op.elementwise:
        name = obstacle(call) or name
    elif isinstance(call.op, Chain):
        inside = obstacle(call)
    elif call.loop:
        inside = ", ".join(
            dict.fromkeys(lacking(inner) for inner in call.loop.calls if encode(inner) is None)
        )
    return f"{name} ({inside})" if inside else name


class SimdMemory(Memory):
    """A Program as the library sees it: records of words, and a control block."""

    def __init__(
        self,
        program: Program,
        library: Library,
        blocks: Blocks | None = None,
        shared: np.ndarray | None = None,
    ):
        super().__init__(program, len(program.inputs) + len(program.calls))
        self.library = library
        self.blocks = blocks or Blocks(program)
        self.arena = self.blocks.of["arena"]
        view = self.blocks.view
        self.inputs = {name: view(slot) for name, slot in program.inputs.items()}
        self.outputs = {name: view(slot) for name, slot in program.outputs.items()}
        self.address_of = {name: self.blocks.address(slot) for name, slot in program.outputs.items()}
        encoded = [taking(slot) for slot in program.inputs.values()]
        self.hosted: dict[int, Callable[[], None]] = {}
        for number, call in enumerate(program.calls):
            record = encode(call)
            if record is None:
                self.fallbacks.append(number)
            encoded.append(record or HOST)
        self.estimate = 1e-9 * sum(record.nanoseconds for record in encoded)
        self.calls = program.calls
        self.kept: list[np.ndarray] = []  # tables that records point to
        self.moving: list[list[Word]] = [[]]  # of the loops that are being written, the innermost last
        self.records, self.index = self.written(encoded)
        self.workspace = workspace(library) if shared is None else shared
        self.control = np.zeros(WORDS, np.int64)
        self.control[CALLS] = self.length
        self.control[INDEX], self.control[RECORDS] = address(self.index), address(self.records)
        self.control[WORKSPACE], self.control[WORKSPACE_BYTES] = address(self.workspace), library.workspace
        self.budget = self.control.view(np.float64)[BUDGET : BUDGET + 1]
        self.pointer = ctypes.c_void_p(address(self.control))

    def written(self, encoded: Iterable[Encoded]) -> tuple[np.ndarray, np.ndarray]:
        """Records one behind the other, and where each begins."""
        words: list[Word] = []
        index: list[int] = []
        for record in encoded:
            index.append(len(words))
            words += [self.library.kernel(record.kernel), record.nanoseconds, *record.words]
        return self.table(words), np.array(index, np.int64)

    def bits(self, word: Word) -> int:
        """A word as 64 bits."""
        if isinstance(word, Slot):
            return self.blocks.address(word)
        if isinstance(word, float):
            return struct.unpack("<q", struct.pack("<d", word))[0]
        if isinstance(word, Named):
            return self.library.bits(word)
        if isinstance(word, Moving):
            return self.bits(word.start)
        if isinstance(word, Table):
            if word.records is None:
                return address(self.table(word.words))
            self.moving.append([])
            records, index = self.written(word.records)
            self.kept.append(index)
            moves = self.table(self.moving.pop())  # whose starts may move in a loop around this one
            loop = address(records), address(index), len(index), address(moves), len(moves) // 3
            return address(self.table(loop))
        return 0 if word is None else int(word)

    def table(self, words: Sequence[Word]) -> np.ndarray:
        """Words in memory of their own."""
        table = np.array([word if type(word) is int else self.bits(word) for word in words], np.int64)
        self.kept.append(table)
        for place, word in enumerate(words):
            if isinstance(word, Moving):
                self.moving[-1] += [address(table) + 8 * place, word.start, word.step]
        return table

    def on_numpy(self) -> str:
        """What has no kernel: `3 of 41 calls ran on numpy: 2 float64 add, scan (int32 sqrt)`."""
        names = Counter(lacking(self.calls[number]) for number in self.fallbacks)
        listed = ", ".join(name if count == 1 else f"{count} {name}" for name, count in names.most_common())
        return f"{len(self.fallbacks)} of {len(self.calls)} calls ran on numpy: {listed}"

    def host(self, number: int) -> None:
        """Run a call of the program on NumPy, on the same memory."""
        if number not in self.hosted:
            self.hosted[number] = bind_call(self.calls[number], self.blocks.view)
        with np.errstate(all="ignore"):
            self.hosted[number]()


def workspace(library: Library) -> np.ndarray:
    """Memory that kernels use while they run: on a host each Program's own, for threads may run several at once."""
    return shared_workspace(library) if sys.platform == "emscripten" else aligned_bytes(library.workspace)


@lru_cache(2)
def shared_workspace(library: Library) -> np.ndarray:
    """One for all: a page has one thread."""
    return aligned_bytes(library.workspace)


def taking(slot: Slot) -> Encoded:
    """The record that takes a step's rows of an input: idle until `bind` names the data set."""
    rows = slot.spec.shape[0] if slot.spec.shape else 0
    return Encoded(
        "batch",
        (slot, None, None, 0, rows, slot.spec.nbytes // max(rows, 1), 0, 0),
        transfer_nanoseconds(slot),
    )


class SimdExecutor(Executor):
    """C speed, in CPython and in a page.

    Arguments:
        mode: "strict" for the same bits everywhere, "relaxed" for what this CPU does fastest.

    Attributes:
        programs: how many have been given memory so far.
        fallbacks: descriptions of the calls without a kernel, and how many there were of each.

    Errors: LibraryError where the library cannot be had.
    """

    name = "simd"
    modes = MODES

    def __init__(self, mode: str = MODES[0], library: Library | None = None):
        self.library = library or load(mode)
        self.programs = 0
        self.fallbacks: Counter[str] = Counter()

    def in_chain(self, op: Op, dtypes: tuple[str, ...]) -> bool:
        return op.elementwise and expressible(op.key, dtypes)

    def has_kernel(self, op: Op, inputs: tuple[Spec, ...]) -> bool:
        return encodes(op.key, inputs)

    def supports(self, call: Call) -> bool:
        return encode(call) is not None

    def allocate(self, program: Program, beside: Memory | None = None) -> SimdMemory:
        if beside is None:
            memory = SimdMemory(program, self.library)
        else:
            assert isinstance(beside, SimdMemory)
            memory = SimdMemory(program, self.library, Blocks(program, beside.arena), beside.workspace)
        self.programs += 1
        if memory.fallbacks:
            self.fallbacks[memory.on_numpy()] += 1
        return memory

    def bind(self, memory: Memory, batches: Batches | None) -> None:
        super().bind(memory, batches)
        assert isinstance(memory, SimdMemory)
        order = batches.order if batches else None
        order_address = 0 if order is None else address(order)
        for number, name in enumerate(memory.program.inputs):
            record = memory.records[memory.index[number] :]
            array = batches.arrays[name] if batches else None
            record[SOURCE] = 0 if array is None else address(array)
            record[ORDER] = order_address
            record[ROWS] = 0 if array is None else len(array if order is None else order)
            record[FIRST] = batches.first if batches else 0
        memory.within = False

    def run(
        self, memory: Memory, start: int = 0, deadline: float | None = None, stop: int | None = None
    ) -> int:
        assert isinstance(memory, SimdMemory)
        length = memory.length
        control = memory.control
        stop = length if stop is None else stop
        if not length:
            return stop
        control[POSITION], control[STOP] = start, stop
        control[WATCHED] = memory.address_of[memory.watched] if memory.watched else 0
        if not memory.within:
            control[INTERRUPTED] = 0
        while True:
            memory.budget[0] = -1.0 if deadline is None else max(deadline - time.perf_counter(), 0.0)
            answer = self.library.run(memory.pointer)
            position = int(control[POSITION])
            memory.within = bool(control[INTERRUPTED])
            if answer != WANTS_HOST:
                return position
            number = position % length
            memory.host(number - len(memory.program.inputs))
            position += 1
            ended = number == length - 1
            over = deadline is not None and time.perf_counter() >= deadline
            if position >= stop or over or (ended and not memory.finite()):
                return position
            control[POSITION] = position

    def close(self, memory: Memory) -> None:
        assert isinstance(memory, SimdMemory)
        memory.inputs, memory.outputs, memory.hosted = {}, {}, {}
