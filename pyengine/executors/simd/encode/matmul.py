"""Matrix products, with fused prologues and epilogues."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, Word, encodes, floats
from pyengine.executors.simd.encode.rounds import Axis, in_rounds, is_long
from pyengine.plan import Call, Slot

OUT, A, B, BIAS, ADDED, ROWS, COLUMNS, INNER = range(8)  # places of words
DONE, LENGTH = 13, 16  # how much of the inner length came before; the first leading axis
LEAST_ROWS = 32  # in one round, which packs b again
LEAST_COLUMNS = 128  # in one round, which reads a again
DEPTH = 256  # of the inner length, in kernels/matmul.c: so much is summed before it meets the rest
AXES = 6  # leading axes that the kernel counts through
ACTIVATIONS = {"linear": 0, "relu": 1, "relu6": 2}


@encodes("matmul")
def matmul(call: Call) -> Encoded | None:
    a, b = call.inputs
    return product(call, a, b)


@encodes("matmul_bias")
def matmul_bias(call: Call) -> Encoded | None:
    a, b, bias = call.inputs
    return product(call, a, b, bias=bias, activation=ACTIVATIONS[call.op.settings["activation"]])


@encodes("matmul_add")
def matmul_add(call: Call) -> Encoded | None:
    a, b, added = call.inputs
    return product(call, a, b, added=added)


def product(
    call: Call, a: Slot, b: Slot, *, bias: Slot | None = None, added: Slot | None = None, activation: int = 0
) -> Encoded | None:
    """The kernel's words; leading axes that lie in one row in all arrays are one axis."""
    settings, (out,) = call.op.settings, call.outputs
    if not floats(call):
        return None
    rows, columns = out.spec.shape[-2:]
    inner = a.spec.shape[-2 if settings["transpose_a"] else -1]
    lead = out.spec.shape[:-2]
    axes: list[tuple[int, int, int]] = []
    for length, a_step, b_step in zip(lead, steps(a, lead), steps(b, lead), strict=True):
        if length == 1:
            continue
        if axes and axes[-1][1:] == (a_step * length, b_step * length):
            axes[-1] = (axes[-1][0] * length, a_step, b_step)
        else:
            axes.append((length, a_step, b_step))
    if len(axes) > AXES:
        return None
    words: list[Word] = [out, a, b, bias, added, rows, columns, inner]
    words += [
        settings["transpose_a"],
        settings["transpose_b"],
        rows,
        activation,
        columns,
        0,
        inner,
        len(axes),
    ]
    words += [number for axis in axes for number in axis]
    record = Encoded("matmul", tuple(words), 50 + 2 * out.spec.size * inner // 40)
    if not is_long(record):
        return record
    divided, along = [], 4 * out.spec.size
    for number, (length, a_step, b_step) in enumerate(axes):
        along //= max(length, 1)
        moving = {OUT: along, A: 4 * a_step, B: 4 * b_step, ADDED: along}
        divided.append(Axis(LENGTH + 3 * number, moving))
    along = 4 * columns
    moving = {OUT: along, A: 4 if settings["transpose_a"] else 4 * inner, ADDED: along}
    divided.append(Axis(ROWS, moving, LEAST_ROWS))
    moving = {OUT: 4, B: 4 * inner if settings["transpose_b"] else 4, BIAS: 4, ADDED: 4}
    divided.append(Axis(COLUMNS, moving, LEAST_COLUMNS))
    if rows > 1 and columns > 1:  # else the sums may go along the inner length, and in another order
        along_a = 4 * rows if settings["transpose_a"] else 4
        along_b = 4 if settings["transpose_b"] else 4 * columns
        divided.append(Axis(INNER, {A: along_a, B: along_b, DONE: 1}, DEPTH))
    return in_rounds(record, *divided)


def steps(slot: Slot, lead: tuple[int, ...]) -> list[int]:
    """From entry to entry of each leading axis, in numbers; 0 along what is repeated."""
    shape = slot.spec.shape
    result, step = [], shape[-1] * shape[-2]
    own = (1,) * (len(lead) - len(shape) + 2) + shape[:-2]
    for length in reversed(own):
        result.append(step if length > 1 else 0)
        step *= length
    return result[::-1]
