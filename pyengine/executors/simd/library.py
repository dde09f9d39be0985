"""The C library, loaded: found or built, compared with its checksum, asked for its ABI number."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import itertools
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pyengine.errors import PyEngineError
from pyengine.executors.simd import build
from pyengine.executors.simd.build import MODES
from pyengine.executors.simd.encode import NAMES, Named

__all__ = ["ABI", "MODES", "Library", "LibraryError", "NotHere", "load"]

ABI = 5
# Words of the control block, and what a run answers; compared with kernels/run.c when the library is loaded.
CONTROL = (
    *("position", "stop", "budget", "calls", "index", "records", "workspace", "workspace_bytes", "watched"),
    "interrupted",
)
ANSWERS = ("REACHED", "OUT_OF_TIME", "WANTS_HOST", "NOT_FINITE")
ORDERED = {"control": CONTROL, "answer": ANSWERS}
REACHED, OUT_OF_TIME, WANTS_HOST, NOT_FINITE = range(len(ANSWERS))
# A folder with strict.so and relaxed.so, made by `build.build_host`, to be taken instead of this machine's own.
FOLDER = "PYENGINE_LIBRARIES"


class LibraryError(PyEngineError, RuntimeError):
    """Why the library cannot be used, and what can be done about it."""


class NotHere(LibraryError):
    """This browser lacks instructions that this build is made of."""


class Library:
    """One build of it.

    Attributes:
        mode: "strict" or "relaxed".
        path: the file.
        lanes: numbers that one vector holds.
        numbers: by the name of a list of the library ("kernel", "operation", …), the number of each name in it.
        workspace: bytes that kernels may use while they run.
        tested: the result of the self-test, as text.
    """

    def __init__(self, path: Path, mode: str):
        self.path = path
        self.mode = mode
        self.tested = "not run"
        # The system's loader may crash on half a file, so what it gets is looked at before.
        if not build.intact(path):
            raise LibraryError(
                f"{path} is not the file that was built: it is damaged or incomplete. {remedy(path)}"
            )
        try:
            loaded = ctypes.CDLL(str(path))
            abi = loaded.pe_abi()
        except (OSError, AttributeError) as failure:
            raise LibraryError(f"{path} cannot be loaded: {failure}. {remedy(path)}") from failure
        if abi != ABI:
            raise LibraryError(f"{path} speaks ABI {abi}, but this engine speaks {ABI}. {remedy(path)}")
        self.lanes: int = loaded.pe_lanes()
        self.workspace: int = loaded.pe_workspace()
        loaded.pe_list.restype = loaded.pe_name.restype = ctypes.c_char_p
        self.numbers: dict[str, dict[str, int]] = {}
        for list in until_null(loaded.pe_list):
            names = until_null(partial(loaded.pe_name, len(self.numbers)))
            self.numbers[list] = {name: number for number, name in enumerate(names)}
        if wrong := disagreement(self.numbers):
            raise LibraryError(f"{path} {wrong}. {remedy(path)}")
        self.run = loaded.pe_run
        self.run.argtypes = [ctypes.c_void_p]

    def kernel(self, name: str) -> int:
        """The number of a kernel."""
        if name not in self.numbers["kernel"]:
            raise LibraryError(f"{self.path} lacks the kernel {name!r}. {remedy(self.path)}")
        return self.numbers["kernel"][name]

    def bits(self, word: Named) -> int:
        """The number of a name, and the bits above it."""
        return self.numbers[word.list][word.name] | word.above

    def __repr__(self) -> str:
        return f"Library({self.mode}, {self.lanes} lanes, {self.path})"


def until_null(name_of: Callable[[int], bytes | None]) -> Iterator[str]:
    """The names that the library gives for 0, 1, …"""
    for number in itertools.count():
        name = name_of(number)
        if name is None:
            return
        yield name.decode()


def disagreement(numbers: dict[str, dict[str, int]]) -> str:
    """A description of how a library's tables differ from this engine's; empty if they agree."""
    missing = [
        f"the {list} {name!r}"
        for list, names in NAMES.items()
        for name in sorted(names - numbers.get(list, {}).keys())
    ]
    if missing:
        return f"lacks {', '.join(missing)}, of which this engine knows"
    for list, order in ORDERED.items():
        found = numbers.get(list, {})
        if tuple(found) != order:
            return f"has the list {list!r} as {', '.join(found)}, but this engine as {', '.join(order)}"
    return ""


def remedy(path: Path) -> str:
    """What to do about a file that is wrong."""
    if path.parent == build.SHIPPED:
        return "Install pyengine's wheel again; on a site, `make site` and serve the whole folder."
    return "Delete it: it is then built again."


def load(mode: str) -> Library:
    """The library for where this runs; on a host it is built the first time, which takes some seconds.

    Errors: LibraryError, whose text says what is missing and how to get it; NotHere where it is the browser.
    """
    if sys.platform == "emscripten":
        return in_the_page(mode)
    if folder := os.environ.get(FOLDER):
        return Library(Path(folder, f"{mode}.so"), mode)
    path = build.cached_library_path(mode)
    if not build.intact(path):
        build_library(mode, path)
    return Library(path, mode)


def in_the_page(mode: str) -> Library:
    """The build that came with the wheel."""
    if mode == "relaxed" and not relaxed_instructions():
        raise NotHere("This browser has no relaxed SIMD instructions.")
    path = build.wasm_library_path(mode)
    if mode == "relaxed" and not path.exists() and build.DELTA.exists():
        with contextlib.suppress(OSError, ValueError, zlib.error):  # then it is not intact
            build.unpack()
    if not path.exists():
        raise LibraryError(f"{path} is missing from this installation. {remedy(path)}")
    return Library(path, mode)


def relaxed_instructions() -> bool:
    """Whether this browser knows WebAssembly's relaxed SIMD: tested by validating a function that swizzles bytes."""
    from js import Uint8Array, WebAssembly
    from pyodide.ffi import to_js

    header = [0, *b"asm", 1, 0, 0, 0]
    makes_a_vector = [1, 5, 1, 0x60, 0, 1, 0x7B]
    one_function = [3, 2, 1, 0]
    splat = [0xFD, 15]
    code = [0x41, 1, *splat, 0x41, 2, *splat, 0xFD, 0x80, 2, 0x0B]  # two splats, i8x16.relaxed_swizzle, end
    body = [10, len(code) + 3, 1, len(code) + 1, 0, *code]
    module = to_js(bytes([*header, *makes_a_vector, *one_function, *body]))
    return bool(WebAssembly.validate(Uint8Array.new(module)))


def build_library(mode: str, path: Path) -> None:
    """Build it for this machine."""
    if importlib.util.find_spec("ziglang") is None:
        raise LibraryError("There is no compiler here to build it with. `pip install ziglang` brings one.")
    print(f"pyengine: building its C library once ({mode}, some seconds) into {path.parent}", file=sys.stderr)
    try:
        build.build_host(mode, path)
    except (build.BuildError, OSError) as failure:
        raise LibraryError(
            f"It could not be built: {failure}. `pip install --upgrade ziglang` may help."
        ) from failure
