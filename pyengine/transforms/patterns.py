"""Patterns of plain nodes for which there is a fused op, or the same in less work.

To add one: a function here that looks at a node and returns a `Match` or None, its line in `PATTERNS` under the op
that it starts from, and a test of both graphs in `tests/transforms/test_patterns.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyengine.graph import Graph, Node, Value
from pyengine.ops.arithmetic import (
    Add,
    Divide,
    Minimum,
    Multiply,
    Negative,
    Subtract,
    add,
    multiply,
    negative,
    subtract,
)
from pyengine.ops.attention import SoftmaxGradient
from pyengine.ops.base import Op
from pyengine.ops.broadcast import BroadcastTo, Sum
from pyengine.ops.broadcast import sum as sum_of
from pyengine.ops.cast import Cast, cast
from pyengine.ops.comparison import Greater, greater
from pyengine.ops.conv import Conv2D
from pyengine.ops.functions import Exp, Relu
from pyengine.ops.fused import (
    Conv2DBias,
    MatmulAdd,
    MatmulBias,
    SoftmaxCrossentropy,
    SparseSoftmaxCrossentropy,
)
from pyengine.ops.index import AddAlongAxis, TakeAlongAxis
from pyengine.ops.matmul import Matmul
from pyengine.ops.normalize import LogSoftmax
from pyengine.ops.pool import MaxPool2DGradient
from pyengine.ops.structure import Concatenate, Pad, Reshape, reshape
from pyengine.transforms.checking import checked
from pyengine.transforms.rebuild import rebuild


@dataclass(frozen=True)
class Match:
    """Nodes that another expression stands for.

    Attributes:
        nodes: they are dropped; nothing else uses what they make, but for `outputs`.
        inputs: what the new expression is made of.
        build: from the new graph's values for the inputs to those for the outputs; called while it is recording.
        outputs: the values that it gives.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    build: Callable[..., tuple[Value, ...]]
    outputs: tuple[Value, ...]


