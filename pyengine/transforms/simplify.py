"""Constant folding, common-subexpression elimination, removal of identities and dead-code elimination."""

from __future__ import annotations

import math

import numpy as np

from pyengine.graph import Graph, Node, Value
from pyengine.ops.base import Op
from pyengine.ops.broadcast import BroadcastTo
from pyengine.ops.cast import Cast
from pyengine.ops.elementwise import Elementwise
from pyengine.ops.structure import Reshape, Transpose
from pyengine.shapes import broadcast
from pyengine.transforms.checking import with_check
from pyengine.transforms.rebuild import Made, keep, rebuild

FOLDED = 65536  # bytes: larger results of constants alone are computed in the step, not stored


def foldable(op: Op, output: Value) -> bool:
    """Whether the result is worth storing: stretching a number into many is not."""
    return output.spec.nbytes <= FOLDED and not isinstance(op, BroadcastTo)


def is_broadcast(value: Value) -> bool:
    """Whether it is made by a broadcast."""
    return value.node is not None and isinstance(value.node.op, BroadcastTo)


def without_broadcasts(op: Op, inputs: tuple[Value, ...], output: Value) -> tuple[Value, ...]:
    """Elementwise ops broadcast by themselves, so an explicit broadcast before them can go."""
    short = list(inputs)
    for place, value in enumerate(inputs):
        if value.node is not None and isinstance(value.node.op, BroadcastTo):
            short[place] = value.node.inputs[0]
            if broadcast(*(value.shape for value in short)) != output.shape:
                short[place] = value
    return tuple(short)


def stretched_late(op: Op, inputs: tuple[Value, ...], output: Value) -> tuple[Value, ...] | None:
    """The inputs before they were stretched, if the op may as well stretch its result, for it is smaller."""
    short = tuple(
        value.node.inputs[0] if value.node is not None and isinstance(value.node.op, BroadcastTo) else value
        for value in inputs
    )
    return short if broadcast(*(value.shape for value in short)) != output.shape else None


@with_check
def simplify(graph: Graph) -> Graph:
    """A graph with the same inputs, outputs and writes whose values are the same to the last bit."""
    existing: dict[tuple, Made] = {}

    def write(op: Op, inputs: tuple[Value, ...], node: Node, new: Graph) -> Made:
        """The value of an op, by the shortest way. `node`: the old one, with an output of the same dtype."""
        output = node.output
        if (
            not op.several
            and inputs
            and inputs[0] in new.constants
            and all(value in new.constants for value in inputs)
            and foldable(op, output)
        ):
            with np.errstate(all="ignore"):
                array = np.asarray(op.evaluate(*(new.constants[value] for value in inputs)), output.dtype)
            return new.constant(np.asarray(array, order="C"))
        same = identity(op, inputs, new)
        if same is not None and same.spec == output.spec:
            return same
        key = (op.key, *inputs)
        if key not in existing:
            same_specs = op is node.op and all(
                value.spec is old.spec or value.spec == old.spec
                for value, old in zip(inputs, node.inputs, strict=True)
            )
            existing[key] = new.copy_node(node, inputs) if same_specs else new.add(op, inputs)
        return existing[key]

    def rule(node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        op: Op = node.op if node.op.body is None else node.op.with_body(simplify(node.op.body))
        if not isinstance(op, Elementwise):
            return write(*merge_with_producer(op, inputs), node, new)
        if any(is_broadcast(value) for value in inputs):
            inputs = without_broadcasts(op, inputs, node.output)
            small = stretched_late(op, inputs, node.output)
            if small is not None:
                computed = write(op, small, node, new)
                assert isinstance(computed, Value)
                op, inputs = BroadcastTo(target=node.output.shape), (computed,)
        return write(op, inputs, node, new)

    new, _ = rebuild(graph, rule)
    return without_dead(drop_unused_loop_outputs(new))


def drop_unused_loop_outputs(graph: Graph) -> Graph:
    """The graph whose loops make only what is used."""
    if all(node.op.body is None for node in graph.nodes):
        return graph
    used: set[Value] = {*graph.outputs.values(), *graph.writes.values()}
    narrow: dict[Node, tuple[Op, tuple[int, ...], tuple[int, ...]]] = {}
    live: set[Node] = set()
    for node in reversed(graph.nodes):
        if used.isdisjoint(node.outputs):
            continue
        live.add(node)
        found = node.op.narrowed(tuple(value in used for value in node.outputs))
        if found:
            narrow[node] = found
        used.update(node.inputs[place] for place in (found[1] if found else range(len(node.inputs))))

    def rule(node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        if node not in live:
            return node.outputs  # never read, so the old values may stand for them
        if node not in narrow:
            return keep(node, inputs, new)
        op, places, outputs = narrow[node]
        outputs_by_place = dict(
            zip(outputs, new.add(op, tuple(inputs[place] for place in places)), strict=True)
        )
        return tuple(outputs_by_place.get(place, old) for place, old in enumerate(node.outputs))

    return rebuild(graph, rule)[0] if narrow else graph


def without_dead(graph: Graph) -> Graph:
    """Dead-code elimination: only the nodes, constants and reads on which an output or a write depends. Inputs stay."""
    used: set[Value] = {*graph.outputs.values(), *graph.writes.values()}
    nodes = []
    for node in reversed(graph.nodes):
        if not used.isdisjoint(node.outputs):
            nodes.append(node)
            used.update(node.inputs)
    graph.nodes = nodes[::-1]
    graph.constants = {value: array for value, array in graph.constants.items() if value in used}
    graph.reads = {variable: value for variable, value in graph.reads.items() if value in used}
    return graph


def identity(op: Op, inputs: tuple[Value, ...], graph: Graph) -> Value | None:
    """The input that the op only hands on, or what it was before the op's inverse; its spec may still differ."""
    for side, number in op.neutral:
        array = graph.constants.get(inputs[side])
        if array is None or array.size != 1 or array.item() != number:
            continue
        if math.copysign(1.0, array.item()) > 0:  # x - -0.0 turns -0.0 into 0.0
            return inputs[1 - side]
    if op.own_inverse:
        before = inputs[0].node
        return before.inputs[0] if before and before.op.key == op.key else None
    if isinstance(op, Transpose):
        return inputs[0] if op.axes == tuple(range(inputs[0].ndim)) else None
    return inputs[0] if isinstance(op, (Reshape, BroadcastTo, Cast)) else None


def merge_with_producer(op: Op, inputs: tuple[Value, ...]) -> tuple[Op, tuple[Value, ...]]:
    """The op and its inputs, with the op that made its input taken in where one op does both."""
    before = inputs[0].node if inputs else None
    if before is None:
        return op, inputs
    if isinstance(op, Reshape):
        if isinstance(before.op, Reshape):
            return op, before.inputs
        if isinstance(before.op, BroadcastTo):  # a number is stretched to the last shape at once
            number = before.inputs[0]
            if number.spec.size == 1 and number.ndim <= len(op.target):
                return BroadcastTo(target=op.target), (number,)
    if isinstance(op, BroadcastTo) and isinstance(before.op, BroadcastTo):
        return op, before.inputs
    if isinstance(op, Transpose) and isinstance(before.op, Transpose):
        return Transpose(axes=tuple(before.op.axes[axis] for axis in op.axes)), before.inputs
    return op, inputs
