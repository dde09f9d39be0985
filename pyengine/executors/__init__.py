"""Who runs a Program. NumPy's executor is the reference; whatever comes must agree with it."""

from pyengine.executors.base import Executor, Memory
from pyengine.executors.dry import DryExecutor
from pyengine.executors.numpy import NumpyExecutor

EXECUTORS: dict[str, type[Executor]] = {"numpy": NumpyExecutor, "dry": DryExecutor}

__all__ = ["EXECUTORS", "DryExecutor", "Executor", "Memory", "NumpyExecutor"]
