"""Executors run Programs. NumPy's is the reference; the others must agree with it."""

import sys

from pyengine.executors.base import Batches, Executor, Memory
from pyengine.executors.choice import default, set_executor
from pyengine.executors.dry import DryExecutor
from pyengine.executors.numpy import NumpyExecutor
from pyengine.executors.simd import SimdExecutor
from pyengine.executors.simd.eager import accelerate
from pyengine.executors.table import EXECUTORS
from pyengine.ops import base

# Elsewhere NumPy multiplies matrices with a library of its own, on all cores.
if sys.platform == "emscripten":
    base.accelerate = accelerate

__all__ = [
    "EXECUTORS",
    "Batches",
    "DryExecutor",
    "Executor",
    "Memory",
    "NumpyExecutor",
    "SimdExecutor",
    "default",
    "set_executor",
]
