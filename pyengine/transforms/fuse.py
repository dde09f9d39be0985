"""Fusion: plain ops become fused ones, for fewer calls and fewer passes over memory."""

from __future__ import annotations

from pyengine.graph import Graph
from pyengine.transforms.chains import form_chains
from pyengine.transforms.patterns import replace_patterns
from pyengine.transforms.rebuild import in_bodies
from pyengine.transforms.recompute import rematerialize
from pyengine.transforms.simplify import without_dead
from pyengine.transforms.target import REFERENCE, Target
from pyengine.transforms.unfuse import unfuse


def fuse(graph: Graph, target: Target = REFERENCE) -> Graph:
    """A graph with the same inputs, outputs and writes, whose values are the same but for the rounding of sums.

    Comes after `differentiate`, for the gradients of plain ops are what it finds most in, and `simplify`.

    Arguments:
        target: the executor that will run it; what it cannot run in one pass stays apart, or is taken apart.
            Default: any op goes.

    >>> from pyengine import ops
    >>> from pyengine.graph import Spec
    >>> from pyengine.transforms import trace
    >>> graph = trace(lambda x: {"y": ops.exp(x) * x + 1.0}, {"x": Spec((2, 3))})
    >>> [node.op.name for node in fuse(graph).nodes]
    ['chain']
    """
    graph = unfuse(replace_patterns(in_bodies(graph, lambda body: fuse(body, target))), target)
    return form_chains(without_dead(rematerialize(graph, target)), target)