class Uses:
    """Who uses which value."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.users: dict[Value, list[Node]] = {}
        for node in graph.nodes:
            for value in node.inputs:
                users = self.users.setdefault(value, [])
                if not users or users[-1] is not node:
                    users.append(node)
        self.kept = {*graph.outputs.values(), *graph.writes.values()}

    def of(self, value: Value) -> list[Node]:
        """The nodes that use it; none where it also leaves the graph, for then it must stay."""
        return [] if value in self.kept else self.users.get(value, [])

    def only(self, value: Value, *ops: type[Op]) -> Node | None:
        """The one node that uses it, if there is just one and its op is one of these."""
        users = self.of(value)
        return users[0] if len(users) == 1 and isinstance(users[0].op, ops) else None

    def number(self, value: Value) -> float | None:
        """Of a constant that holds one number, that number."""
        array = self.graph.constants.get(value)
        return array.item() if array is not None and array.size == 1 else None


def other(node: Node, value: Value) -> Value | None:
    """The second input of a node of two, of which `value` is one; None if it is both."""
    a, b = node.inputs
    return None if a is b else b if a is value else a


def per_channel(value: Value, channels: int) -> bool:
    """Whether there is one number for each place of the last axis, whatever the axes before it."""
    return value.spec.size == channels and value.shape[-1:] == (channels,)


# --- Products


def product(node: Node, uses: Uses) -> Match | None:
    """A product, what is added to each of its channels, and an activation: `matmul_bias`, `conv2d_bias`.

    A factor of each channel behind a convolution (normalization by fixed statistics) goes into its kernel.
    """
    convolution = isinstance(node.op, Conv2D)
    channels = node.output.shape[-1]
    affine: list[tuple[type[Op], Value]] = []
    taken: list[Node] = []  # on the way
    found: list[Node] = []  # of which this much belongs to the pattern
    activation, value = "linear", node.output
    steps = (Add, Subtract, Multiply) if convolution else (Add,)
    while user := uses.only(value, Reshape, Relu, *steps):
        step = type(user.op)
        if step is Reshape:
            if user.output.shape[-1:] != (channels,):
                break
        elif step is Relu:
            found = [*taken, user]
            activation = "relu"
            break
        else:
            operand = other(user, value)
            if operand is None or (step is Subtract and operand is user.inputs[0]):
                break
            if not per_channel(operand, channels) or user.output.shape != value.shape:
                break
            if step is Multiply and node.inputs[1].spec.size > node.output.spec.size:
                break
            if not convolution and affine:
                break
            affine.append((step, operand))
            found = [*taken, user]
        taken.append(user)
        value = user.output
    if not affine:
        return plus(node, uses)
    last = found[-1].output
    if activation == "relu" and (above := uses.only(last, Minimum)):
        bound = other(above, last)
        if bound is not None and uses.number(bound) == 6 and above.output.shape == last.shape:
            activation = "relu6"
            found.append(above)
            last = above.output
    kinds = [name for name, _ in affine]

    def build(a: Value, b: Value, *operands: Value) -> tuple[Value]:
        scale: Value | None = None
        offset: Value | None = None
        for kind, one in zip(kinds, operands, strict=True):
            one = reshape(one, (channels,))
            if kind is Multiply:
                scale = one if scale is None else multiply(scale, one)
                offset = None if offset is None else multiply(offset, one)
            elif offset is None:
                offset = one if kind is Add else negative(one)
            else:
                offset = add(offset, one) if kind is Add else subtract(offset, one)
        if scale is not None:
            b = multiply(b, scale)
        if offset is None:
            offset = a.graph.constant(np.zeros(channels, a.dtype))
        fused = Conv2DBias if convolution else MatmulBias
        op = fused(**node.op.settings, activation=activation)
        return (reshape(a.graph.add(op, (a, b, offset)), last.shape),)

    return Match((node, *found), (*node.inputs, *(value for _, value in affine)), build, (last,))


def plus(node: Node, uses: Uses) -> Match | None:
    """A matrix product that is added to something of its own size: `matmul_add`."""
    if not isinstance(node.op, Matmul):
        return None
    value, nodes = node.output, [node]
    while user := uses.only(value, Reshape):
        nodes.append(user)
        value = user.output
    user = uses.only(value, Add)
    addend = None if user is None else other(user, value)
    if user is None or addend is None or addend.spec != value.spec:
        return None

    def build(a: Value, b: Value, c: Value) -> tuple[Value]:
        out = a.graph.add(MatmulAdd(**node.op.settings), (a, b, reshape(c, node.output.shape)))
        return (reshape(out, value.shape),)

    return Match((*nodes, user), (*node.inputs, addend), build, (user.output,))


# --- The loss of probabilities


def crossentropy(node: Node, uses: Uses) -> Match | None:
    """log_softmax, the likelihood of targets, and the gradient that comes back: `softmax_crossentropy`.

    As losses and differentiation write it, with l = log_softmax(scores): Σ targets · l (or l at the class), and
    w - exp(l) · Σ w with w = slope · targets (or the slope at the class).
    """
    logarithms, axis = node.output, node.output.ndim - 1
    users = uses.of(logarithms)
    if node.op.settings["axis"] != axis or node.output.shape[-1] < 2 or len(users) != 2:
        return None
    exponential = next((user for user in users if isinstance(user.op, Exp)), None)
    forward = next((user for user in users if isinstance(user.op, (Multiply, TakeAlongAxis))), None)
    share = exponential and uses.only(exponential.output, Multiply)
    if forward is None or exponential is None or share is None:
        return None
    gradient = uses.only(share.output, Subtract)
    total = other(share, exponential.output)
    if gradient is None or gradient.inputs[1] is not share.output or total is None or total.node is None:
        return None
    weighted = gradient.inputs[0]
    made = weighted.node
    summed = total.node
    if (
        made is None
        or not isinstance(summed.op, Sum)
        or summed.op.settings != {"axes": (axis,), "keepdims": True}
        or summed.inputs[0] is not weighted
        or weighted.spec != logarithms.spec
        or {*uses.of(weighted)} != {summed, gradient}
        or uses.only(total, Multiply) is not share
    ):
        return None
    if isinstance(forward.op, TakeAlongAxis):
        targets = forward.inputs[1]
        placed = isinstance(made.op, AddAlongAxis) and made.inputs[1] is targets
        if forward.op.settings["axis"] != axis or not placed or made.op.settings["axis"] != axis:
            return None
        fused: type[Op] = SparseSoftmaxCrossentropy
        slope, likelihood = made.inputs[0], forward
        dropped = [node, exponential, share, made, summed, forward, gradient]
    else:
        found = uses.only(forward.output, Sum)
        towards = other(forward, logarithms)
        if (
            found is None
            or towards is None
            or towards.spec != logarithms.spec
            or not isinstance(made.op, Multiply)
        ):
            return None
        factor = other(made, towards) if towards in made.inputs else None
        if factor is None or found.op.settings["axes"] != (axis,):
            return None
        fused, targets, slope, likelihood = SoftmaxCrossentropy, towards, factor, found
        dropped = [node, exponential, share, made, summed, forward, found, gradient]
    rows = (*logarithms.shape[:-1], 1)
    if (
        slope.node is not None
        and isinstance(slope.node.op, BroadcastTo)
        and slope.node.inputs[0].spec.size == 1
    ):
        slope = slope.node.inputs[0]
    if (slope.spec.size != 1 and slope.shape != rows) or depends(slope, logarithms):
        return None

    def build(scores: Value, targets: Value, slope: Value) -> tuple[Value, Value]:
        slope = reshape(slope, () if slope.spec.size == 1 else rows)
        made = scores.graph.add(fused(), (scores, targets, slope))
        return reshape(made[0], likelihood.output.shape), made[1]

    inputs = (node.inputs[0], targets, slope)
    return Match(tuple(dropped), inputs, build, (likelihood.output, gradient.output))


def depends(value: Value, on: Value, steps: int = 100) -> bool:
    """Whether a value is made from another one; also if that is not found out soon."""
    seen, waiting = set[Value](), [value]
    while waiting and len(seen) < steps:
        one = waiting.pop()
        if one is on:
            return True
        if one.node is not None and one not in seen:
            waiting.extend(one.node.inputs)
        seen.add(one)
    return bool(waiting)


def softmax_gradient(node: Node, uses: Uses) -> Match | None:
    """y · (dy - Σ dy · y) over the last axis: `softmax_gradient`."""
    total = uses.only(node.output, Sum)
    if total is None or total.op.settings != {"axes": (node.output.ndim - 1,), "keepdims": True}:
        return None
    rest = uses.only(total.output, Subtract)
    last = None if rest is None else uses.only(rest.output, Multiply)
    if rest is None or last is None or rest.inputs[1] is not total.output:
        return None
    arriving = rest.inputs[0]
    y = other(node, arriving) if arriving in node.inputs else None
    if y is None or arriving.spec != y.spec or other(last, rest.output) is not y:
        return None

    def build(arriving: Value, y: Value) -> tuple[Value]:
        return (arriving.graph.add(SoftmaxGradient(), (arriving, y)),)

    return Match((node, total, rest, last), (arriving, y), build, (last.output,))


# --- Parts put together


def joined(node: Node, uses: Uses) -> Match | None:
    """A sum of arrays padded with zeros to lie side by side, as the gradient of `split` is: `concatenate`."""
    if uses.only(node.output, Add):
        return None  # the last sum starts the pattern
    parts: list[Node] = []
    sums: list[Node] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        sums.append(one)
        for value in one.inputs:
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


def unpooled(node: Node, uses: Uses) -> Match | None:
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


def summed(node: Node, uses: Uses) -> Match | None:
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
    {LogSoftmax: crossentropy, Conv2D: product, Matmul: product, MaxPool2DGradient: unpooled},
    {Sum: summed, Multiply: softmax_gradient, Add: joined},
    {Sum: summed},
)


@checked
def matched(graph: Graph) -> Graph:
    """A graph with what `PATTERNS` put in the place of what they found."""
    starts = set().union(*PATTERNS)
    if not any(type(node.op) in starts for node in graph.nodes):
        return graph
    graph, _ = rebuild(graph)
    uses = Uses(graph)
    for patterns in PATTERNS:
        if replace(graph, patterns, uses):
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
            elif node not in written:  # what it needs stands before it
                written.add(node)
                node.inputs = tuple([instead.get(value, value) for value in node.inputs])
                graph.nodes.append(node)
    graph.writes = {variable: instead.get(value, value) for variable, value in graph.writes.items()}
    graph.outputs = {name: instead.get(value, value) for name, value in graph.outputs.items()}
    return True


def write(
    value: Value, graph: Graph, given: dict[Value, Match], instead: dict[Value, Value], written: set[Node]
) -> Value:
    """What stands for a value; what makes it is written down if it is not there yet."""
    if value in instead:
        return instead[value]
    if match := given.get(value):
        inputs = [write(one, graph, given, instead, written) for one in match.inputs]
        instead.update(zip(match.outputs, match.build(*inputs), strict=True))
        return instead[value]
    node = value.node
    if node is not None and node not in written:
        written.add(node)
        node.inputs = tuple(write(one, graph, given, instead, written) for one in node.inputs)
        graph.nodes.append(node)
    return value
