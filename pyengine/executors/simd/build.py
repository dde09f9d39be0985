"""Builds the C library with `ziglang`, a compiler that pip installs: for WebAssembly and for this machine.

    python -m pyengine.executors.simd.build          the WebAssembly builds, into the package
    python -m pyengine.executors.simd.build host     this machine's, into the user's cache

Strict builds give the same bits everywhere; relaxed ones fuse multiplication and addition where the CPU does.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
KERNELS = HERE / "kernels"
SHIPPED = HERE / "lib"
MODES = ("strict", "relaxed")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror")
COMMON = ("-std=gnu11", "-O3", "-fno-math-errno", "-fvisibility=hidden", *WARNINGS)
EXPORTS = ("pe_abi", "pe_lanes", "pe_workspace", "pe_kernel", "pe_run")
CONTRACT = {"strict": ("-ffp-contract=off",), "relaxed": ("-ffp-contract=fast", "-DPE_RELAXED")}


class BuildError(Exception):
    """The compiler is missing or refused; the text is what it said."""


def sources() -> list[Path]:
    return sorted(KERNELS.glob("*.c"))


def zig(*arguments: str | Path, cwd: Path) -> None:
    """Run the compiler. Its own cache makes files that have not changed cost nothing."""
    command = [sys.executable, "-m", "ziglang", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr.strip()}")


def compiled(flags: Iterable[str], folder: Path) -> list[Path]:
    """An object file for each source."""
    objects = []
    for source in sources():
        target = folder / f"{source.stem}.o"
        zig("cc", *flags, *COMMON, "-c", source, "-o", target, cwd=folder)
        objects.append(target)
    return objects


def build_wasm(mode: str, target: Path) -> Path:
    """A dynamic library that Pyodide's ctypes loads into the interpreter's own memory."""
    cpu = "generic+simd128" + ("+relaxed_simd" if mode == "relaxed" else "")
    flags = ("-target", "wasm32-emscripten", "-fPIC", f"-mcpu={cpu}", "-ffreestanding", *CONTRACT[mode])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        objects = compiled(flags, Path(scratch))
        exports = [f"--export={name}" for name in EXPORTS]
        options = ("--experimental-pic", "-shared", "--unresolved-symbols=import-dynamic", "--strip-all")
        made = Path(scratch, "library.so")
        zig("wasm-ld", *options, *exports, "-o", made, *objects, cwd=Path(scratch))
        replace(made, target)
    return target


def build_host(mode: str, target: Path) -> Path:
    """A shared library for this machine; the relaxed build may use whatever its CPU has."""
    flags = ["-fPIC", "-fno-sanitize=undefined", *CONTRACT[mode]]
    flags.append("-mcpu=native" if mode == "relaxed" else "-mcpu=baseline")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        objects = compiled(flags, Path(scratch))
        made = Path(scratch, "library.so")
        zig("cc", "-shared", "-o", made, *objects, cwd=Path(scratch))
        replace(made, target)
    return target


def replace(made: Path, target: Path) -> None:
    """Put a finished file in its place in one move: another process may be loading the old one."""
    waiting = target.with_name(f"{target.name}.{os.getpid()}")
    waiting.write_bytes(made.read_bytes())
    waiting.replace(target)


def shipped(mode: str) -> Path:
    """Where the WebAssembly build lies in the package."""
    return SHIPPED / f"{mode}.so"


def cached(mode: str) -> Path:
    """Where this machine's build lies: in the user's cache, under a name that changes with sources and CPU."""
    digest = hashlib.sha256(f"{mode} {COMMON} {CONTRACT} {platform.machine()} {cpu_features()}".encode())
    for path in sorted(KERNELS.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    root = Path(os.environ.get("PYENGINE_CACHE") or Path.home() / ".cache" / "pyengine")
    return root / f"{mode}-{digest.hexdigest()[:16]}.so"


def cpu_features() -> str:
    """What tells one CPU from another, where the system says: a cache may be shared between machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def main() -> None:
    for mode in MODES:
        target = (
            build_host(mode, cached(mode)) if sys.argv[1:] == ["host"] else build_wasm(mode, shipped(mode))
        )
        print(f"{target} ({target.stat().st_size / 1000:.1f} kB)")


if __name__ == "__main__":
    main()
