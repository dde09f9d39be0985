"""Rewrite rules: patterns of plain nodes with a cheaper equivalent; fused ops are found in `derived.py`.

To add one: a function here that looks at a node and returns a `Match` or None, its line in `PATTERNS` under the op
that it starts from, and a test of both graphs in `tests/transforms/test_patterns.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyengine.graph import Graph, Node, Value
from pyengine.ops.arithmetic import (
    Add,
    Divide,
    Multiply,
    Negative,
    Subtract,
    add,
    multiply,
    negative,
    subtract,
)
from pyengine.ops.base import Op
from pyengine.ops.broadcast import Sum
from pyengine.ops.broadcast import sum as sum_of
from pyengine.ops.cast import Cast, cast
from pyengine.ops.comparison import Greater, greater
from pyengine.ops.conv import Conv2D
from pyengine.ops.pieces import Concatenate, Pad
from pyengine.ops.pool import MaxPool2DGradient
from pyengine.ops.structure import Reshape, reshape
from pyengine.transforms.checking import with_check
from pyengine.transforms.derived import ANCHORS, match_expansion
from pyengine.transforms.matching import Match, Uses, other
from pyengine.transforms.rebuild import rebuild


def per_channel(value: Value, channels: int) -> bool:
    """Whether there is one number for each place of the last axis, whatever the axes before it."""
    return value.spec.size == channels and value.shape[-1:] == (channels,)


# --- Into a kernel


def fold_channel_factors(node: Node, uses: Uses) -> Match | None:
    """Factors of each channel behind a convolution (normalization by fixed statistics) go into its kernel.

    What is subtracted or added between them becomes one number for each channel that is added last.
    """
    channels = node.output.shape[-1]
    steps: list[tuple[type[Op], Value]] = []
    taken: list[Node] = []  # on the way
    found: list[Node] = []  # of which this much belongs to the pattern
    value = node.output
    while user := uses.only(value, Reshape, Add, Subtract, Multiply):
        step = type(user.op)
        if step is Reshape:
            if user.output.shape[-1:] != (channels,):
                break
        else:
            operand = other(user, value)
            if operand is None or (step is Subtract and operand is user.inputs[0]):
                break
            if not per_channel(operand, channels) or user.output.shape != value.shape:
                break
            if step is Multiply and node.inputs[1].spec.size > node.output.spec.size:
                break
            steps.append((step, operand))
            found = [*taken, user]
        taken.append(user)
        value = user.output
    kinds = [kind for kind, _ in steps]
    if kinds in ([], [Add]):  # nothing to fold
        return None
    last = found[-1].output

    def build(x: Value, kernel: Value, *operands: Value) -> tuple[Value]:
        scale: Value | None = None
        offset: Value | None = None
        for kind, factor in zip(kinds, operands, strict=True):
            factor = reshape(factor, (channels,))
            if kind is Multiply:
                scale = factor if scale is None else multiply(scale, factor)
                offset = None if offset is None else multiply(offset, factor)
            elif offset is None:
                offset = factor if kind is Add else negative(factor)
            else:
                offset = add(offset, factor) if kind is Add else subtract(offset, factor)
        if scale is not None:
            kernel = multiply(kernel, scale)
        if offset is None:
            offset = x.graph.constant(np.zeros(channels, x.dtype))
        return (reshape(add(x.graph.add(node.op, (x, kernel)), offset), last.shape),)

    return Match((node, *found), (*node.inputs, *(value for _, value in steps)), build, (last,))


# --- Parts put together


def padded_sum_to_concatenate(node: Node, uses: Uses) -> Match | None:
    """A sum of arrays padded with zeros to lie side by side, as the gradient of `split` is: `concatenate`."""
    if uses.only(node.output, Add):
        return None  # the last sum starts the pattern
    parts: list[Node] = []
    sums: list[Node] = []
    waiting = [node]
    while waiting:
        addition = waiting.pop()
        sums.append(addition)
        for value in addition.inputs:
            maker = value.node
            if maker is None or value.shape != node.output.shape or len(uses.of(value)) != 1:
                return None
            if isinstance(maker.op, Add):
                waiting.append(maker)
            elif isinstance(maker.op, Pad) and set(maker.op.settings["steps"]) == {1}:
                parts.append(maker)
            else:
                return None
    shape = node.output.shape
    axes = {axis for part in parts for axis, n in enumerate(part.inputs[0].shape) if n != shape[axis]}
    if len(axes) != 1:
        return None
    (axis,) = axes
    parts.sort(key=lambda part: part.op.settings["begin"][axis])
    end = 0
    for part in parts:
        if part.op.settings["begin"][axis] != end:
            return None
        end += part.inputs[0].shape[axis]
    if end != shape[axis]:
        return None

    def build(*values: Value) -> tuple[Value]:
        return (values[0].graph.add(Concatenate(axis=axis), values),)

    return Match((*parts, *sums), tuple(part.inputs[0] for part in parts), build, (node.output,))


# --- What goes through a pool or a sum


def relu_mask_before_pool(node: Node, uses: Uses) -> Match | None:
    """Of a gradient through a pool of the largest: the mask of relu is put before it, on fewer numbers.

    In place of each window's largest stands what arrives for the window, elsewhere 0; and it is above 0 where the
    pooled number is. So gradient(g) · (x > 0) = gradient(g · (pooled > 0)).
    """
    arriving, x, pooled = node.inputs
    masked = uses.only(node.output, Multiply)
    mask = None if masked is None else other(masked, node.output)
    number = None if mask is None else mask.node
    if masked is None or mask is None or number is None or not isinstance(number.op, Cast):
        return None
    above = number.inputs[0].node
    if (
        above is None
        or not isinstance(above.op, Greater)
        or above.inputs[0] is not x
        or uses.number(above.inputs[1]) != 0
    ):
        return None
    if uses.only(mask, Multiply) is not masked or uses.only(above.output, Cast) is not number:
        return None

    def build(arriving: Value, x: Value, pooled: Value, zero: Value) -> tuple[Value]:
        passes = cast(greater(pooled, zero), dtype=arriving.dtype)
        return (arriving.graph.add(node.op, (multiply(arriving, passes), x, pooled)),)

    nodes = (node, masked, number, above)
    return Match(nodes, (arriving, x, pooled, above.inputs[1]), build, (masked.output,))


def simplify_sum(node: Node, uses: Uses) -> Match | None:
    """Sums of what a simpler sum gives: of sums, negatives, multiples, of a gradient that a pool spread out."""
    (x,) = node.inputs
    before = x.node
    if before is None or node.op.settings["keepdims"]:
        return None
    axes = node.op.settings["axes"]
    if isinstance(before.op, MaxPool2DGradient) and {1, 2} <= set(axes):
        # Each number that arrives for a window is in just one place of it.
        return Match((node,), (before.inputs[0],), lambda g: (sum_of(g, axis=axes),), (node.output,))
    if isinstance(before.op, Negative) and uses.only(x, Sum):
        return Match(
            (node, before), before.inputs, lambda y: (negative(sum_of(y, axis=axes)),), (node.output,)
        )
    if isinstance(before.op, (Multiply, Divide)) and uses.only(x, Sum):
        y, factor = before.inputs
        if uses.number(factor) is not None and y.shape == x.shape:

            def build(y: Value, factor: Value) -> tuple[Value]:
                total = sum_of(y, axis=axes)
                return (total.graph.add(before.op, (total, reshape(factor, ()))),)

            return Match((node, before), before.inputs, build, (node.output,))
    if isinstance(before.op, Sum) and uses.only(x, Sum) and not before.op.settings["keepdims"]:
        inner = before.op.settings["axes"]
        left = [axis for axis in range(before.inputs[0].ndim) if axis not in inner]
        both = sorted({*inner, *(left[axis] for axis in axes)})
        return Match((node, before), before.inputs, lambda y: (sum_of(y, axis=both),), (node.output,))
    return None


Pattern = Callable[[Node, Uses], Match | None]

# By the op that a pattern starts from; in rounds, for what one leaves another may find.
PATTERNS: tuple[dict[type[Op], Pattern], ...] = (
    {Conv2D: fold_channel_factors, MaxPool2DGradient: relu_mask_before_pool},
    dict.fromkeys(ANCHORS, match_expansion),
    {Sum: simplify_sum, Add: padded_sum_to_concatenate},
    {Sum: simplify_sum},
)


@with_check
def replace_patterns(graph: Graph) -> Graph:
    """The graph in which every match of `PATTERNS` is replaced."""
    starts = set().union(*PATTERNS)
    if not any(type(node.op) in starts for node in graph.nodes):
        return graph
    graph, _ = rebuild(graph)
    uses = Uses(graph)
    for patterns in PATTERNS:
        if not uses.ops.isdisjoint(patterns) and replace(graph, patterns, uses):
            uses = Uses(graph)
    return graph


def replace(graph: Graph, patterns: dict[type[Op], Pattern], uses: Uses) -> bool:
    """One round, in the graph itself; whether it found anything. Of matches that share a node the first counts."""
    given: dict[Value, Match] = {}
    dropped: set[Node] = set()
    for node in graph.nodes:
        pattern = patterns.get(type(node.op))
        match = pattern and pattern(node, uses)
        if match and dropped.isdisjoint(match.nodes):
            dropped.update(match.nodes)
            given.update(dict.fromkeys(match.outputs, match))
    if not given:
        return False
    nodes, graph.nodes = graph.nodes, []
    instead: dict[Value, Value] = {}
    written: set[Node] = set()
    with graph:
        for node in nodes:
            if node in dropped:
                for value in node.outputs:
                    if value in given:
                        write(value, graph, given, instead, written)
            elif node not in written:
                written.add(node)
                graph.nodes.append(node)
    for value in instead:
        for node in uses.users.get(value, ()):
            node.inputs = tuple([instead.get(old, old) for old in node.inputs])
    graph.writes = {variable: instead.get(value, value) for variable, value in graph.writes.items()}
    graph.outputs = {name: instead.get(value, value) for name, value in graph.outputs.items()}
    return True


def write(
    value: Value, graph: Graph, given: dict[Value, Match], instead: dict[Value, Value], written: set[Node]
) -> Value:
    """The value that replaces a value; the nodes that compute it are added unless they exist already."""
    if value in instead:
        return instead[value]
    if match := given.get(value):
        inputs = [write(source, graph, given, instead, written) for source in match.inputs]
        instead.update(zip(match.outputs, match.build(*inputs), strict=True))
        return instead[value]
    node = value.node
    if node is not None and node not in written:
        written.add(node)
        node.inputs = tuple(write(source, graph, given, instead, written) for source in node.inputs)
        graph.nodes.append(node)
    return value
