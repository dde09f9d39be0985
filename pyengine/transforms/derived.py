"""Pattern matching of fused ops: the pattern of each op is its own expansion."""

from __future__ import annotations

from collections.abc import Iterator

from pyengine.graph import Graph, Node, Value
from pyengine.ops.base import OPS, Op
from pyengine.ops.broadcast import BroadcastTo, Sum
from pyengine.ops.expanded import Expanded
from pyengine.ops.structure import Reshape, reshape
from pyengine.transforms.matching import Match, Uses, depends

Values = dict[Value, Value]  # of the graph, for those of the pattern
Nodes = dict[Node, Node]


def anchors() -> dict[type[Op], list[type[Expanded]]]:
    """By the op that an expansion begins with, the ops that are looked for."""
    found: dict[type[Op], list[type[Expanded]]] = {}
    for op in OPS.values():
        if issubclass(op, Expanded) and op.begins_with is not None:
            found.setdefault(op.begins_with, []).append(op)
    return found


ANCHORS = anchors()


# What uses the output of the first op in an expansion, whatever the settings: learnt from the first candidate.
FOLLOWING: dict[type[Expanded], set[type[Op]]] = {}


def match_expansion(node: Node, uses: Uses) -> Match | None:
    """The first fused op whose expansion is found from this node on."""
    users = {type(user.op) for user in uses.of(node.output)}
    if Reshape in users:
        users = {type(user.op) for user in users_of(node.output, uses)}
    for fused in ANCHORS[type(node.op)]:
        if not users or not FOLLOWING.get(fused, users) <= users:
            continue
        specs = tuple(value.spec for value in node.inputs)
        for op, inputs in fused.candidates(node.op, specs, node.output.spec):
            pattern = op.expansion(*inputs)
            if fused not in FOLLOWING:
                first = pattern.nodes[0].output
                FOLLOWING[fused] = {type(node.op) for node in pattern.nodes if first in node.inputs}
            if not uses.ops.issuperset(type(node.op) for node in pattern.nodes):
                continue
            if found := Matching(pattern, uses).match(op, node):
                return found
    return None


def users_of(value: Value, uses: Uses) -> Iterator[Node]:
    """The nodes that use a value, also in another shape."""
    for node in uses.of(value):
        if isinstance(node.op, Reshape):
            yield from users_of(node.output, uses)
        else:
            yield node


def before_reshape(value: Value) -> Value:
    """The same numbers before they were reshaped."""
    while value.node is not None and isinstance(value.node.op, Reshape):
        value = value.node.inputs[0]
    return value


