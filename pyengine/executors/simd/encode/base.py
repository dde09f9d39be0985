"""How a Call becomes a record of the C library: which kernel, and the words it is given.

An encoder gets a Call and returns what to run, or None where the library has no kernel for it (another dtype, a rank
beyond its loops): then the reference runs that call, and it is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyengine.plan import Call, Slot


@dataclass(frozen=True, slots=True)
class Table:
    """A word that is the address of further words.

    Or of five, for a loop: records, where each begins, how many there are; moves, and how many there are. A move is
    three words for a `Moving` word inside: where that lies, what it is in the first round, what each round adds.
    """

    words: tuple[Word, ...] = ()
    records: tuple[Encoded, ...] | None = None


@dataclass(frozen=True, slots=True)
class Moving:
    """In a loop's records, an address that moves on by so many bytes with every round."""

    start: Word
    step: int


@dataclass(frozen=True, slots=True)
class Named:
    """The number that the library gives to a name in one of its lists, and bits above it."""

    list: str
    name: str
    above: int = 0


Word = (
    Slot | Table | Moving | Named | int | float | bool | None
)  # a Slot stands for the address of its array; None for address 0


@dataclass(frozen=True, slots=True)
class Encoded:
    """A kernel and its words.

    Attributes:
        kernel: its name in `kernels/kernels.h`.
        words: its arguments, in the order in which the kernel reads them.
        nanoseconds: about how long it takes; decides when the library next looks at the clock.
    """

    kernel: str
    words: tuple[Word, ...]
    nanoseconds: int = 100


Encoder = Callable[[Call], Encoded | None]
ENCODERS: dict[str, Encoder] = {}
# The names that encoders use, by the library's list: a library that lacks one is refused.
NAMES: dict[str, set[str]] = {}


def uses(list: str, *names: str) -> None:
    """Say which names of a list of the library an encoder uses."""
    NAMES.setdefault(list, set()).update(names)


def encodes(*names: str) -> Callable[[Encoder], Encoder]:
    """Above an encoder: the names of the ops whose calls it encodes."""

    def attach(encoder: Encoder) -> Encoder:
        for name in names:
            ENCODERS[name] = encoder
        return encoder

    return attach


def floats(call: Call) -> bool:
    """Whether every array of the call is float32."""
    return all(slot.spec.dtype == "float32" for slot in (*call.inputs, *call.outputs))


def transfer_nanoseconds(*slots: Slot) -> int:
    """About how many nanoseconds it takes to read and write these arrays: 10 bytes each."""
    return 50 + sum(slot.spec.nbytes for slot in slots) // 10


def each(slot: Slot) -> int:
    """Bytes of one entry along the first axis: an image, a row."""
    return slot.spec.nbytes // max(slot.spec.shape[0], 1)
