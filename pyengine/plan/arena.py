"""Arena allocation: offsets in one block of memory, so that buffers alive at the same time never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pyengine.plan.storage import Buffer

ALIGNMENT = 64


@dataclass(frozen=True)
class Layout:
    """Offsets in bytes by buffer, the arena's size, and two figures to judge it by.

    Attributes:
        size: bytes of the arena.
        alive: the largest sum of buffers in use at one time: no arena can be smaller.
        unshared: what it would take if every buffer had memory of its own.
    """

    offsets: dict[Buffer, int]
    size: int
    alive: int
    unshared: int


def layout(buffers: Sequence[Buffer]) -> Layout:
    """Greedy by size: largest first, each at the lowest offset that is free during its lifetime.

    Source: Pisarchyk, Lee, "Efficient memory management for deep neural net inference" (2020), greedy by size.
    """
    room = {buffer: -(-max(buffer.nbytes, 1) // ALIGNMENT) * ALIGNMENT for buffer in buffers}
    offsets: dict[Buffer, int] = {}
    placed = np.empty((4, len(buffers)), np.int64)  # offset, end, first, last of each buffer, by offset
    for count, buffer in enumerate(sorted(buffers, key=lambda one: (-room[one], one.first))):
        starts, stops, first, last = placed[:, :count]
        alive = (first <= buffer.last) & (last >= buffer.first)
        offset = offsets[buffer] = lowest(starts[alive], stops[alive], room[buffer])
        place = int(starts.searchsorted(offset))
        placed[:, place + 1 : count + 1] = placed[:, place:count]
        placed[:, place] = offset, offset + room[buffer], buffer.first, buffer.last
    size = int(placed[1].max(initial=0))
    return Layout(offsets, size, most_alive(buffers, room), sum(room.values()))


def lowest(starts: np.ndarray, stops: np.ndarray, room: int) -> int:
    """The lowest offset with enough room between allocated pieces, which are sorted by offset.

    >>> lowest(np.array([0, 64, 256]), np.array([64, 128, 512]), 128)
    128
    """
    free = np.concatenate([[0], np.maximum.accumulate(stops)])
    fits = starts - free[:-1] >= room
    place = int(fits.argmax()) if fits.any() else -1
    return int(free[place])


def most_alive(buffers: Sequence[Buffer], room: dict[Buffer, int]) -> int:
    """Peak memory: the largest sum of sizes alive at one time."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        changes[buffer.first] = changes.get(buffer.first, 0) + room[buffer]
        changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - room[buffer]
    alive = most = 0
    for moment in sorted(changes):
        alive += changes[moment]
        most = max(most, alive)
    return most
