"""The executors that can be chosen, by name."""

from pyengine.executors.base import Executor
from pyengine.executors.numpy import NumpyExecutor
from pyengine.executors.simd import SimdExecutor

EXECUTORS: dict[str, type[Executor]] = {executor.name: executor for executor in (SimdExecutor, NumpyExecutor)}
