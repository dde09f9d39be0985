"""The gradient of a loop over time: a loop in the other direction, of the body and what sends gradients through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine.dtypes import is_float
from pyengine.errors import GraphError
from pyengine.graph import Graph, Spec, Value
from pyengine.ops.arithmetic import add
from pyengine.ops.backward import pull_back
from pyengine.ops.base import apply, to_value
from pyengine.ops.body import code_of, needed_nodes, replay
from pyengine.ops.broadcast import broadcast_to
from pyengine.ops.loop import Loop
from pyengine.ops.pieces import Pad, slice_
from pyengine.ops.scan_sums import Sums
from pyengine.ops.structure import reshape


class Backward:
    """One step back: the body with the nodes that send gradients through it.

    Args:
        arrived: for each output of the scan, whether a gradient comes for it.
    """

    def __init__(self, op: Loop, arrived: Sequence[bool]):
        self.op = op
        body = op.body
        self.joint = Graph()
        self.of: dict[Value, Value] = {}  # values of the body, here
        for name, value in body.inputs.items():
            self.of[value] = self.joint.input(name, value.spec)
        for value, array in body.constants.items():
            self.of[value] = self.joint.constant(array)
        replay(body.nodes, self.of, self.joint)
        self.forward = list(self.joint.nodes)
        self.inputs = [self.of[value] for value in body.inputs.values()]
        self.made = [self.of[value] for value in body.outputs.values()]
        # Gradients that come: for each state from the step after, for results and histories from outside.
        self.after: dict[int, Value] = {}
        self.outside: dict[int, Value] = {}
        sent: dict[Value, Value] = {}
        for place, value in enumerate([*self.made, *(self.made[k] for k in op.kept)]):
            if not is_float(value.dtype) or not (place < op.states or arrived[place]):
                continue
            held = self.after if place < op.states else self.outside
            held[place] = self.joint.input(f"gradient {place}", value.spec)
            with self.joint:
                sent[value] = add(sent[value], held[place]) if value in sent else held[place]
        sources = [value for value in self.inputs if is_float(value.dtype)]
        with self.joint:
            found = pull_back(self.forward, sent, sources)
            self.slopes = [found.get(value) for value in self.inputs]
            for k in self.after:
                if self.slopes[k] is None:
                    self.slopes[k] = broadcast_to(np.zeros((), self.inputs[k].dtype), self.inputs[k].shape)

    def wanted(self) -> tuple[list[Value], list[int]]:
        """What must be kept: values of the body, and the states of which the history is needed."""
        op, own = self.op, {value: kept for kept, value in self.of.items()}
        results = [slope for slope in self.slopes if slope is not None]
        back = needed_nodes(self.joint.nodes, results, set(own))
        used = [value for node in back for value in node.inputs] + results
        used = [value for value in dict.fromkeys(used) if value in own]
        dear = [value for value in used if value.node is not None and not value.node.op.cheap]
        have = {*self.inputs, *self.joint.constants, *self.made, *dear}
        stored = [*dear]
        for value in used:
            if value not in have and any(
                not node.op.cheap for node in needed_nodes(self.forward, [value], have)
            ):
                stored.append(value)
                have.add(value)
        recomputed = needed_nodes(self.joint.nodes, results, have)
        touched = {value for node in recomputed for value in node.inputs} | set(results)
        new_states = self.made[: op.states]
        states = [
            k
            for k in range(op.states)
            if self.inputs[k] in touched or (new_states[k] in touched and new_states[k] not in self.inputs)
        ]
        free = {*self.inputs, *self.made[op.states :], *(new_states[k] for k in states)}
        return [own[value] for value in stored if value not in free], states

    def gradients(self, gradient: Sequence[Any], output: Sequence[Value], inputs: Sequence[Value]) -> tuple:
        """For each input of the scan its gradient, by a scan in the other direction."""
        op = self.op
        _, outer_sequences, outer_constants = op.parts(inputs)
        own_states, own_slices, own_constants = op.parts(self.inputs)
        histories = dict(zip(op.kept, output[op.states + op.results :], strict=True))
        # Where each value that is known beforehand lies outside: an array of all times and the entry of time 0.
        lies: dict[Value, tuple[Any, int]] = {}
        for place, value in self.outside.items():
            lies[value] = gradient[place], 0 if place < op.states + op.results else 1 - op.before
        for value, stack in zip(self.made[op.states :], output[op.states :], strict=False):
            lies.setdefault(value, (stack, 0))
        for k, history in histories.items():
            lies.setdefault(self.made[k], (history, 1 - op.before))
            lies[own_states[k]] = history, op.before
        lies.update(zip(own_slices, zip(outer_sequences, op.begins, strict=True), strict=True))
        given = {*lies, *self.inputs, *self.after.values(), *self.joint.constants}

        sums = Sums(
            self.joint, {k: slope for k, slope in enumerate(op.parts(self.slopes)[2]) if slope is not None}
        )
        slices = [slope for slope in op.parts(self.slopes)[1] if slope is not None]
        carried = [self.slopes[k] for k in self.after]
        stacked = list(dict.fromkeys([*slices, *sums.settle({*lies, *slices})]))
        stacked = [value for value in stacked if value not in lies]
        summed = sums.inside
        nodes = needed_nodes(self.joint.nodes, [*carried, *stacked, *summed.values()], given)  # type: ignore[list-item]
        used = {value for node in nodes for value in node.inputs} | {*carried, *stacked, *summed.values()}
        if used & set(own_states) - set(lies):
            raise GraphError("scan needs its states of every step for its gradient: see Scan.differentiable.")

        body = Graph()
        new_of: dict[Value, Value] = {}
        initial_states: list[Any] = []
        for k, value in self.after.items():
            new_of[value] = body.input(f"after {k}", value.spec)
            initial_states.append(zeros(value.spec) if gradient[k] is None else gradient[k])
        totals = {}
        for k, value in summed.items():
            totals[k] = body.input(f"total {k}", value.spec)
            initial_states.append(zeros(value.spec))
        along = [value for value in lies if value in used]
        for number, value in enumerate(along):
            new_of[value] = body.input(f"slice {number}", value.spec)
        still = [k for k, value in enumerate(own_constants) if value in used]
        for k in still:
            new_of[own_constants[k]] = body.input(f"constant {k}", own_constants[k].spec)
        for value, array in self.joint.constants.items():
            new_of[value] = body.constant(array)
        replay(nodes, new_of, body)
        with body:
            outputs = [new_of[value] for value in carried if value is not None]
            outputs += [add(totals[k], new_of[value]) for k, value in summed.items()]
        outputs += [new_of[value] for value in stacked]
        body.outputs = {str(number): value for number, value in enumerate(outputs)}
        back = op.changed(
            code=code_of(body),
            states=len(initial_states),
            sequences=len(along),
            length=op.length,
            reverse=not op.reverse,
            begins=tuple(lies[value][1] for value in along),
            kept=(),
        )
        graph = inputs[0].graph
        loop_inputs = [
            *initial_states,
            *(lies[value][0] for value in along),
            *(outer_constants[k] for k in still),
        ]
        results = apply(back, *(to_value(value, graph) for value in loop_inputs))
        finals, columns = results[: len(initial_states)], results[len(initial_states) :]

        def all_times(value: Value) -> Any:
            if value in lies:
                array, begin = lies[value]
                end = [begin + op.length, *array.shape[1:]]
                return slice_(array, [begin, *[0] * (len(end) - 1)], end)
            return columns[stacked.index(value)]

        answer: list[Any] = [None] * len(inputs)
        for k, final in zip(self.after, finals, strict=False):
            answer[k] = final
            place = op.states + op.results + op.kept.index(k) if k in op.kept else -1
            if place in self.outside:
                first = op.length if op.reverse else 0
                shape = gradient[place].shape[1:]
                start = slice_(gradient[place], [first, *[0] * len(shape)], [first + 1, *shape])
                answer[k] = add(final, reshape(start, shape))
        for number, value in enumerate(op.parts(self.slopes)[1]):
            if value is not None:
                whole = outer_sequences[number]
                answer[op.states + number] = place_in_zeros(all_times(value), op.begins[number], whole.shape)
        first_constant = op.states + op.sequences
        for k, final in zip(summed, finals[len(self.after) :], strict=True):
            answer[first_constant + k] = final
        for k, parts in sums.outside.items():
            for part in parts:
                value, place = part(all_times), first_constant + k
                answer[place] = value if answer[place] is None else add(answer[place], value)
        return tuple(answer)


def zeros(spec: Spec) -> Any:
    return broadcast_to(np.zeros((), spec.dtype), spec.shape)


def place_in_zeros(array: Any, begin: int, shape: tuple[int, ...]) -> Any:
    """The array as entries from `begin` on of zeros of a shape."""
    if array.shape == shape:
        return array
    rest = (0,) * (len(shape) - 1)
    return apply(Pad(begin=(begin, *rest), steps=(1,) * len(shape), target=shape), array)
