"""Long calls in rounds, between which the library looks at the clock: a page lives on within a single large product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyengine.executors.simd.encode.base import Encoded, Moving, Table

LONG = 8_000_000  # nanoseconds: half a frame


def in_rounds(one: Encoded, counted: int, moving: Mapping[int, int], least: int = 1) -> Encoded:
    """The record as it is where it is short, else as a loop over equal parts of it.

    Args:
        counted: the place of the word that says how many (images, rows) the kernel works on.
        moving: places of the words that move from round to round, and by how much for each image or row.
        least: as many a round at least.
    """
    count = one.words[counted]
    assert isinstance(count, int)
    if one.nanoseconds <= LONG:
        return one
    parts = [n for n in range(2, count // least + 1) if count % n == 0]
    rounds = next((n for n in parts if one.nanoseconds <= n * LONG), parts[-1] if parts else 1)
    if rounds == 1:
        return one
    part = count // rounds
    words = list(one.words)
    words[counted] = part
    for place, step in moving.items():
        if words[place] is not None:
            words[place] = Moving(words[place], step * part)
    inner = replace(one, words=tuple(words), nanoseconds=one.nanoseconds // rounds)
    return Encoded("scan", (0, 0, 0, rounds, Table(records=(inner,)), 0, 0), one.nanoseconds)
