"""Reverse-mode differentiation: a graph with a scalar output becomes one that also gives its gradients."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pyengine import ops
from pyengine.errors import ArgumentError, GraphError
from pyengine.graph import Graph, Value, Variable
from pyengine.transforms.rebuild import rebuild


def gradient_name(of: Variable | str) -> str:
    """The name of the output that holds a gradient."""
    return f"gradient/{of if isinstance(of, str) else of.name}"


def differentiate(graph: Graph, output: str, wrt: Iterable[Variable | str]) -> Graph:
    """The graph with an output `gradient/<name>` more for each variable or input name in `wrt`.

    A gradient has the shape and dtype of what it belongs to. What the output does not depend on gets no gradient
    output at all, so that the caller can tell "none" from "zero".

    Args:
        output: the name of a scalar floating-point output.
        wrt: variables (as they are at the beginning of the step) and names of graph inputs.

    Errors: ArgumentError if the output is not a scalar.

    >>> from pyengine.graph import Spec
    >>> from pyengine.transforms import simplify, trace
    >>> graph = trace(lambda x: {"y": ops.sum(ops.square(x))}, {"x": Spec((3,))})
    >>> sorted(differentiate(graph, "y", ["x"]).outputs)
    ['gradient/x', 'y']
    """
    if graph.outputs[output].shape != ():
        raise ArgumentError(
            f"Only a scalar can be differentiated, but output {output!r} is {graph.outputs[output].spec}. "
            "Reduce it with ops.sum or ops.mean."
        )
    new, _ = rebuild(graph)
    sources = {}
    for source in wrt:
        value = new.inputs.get(source) if isinstance(source, str) else new.reads.get(source)
        if value is None and isinstance(source, str):
            raise ArgumentError(
                f"The graph has no input {source!r}; it has {', '.join(new.inputs) or 'none'}."
            )
        if value is not None:
            sources[gradient_name(source)] = value
    depends = set(sources.values())
    for node in new.nodes:
        if not depends.isdisjoint(node.inputs):
            depends.add(node.output)
    root = new.outputs[output]
    gradients: dict[Value, Value] = {}
    with new:
        if root in depends:
            gradients[root] = new.constant(np.ones((), root.dtype))
        for node in reversed(list(new.nodes)):
            arrived = gradients.get(node.output)
            if arrived is None or node.output not in depends:
                continue
            for value, part in zip(
                node.inputs, node.op.gradient(arrived, node.output, *node.inputs), strict=True
            ):
                if part is None or value not in depends:
                    continue
                if part.spec != value.spec:
                    raise GraphError(
                        f"{node.op.name} gives a gradient {part.spec} for an input {value.spec}."
                    )
                gradients[value] = ops.add(gradients[value], part) if value in gradients else part
    for name, value in sources.items():
        if value in gradients:
            new.outputs[name] = gradients[value]
    return new
