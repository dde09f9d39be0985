"""Validation of a graph, run after every transform in the tests."""

from __future__ import annotations

from pyengine.errors import GraphError
from pyengine.graph.graph import Graph, Value


def check(graph: Graph) -> Graph:
    """Return the graph if it is valid, else raise a `GraphError` that names the node.

    Legal: every value is made before it is used and belongs to this graph; every node's output has the shape and
    dtype that its op's own rule gives; constants, reads and writes agree with what they stand for.
    """
    defined: set[Value] = set()

    def define(value: Value, where: str) -> None:
        if value.graph is not graph:
            raise GraphError(f"{where}: {value!r} belongs to another graph.")
        defined.add(value)

    def require_defined(value: Value, where: str) -> None:
        if value not in defined:
            raise GraphError(f"{where} uses {value!r} before it is made.")

    for name, value in graph.inputs.items():
        define(value, f"input {name!r}")
    for value, array in graph.constants.items():
        define(value, "constant")
        if (array.shape, array.dtype.name) != (value.shape, value.dtype):
            raise GraphError(
                f"A constant of spec {value.spec} holds an array {array.dtype.name}{array.shape}."
            )
    for variable, value in graph.reads.items():
        define(value, f"read of {variable.name!r}")
        if (variable.shape, variable.dtype) != (value.shape, value.dtype):
            raise GraphError(f"Variable {variable!r} is read as {value.spec}.")
    for position, node in enumerate(graph.nodes):
        where = f"node {position} ({node.op.name})"
        for value in node.inputs:
            require_defined(value, where)
        expected = node.op.shape(*(value.spec for value in node.inputs))
        specs = expected if isinstance(expected, tuple) else (expected,)
        if len(specs) != len(node.outputs):
            raise GraphError(
                f"{where} makes {len(node.outputs)} values, but its shape rule says {len(specs)}."
            )
        for value, spec in zip(node.outputs, specs, strict=True):
            if spec != value.spec:
                raise GraphError(f"{where} makes {value.spec}, but its shape rule says {spec}.")
            if value in defined:
                raise GraphError(f"{where} makes a value that exists already.")
            define(value, where)
    for variable, value in graph.writes.items():
        require_defined(value, f"write of {variable.name!r}")
        if (variable.shape, variable.dtype) != (value.shape, value.dtype):
            raise GraphError(f"Variable {variable!r} is written as {value.spec}.")
    for name, value in graph.outputs.items():
        require_defined(value, f"output {name!r}")
    return graph
