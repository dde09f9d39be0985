"""Matrix products, with what comes before and after them."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, Word, encodes, floats
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call, Slot

OUT, A, B, BIAS, ADDED, ROWS, COLUMNS = range(7)  # places of words
LENGTH = 14  # of the first leading axis
LEAST_ROWS = 32  # in one round, which packs b anew
LEAST_COLUMNS = 128  # in one round, which reads a anew
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
    words += [settings["transpose_a"], settings["transpose_b"], rows, activation, columns, len(axes)]
    words += [number for axis in axes for number in axis]
    one = Encoded("matmul", tuple(words), 50 + 2 * out.spec.size * inner // 40)
    divided, along = [], 4 * out.spec.size
    for number, (length, a_step, b_step) in enumerate(axes):
        along //= max(length, 1)
        moving = {OUT: along, A: 4 * a_step, B: 4 * b_step, ADDED: along}
        divided.append(Axis(LENGTH + 3 * number, moving))
    along = 4 * columns
    moving = {OUT: along, A: 4 if settings["transpose_a"] else 4 * inner, ADDED: along}
    divided.append(Axis(ROWS, moving, LEAST_ROWS))
    moving = {OUT: 4, B: 4 * inner if settings["transpose_b"] else 4, BIAS: 4, ADDED: 4}
    return in_rounds(one, *divided, Axis(COLUMNS, moving, LEAST_COLUMNS))


def steps(slot: Slot, lead: tuple[int, ...]) -> list[int]:
    """From entry to entry of each leading axis, in numbers; 0 along what is repeated."""
    shape = slot.spec.shape
    result, step = [], shape[-1] * shape[-2]
    own = (1,) * (len(lead) - len(shape) + 2) + shape[:-2]
    for length in reversed(own):
        result.append(step if length > 1 else 0)
        step *= length
    return result[::-1]
