"""Reductions: axes are merged until kept and folded ones alternate, and dealt out to loops."""

from __future__ import annotations

from itertools import groupby

from pyengine.executors.simd.encode.base import Encoded, Named, encodes, moved, uses
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call
from pyengine.shapes import Shape, size

LOOPS = 6  # before the last three axes: kernels/reduce.c has room for so many
NUMBERS = ("float32", "int32")
uses("reduce", *(f"{dtype} {name}" for dtype in NUMBERS for name in ("sum", "max", "min")))


def alternating(shape: Shape, axes: tuple[int, ...]) -> list[tuple[int, bool]]:
    """Lengths of kept and folded axes in turn, and which they are; axes of length 1 are left out.

    >>> alternating((32, 5, 1, 7, 3), (0, 3))
    [(32, True), (5, False), (7, True), (3, False)]
    """
    lengths = [(n, axis in axes) for axis, n in enumerate(shape) if n != 1]
    return [(size(n for n, _ in run), folded) for folded, run in groupby(lengths, lambda one: one[1])]


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
    words = loops(x.spec.shape, call.op.settings["axes"])
    if words is None:
        return None
    cost = moved(x, out)
    if call.op.name in ("all", "any"):
        return by_kept(Encoded("truth", (call.op.name == "any", out, x, *words), 4 * cost), 1)
    if x.spec.dtype not in NUMBERS:
        return None
    return by_kept(
        Encoded("reduce", (Named("reduce", f"{x.spec.dtype} {call.op.name}"), out, x, *words), cost), 4
    )


def by_kept(one: Encoded, width: int) -> Encoded:
    """Divided along the axes that are kept, whose numbers know nothing of each other; a number is `width` bytes."""
    _, length, inner, count, *rest = (word for word in one.words[3:] if isinstance(word, int))
    axes = [
        Axis(7 + 3 * k, {1: width * rest[3 * k + 2], 2: width * rest[3 * k + 1]})
        for k in range(count)
        if rest[3 * k + 2]
    ]
    return in_rounds(one, *axes, Axis(3, {1: width * inner, 2: width * length * inner}))


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
    one = Encoded("argument", (out, x, outer, length, inner, *flags), 3 * moved(x))
    return in_rounds(one, Axis(2, {0: 4 * inner, 1: 4 * length * inner}))


@encodes("cumsum")
def cumsum(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in NUMBERS:
        return None
    flags = x.spec.dtype == "float32", call.op.settings["reverse"]
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    one = Encoded("cumsum", (out, x, outer, length, inner, *flags), 4 * moved(x))
    return in_rounds(one, Axis(2, dict.fromkeys((0, 1), 4 * length * inner)))