class Matching:
    """An attempt to find a pattern. Values are the pattern's or the graph's; where nothing else is said, the graph's.

    A graph may reshape between the pattern's nodes, as long as numbers meet the same numbers.
    """

    def __init__(self, pattern: Graph, uses: Uses):
        self.pattern = pattern
        self.uses = uses
        self.results = list(pattern.outputs.values())
        self.given = {*pattern.inputs.values()}

    def match(self, op: Expanded, node: Node) -> Match | None:
        """From the first node of the pattern on."""
        first = self.pattern.nodes[0]
        for values in self.pairings(first, node, {}):
            found = self.search(values, {first: node})
            if found is not None:
                return self.match_of(op, node, *found)
        return None

    def search(self, values: Values, nodes: Nodes) -> tuple[Values, Nodes] | None:
        """All of the pattern, if what is found so far can be completed."""
        if len(nodes) == len(self.pattern.nodes):
            return (values, nodes) if self.alone(nodes) else None
        wanted, candidates = self.next(values, nodes)
        for node in candidates:
            if node in nodes.values() or type(node.op) is not type(wanted.op):
                continue
            for more in self.pairings(wanted, node, values):
                found = self.search(more, {**nodes, wanted: node})
                if found is not None:
                    return found
        return None

    def next(self, values: Values, nodes: Nodes) -> tuple[Node, list[Node]]:
        """A node of the pattern that hangs together with those found, and the nodes that may be it."""
        rest = [node for node in self.pattern.nodes if node not in nodes]
        for node in rest:
            if node.output in values:
                maker = before_reshape(values[node.output]).node
                return node, [maker] if maker is not None else []
        for node in rest:
            for value in node.inputs:
                if value in values and value not in self.given:
                    return node, list(users_of(values[value], self.uses))
        return rest[0], []

    def pairings(self, wanted: Node, node: Node, values: Values) -> Iterator[Values]:
        """The ways in which a node can be the pattern's: with its inputs as they stand, or in the other order."""
        if node.output.dtype != wanted.output.dtype or len(node.inputs) != len(wanted.inputs):
            return
        if not same_settings(wanted.op, node.op):
            return
        orders = [node.inputs, node.inputs[::-1]] if node.op.commutative else [node.inputs]
        for inputs in dict.fromkeys(orders):
            more = dict(values)
            pairs = [
                *zip(wanted.inputs, inputs, strict=True),
                *zip(wanted.outputs, node.outputs, strict=True),
            ]
            if meets(wanted, node, inputs) and all(self.bind(more, *pair) for pair in pairs):
                yield more

    def bind(self, values: Values, wanted: Value, value: Value) -> bool:
        """Take a value for the pattern's, unless another one stands for that already."""
        if wanted in self.pattern.constants:
            return self.uses.number(value) == self.pattern.constants[wanted].item()
        return before_reshape(values.setdefault(wanted, value)) is before_reshape(value)

    def alone(self, nodes: Nodes) -> bool:
        """Whether no other node uses the intermediate values; broadcast values may be recomputed."""
        matched = {*nodes.values()}
        return all(
            wanted.output in self.results
            or isinstance(wanted.op, BroadcastTo)
            or self.inside(node.output, matched)
            for wanted, node in nodes.items()
        )

    def inside(self, value: Value, matched: set[Node]) -> bool:
        users = self.uses.of(value)
        return bool(users) and all(
            node in matched or (isinstance(node.op, Reshape) and self.inside(node.output, matched))
            for node in users
        )

    def match_of(self, op: Expanded, first: Node, values: Values, nodes: Nodes) -> Match | None:
        """What stands in the graph for the pattern."""
        given = {wanted: values[wanted] for wanted in self.pattern.inputs.values()}
        results = [values[value] for value in self.results]
        late = [value for value in given.values() if value not in first.inputs]
        if len(results) > 1 and any(depends(value, {first.output, *results}) for value in late):
            return None

        def build(*inputs: Value) -> tuple[Value, ...]:
            shaped = [reshape(x, wanted.shape) for x, wanted in zip(inputs, given, strict=True)]
            outputs = inputs[0].graph.add(op, tuple(shaped))
            outputs = outputs if op.several else (outputs,)
            return tuple(reshape(x, value.shape) for x, value in zip(outputs, results, strict=True))

        dropped = {node for node in nodes.values() if not isinstance(node.op, BroadcastTo)}
        between = self.reshapes([value for node in dropped for value in node.outputs if value not in results])
        return Match((*dropped, *between), tuple(given.values()), build, tuple(results))

    def reshapes(self, values: list[Value]) -> list[Node]:
        """The nodes that reshape intermediate values."""
        found = [node for value in values for node in self.uses.of(value) if isinstance(node.op, Reshape)]
        return [*found, *self.reshapes([node.output for node in found])] if found else []


def same_settings(wanted: Op, op: Op) -> bool:
    """Equal but for axes of length 1 that a sum keeps."""
    if isinstance(wanted, Sum):
        return wanted.settings["axes"] == op.settings["axes"]
    return wanted.settings == op.settings


def meets(wanted: Node, node: Node, inputs: tuple[Value, ...]) -> bool:
    """Whether in the node the same numbers meet each other as in the pattern's, whatever the shapes."""
    pairs = [*zip(wanted.inputs, inputs, strict=True)]
    if wanted.output.spec == node.output.spec and all(a.spec == b.spec for a, b in pairs):
        return True
    if any(a.dtype != b.dtype or a.spec.size != b.spec.size for a, b in pairs):
        return False
    if isinstance(wanted.op, BroadcastTo) and wanted.inputs[0].spec.size == 1:
        return True
    a_shape, b_shape = wanted.output.shape, node.output.shape
    if not wanted.op.elementwise:
        return all(a.shape == b.shape for a, b in pairs)
    if wanted.output.spec.size != node.output.spec.size:
        return False
    return all(
        (a.shape == a_shape and b.shape == b_shape)
        or a.spec.size == 1
        or (a.shape == b.shape and a_shape == b_shape)
        or a.shape == b.shape[-1:] == a_shape[-1:] == b_shape[-1:]
        for a, b in pairs
    )
