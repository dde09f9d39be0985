"""What a loop over time is: one small graph, the body, run again and again on the next slice of its sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from pyengine.errors import ShapeError
from pyengine.graph import Graph, Spec, Value
from pyengine.ops.base import Op
from pyengine.ops.body import Code, code_of, evaluate, graph_of, needed_nodes, replay
from pyengine.ops.structure import copy


@dataclass(frozen=True, eq=False)
class Place:
    """An array that one round of a loop finds or leaves behind; for a plan it is what a variable is to a step."""

    name: str
    shape: tuple[int, ...]
    dtype: str


class Loop(Op):
    """states (…), sequences (length or more, …), constants (…) -> final states, results (length, …), histories.

    Attributes:
        code: the body (see body.py): states, slices and constants to new states and results.
        states, sequences: how many of the inputs are such; the others are constants.
        length: how many steps.
        reverse: whether the last slice is the first. Results lie where their slices lay.
        begins: for each sequence, its entry that belongs to time 0.
        kept: numbers of the states that come out at all times, (length + 1, …): those before a step at its time (+ 1
            in reverse), those after it beyond.
    """

    several = True
    code: Code
    states: int
    sequences: int
    length: int
    reverse: bool
    begins: tuple[int, ...]
    kept: tuple[int, ...]

    @cached_property
    def body(self) -> Graph:  # type: ignore[override]
        return graph_of(self.code)

    def with_body(self, body: Graph) -> Self:
        return self.changed(code=code_of(body))

    def changed(self, **settings: Any) -> Self:
        return type(self)(**{**self.settings, **settings})

    @property
    def results(self) -> int:
        return len(self.code[3]) - self.states

    @property
    def before(self) -> int:
        """Where in a history the state before a step lies, counted from the step's time."""
        return int(self.reverse)

    @cached_property
    def in_place(self) -> tuple[int, ...]:  # type: ignore[misc, override]
        return tuple(range(self.states, self.states + self.sequences))

    def replaces(self, place: int, output: int) -> bool:
        """Whether these results may lie where this sequence lies: in each step, all of its slice is read by then."""
        number = output - self.states
        if place not in self.in_place or not 0 <= number < self.results:
            return False
        inputs, outputs = list(self.body.inputs.values()), list(self.body.outputs.values())
        slice_, result = inputs[place], outputs[output]
        if root_of(result).node is None or any(root_of(value) is slice_ for value in outputs):
            return False  # what is moved only at the end of a step
        before = needed_nodes(self.body.nodes, [result], set())
        for node in self.body.nodes:
            read = [index for index, value in enumerate(node.inputs) if root_of(value) is slice_]
            if not read or node.op.alias:
                continue
            if node is result.node:
                of = node.outputs.index(result)
                if not all(node.inputs[i].spec == result.spec and node.op.replaces(i, of) for i in read):
                    return False
            elif node not in before:
                return False
        return True

    def settings_text(self) -> str:
        return (
            f"length={self.length}" + " reverse=True" * self.reverse
        )  # the program of a round is listed below it

    def times(self) -> range:
        return range(self.length)[:: -1 if self.reverse else 1]

    def parts(self, values: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        """States, sequences and constants."""
        first, second = self.states, self.states + self.sequences
        return values[:first], values[first:second], values[second:]

    def shape(self, *specs: Spec) -> tuple[Spec, ...]:
        body = [value.spec for value in self.body.inputs.values()]
        if len(specs) != len(body):
            raise ShapeError(
                where="ops.scan",
                argument="the inputs",
                expected=f"{len(body)} arrays",
                got=str(len(specs)),
                fix="Give states, sequences and constants as its function takes them.",
            )
        for place, (have, want) in enumerate(zip(specs, body, strict=True)):
            number = place - self.states
            fits = have == want
            if 0 <= number < self.sequences:
                room = have.shape[0] - self.begins[number] if have.shape else -1
                fits = room >= self.length and Spec(have.shape[1:], have.dtype) == want
            if not fits:
                kind = (
                    "sequence of" if 0 <= number < self.sequences else "state" if number < 0 else "constant"
                )
                raise ShapeError(
                    where="ops.scan",
                    argument="the inputs",
                    expected=f"a {kind} {want}, over {self.length} steps",
                    got=str(have),
                    fix="Give it the shape and dtype that its function was recorded with.",
                )
        output_specs = [value.spec for value in self.body.outputs.values()]
        finals, results = output_specs[: self.states], output_specs[self.states :]
        if list(body[: self.states]) != finals:
            raise ShapeError(
                where="ops.scan",
                argument="function",
                expected=f"to return states as it got them: {' '.join(map(str, body[: self.states]))}",
                got=" ".join(map(str, finals)),
                fix="Keep shape and dtype of each state from step to step.",
            )
        stacked = [Spec((self.length, *spec.shape), spec.dtype) for spec in results]
        histories = [Spec((self.length + 1, *finals[k].shape), finals[k].dtype) for k in self.kept]
        return (*finals, *stacked, *histories)

    def evaluate(self, *arrays):
        states, sequences, constants = self.parts(arrays)
        states, results = list(states), []
        histories = [[states[k]] for k in self.kept]
        for time in self.times():
            slices = [array[begin + time] for array, begin in zip(sequences, self.begins, strict=True)]
            outputs = evaluate(self.body, [*states, *slices, *constants])
            states = outputs[: self.states]
            results.append(outputs[self.states :])
            for history, k in zip(histories, self.kept, strict=True):
                history.append(states[k])
        turn = -1 if self.reverse else 1
        empty = [np.empty((0, *v.shape), v.dtype) for v in list(self.body.outputs.values())[self.states :]]
        stacked = [np.stack(column) for column in zip(*results[::turn], strict=True)] or empty
        return (
            *(array.copy() for array in states),
            *stacked,
            *(np.stack(history[::turn]) for history in histories),
        )

    # One round as a step

    def loop(self) -> Graph:
        """The body with its inputs as reads and its outputs as writes, so that a plan knows which may share memory.

        Variables: `state` (found and left there), or `before` and `after` where the states are kept; `slice`,
        `constant`, `result`; each with its number.
        """
        graph = Graph()
        new_of: dict[Value, Value] = {}
        inputs = list(self.body.inputs.values())
        names = [f"{'before' if k in self.kept else 'state'} {k}" for k in range(self.states)]
        names += [f"slice {number}" for number in range(self.sequences)]
        names += [f"constant {number}" for number in range(len(inputs) - len(names))]
        places: list[Any] = [Place(name, v.shape, v.dtype) for name, v in zip(names, inputs, strict=True)]
        for place, value in zip(places, inputs, strict=True):
            new_of[value] = graph.read(place)
        for value, array in self.body.constants.items():
            new_of[value] = graph.constant(array)
        replay(self.body.nodes, new_of, graph)
        written = set()
        for number, value in enumerate(self.body.outputs.values()):
            place = places[number] if number < self.states else None
            if place is None or number in self.kept:
                name = f"result {number - self.states}" if place is None else f"after {number}"
                place = Place(name, value.shape, value.dtype)
            if value in written:  # one value, two places
                with graph:
                    graph.write(place, copy(new_of[value]))
            else:
                graph.write(place, new_of[value])
            written.add(value)
        return graph


def root_of(value: Value) -> Value:
    """The value whose memory this one merely sees in another shape."""
    while value.node is not None and value.node.op.alias:
        value = value.node.inputs[0]
    return value
