"""Whether something made earlier is still right: its inputs' contents are compared, not their dates.

Dates would be wrong after every `git checkout`; the inputs are small, so reading them all takes milliseconds.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from web.tools.paths import CACHE


def sha256(path: Path) -> str:
    """The checksum of one file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fingerprint(inputs: Iterable[Path], *facts: object) -> str:
    """One checksum over the names and contents of files and over further facts."""
    total = hashlib.sha256(repr(facts).encode())
    for path in sorted(inputs):
        total.update(f"{path}\0{sha256(path) if path.is_file() else 'missing'}\0".encode())
    return total.hexdigest()


def is_fresh(stamp: Path, key: str, outputs: Iterable[Path]) -> bool:
    """True if `stamp` was written for this key and every output is still there."""
    return stamp.is_file() and stamp.read_text() == key and all(output.exists() for output in outputs)


def write_stamp(stamp: Path, key: str) -> None:
    """Remember that the outputs were made from inputs with this fingerprint."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Only one process at a time is inside; the others wait: two `make` runs stay out of each other's way."""
    import fcntl

    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
