"""Reverse-mode differentiation: a graph with a scalar output becomes one that also gives its gradients."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pyengine.errors import ArgumentError, describe
from pyengine.graph import Graph, Node, Value, Variable
from pyengine.ops.backward import dependent, pull_back
from pyengine.transforms.checking import with_check
from pyengine.transforms.rebuild import Made, keep, rebuild


def gradient_name(of: Variable | str) -> str:
    """The name of the output that holds a gradient."""
    return f"gradient/{of if isinstance(of, str) else of.name}"


def gradient_names(of: Iterable[Variable | str]) -> list[str]:
    """The names of several gradients: of variables that are named alike, the later ones get a number.

    >>> gradient_names(["x", Variable(0.0, name="kernel"), Variable(0.0, name="kernel")])
    ['gradient/x', 'gradient/kernel', 'gradient/kernel#1']
    """
    names: dict[str, None] = {}
    for source in of:
        name, number = gradient_name(source), 1
        while name in names:
            name, number = f"{gradient_name(source)}#{number}", number + 1
        names[name] = None
    return list(names)


@with_check
def differentiate(graph: Graph, output: str, wrt: Iterable[Variable | str]) -> Graph:
    """The graph with an output `gradient/<name>` more for each variable or input name in `wrt`.

    A gradient has the shape and dtype of what it belongs to. What the output does not depend on gets no gradient
    output at all, so that the caller can tell "none" from "zero".

    Arguments:
        output: the name of a scalar floating-point output.
        wrt: variables (as they are at the beginning of the step) and names of graph inputs, each once.

    Errors: ArgumentError if the output is not a scalar.

    >>> from pyengine import ops
    >>> from pyengine.graph import Spec
    >>> from pyengine.transforms import simplify, trace
    >>> graph = trace(lambda x: {"y": ops.sum(ops.square(x))}, {"x": Spec((3,))})
    >>> sorted(differentiate(graph, "y", ["x"]).outputs)
    ['gradient/x', 'y']
    """
    if graph.outputs[output].shape != ():
        raise ArgumentError(
            where="differentiate",
            argument="output",
            expected="the name of a scalar",
            got=f"{output!r}, which is {graph.outputs[output].spec}",
            fix="Reduce it with `ops.sum(x)` or `ops.mean(x)`.",
        )
    wrt = list(wrt)
    new = copy_with_saved_values(graph, wrt)
    sources = {}
    for name, source in zip(gradient_names(wrt), wrt, strict=True):
        value = new.inputs.get(source) if isinstance(source, str) else new.reads.get(source)
        if value is None and isinstance(source, str):
            raise ArgumentError(
                where="differentiate",
                argument="wrt",
                expected=f"inputs of the graph ({', '.join(new.inputs) or 'none'}) or variables",
                got=describe(source),
                fix="Correct the name.",
            )
        if value is not None:
            sources[name] = value
    root = new.outputs[output]
    with new:
        one = new.constant(np.ones((), root.dtype))
        gradients = pull_back(list(new.nodes), {root: one}, sources.values())
    for name, value in sources.items():
        if value in gradients:
            new.outputs[name] = gradients[value]
    return new


def copy_with_saved_values(graph: Graph, wrt: Iterable[Variable | str]) -> Graph:
    """A copy in which ops also give what their gradients need of the forward pass."""
    found = [graph.inputs.get(s) if isinstance(s, str) else graph.reads.get(s) for s in wrt]
    depends = dependent(graph.nodes, [value for value in found if value is not None])

    def rule(node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        kept = None if depends.isdisjoint(node.outputs) else node.op.differentiable()
        if kept is None:
            return keep(node, inputs, new)
        op, places = kept
        outputs = new.add(op, inputs)
        return tuple(outputs[place] for place in places)

    return rebuild(graph, rule)[0]
