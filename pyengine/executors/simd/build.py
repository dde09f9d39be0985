"""Builds the C library with `ziglang`, a compiler that pip installs: for WebAssembly and for this machine.

    python -m pyengine.executors.simd.build          the WebAssembly builds, into the package
    python -m pyengine.executors.simd.build host     this machine's, into the user's cache

Strict builds give the same bits everywhere; relaxed ones fuse multiplication and addition where the CPU does.

Beside each library lies its record, a small JSON file: the checksum of the library, by which a damaged one is known,
and that of what it was made from, by which an old one is. This file needs the standard library only: the wheel's build
runs it before anything is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
KERNELS = HERE / "kernels"
SHIPPED = HERE / "lib"
DELTA = SHIPPED / "relaxed.delta"
PACKED = SHIPPED / "kernels.xz"
PIECE, WINDOW = 2048, 32768
MODES = ("strict", "relaxed")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror")
COMMON = ("-std=gnu11", "-O3", "-fno-math-errno", "-fvisibility=hidden", *WARNINGS)
EXPORTS = ("pe_abi", "pe_lanes", "pe_workspace", "pe_list", "pe_name", "pe_run")
# In WebAssembly loops unrolled in part, and loops that nobody wrote with vectors, are a quarter of the file and no
# quicker: what counts is written with vectors and unrolled whole.
SMALL = ("-mllvm", "-unroll-runtime=0", "-mllvm", "-unroll-allow-partial=0", "-fno-vectorize")
# The files of kernels that multiply and add most; in WebAssembly the others are the same in both builds, which makes
# the difference that the wheel holds half as large.
FUSED = {"chain", "conv", "depthwise", "matmul", "recurrent"}
CONTRACT = {"strict": ("-ffp-contract=off",), "relaxed": ("-ffp-contract=fast-honor-pragmas", "-DPE_RELAXED")}


class BuildError(Exception):
    """The compiler is missing or refused; the text is what it said."""


def sources() -> list[Path]:
    return sorted(kernels().glob("*.c"))


def kernels() -> Path:
    """The folder of the C files; an installed wheel holds them in one file, which is unpacked when first needed."""
    if KERNELS.is_dir():
        return KERNELS
    import lzma  # Pyodide lacks it, and never comes here

    content = PACKED.read_bytes()
    folder = cache() / f"kernels-{hashlib.sha256(content).hexdigest()[:16]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            generated = Path(scratch, "kernels")
            generated.mkdir()
            for name, text in json.loads(lzma.decompress(content)).items():
                (generated / name).write_text(text)
            with contextlib.suppress(OSError):  # another process was quicker
                generated.rename(folder)
    return folder


def zig(*arguments: str | Path, cwd: Path) -> None:
    """Run the compiler. Its own cache makes files that have not changed cost nothing."""
    command = [sys.executable, "-m", "ziglang", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr.strip()}")


def compile_sources(files: Iterable[Path], flags: Iterable[str], folder: Path) -> list[Path]:
    """An object file for each source."""
    objects = []
    for source in files:
        target = folder / f"{source.stem}.o"
        zig("cc", *flags, *COMMON, f"-I{kernels()}", "-c", source, "-o", target, cwd=folder)
        objects.append(target)
    return objects


def build_wasm(
    mode: str, target: Path, files: Iterable[Path] | None = None, names: Iterable[str] = EXPORTS
) -> Path:
    """A dynamic library that Pyodide's ctypes loads into the interpreter's own memory.

    files, names: other sources than the kernels, and what they export.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        objects = []
        if unknown := FUSED - {source.stem for source in sources()}:
            raise BuildError(
                f"FUSED names {', '.join(sorted(unknown))}, of which there is no file of kernels."
            )
        for source in files or sources():
            fused = mode == "relaxed" and (files or source.stem in FUSED)
            objects += compile_sources([source], wasm_flags("relaxed" if fused else "strict"), Path(scratch))
        exports = [f"--export={name}" for name in names]
        options = ("--experimental-pic", "-shared", "--unresolved-symbols=import-dynamic", "--strip-all")
        library = Path(scratch, "library.wasm")
        zig("wasm-ld", *options, *exports, "-o", library, *objects, cwd=Path(scratch))
        deliver(library, target, mode)
    return target


def wasm_flags(mode: str) -> tuple[str, ...]:
    cpu = "generic+simd128" + ("+relaxed_simd" if mode == "relaxed" else "")
    return (
        "-target",
        "wasm32-emscripten",
        "-fPIC",
        f"-mcpu={cpu}",
        "-ffreestanding",
        *SMALL,
        *CONTRACT[mode],
    )


def build_host(mode: str, target: Path, files: Iterable[Path] | None = None) -> Path:
    """A shared library for this machine, with the widest vectors that its CPU has."""
    flags = ["-fPIC", "-fno-sanitize=undefined", "-mcpu=native", *CONTRACT[mode]]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        objects = compile_sources(files or sources(), flags, Path(scratch))
        library = Path(scratch, "library.so")
        zig("cc", "-shared", "-s", "-o", library, *objects, cwd=Path(scratch))
        deliver(library, target, mode)
    return target


