"""Reductions: axes are merged until kept and folded ones alternate, and dealt out to loops."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from pyengine.executors.simd.encode.base import Encoded, Named, Word, encodes, transfer_nanoseconds, uses
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call
from pyengine.shapes import Shape, size

LOOPS = 6  # before the last three axes: kernels/reduce.c has room for so many
NUMBERS = ("float32", "int32")
ADDS, DONE, LOOP = 6, 7, 11  # places of words
ROWS, NARROW, PAGE = 256, 32, 4096  # MANY_ROWS and NARROW of kernels/reduce.c; truth values a round at least
uses("reduce", *(f"{dtype} {name}" for dtype in NUMBERS for name in ("sum", "max", "min")))


def alternating(shape: Shape, axes: tuple[int, ...]) -> list[tuple[int, bool]]:
    """Lengths of kept and folded axes in turn, and which they are; axes of length 1 are left out.

    >>> alternating((32, 5, 1, 7, 3), (0, 3))
    [(32, True), (5, False), (7, True), (3, False)]
    """
    lengths = [(n, axis in axes) for axis, n in enumerate(shape) if n != 1]
    return [(size(n for n, _ in run), folded) for folded, run in groupby(lengths, lambda length: length[1])]


def loops(shape: Shape, axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The words of a reduction behind its arrays: outer, length, inner, and the loops before these."""
    if size(shape) == 0:
        return size(n for axis, n in enumerate(shape) if axis not in axes), 0, 1, 0
    merged = alternating(shape, axes)
    inner = merged.pop()[0] if merged and not merged[-1][1] else 1
    length = merged.pop()[0] if merged else 1
    outer = merged.pop()[0] if merged else 1
    if len(merged) > LOOPS:
        return None
    words: list[int] = []
    x_step, out_step = outer * length * inner, outer * inner
    for n, folded in reversed(merged):
        words[:0] = (n, x_step, 0 if folded else out_step)
        x_step *= n
        out_step *= 1 if folded else n
    return outer, length, inner, len(merged), *words


@encodes("sum", "max", "min", "all", "any")
def reduce(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    steps = loops(x.spec.shape, call.op.settings["axes"])
    if steps is None:
        return None
    truth = call.op.name in ("all", "any")
    if not truth and x.spec.dtype not in NUMBERS:
        return None
    what = call.op.name == "any" if truth else Named("reduce", f"{x.spec.dtype} {call.op.name}")
    (outer, length, inner, *rest), cost = steps, transfer_nanoseconds(x, out)
    progress = (False, 0, length, None if truth else call.scratch)
    all_words: tuple[Word, ...] = (what, out, x, outer, length, inner, *progress, *rest)
    if truth:
        long = Axis(4, {2: inner, ADDS: 1}, PAGE)
        return in_rounds(Encoded("truth", all_words, 4 * cost), *apart(all_words, 1), long)
    along = [] if call.scratch is None else [Axis(4, {2: 4 * inner, DONE: 1}, beside(inner) * ROWS)]
    if inner >= NARROW:
        along = [Axis(4, {2: 4 * inner, ADDS: 1}, ROWS)]
    return in_rounds(Encoded("reduce", all_words, cost), *apart(all_words, 4), *along)


def apart(words: tuple[Word, ...], width: int) -> Iterator[Axis]:
    """The axes before the one that is folded last, and the loops before them: of a folded one, what the rounds come to
    is added. A number is `width` bytes."""
    length, inner, *rest = (word for word in (*words[4:6], *words[LOOP:]) if isinstance(word, int))
    for k in range(len(rest) // 3):
        x_step, out_step = rest[3 * k + 1 : 3 * k + 3]
        yield Axis(LOOP + 3 * k, {2: width * x_step} | ({1: width * out_step} if out_step else {ADDS: 1}))
    yield Axis(3, {1: width * inner, 2: width * length * inner})


def beside(inner: int) -> int:
    """As many short rows as are done side by side, or a multiple; of single numbers as many as make a stretch."""
    if inner == 1:
        return 4
    count = 16
    while count * inner < 4 * NARROW:
        count *= 2
    return count


def around(shape: Shape, axis: int) -> tuple[int, int, int]:
    """How many numbers lie before an axis, along it and behind it."""
    return size(shape[:axis]), shape[axis], size(shape[axis + 1 :])


@encodes("argmax", "argmin")
def argument(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in NUMBERS:
        return None
    flags = x.spec.dtype == "float32", call.op.name == "argmin"
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    record = Encoded("argument", (out, x, outer, length, inner, *flags), 3 * transfer_nanoseconds(x))
    return in_rounds(record, Axis(2, {0: 4 * inner, 1: 4 * length * inner}))


@encodes("cumsum")
def cumsum(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in NUMBERS:
        return None
    flags = x.spec.dtype == "float32", call.op.settings["reverse"]
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    record = Encoded("cumsum", (out, x, outer, length, inner, *flags), 4 * transfer_nanoseconds(x))
    return in_rounds(record, Axis(2, dict.fromkeys((0, 1), 4 * length * inner)))
