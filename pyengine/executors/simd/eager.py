"""Eager ops on arrays by the library's kernels, for where NumPy's matrix product is slow, as in a browser.

Each op is encoded once for shapes that it meets; from then on only the addresses in its record change.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np

from pyengine.executors import choice
from pyengine.executors.blocks import address
from pyengine.executors.simd.encode import Moving, Named, Table
from pyengine.executors.simd.encode.rounds import AT_ONCE
from pyengine.executors.simd.executor import (
    CALLS,
    INDEX,
    POSITION,
    RECORDS,
    STOP,
    WORDS,
    WORKSPACE,
    WORKSPACE_BYTES,
    SimdExecutor,
    call_of,
    encode,
    shared_workspace,
)
from pyengine.executors.simd.library import REACHED, Library
from pyengine.graph import Spec
from pyengine.graph.variable import aligned_bytes
from pyengine.ops.base import Op, make
from pyengine.ops.conv import Conv2D, Conv2DInputGradient, Conv2DKernelGradient
from pyengine.ops.matmul import Matmul
from pyengine.plan import Slot

FLOAT = np.dtype(np.float32)
PRODUCTS = (Matmul, Conv2D, Conv2DInputGradient, Conv2DKernelGradient)
LARGE = 1 << 10  # numbers in the largest array: below, NumPy is quick enough
KEPT = 256  # ops by shapes


def accelerate(op: Op, arrays: tuple[Any, ...]) -> np.ndarray | None:
    """The op's result, or None where NumPy shall find it."""
    if not isinstance(op, PRODUCTS):
        return None
    shapes, largest = [], 0
    for array in arrays:
        if type(array) is not np.ndarray or array.dtype is not FLOAT or not array.flags.c_contiguous:
            return None
        shapes.append(array.shape)
        largest = max(largest, array.size)
        if not array.size:
            return None
    if largest < LARGE:
        return None
    executor = choice.default()
    if not isinstance(executor, SimdExecutor):
        return None
    run = encode_operation(executor.library, op.key, *shapes)
    return run(arrays) if run else None


class Encoding:
    """A call of the library with arrays at any addresses."""

    def __init__(self, library: Library, op: Op, *shapes: tuple[int, ...]):
        call = call_of(op, [Spec(shape) for shape in shapes])
        self.output = call.output.spec
        token = AT_ONCE.set(True)
        try:
            found = encode(call)
        finally:
            AT_ONCE.reset(token)
        if found is None:
            raise LookupError(op.name)
        words = [library.kernel(found.kernel), found.nanoseconds, *found.words]
        record = np.zeros(len(words), np.int64)
        floats = record.view(np.float64)
        # For each word that is an address: its place, the number of the array, and where in it.
        self.places: list[tuple[int, int, int]] = []
        for place, word in enumerate(words):
            if isinstance(word, Slot):
                assert isinstance(word.region, int)
                self.places.append((place, word.region, word.offset))
            elif isinstance(word, (Table, Moving)):
                raise LookupError(op.name)
            elif isinstance(word, float):
                floats[place] = word
            else:
                record[place] = library.bits(word) if isinstance(word, Named) else int(word or 0)
        index = np.zeros(1, np.int64)
        control = np.zeros(WORDS, np.int64)
        workspace, self.scratch = (
            shared_workspace(library),
            aligned_bytes(call.scratch.spec.nbytes if call.scratch else 0),
        )
        control[CALLS] = control[STOP] = 1
        control[INDEX], control[RECORDS] = address(index), address(record)
        control[WORKSPACE], control[WORKSPACE_BYTES] = address(workspace), library.workspace
        control.view(np.float64)[2] = -1.0
        self.kept = (index, workspace)
        # Items of a memoryview are set four times as fast as those of an array.
        self.record, self.control = memoryview(record), memoryview(control)
        self.pointer = ctypes.c_void_p(address(control))
        self.run = library.run

    def __call__(self, arrays: tuple[np.ndarray, ...]) -> np.ndarray | None:
        out = np.empty(self.output.shape, FLOAT)
        held = (*map(begin_of, arrays), begin_of(out), address(self.scratch) if self.scratch.size else 0)
        for place, number, offset in self.places:
            self.record[place] = held[number] + offset
        self.control[POSITION] = 0
        return out if self.run(self.pointer) == REACHED else None


@lru_cache(KEPT)
def encode_operation(library: Library, key: tuple[Any, ...], *shapes: tuple[int, ...]) -> Encoding | None:
    """The op with these name and settings on arrays of these shapes, or None where there is no kernel for it."""
    name, *settings = key
    try:
        return Encoding(library, make(name, **dict(settings)), *shapes)
    except LookupError:
        return None


def begin_of(array: np.ndarray) -> int:
    """`address`, in a third of the time where the array may be written."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except TypeError:
        return address(array)
