"""Runs Programs in C: `executor.py` calls, `library.py` loads, `build.py` builds; kernels in C, encoders in Python."""

from pyengine.executors.simd.executor import SimdExecutor
from pyengine.executors.simd.library import LibraryError

__all__ = ["LibraryError", "SimdExecutor"]
