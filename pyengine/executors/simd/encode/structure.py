"""Numbers put elsewhere as they are: each input is a few nested loops with a step in it and one in the output."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from pyengine.dtypes import itemsize
from pyengine.executors.simd.encode.base import Encoded, Named, Word, encodes, transfer_nanoseconds, uses
from pyengine.executors.simd.encode.move import PAGE
from pyengine.executors.simd.encode.rounds import Axis, in_rounds, in_turn, is_long
from pyengine.plan import Call, Slot
from pyengine.shapes import Shape, size

PIECES, PLANE = Named("strided", "pieces"), Named("strided", "plane")
uses("strided", PIECES.name, PLANE.name)
MAX_LOOPS = 8  # as in kernels/strided.c

Loop = tuple[int, int, int]  # count, step in the output, step in the input; in bytes


def steps(shape: Shape, width: int) -> tuple[int, ...]:
    """The stride of each axis in bytes."""
    return tuple(size(shape[axis + 1 :]) * width for axis in range(len(shape)))


def merge_loops(loops: Sequence[Loop]) -> list[Loop]:
    """The loops without those of one round; an outer loop that continues where the inner one ends is merged with it."""
    result: list[Loop] = []
    for count, out, x in loops:
        if count == 1:
            continue
        if result and result[-1][1:] == (count * out, count * x):
            count *= result.pop()[0]
        result.append((count, out, x))
    return result


def part(x: Slot, begin: int, to: int, loops: Sequence[Loop]) -> tuple[Word, ...] | None:
    """The words of one input, of which the loops cover at least one number."""
    width = itemsize(x.spec.dtype)
    loops = merge_loops(loops)
    if loops and loops[-1][1:] == (width, width):
        return copy_settings(x, begin, to, PIECES, width * loops[-1][0], loops[:-1])
    along = [loop for loop in loops if loop[2] == width]
    if along and loops[-1][1] == width:  # rows of the input become columns of the output
        turned = [loop for loop in loops[:-1] if loop != along[0]]
        return copy_settings(x, begin, to, PLANE, width, [*turned, along[0], loops[-1]])
    return copy_settings(x, begin, to, PIECES, width, loops)


def copy_settings(
    x: Slot, begin: int, to: int, how: Named, width: int, loops: Sequence[Loop]
) -> tuple[Word, ...] | None:
    loops = loops or [(1, 0, 0)]
    if len(loops) > MAX_LOOPS:
        return None
    return (x, begin, to, width, how, len(loops), *(word for loop in loops for word in loop))


def encode_copies(call: Call, parts: Sequence[tuple[Word, ...] | None], clear: int = 0) -> Encoded | None:
    (out,) = call.outputs
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    flat = (word for part in found for word in part)
    record = Encoded("strided", (out, clear, len(found), *flat), 2 * transfer_nanoseconds(*call.inputs, out))
    if not is_long(record):
        return record
    before = [encode_zeros(out)] if clear else []
    return in_turn(*before, *(part_in_rounds(out, words) for words in found))


def encode_zeros(out: Slot) -> Encoded:
    """Write zeros to the whole output."""
    return in_rounds(
        Encoded("strided", (out, out.spec.nbytes, 0), transfer_nanoseconds(out)), Axis(1, {0: 1}, PAGE)
    )


def part_in_rounds(out: Slot, words: tuple[Word, ...]) -> Encoded:
    """One input, divided along its loops from the outermost, and where a piece is long within that."""
    _, _, width, count, *loops = (word for word in words if isinstance(word, int))
    record = Encoded("strided", (out, 0, 1, *words), 50 + 4 * width * size(loops[::3]) // 10)
    axes = [Axis(9 + 3 * k, {4: loops[3 * k + 2], 5: loops[3 * k + 1]}) for k in range(count)]
    return in_rounds(record, *axes, Axis(6, {4: 1, 5: 1}, PAGE))


@encodes("transpose")
def transpose(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    width, axes = itemsize(x.spec.dtype), call.op.settings["axes"]
    x_steps = steps(x.spec.shape, width)
    loops = zip(out.spec.shape, steps(out.spec.shape, width), [x_steps[axis] for axis in axes], strict=True)
    return encode_copies(call, [part(x, 0, 0, list(loops))] if x.spec.size else [])


@encodes("slice")
def slice_(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    width, begins = itemsize(x.spec.dtype), call.op.settings["begin"]
    x_steps = steps(x.spec.shape, width)
    begin = sum(first * step for first, step in zip(begins, x_steps, strict=True))
    taken = [step * every for step, every in zip(x_steps, call.op.settings["steps"], strict=True)]
    loops = zip(out.spec.shape, steps(out.spec.shape, width), taken, strict=True)
    return encode_copies(call, [part(x, begin, 0, list(loops))] if out.spec.size else [])


@encodes("pad")
def pad(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    width, begins = itemsize(x.spec.dtype), call.op.settings["begin"]
    out_steps = steps(out.spec.shape, width)
    to = sum(first * step for first, step in zip(begins, out_steps, strict=True))
    laid = [step * every for step, every in zip(out_steps, call.op.settings["steps"], strict=True)]
    loops = zip(x.spec.shape, laid, steps(x.spec.shape, width), strict=True)
    return encode_copies(call, [part(x, 0, to, list(loops))] if x.spec.size else [], clear=out.spec.nbytes)


@encodes("reverse")
def reverse(call: Call) -> Encoded | None:
    (x,) = call.inputs
    axis = call.op.settings["axis"]
    x_steps = list(steps(x.spec.shape, itemsize(x.spec.dtype)))
    loops = list(zip(x.spec.shape, x_steps, x_steps, strict=True))
    count, step, _ = loops[axis]
    loops[axis] = (count, step, -step)
    return encode_copies(call, [part(x, (count - 1) * step, 0, loops)] if x.spec.size else [])


@encodes("concatenate")
def concatenate(call: Call) -> Encoded | None:
    (out,) = call.outputs
    axis, width = call.op.settings["axis"], itemsize(out.spec.dtype)
    out_steps = steps(out.spec.shape, width)
    starts = accumulate((x.spec.shape[axis] * out_steps[axis] for x in call.inputs), initial=0)
    parts = [
        part(x, 0, to, list(zip(x.spec.shape, out_steps, steps(x.spec.shape, width), strict=True)))
        for x, to in zip(call.inputs, starts, strict=False)
        if x.spec.size
    ]
    return encode_copies(call, parts)
