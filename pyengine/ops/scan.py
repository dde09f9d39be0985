"""Loops over time: one small graph, the body, run again and again, each time on the next slice of its sequences.

The gradient is a scan in the other direction. The forward pass saves of every step what the backward pass cannot
cheaply recompute; products that give gradients of constants are moved out of the loop: Σₜ aₜᵀ dₜ is one product of
all a and d.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyengine.errors import ArgumentError, GraphError
from pyengine.graph import Graph, Spec, Value
from pyengine.ops.base import Array, apply, dtype_of, shape_of, to_value
from pyengine.ops.body import code_of, needed_nodes, replay, with_saved_values
from pyengine.ops.loop import Loop
from pyengine.ops.scan_gradient import Backward


class Scan(Loop):
    """A loop with a gradient, which makes only what is used."""

    name = "scan"

    def differentiable(self) -> tuple[Scan, tuple[int, ...]] | None:
        """The scan that saves of every step what the backward pass needs."""
        inner = self.with_body(with_saved_values(self.body))
        back = Backward(inner, [True] * (self.states + self.results + len(self.kept)))
        body = Graph()
        new_of: dict[Value, Value] = {}
        for name, value in inner.body.inputs.items():
            new_of[value] = body.input(name, value.spec)
        for value, array in inner.body.constants.items():
            new_of[value] = body.constant(array)
        replay(inner.body.nodes, new_of, body)
        store, states = back.wanted()
        kept = (*self.kept, *(k for k in states if k not in self.kept))
        results = [*inner.body.outputs.values(), *store]
        body.outputs = {str(number): new_of[value] for number, value in enumerate(results)}
        op = self.changed(code=code_of(body), kept=kept)
        plain = self.states + self.results
        old = [*range(plain), *(plain + len(store) + number for number in range(len(self.kept)))]
        return op, tuple(old)

    def gradient(self, gradient, output, *inputs):
        return Backward(self, [given is not None for given in gradient]).gradients(gradient, output, inputs)

    def narrowed(self, used: tuple[bool, ...]) -> tuple[Scan, tuple[int, ...], tuple[int, ...]] | None:
        inputs, outputs = list(self.body.inputs.values()), list(self.body.outputs.values())
        results = [place for place in range(self.states, len(outputs)) if used[place]]
        kept = [number for number in range(len(self.kept)) if used[len(outputs) + number]]
        states = {k for k in range(self.states) if used[k]} | {self.kept[number] for number in kept}
        while True:
            targets = [outputs[place] for place in (*sorted(states), *results)]
            nodes = needed_nodes(self.body.nodes, targets, set())
            read = {*targets, *(value for node in nodes for value in node.inputs)}
            further = {k for k in range(self.states) if inputs[k] in read} - states
            if not further:
                break
            states |= further
        own = sorted(states)
        kept_inputs = (*own, *(p for p in range(self.states, len(inputs)) if inputs[p] in read))
        kept_outputs = (*own, *results, *(len(outputs) + number for number in kept))
        if (len(kept_inputs), len(kept_outputs)) == (len(inputs), len(used)):
            return None
        sequences = [
            place - self.states for place in kept_inputs[len(own) :] if place < self.states + self.sequences
        ]
        body = Graph()
        new_of = {inputs[place]: body.input(str(place), inputs[place].spec) for place in kept_inputs}
        new_of.update({value: body.constant(array) for value, array in self.body.constants.items()})
        replay(nodes, new_of, body)
        body.outputs = {str(number): new_of[value] for number, value in enumerate(targets)}
        op = self.changed(
            code=code_of(body),
            states=len(own),
            sequences=len(sequences),
            begins=tuple(self.begins[number] for number in sequences),
            kept=tuple(own.index(self.kept[number]) for number in kept),
        )
        return op, kept_inputs, kept_outputs


def scan(
    function: Callable[..., tuple[Sequence[Any], Sequence[Any]]],
    states: Sequence[Array],
    sequences: Sequence[Array] = (),
    constants: Sequence[Array] = (),
    *,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Run a function over time, each time on the states it left and on the next entry of every sequence.

    Shapes: sequences (time, …) -> results (time, …), in the order of the sequences.
    Arguments:
        function: called once, with three tuples (states, slices, constants), of graph values; returns new states, of
            the same shapes and dtypes, and results. It may use variables, but not assign them.
        states: what the first step begins with.
        sequences: arrays of equal length on axis 0; default ().
        constants: arrays that are the same in every step, default (); values of a graph that is being recorded must
            come in here.
        length: how many steps; needed only where there are no sequences, default None.
        reverse: begin with the last entry; default False.
    Returns: the states after the last step, and what each step gave.
    Errors: ArgumentError for sequences of different lengths, ShapeError for states that change shape or dtype.

    >>> import numpy as np
    >>> (total,), (sums,) = scan(lambda s, x, c: ((s[0] + x[0],), (s[0] + x[0],)), [0.0], [np.float32([1, 2, 3])])
    >>> float(total), sums.tolist()
    (6.0, [1.0, 3.0, 6.0])
    """
    lengths = {shape_of(x)[0] for x in sequences} | ({length} if length is not None else set())
    if len(lengths) != 1:
        raise ArgumentError(
            where="scan",
            argument="sequences",
            expected="sequences of one length on axis 0",
            got=f"lengths {sorted(lengths)}" if lengths else "none, and no length",
            fix="Cut or pad them to one length, or give `length`.",
        )
    body = Graph()
    groups = [
        [Spec(shape_of(x), dtype_of(x)) for x in states],
        [Spec(shape_of(x)[1:], dtype_of(x)) for x in sequences],
        [Spec(shape_of(x), dtype_of(x)) for x in constants],
    ]
    with body:
        values = [
            tuple(body.input(f"{group} {n}", spec) for n, spec in enumerate(specs))
            for group, specs in zip(("state", "slice", "constant"), groups, strict=True)
        ]
        new, results = function(*values)
        outputs = [to_value(x, body) for x in (*new, *results)]
    if len(new) != len(groups[0]):
        raise ArgumentError(
            where="scan",
            argument="function",
            expected=f"a function that returns {len(groups[0])} states, as many as it was given",
            got=f"one that returns {len(new)}",
            fix="Return every state, changed or not.",
        )
    body.outputs = {str(number): value for number, value in enumerate(outputs)}
    closed, lifted = with_inputs(body)
    op = Scan(
        code=code_of(closed),
        states=len(groups[0]),
        sequences=len(groups[1]),
        length=lengths.pop(),
        reverse=reverse,
        begins=(0,) * len(groups[1]),
        kept=(),
    )
    outputs = apply(op, *states, *sequences, *constants, *lifted)
    return tuple(outputs[: op.states]), tuple(outputs[op.states :])


def with_inputs(graph: Graph) -> tuple[Graph, list[Any]]:
    """The graph in which the variables it read and its larger constants are inputs, and what they are."""
    new = Graph()
    new_of: dict[Value, Value] = {}
    lifted: list[Any] = []
    for name, value in graph.inputs.items():
        new_of[value] = new.input(name, value.spec)
    for variable, value in graph.reads.items():
        new_of[value] = new.input(f"variable {len(lifted)}", value.spec)
        lifted.append(variable)
    for value, array in graph.constants.items():
        if array.size > 1:
            new_of[value] = new.input(f"array {len(lifted)}", value.spec)
            lifted.append(array)
        else:
            new_of[value] = new.constant(array)
    if graph.writes:
        named = ", ".join(variable.name for variable in graph.writes)
        raise GraphError(f"A step of scan cannot assign variables ({named}): give it states instead.")
    replay(graph.nodes, new_of, new)
    new.outputs = {name: new_of[value] for name, value in graph.outputs.items()}
    return new, lifted
