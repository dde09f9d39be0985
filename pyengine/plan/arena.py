"""Where in one block of memory each buffer lies, so that buffers in use at the same time never overlap."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

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
    """Largest first, each at the lowest place that is free for as long as it lives.

    Source: Pisarchyk, Lee, "Efficient memory management for deep neural net inference" (2020), greedy by size.
    """
    room = {buffer: -(-max(buffer.nbytes, 1) // ALIGNMENT) * ALIGNMENT for buffer in buffers}
    offsets: dict[Buffer, int] = {}
    placed: list[tuple[int, int, Buffer]] = []
    for buffer in sorted(buffers, key=lambda one: (-room[one], one.first)):
        offset = 0
        for start, stop, other in placed:
            if other.last < buffer.first or buffer.last < other.first:
                continue
            if offset + room[buffer] <= start:
                break
            offset = max(offset, stop)
        offsets[buffer] = offset
        insort(placed, (offset, offset + room[buffer], buffer), key=itemgetter(0, 1))
    size = max((stop for _, stop, _ in placed), default=0)
    return Layout(offsets, size, most_alive(buffers, room), sum(room.values()))


def most_alive(buffers: Sequence[Buffer], room: dict[Buffer, int]) -> int:
    """The largest sum of sizes in use at one time."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        changes[buffer.first] = changes.get(buffer.first, 0) + room[buffer]
        changes[buffer.last + 1] = changes.get(buffer.last + 1, 0) - room[buffer]
    alive = most = 0
    for moment in sorted(changes):
        alive += changes[moment]
        most = max(most, alive)
    return most
