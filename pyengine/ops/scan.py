"""Loops over time: one small graph, the body, run again and again, each time on the next slice of its sequences.

The gradient is a scan in the other direction. Forward, it keeps of every step what the way back cannot cheaply make
again; products that give gradients of constants are taken out of the loop: Σₜ aₜᵀ dₜ is one product of all a and d.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pyengine.dtypes import is_float
from pyengine.errors import ArgumentError, GraphError, ShapeError
from pyengine.graph import Graph, Node, Spec, Value
from pyengine.ops.arithmetic import Add, add
from pyengine.ops.backward import pull_back
from pyengine.ops.base import Array, Op, apply, dtype_of, shape_of, to_value
from pyengine.ops.body import Code, code_of, evaluate, graph_of, needed, prepared, replay
from pyengine.ops.broadcast import Sum, broadcast_to
from pyengine.ops.broadcast import sum as sum_over
from pyengine.ops.matmul import Matmul, matmul
from pyengine.ops.structure import Pad, copy, reshape, slice_


@dataclass(frozen=True, eq=False)
class Place:
    """An array that one round of a loop finds or leaves behind; for a plan it is what a variable is to a step."""

    name: str
    shape: tuple[int, ...]
    dtype: str


class Scan(Op):
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

    name = "scan"
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

    def with_body(self, body: Graph) -> Scan:
        return self.changed(code=code_of(body))

    def changed(self, **settings: Any) -> Scan:
        return Scan(**{**self.settings, **settings})

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
        before = needed(self.body.nodes, [result], set())
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

    def words(self) -> str:
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
            raise ShapeError(f"scan takes {len(body)} inputs, but got {len(specs)}.")
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
                raise ShapeError(f"scan over {self.length} steps expects a {kind} {want}, but got {have}.")
        made = [value.spec for value in self.body.outputs.values()]
        finals, results = made[: self.states], made[self.states :]
        if list(body[: self.states]) != finals:
            raise ShapeError(
                f"A step of scan must give states as it got them, {' '.join(map(str, body[: self.states]))}, but "
                f"gives {' '.join(map(str, finals))}."
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
            made = evaluate(self.body, [*states, *slices, *constants])
            states = made[: self.states]
            results.append(made[self.states :])
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

    # The way back

    def differentiable(self) -> tuple[Scan, tuple[int, ...]] | None:
        """The scan that keeps of every step what the way back needs."""
        inner = self.with_body(prepared(self.body))
        back = Backward(inner, [True] * (self.states + self.results + len(self.kept)))
        body = Graph()
        known: dict[Value, Value] = {}
        for name, value in inner.body.inputs.items():
            known[value] = body.input(name, value.spec)
        for value, array in inner.body.constants.items():
            known[value] = body.constant(array)
        replay(inner.body.nodes, known, body)
        store, states = back.wanted()
        kept = (*self.kept, *(k for k in states if k not in self.kept))
        results = [*inner.body.outputs.values(), *store]
        body.outputs = {str(number): known[value] for number, value in enumerate(results)}
        op = self.changed(code=code_of(body), kept=kept)
        plain = self.states + self.results
        old = [*range(plain), *(plain + len(store) + number for number in range(len(self.kept)))]
        return op, tuple(old)

    def gradient(self, gradient, output, *inputs):
        return Backward(self, [one is not None for one in gradient]).gradients(gradient, output, inputs)

    # Only what is used

    def narrowed(self, used: tuple[bool, ...]) -> tuple[Scan, tuple[int, ...], tuple[int, ...]] | None:
        inputs, outputs = list(self.body.inputs.values()), list(self.body.outputs.values())
        results = [place for place in range(self.states, len(outputs)) if used[place]]
        kept = [number for number in range(len(self.kept)) if used[len(outputs) + number]]
        states = {k for k in range(self.states) if used[k]} | {self.kept[number] for number in kept}
        while True:
            targets = [outputs[place] for place in (*sorted(states), *results)]
            nodes = needed(self.body.nodes, targets, set())
            read = {*targets, *(value for node in nodes for value in node.inputs)}
            further = {k for k in range(self.states) if inputs[k] in read} - states
            if not further:
                break
            states |= further
        own = sorted(states)
        taken = (*own, *(p for p in range(self.states, len(inputs)) if inputs[p] in read))
        made = (*own, *results, *(len(outputs) + number for number in kept))
        if (len(taken), len(made)) == (len(inputs), len(used)):
            return None
        sequences = [
            place - self.states for place in taken[len(own) :] if place < self.states + self.sequences
        ]
        body = Graph()
        known = {inputs[place]: body.input(str(place), inputs[place].spec) for place in taken}
        known.update({value: body.constant(array) for value, array in self.body.constants.items()})
        replay(nodes, known, body)
        body.outputs = {str(number): known[value] for number, value in enumerate(targets)}
        op = self.changed(
            code=code_of(body),
            states=len(own),
            sequences=len(sequences),
            begins=tuple(self.begins[number] for number in sequences),
            kept=tuple(own.index(self.kept[number]) for number in kept),
        )
        return op, taken, made

    # One round as a step

    def loop(self) -> Graph:
        """The body, its inputs read and its outputs written: a plan then knows which may share memory.

        Variables: `state` (found and left there), or `before` and `after` where the states are kept; `slice`,
        `constant`, `result`; each with its number.
        """
        graph = Graph()
        known: dict[Value, Value] = {}
        inputs = list(self.body.inputs.values())
        names = [f"{'before' if k in self.kept else 'state'} {k}" for k in range(self.states)]
        names += [f"slice {number}" for number in range(self.sequences)]
        names += [f"constant {number}" for number in range(len(inputs) - len(names))]
        places: list[Any] = [Place(name, v.shape, v.dtype) for name, v in zip(names, inputs, strict=True)]
        for place, value in zip(places, inputs, strict=True):
            known[value] = graph.read(place)
        for value, array in self.body.constants.items():
            known[value] = graph.constant(array)
        replay(self.body.nodes, known, graph)
        written = set()
        for number, value in enumerate(self.body.outputs.values()):
            place = places[number] if number < self.states else None
            if place is None or number in self.kept:
                name = f"result {number - self.states}" if place is None else f"after {number}"
                place = Place(name, value.shape, value.dtype)
            if value in written:  # one value, two places
                with graph:
                    graph.write(place, copy(known[value]))
            else:
                graph.write(place, known[value])
            written.add(value)
        return graph


def root_of(value: Value) -> Value:
    """The value whose memory this one merely sees in another shape."""
    while value.node is not None and value.node.op.alias:
        value = value.node.inputs[0]
    return value


class Backward:
    """One step back: the body with the nodes that send gradients through it.

    Args:
        arrived: for each output of the scan, whether a gradient comes for it.
    """

    def __init__(self, op: Scan, arrived: Sequence[bool]):
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
        back = needed(self.joint.nodes, results, set(own))
        used = [value for node in back for value in node.inputs] + results
        used = [value for value in dict.fromkeys(used) if value in own]
        dear = [value for value in used if value.node is not None and not value.node.op.cheap]
        have = {*self.inputs, *self.joint.constants, *self.made, *dear}
        stored = [*dear]
        for value in used:
            if value not in have and any(not one.op.cheap for one in needed(self.forward, [value], have)):
                stored.append(value)
                have.add(value)
        again = needed(self.joint.nodes, results, have)
        touched = {value for node in again for value in node.inputs} | set(results)
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
        nodes = needed(self.joint.nodes, [*carried, *stacked, *summed.values()], given)  # type: ignore[list-item]
        used = {value for node in nodes for value in node.inputs} | {*carried, *stacked, *summed.values()}
        if used & set(own_states) - set(lies):
            raise GraphError("scan needs its states of every step for its gradient: see Scan.differentiable.")

        body = Graph()
        known: dict[Value, Value] = {}
        begun: list[Any] = []
        for k, value in self.after.items():
            known[value] = body.input(f"after {k}", value.spec)
            begun.append(zeros(value.spec) if gradient[k] is None else gradient[k])
        totals = {}
        for k, value in summed.items():
            totals[k] = body.input(f"total {k}", value.spec)
            begun.append(zeros(value.spec))
        along = [value for value in lies if value in used]
        for number, value in enumerate(along):
            known[value] = body.input(f"slice {number}", value.spec)
        still = [k for k, value in enumerate(own_constants) if value in used]
        for k in still:
            known[own_constants[k]] = body.input(f"constant {k}", own_constants[k].spec)
        for value, array in self.joint.constants.items():
            known[value] = body.constant(array)
        replay(nodes, known, body)
        with body:
            made = [known[value] for value in carried if value is not None]
            made += [add(totals[k], known[value]) for k, value in summed.items()]
        made += [known[value] for value in stacked]
        body.outputs = {str(number): value for number, value in enumerate(made)}
        back = Scan(
            code=code_of(body),
            states=len(begun),
            sequences=len(along),
            length=op.length,
            reverse=not op.reverse,
            begins=tuple(lies[value][1] for value in along),
            kept=(),
        )
        graph = inputs[0].graph
        taken = [*begun, *(lies[value][0] for value in along), *(outer_constants[k] for k in still)]
        results = apply(back, *(to_value(value, graph) for value in taken))
        finals, columns = results[: len(begun)], results[len(begun) :]

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
                answer[op.states + number] = laid(all_times(value), op.begins[number], whole.shape)
        first_constant = op.states + op.sequences
        for k, final in zip(summed, finals[len(self.after) :], strict=True):
            answer[first_constant + k] = final
        for k, parts in sums.outside.items():
            for part in parts:
                value, place = part(all_times), first_constant + k
                answer[place] = value if answer[place] is None else add(answer[place], value)
        return tuple(answer)


class Sums:
    """The gradients of constants: what each step adds to them, inside the loop or, where one op can, after it."""

    def __init__(self, graph: Graph, slopes: dict[int, Value]):
        self.slopes = slopes
        self.graph = graph
        self.inside: dict[int, Value] = {}
        self.outside: dict[int, list[Callable]] = {}

    def settle(self, stacked: set[Value]) -> list[Value]:
        """Decide; returns what must be stacked. `stacked`: what is so anyway."""
        terms = {k: split_sum(slope) for k, slope in self.slopes.items()}
        products = [one for parts in terms.values() for term in parts if (one := product_node(term))]
        factors = [factor for node in products for factor in node.inputs]
        stacked = stacked | set(factors)
        for k, parts in terms.items():
            for term in parts:
                node = term.node
                if product := product_node(term):
                    self.outside.setdefault(k, []).append(product_of(*product.inputs))
                elif node is not None and isinstance(node.op, Sum) and node.inputs[0] in stacked:
                    self.outside.setdefault(k, []).append(sum_of(node))
                elif k in self.inside:
                    with self.graph:
                        self.inside[k] = add(self.inside[k], term)
                else:
                    self.inside[k] = term
        return factors


def split_sum(value: Value) -> list[Value]:
    """The terms of a sum of equal shapes."""
    node = value.node
    if node is None or not isinstance(node.op, Add) or any(one.spec != value.spec for one in node.inputs):
        return [value]
    return [term for one in node.inputs for term in split_sum(one)]


def product_node(value: Value) -> Node | None:
    """The product aᵀ d of two matrices that makes it, if one does: the sum over time is one product of all rows."""
    node = value.node
    if node is None or not isinstance(node.op, Matmul) or any(len(one.shape) != 2 for one in node.inputs):
        return None
    return node if node.op.transpose_a and not node.op.transpose_b else None


def product_of(a: Value, b: Value) -> Callable:
    """Given how to get a value at all times, the product of all rows."""

    def rows(array: Any) -> Any:
        length, count, width = array.shape
        return reshape(array, (length * count, width))

    return lambda all_times: matmul(rows(all_times(a)), rows(all_times(b)), transpose_a=True)


def sum_of(node: Node) -> Callable:
    """Given how to get a value at all times, its sum over time and the axes of this node."""

    def total(all_times: Callable) -> Any:
        axes = (0, *(axis + 1 for axis in node.op.axes))
        return reshape(sum_over(all_times(node.inputs[0]), axis=axes), node.output.shape)

    return total


def zeros(spec: Spec) -> Any:
    return broadcast_to(np.zeros((), spec.dtype), spec.shape)


def laid(array: Any, begin: int, shape: tuple[int, ...]) -> Any:
    """The array as entries from `begin` on of zeros of a shape."""
    if array.shape == shape:
        return array
    rest = (0,) * (len(shape) - 1)
    return apply(Pad(begin=(begin, *rest), steps=(1,) * len(shape), target=shape), array)


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

    Shapes: sequences (time, …); results (time, …), in the order of the sequences.

    Arguments:
        function: called once, with three tuples (states, slices, constants), of graph values; returns new states, of
            the same shapes and dtypes, and results. It may use variables, but not assign them.
        states: what the first step begins with.
        sequences: arrays of equal length on axis 0.
        constants: arrays that are the same in every step; values of a graph that is being written must come in here.
        length: how many steps; needed only where there are no sequences.
        reverse: begin with the last entry.

    Returns: the states after the last step, and what each step gave.

    >>> (total,), (sums,) = scan(lambda s, x, c: ((s[0] + x[0],), (s[0] + x[0],)), [0.0], [np.float32([1, 2, 3])])
    >>> float(total), sums.tolist()
    (6.0, [1.0, 3.0, 6.0])
    """
    lengths = {shape_of(x)[0] for x in sequences} | ({length} if length is not None else set())
    if len(lengths) != 1:
        raise ArgumentError(
            f"scan expects sequences of one length on axis 0, but got {sorted(lengths) or 'none, and no length'}."
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
        made = [to_value(x, body) for x in (*new, *results)]
    if len(new) != len(groups[0]):
        raise ArgumentError(f"scan got {len(groups[0])} states, but its function returns {len(new)}.")
    body.outputs = {str(number): value for number, value in enumerate(made)}
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
    made = apply(op, *states, *sequences, *constants, *lifted)
    return tuple(made[: op.states]), tuple(made[op.states :])


def with_inputs(graph: Graph) -> tuple[Graph, list[Any]]:
    """The graph in which the variables it read and its larger constants are inputs, and what they are."""
    new = Graph()
    known: dict[Value, Value] = {}
    lifted: list[Any] = []
    for name, value in graph.inputs.items():
        known[value] = new.input(name, value.spec)
    for variable, value in graph.reads.items():
        known[value] = new.input(f"variable {len(lifted)}", value.spec)
        lifted.append(variable)
    for value, array in graph.constants.items():
        if array.size > 1:
            known[value] = new.input(f"array {len(lifted)}", value.spec)
            lifted.append(array)
        else:
            known[value] = new.constant(array)
    if graph.writes:
        named = ", ".join(variable.name for variable in graph.writes)
        raise GraphError(f"A step of scan cannot assign variables ({named}): give it states instead.")
    replay(graph.nodes, known, new)
    new.outputs = {name: known[value] for name, value in graph.outputs.items()}
    return new, lifted
