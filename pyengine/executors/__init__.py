"""Who runs a Program. NumPy's executor is the reference; whatever comes must agree with it."""

from pyengine.executors.base import Batches, Executor, Memory
from pyengine.executors.choice import default, set_executor
from pyengine.executors.dry import DryExecutor
from pyengine.executors.numpy import NumpyExecutor
from pyengine.executors.simd import SimdExecutor

EXECUTORS: dict[str, type[Executor]] = {"numpy": NumpyExecutor, "simd": SimdExecutor, "dry": DryExecutor}

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
