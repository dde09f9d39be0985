"""The library that measures a place's limits: `peak.c`, built as the kernels are."""

from __future__ import annotations

from pathlib import Path

from pyengine.executors.simd import build
from web.tools.paths import CACHE

SOURCE = Path(__file__).with_name("peak.c")
EXPORTS = ("peak_operations", "peak_run")


def host(mode: str) -> Path:
    """For this machine."""
    return build.build_host(mode, CACHE / "bench" / f"peak-{mode}.so", [SOURCE])


def wasm(mode: str) -> Path:
    """For a page."""
    return build.build_wasm(mode, CACHE / "bench" / f"peak-{mode}.wasm", [SOURCE], EXPORTS)
