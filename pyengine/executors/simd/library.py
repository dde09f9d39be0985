"""The C library, loaded: found or built, asked for its ABI number, and tested before it is trusted."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path

from pyengine.executors.simd import build

ABI = 1
REACHED, OUT_OF_TIME, WANTS_HOST, NOT_FINITE = range(4)


class LibraryError(Exception):
    """Why the library cannot be used, and what can be done about it."""


class Library:
    """One build of it.

    Attributes:
        mode: "strict" or "relaxed".
        path: the file.
        lanes: numbers that one vector holds.
        kernels: number of each kernel, by name.
        workspace: bytes that kernels may use while they run.
    """

    def __init__(self, path: Path, mode: str):
        self.path = path
        self.mode = mode
        try:
            loaded = ctypes.CDLL(str(path))
            abi = loaded.pe_abi()
        except (OSError, AttributeError) as failure:
            raise LibraryError(f"{path} cannot be loaded: {failure}.") from failure
        if abi != ABI:
            raise LibraryError(
                f"{path} speaks ABI {abi}, but this engine speaks {ABI}. Install the two from one wheel."
            )
        self.lanes: int = loaded.pe_lanes()
        self.workspace: int = loaded.pe_workspace()
        loaded.pe_kernel.restype = ctypes.c_char_p
        self.kernels: dict[str, int] = {}
        while name := loaded.pe_kernel(len(self.kernels)):
            self.kernels[name.decode()] = len(self.kernels)
        self.run = loaded.pe_run
        self.run.argtypes = [ctypes.c_void_p]

    def __repr__(self) -> str:
        return f"Library({self.mode}, {self.lanes} lanes, {self.path})"


def load(mode: str) -> Library:
    """The library for where this runs; on a host it is built the first time, which takes some seconds.

    Errors: LibraryError, whose text says what is missing and how to get it.
    """
    if sys.platform == "emscripten":
        path = build.shipped(mode)
        if not path.exists():
            raise LibraryError(
                f"{path} is not in this installation: the wheel was made without `make wheel`."
            )
        return Library(path, mode)
    path = build.cached(mode)
    if not path.exists():
        if importlib.util.find_spec("ziglang") is None:
            raise LibraryError("There is no compiler to build it with: `pip install ziglang`.")
        print(
            f"pyengine: building its C library once ({mode}, some seconds) into {path.parent}",
            file=sys.stderr,
        )
        try:
            build.build_host(mode, path)
        except (build.BuildError, OSError) as failure:
            raise LibraryError(f"It could not be built: {failure}.") from failure
    return Library(path, mode)
