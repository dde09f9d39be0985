"""Long calls in rounds, between which the library looks at the clock: a page stays responsive within a large call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace

from pyengine.executors.simd.encode.base import Encoded, Moving, Table, Word
from pyengine.graph import Spec
from pyengine.plan import Slot

LONG = 4_000_000  # nanoseconds: a quarter of a frame; what touches new memory takes several times as long
AT_ONCE: ContextVar[bool] = ContextVar("AT_ONCE", default=False)  # for who cannot stop within a call


@dataclass(frozen=True, slots=True)
class Axis:
    """Something a kernel goes through one by one (images, rows), in any parts with the same result.

    Attributes:
        counted: the place of the word that says how many.
        moving: places of the words that move on from one to the next, and by how much.
        least: parts have at least so many.
        unit: what the word counts for each, where that is not 1.
    """

    counted: int
    moving: Mapping[int, int]
    least: int = 1
    unit: int = 1


def in_rounds(record: Encoded, *axes: Axis) -> Encoded:
    """The record as it is where it is short, else as a loop over parts of it, the last of which may be of another size.

    axes: from the outermost; a further one is divided where a single one of those before is still long.
    """
    if not is_long(record):
        return record
    axis = next((axis for axis in axes if axis_length(record, axis) >= 2 * axis.least), None)
    if axis is None:
        return record
    rest, count = axes[axes.index(axis) + 1 :], axis_length(record, axis)
    part, rounds, left = parts(count, record.nanoseconds / max(LONG, 1), axis.least)
    inner = replace(record, words=tuple(map(still, record.words))) if left else record
    words = [
        still(word) if word is None or place not in axis.moving else Moving(word, axis.moving[place] * part)
        for place, word in enumerate(inner.words)
    ]
    loop = repeat_rounds(rounds, in_rounds(shorten_axis(inner, words, axis, part), *rest))
    if not left:
        return loop
    words = list(inner.words)
    for place, step in axis.moving.items():
        words[place] = further(words[place], step * part * rounds)
    return in_turn(loop, in_rounds(shorten_axis(inner, words, axis, left), *rest))


def is_long(record: Encoded) -> bool:
    """Whether it has to be divided."""
    return record.nanoseconds > LONG and not AT_ONCE.get()


def parts(count: int, needed: float, least: int) -> tuple[int, int, int]:
    """How many a round, how many such rounds, and how many are left for another one: none, or `least` at least.

    A round is of a multiple of `least`; of equal rounds where not many more do than are needed.

    >>> parts(60, 3.5, 1), parts(61, 3.5, 1), parts(61, 3.5, 8)
    ((15, 4, 0), (16, 3, 13), (16, 3, 13))
    """
    most = count // least
    rounds = min(math.ceil(needed), most)
    for equal in range(rounds, min(2 * rounds, most + 1)):
        if count % (equal * least) == 0:
            return count // equal, equal, 0
    part = max(min(math.ceil(count / rounds), int(count / needed)) // least, 1) * least
    rounds, left = divmod(count, part)
    return (part, rounds - 1, left + part) if left < least else (part, rounds, left)


def in_turn(*records: Encoded) -> Encoded:
    """Several records as that of one call. Words that move in a loop around them are `still` in here."""
    return records[0] if len(records) == 1 else repeat_rounds(1, *records)


def repeat_rounds(rounds: int, *records: Encoded) -> Encoded:
    nanoseconds = rounds * sum(record.nanoseconds for record in records)
    return Encoded("scan", (0, 0, 0, rounds, Table(records=records), 0, 0), nanoseconds)


def axis_length(record: Encoded, axis: Axis) -> int:
    count = record.words[axis.counted]
    assert isinstance(count, int)
    return count // max(axis.unit, 1)


def shorten_axis(record: Encoded, words: list[Word], axis: Axis, part: int) -> Encoded:
    """The record with these words and a shorter axis."""
    nanoseconds = record.nanoseconds * part // axis_length(record, axis)
    words[axis.counted] = part * axis.unit
    return replace(record, words=tuple(words), nanoseconds=nanoseconds)


def still(word: Word) -> Word:
    """What moves in a loop around stands still in a loop within."""
    return Moving(word, 0) if isinstance(word, Moving) else word


def further(word: Word, distance: int) -> Word:
    """A word moved on by so much."""
    if isinstance(word, Moving):
        return Moving(further(word.start, distance), word.step)
    if isinstance(word, Slot):
        return Slot(word.region, word.offset + distance, Spec((word.spec.nbytes - distance,), "uint8"))
    assert word is None or isinstance(word, int)
    return word if word is None else word + distance
