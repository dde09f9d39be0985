"""One op through its encoder and its kernel, on arrays of exactly their size: what lies beside them is not theirs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from pyengine.executors.blocks import Blocks, address
from pyengine.executors.simd.executor import SimdExecutor, SimdMemory, encode
from pyengine.graph import Spec
from pyengine.ops import Op
from pyengine.plan import Call, Program, Slot
from pyengine.plan.arena import Layout

MODES = ("strict", "relaxed")


@cache
def executor(mode: str) -> SimdExecutor:
    return SimdExecutor(mode)


class Apart(Blocks):
    """Every array in memory of its own, by number, so that sanitizers see the first byte beyond."""

    def __init__(self, arrays: list[np.ndarray]):
        self.of = {number: array.reshape(-1).view(np.uint8) for number, array in enumerate(arrays)}
        self.of["arena"] = np.empty(0, np.uint8)
        self.address_of = {region: address(block) for region, block in self.of.items()}


def run(op: Op, *inputs: Any, mode: str = "strict", over: int | None = None, output: int = 0) -> Any:
    """What the kernel makes of these arrays: an array, or a tuple for an op of several.

    over: the number of the input whose memory output number `output` takes.

    Raises AssertionError where the library has no kernel for this call: a test that meant to test one would not.
    """
    arrays = [np.array(array, order="C") for array in inputs]  # copies
    specs = op.shape(*(spec_of(array) for array in arrays))
    outputs = [np.full(s.shape, 77, s.dtype) for s in (specs if op.several else (specs,))]
    if over is not None:
        outputs[output] = arrays[over]
    everything = [*arrays, *outputs]
    slots = [Slot(number, 0, spec_of(array)) for number, array in enumerate(everything)]
    scratch = op.scratch(*(spec_of(array) for array in arrays))
    if scratch:
        slots.append(Slot(len(slots), 0, Spec((scratch,), "uint8")))
        everything.append(np.full(scratch, 77, np.uint8))
    count = len(arrays)
    if over is not None:
        slots[count + output] = slots[over]
    call = Call(
        op, tuple(slots[:count]), tuple(slots[count : count + len(outputs)]), slots[-1] if scratch else None
    )
    assert encode(call) is not None, f"no kernel for {call}"
    program = Program((call,), Layout({}, 0, 0, 0), b"", (), {}, {})
    memory = SimdMemory(program, executor(mode).library, Apart(everything))
    executor(mode).run(memory)
    return tuple(outputs) if op.several else outputs[0]


def spec_of(array: np.ndarray) -> Spec:
    return Spec(array.shape, array.dtype.name)


def compare(
    op: Op,
    *inputs: Any,
    mode: str = "strict",
    over: int | None = None,
    tolerance: float = 1e-6,
    magnitude: float = 0.0,
) -> None:
    """The kernel against the reference in float64: largest difference relative to the largest number.

    magnitude: what the difference is relative to where it is more: a sum may be far smaller than what it sums.
    """
    arrays = [np.asarray(array) for array in inputs]
    wide = [array.astype(np.float64) if array.dtype == np.float32 else array for array in arrays]
    with np.errstate(all="ignore"):
        expected = op.evaluate(*wide)
    found = run(op, *arrays, mode=mode, over=over)
    pairs = zip(found, expected, strict=True) if op.several else [(found, expected)]
    for ours, truth in pairs:
        truth = np.asarray(truth)
        assert ours.shape == truth.shape
        with np.errstate(all="ignore"):
            truth = truth.astype(ours.dtype)
        finite = np.abs(truth[np.isfinite(truth)]) if truth.dtype.kind == "f" else np.zeros(0)
        largest = finite.max(initial=magnitude if finite.size else 0)
        np.testing.assert_allclose(ours, truth, rtol=0 if largest else 1e-7, atol=tolerance * float(largest))
