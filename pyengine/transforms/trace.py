"""Tracing: from a Python function to a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyengine.graph import Graph, Spec
from pyengine.ops.base import to_value
from pyengine.transforms.checking import with_check


@with_check
def trace(function: Callable[..., Mapping[str, Any]], specs: Mapping[str, Spec]) -> Graph:
    """Record what `function` computes as a graph.

    Arguments:
        function: called once, with one graph value per entry of `specs` as keywords; it uses ops and returns
            a dict of named outputs. Assignments to variables become the graph's writes.
        specs: shape and dtype of each input, by name.

    >>> from pyengine import ops
    >>> print(trace(lambda x: {"y": ops.square(x)}, {"x": Spec((2, 3))}))
    %0:f32[2,3] = input "x"
    %1:f32[2,3] = square %0
    output "y" %1
    """
    graph = Graph()
    with graph:
        outputs = function(**{name: graph.input(name, spec) for name, spec in specs.items()})
        graph.outputs = {name: to_value(value, graph) for name, value in outputs.items()}
    return graph
