"""How much memory there is here, asked before much of it is needed."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from pathlib import Path

from pyengine.errors import readable

PAGE = 1 << 32  # bytes that Python in a page can address
CONTAINER = Path("/sys/fs/cgroup/memory.max")


@functools.cache
def available() -> int:
    """Bytes that this process can have at most: of the machine, of its container, or of a page."""
    if sys.platform == "emscripten":
        return PAGE
    found = [sys.maxsize]
    if hasattr(os, "sysconf"):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit
        found.append(int(CONTAINER.read_text()))
    return min(found)


def require(nbytes: int) -> None:
    """A MemoryError where so many bytes cannot be had, before they are asked for."""
    if nbytes > available():
        raise MemoryError(f"{readable(nbytes)} of {readable(available())}")
