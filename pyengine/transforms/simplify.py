"""The same step in fewer nodes: folds constants, merges equal nodes, drops identities and what nobody uses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyengine.graph import Graph, Node, Value
from pyengine.ops.base import Op, make
from pyengine.ops.elementwise import Elementwise
from pyengine.shapes import broadcast
from pyengine.transforms.rebuild import Made, keep, rebuild

FOLDED = 65536  # bytes: larger results of constants alone are computed in the step, not stored


def foldable(op: Op, output: Value) -> bool:
    """Whether the result is worth storing: stretching a number into many is not."""
    return output.spec.nbytes <= FOLDED and op.name != "broadcast_to"


def unstretched(op: Op, inputs: tuple[Value, ...], output: Value) -> tuple[Value, ...]:
    """Elementwise ops broadcast by themselves, so an explicit broadcast before them can go."""
    if not isinstance(op, Elementwise):
        return inputs
    short = list(inputs)
    for place, value in enumerate(inputs):
        if value.node is not None and value.node.op.name == "broadcast_to":
            short[place] = value.node.inputs[0]
            if broadcast(*(one.shape for one in short)) != output.shape:
                short[place] = value
    return tuple(short)


def stretched_late(op: Op, inputs: tuple[Value, ...], output: Value) -> tuple[Value, ...] | None:
    """The inputs before they were stretched, if the op may as well stretch its result, for it is smaller."""
    if not isinstance(op, Elementwise):
        return None
    short = tuple(
        value.node.inputs[0] if value.node is not None and value.node.op.name == "broadcast_to" else value
        for value in inputs
    )
    return short if broadcast(*(value.shape for value in short)) != output.shape else None


def simplify(graph: Graph) -> Graph:
    """A graph with the same inputs, outputs and writes whose values are the same to the last bit."""
    known: dict[tuple, Made] = {}

    def write(op: Op, inputs: tuple[Value, ...], node: Node, new: Graph) -> Made:
        """The value of an op, by the shortest way. `node`: the old one, with an output of the same dtype."""
        output = node.output
        if (
            not op.several
            and inputs
            and all(value in new.constants for value in inputs)
            and foldable(op, output)
        ):
            with np.errstate(all="ignore"):
                array = np.asarray(op.evaluate(*(new.constants[value] for value in inputs)), output.dtype)
            return new.constant(np.asarray(array, order="C"))
        same = IDENTITIES.get(op.name, lambda *_: None)(op, inputs, new)
        if same is not None and same.spec == output.spec:
            return same
        key = (op.key, *inputs)
        if key not in known:
            same_specs = op is node.op and all(
                value.spec == old.spec for value, old in zip(inputs, node.inputs, strict=True)
            )
            known[key] = new.again(node, inputs) if same_specs else new.add(op, inputs)
        return known[key]

    def rule(node: Node, inputs: tuple[Value, ...], new: Graph) -> Made:
        op: Op = node.op if node.op.body is None else node.op.with_body(simplify(node.op.body))
        op, inputs = MERGES.get(op.name, lambda *arguments: arguments)(
            op, unstretched(op, inputs, node.output)
        )
        small = stretched_late(op, inputs, node.output)
        if small is not None:
            made = write(op, small, node, new)
            assert isinstance(made, Value)
            op, inputs = make("broadcast_to", target=node.output.shape), (made,)
        return write(op, inputs, node, new)

    new, _ = rebuild(graph, rule)
    return without_dead(narrowed(new))


def narrowed(graph: Graph) -> Graph:
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
            return node.outputs  # nobody asks for what they are now
        if node not in narrow:
            return keep(node, inputs, new)
        op, taken, outputs = narrow[node]
        made = dict(zip(outputs, new.add(op, tuple(inputs[place] for place in taken)), strict=True))
        return tuple(made.get(place, old) for place, old in enumerate(node.outputs))

    return rebuild(graph, rule)[0] if narrow else graph


def without_dead(graph: Graph) -> Graph:
    """Only the nodes, constants and reads on which an output or a write depends. Inputs stay."""
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


def _is(value: Value, number: float, graph: Graph) -> bool:
    array = graph.constants.get(value)
    return array is not None and array.size == 1 and array.item() == number


def _one_of(number: float, sides: tuple[int, ...]) -> Callable[[Op, tuple[Value, ...], Graph], Value | None]:
    """An identity: with `number` on one of the sides, the other input is the result."""

    def identity(op: Op, inputs: tuple[Value, ...], graph: Graph) -> Value | None:
        for side in sides:
            if _is(inputs[side], number, graph):
                return inputs[1 - side]
        return None

    return identity


def _itself(op: Op, inputs: tuple[Value, ...], graph: Graph) -> Value:
    return inputs[0]


def _undone(op: Op, inputs: tuple[Value, ...], graph: Graph) -> Value | None:
    """An op that is its own inverse, applied twice."""
    before = inputs[0].node
    return (
        before.inputs[0]
        if before and before.op.name == op.name and before.op.settings == op.settings
        else None
    )


# x + 0 is left alone: it turns -0.0 into 0.0, and bits are promised.
IDENTITIES: dict[str, Callable[[Op, tuple[Value, ...], Graph], Value | None]] = {
    "multiply": _one_of(1.0, (0, 1)),
    "divide": _one_of(1.0, (1,)),
    "subtract": _one_of(0.0, (1,)),
    "negative": _undone,
    "reverse": _undone,
    "reshape": _itself,
    "broadcast_to": _itself,
    "cast": _itself,
    "transpose": lambda op, inputs, graph: (
        inputs[0] if op.settings["axes"] == tuple(range(len(inputs[0].shape))) else None
    ),
}


def _last_reshape(op: Op, inputs: tuple[Value, ...]) -> tuple[Op, tuple[Value, ...]]:
    """Of two reshapes only the last matters; a number is stretched to the last shape at once."""
    before = inputs[0].node
    if before and before.op.name == "reshape":
        return op, before.inputs
    target = op.settings["target"]
    if before and before.op.name == "broadcast_to":
        number = before.inputs[0]
        if number.spec.size == 1 and number.ndim <= len(target):
            return make("broadcast_to", target=target), (number,)
    return op, inputs


def _joined_transpose(op: Op, inputs: tuple[Value, ...]) -> tuple[Op, tuple[Value, ...]]:
    """Two transposes are one."""
    before = inputs[0].node
    if not before or before.op.name != "transpose":
        return op, inputs
    axes = tuple(before.op.settings["axes"][axis] for axis in op.settings["axes"])
    return make("transpose", axes=axes), before.inputs


def _last_stretching(op: Op, inputs: tuple[Value, ...]) -> tuple[Op, tuple[Value, ...]]:
    """Of two stretchings only the last matters."""
    before = inputs[0].node
    return (op, before.inputs) if before and before.op.name == "broadcast_to" else (op, inputs)


MERGES: dict[str, Callable[[Op, tuple[Value, ...]], tuple[Op, tuple[Value, ...]]]] = {
    "broadcast_to": _last_stretching,
    "reshape": _last_reshape,
    "transpose": _joined_transpose,
}
