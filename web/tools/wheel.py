"""Build dist/pyengine-…-py3-none-any.whl: the one file that CPython and the browser both install.

It holds the C library, built for WebAssembly; CPython builds its own from the sources that lie beside it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from pyengine.executors.simd.build import BuildError, ship
from web.tools.failure import StepFailed, run, step
from web.tools.fetch import write_whole
from web.tools.pack import repack
from web.tools.paths import CACHE, DIST, ROOT, short
from web.tools.stamps import alone, fingerprint, is_fresh, write_stamp

METADATA = ("pyproject.toml", "setup.py", "LICENSE")
# Without a fixed date the wheel's checksum would change with every build; a zip knows none before 1980.
FIXED_DATE = {"SOURCE_DATE_EPOCH": "315532800"}


def wheel() -> Path:
    """The engine's wheel; built only if a source has changed since the last time."""
    stamp = CACHE / "wheel.stamp"
    with alone("wheel"):
        library()
        files = (path for path in (ROOT / "pyengine").rglob("*") if path.is_file())
        sources = [path for path in files if "__pycache__" not in path.parts]
        key = fingerprint([*sources, *(ROOT / name for name in METADATA)], sys.version)
        built = sorted(DIST.glob("pyengine-*-py3-none-any.whl"))
        if len(built) == 1 and is_fresh(stamp, key, built):
            return built[0]
        for old in built:
            old.unlink()
        new = build(DIST)
        write_stamp(stamp, key)
        print(f"Built {short(new)} ({new.stat().st_size / 1000:.0f} kB)", flush=True)
        return new


def library() -> list[Path]:
    """The C library for WebAssembly, strict and relaxed, beside its sources; the compiler is a package of .venv."""
    try:
        return ship()
    except BuildError as failure:
        raise StepFailed(
            "the C library for WebAssembly, built by ziglang",
            happened=str(failure),
            remedy="Mend what the compiler names; if it is missing: `.venv/bin/python -m pip install ziglang`.",
        ) from None


def build(target: Path) -> Path:
    """Build into a folder, from a copy of the sources: setuptools keeps deleted modules where it builds."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "source")
        shutil.copytree(ROOT / "pyengine", copy / "pyengine", ignore=shutil.ignore_patterns("__pycache__"))
        for name in METADATA:
            if (ROOT / name).exists():
                shutil.copy2(ROOT / name, copy / name)
        run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", scratch, copy],
            environment={**os.environ, **FIXED_DATE},
            needed="the engine's wheel, built by setuptools",
            remedy="Mend what the last lines name; the project is described in pyproject.toml.",
        )
        (made,) = Path(scratch).glob("*.whl")
        repack(made)
        write_whole(target / made.name, made.read_bytes())
    return target / made.name


@step
def main() -> None:
    print(short(wheel()))


if __name__ == "__main__":
    main()
