"""Run a function of ops as a step: traced, checked, simplified, planned, on the NumPy executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pyengine.executors import NumpyExecutor
from pyengine.graph import Graph, Spec, check
from pyengine.plan import plan
from pyengine.transforms import differentiate, gradient_name, simplify, trace


def traced(function: Callable[..., Any], **arrays: Any) -> Graph:
    """The graph of a function that returns a dict of outputs."""
    specs = {name: Spec(np.shape(array), np.asarray(array).dtype.name) for name, array in arrays.items()}
    return check(trace(function, specs))


def execute(graph: Graph, **arrays: Any) -> dict[str, np.ndarray]:
    """The outputs of a graph; its writes are done."""
    executor = NumpyExecutor()
    memory = executor.allocate(plan(check(simplify(graph))))
    for name, array in arrays.items():
        executor.write(memory, name, np.asarray(array))
    executor.run(memory)
    return {name: executor.read(memory, name) for name in graph.outputs}


def gradients(
    function: Callable[..., Any], wrt: Iterable[str], **arrays: Any
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The scalar that a function returns, and its gradients with respect to named arguments."""
    graph = traced(lambda **values: {"value": function(**values)}, **arrays)
    outputs = execute(check(differentiate(graph, "value", wrt)), **arrays)
    return outputs["value"], {name: outputs[gradient_name(name)] for name in wrt}


def finite_differences(
    function: Callable[[np.ndarray], Any], x: np.ndarray, step: float = 1e-6
) -> np.ndarray:
    """The gradient of a scalar function of a float64 array, by central differences."""
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        low, high = x.copy(), x.copy()
        low[place] -= step
        high[place] += step
        result[place] = (float(function(high)) - float(function(low))) / (2 * step)
    return result
