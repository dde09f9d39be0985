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


def gradient_names(of: Iterable[Variable | str]) -> list[str]:
    """The names of several gradients: of variables that are named alike, the later ones get a number.

    >>> gradient_names(["x", Variable(0.0, name="kernel"), Variable(0.0, name="kernel")])
    ['gradient/x', 'gradient/kernel', 'gradient/kernel#1']
    """
    names: list[str] = []
    for source in of:
        name, number = gradient_name(source), 1
        while name in names:
            name, number = f"{gradient_name(source)}#{number}", number + 1
        names.append(name)
    return names


def differentiate(graph: Graph, output: str, wrt: Iterable[Variable | str]) -> Graph:
    """The graph with an output `gradient/<name>` more for each variable or input name in `wrt`.

    A gradient has the shape and dtype of what it belongs to. What the output does not depend on gets no gradient
    output at all, so that the caller can tell "none" from "zero".

    Args:
        output: the name of a scalar floating-point output.
        wrt: variables (as they are at the beginning of the step) and names of graph inputs, each once.

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
    wrt = list(wrt)
    for name, source in zip(gradient_names(wrt), wrt, strict=True):
        value = new.inputs.get(source) if isinstance(source, str) else new.reads.get(source)
        if value is None and isinstance(source, str):
            raise ArgumentError(
                f"The graph has no input {source!r}; it has {', '.join(new.inputs) or 'none'}."
            )
        if value is not None:
            sources[name] = value
    depends = set(sources.values())
    for node in new.nodes:
        if not depends.isdisjoint(node.inputs):
            depends.update(node.outputs)
    root = new.outputs[output]
    gradients: dict[Value, Value] = {}
    with new:
        if root in depends:
            gradients[root] = new.constant(np.ones((), root.dtype))
        for node in reversed(list(new.nodes)):
            arrived = tuple(gradients.get(value) for value in node.outputs)
            if depends.isdisjoint(node.outputs) or all(one is None for one in arrived):
                continue
            parts = (
                node.op.gradient(arrived, node.outputs, *node.inputs)
                if node.op.several
                else node.op.gradient(arrived[0], node.output, *node.inputs)
            )
            for value, part in zip(node.inputs, parts, strict=True):
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