def deliver(library: Path, target: Path, mode: str) -> None:
    """Put a finished library and its record in their places."""
    content = library.read_bytes()
    record = {"library": hashlib.sha256(content).hexdigest(), "sources": fingerprint(mode)}
    write_atomically(target, content)
    write_atomically(record_of(target), json.dumps(record, indent=1).encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: no other process reads a part of it."""
    waiting = path.with_name(f"{path.name}.{os.getpid()}")
    waiting.write_bytes(content)
    waiting.replace(path)


def record_of(library: Path) -> Path:
    return library.with_suffix(".json")


def read_record(library: Path) -> dict[str, str]:
    """The record stored beside a library; empty if it is missing or unreadable."""
    try:
        record = json.loads(record_of(library).read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def intact(library: Path) -> bool:
    """Whether the file is there, byte for byte as it was built."""
    try:
        return hashlib.sha256(library.read_bytes()).hexdigest() == read_record(library).get("library")
    except OSError:
        return False


def fresh(library: Path, mode: str) -> bool:
    """Whether it is intact and made from the sources as they are now."""
    return intact(library) and read_record(library).get("sources") == fingerprint(mode)


def fingerprint(mode: str) -> str:
    """One checksum over everything that a build of this mode is made from."""
    digest = hashlib.sha256(mode.encode())
    for path in [*sorted(kernels().glob("*.[ch]")), Path(__file__)]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def wasm_library_path(mode: str) -> Path:
    """The path of the WebAssembly build in the package.

    Not under the name .so: Pyodide would load every such file of a wheel beforehand, and the engine's wheel could not
    be installed at all where a browser lacks the instructions of one of them.
    """
    return SHIPPED / f"{mode}.wasm"


def ship() -> list[Path]:
    """Build the WebAssembly libraries again where their sources have changed.

    The wheel holds the strict one as it is, and of the relaxed one what is different: half the bytes of both. The C
    files, which only hosts need, lie beside them in one compressed file.
    """
    for mode in MODES:
        if not fresh(wasm_library_path(mode), mode):
            build_wasm(mode, wasm_library_path(mode))
    strict, relaxed = (wasm_library_path(mode).read_bytes() for mode in MODES)
    packed = delta(strict, relaxed)
    if not DELTA.is_file() or DELTA.read_bytes() != packed:
        write_atomically(DELTA, packed)
    import lzma

    texts = {path.name: bare(path.read_text()) for path in sorted(KERNELS.glob("*.[ch]"))}
    packed = lzma.compress(json.dumps(texts).encode(), preset=9 | lzma.PRESET_EXTREME)
    if not PACKED.is_file() or PACKED.read_bytes() != packed:
        write_atomically(PACKED, packed)
    return [wasm_library_path(mode) for mode in MODES]


def unpack() -> None:
    """The relaxed build as a file, from the strict one and the delta. Raises OSError, ValueError or zlib.error."""
    write_atomically(
        wasm_library_path("relaxed"),
        apply_delta(wasm_library_path("strict").read_bytes(), DELTA.read_bytes()),
    )


def bare(code: str) -> str:
    """C without comments and indentation, which compilers do not read: a quarter of its room in the wheel.

    >>> bare("int f(void) {  // why\\n\\n  return 1;\\n}\\n")
    'int f(void) {\\nreturn 1;\\n}\\n'
    """
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", code, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", code)


def delta(old: bytes, new: bytes) -> bytes:
    """What turns `old` into `new`, small where they are alike: pieces, each deflated with what `old` has there.

    >>> old = bytes(range(256)) * 40
    >>> len(delta(old, old[:5000] + b"!" + old[5000:])) < 200
    True
    """
    packed = [len(new).to_bytes(4, "little")]
    for start in range(0, len(new), PIECE):
        packer = zlib.compressobj(9, wbits=-15, zdict=around(old, start * len(old) // len(new)))
        piece = packer.compress(new[start : start + PIECE]) + packer.flush()
        packed += [len(piece).to_bytes(2, "little"), piece]
    return b"".join(packed)


def apply_delta(old: bytes, packed: bytes) -> bytes:
    """`new` of `delta(old, new)`.

    >>> apply_delta(b"one thing", delta(b"one thing", b"another thing"))
    b'another thing'
    """
    size, position, new = int.from_bytes(packed[:4], "little"), 4, b""
    while position < len(packed):
        end = position + 2 + int.from_bytes(packed[position : position + 2], "little")
        unpacker = zlib.decompressobj(wbits=-15, zdict=around(old, len(new) * len(old) // size))
        new += unpacker.decompress(packed[position + 2 : end])
        position = end
    return new


def around(content: bytes, place: int) -> bytes:
    """As much as deflate can look back on, with `place` in its middle."""
    start = max(0, min(place - (WINDOW - PIECE) // 2, len(content) - WINDOW))
    return content[start : start + WINDOW]


def cached_library_path(mode: str) -> Path:
    """The path of this machine's build: in the user's cache, under a name that changes with sources and CPU."""
    digest = hashlib.sha256(f"{fingerprint(mode)} {platform.machine()} {cpu_features()}".encode())
    return cache() / f"{mode}-{digest.hexdigest()[:16]}.so"


def cache() -> Path:
    """The user's folder for what is made here."""
    return Path(os.environ.get("PYENGINE_CACHE") or Path.home() / ".cache" / "pyengine")


def cpu_features() -> str:
    """What tells one CPU from another, where the system says: a cache may be shared between machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def main() -> None:
    paths = (
        [build_host(mode, cached_library_path(mode)) for mode in MODES]
        if sys.argv[1:] == ["host"]
        else ship()
    )
    for path in paths:
        print(f"{path} ({path.stat().st_size / 1000:.1f} kB)")


if __name__ == "__main__":
    main()
