"""Loops over time: a scan becomes the records of one round, whose addresses move on from round to round."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

from pyengine.executors.simd.encode.base import ENCODERS, Encoded, Moving, Table, Word, encodes
from pyengine.graph import Spec
from pyengine.ops.scan import Scan
from pyengine.plan import Call, Program, Slot
from pyengine.plan.program import ARENA, CONSTANTS


def entry(stack: Slot, index: int) -> Slot:
    """One entry of a stack of arrays."""
    spec = Spec(stack.spec.shape[1:], stack.spec.dtype)
    return Slot(stack.region, stack.offset + index * spec.nbytes, spec)


@encodes("scan")
def scan(call: Call) -> Encoded | None:
    op, loop = call.op, call.loop
    if loop is None:
        return None
    assert isinstance(op, Scan)
    states, sequences, constants = op.parts(call.inputs)
    finals, results = call.outputs[: op.states], call.outputs[op.states : op.states + op.results]
    histories = dict(zip(op.kept, call.outputs[op.states + op.results :], strict=True))
    first, turn = (op.length - 1, -1) if op.reverse else (0, 1)
    last = first + turn * (op.length - 1)
    old, new = op.before, 1 - op.before  # a state before and after a step, in its history

    def along(stack: Slot, begin: int) -> Moving | None:
        if not op.length:
            return None
        start = entry(stack, begin + first)
        return Moving(start, turn * start.spec.nbytes)

    found: dict[str, Callable[[int], Word]] = {
        "state": lambda k: finals[k],
        "before": lambda k: along(histories[k], old),
        "after": lambda k: along(histories[k], new),
        "slice": lambda k: along(sequences[k], op.begins[k]),
        "constant": lambda k: constants[k],
        "result": lambda k: along(results[k], 0),
    }
    places: list[Word] = []
    for variable in loop.variables:
        kind, number = variable.name.split()
        places.append(found[kind](int(number)))
    records = []
    for one in loop.calls if op.length else ():
        encoder = ENCODERS.get(one.op.name)
        encoded = encoder(one) if encoder else None
        if encoded is None:
            return None
        records.append(move_into_loop(encoded, places, loop, call.scratch))

    before = [
        (entry(histories[k], first + old) if k in histories else finals[k], state)
        for k, state in enumerate(states)
    ]
    after = [(finals[k], entry(history, last + new)) for k, history in histories.items()]
    pieces = [word for to, of in (*before, *after) for word in (to, of, of.spec.nbytes)]
    progress = (0, 0, 0)
    return Encoded(
        "scan", (*progress, op.length, Table(records=tuple(records)), len(before), len(after), *pieces)
    )


def move_into_loop(
    encoded: Encoded, places: Sequence[Word], loop: Program, scratch: Slot | None, depth: int = 0
) -> Encoded:
    """A record of one round of the loop, its slots moved to their places in the outer program.

    depth: in how many loops of that program the record lies; what moves out here stands still in each of them.
    """

    words = tuple(outside(word, places, loop, scratch, depth) for word in encoded.words)
    return replace(encoded, words=words)


def outside(word: Word, places: Sequence[Word], loop: Program, scratch: Slot | None, depth: int) -> Word:
    """A word of such a record."""
    if isinstance(word, Moving):
        return Moving(outside(word.start, places, loop, scratch, depth - 1), word.step)
    if isinstance(word, Table):
        if word.records is not None:
            return Table(
                records=tuple(move_into_loop(r, places, loop, scratch, depth + 1) for r in word.records)
            )
        return Table(tuple(outside(inner, places, loop, scratch, depth) for inner in word.words))
    if not isinstance(word, Slot):
        return word
    if word.region == ARENA:
        assert scratch is not None
        return offset_slot(scratch, word)
    if word.region == CONSTANTS:
        return table_of_bytes(loop.constants[word.offset : word.offset + word.spec.nbytes])
    place = places[int(word.region)]
    if isinstance(place, Moving):
        moving = Moving(offset_slot(place.start, word), place.step)
        for _ in range(depth):
            moving = Moving(moving, 0)
        return moving
    return offset_slot(place, word)


def offset_slot(place: Word, word: Slot) -> Slot:
    """A slot at an offset from the beginning of another."""
    assert isinstance(place, Slot)
    return Slot(place.region, place.offset + word.offset, word.spec)


def table_of_bytes(content: bytes) -> Table:
    """A table of 64-bit words that holds these bytes."""
    content += bytes(-len(content) % 8)
    return Table(struct.unpack(f"<{len(content) // 8}q", content))
