"""One step as a Program: what `fit`, `evaluate` and `predict` run again and again."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pyengine import executors, ops
from pyengine.errors import ArgumentError
from pyengine.executors import Batches, Executor, Memory
from pyengine.graph import Graph, Spec, Value, Variable
from pyengine.plan import Program, plan
from pyengine.structure import leaves
from pyengine.training.job import PAUSE, Work, answer_of
from pyengine.training.lookups import Lookup, lookups
from pyengine.training.pacing import Pacer
from pyengine.training.reading import WeightsRead
from pyengine.transforms import differentiate, fuse, gradient_names, simplify, trace


class Totals:
    """Additive sums of one logged number, gathered over batches in variables, and what they come to.

    Attributes:
        variables: one per sum; the program adds each batch's contribution to them.
        compute: from sums to the number.
    """

    def __init__(self, name: str, compute: Callable[..., Any]):
        self.name = name
        self.compute = compute
        self.variables: list[Variable] = []

    def add(self, contributions: Sequence[Value]) -> dict[str, Value]:
        """Within a trace: add a batch's contributions; returns them as named outputs."""
        if not self.variables:
            self.variables = [
                Variable(np.zeros(value.shape), name=f"total/{self.name}/{index}", dtype=value.dtype)
                for index, value in enumerate(contributions)
            ]
        for variable, value in zip(self.variables, contributions, strict=True):
            variable.assign_add(value)  # type: ignore[attr-defined]
        return {f"batch/{self.name}/{index}": value for index, value in enumerate(contributions)}

    def reset(self) -> None:
        for variable in self.variables:
            variable.clear()

    def result(self) -> float:
        """The number over everything since `reset`."""
        return float(self.compute(*(variable.value for variable in self.variables)))


@dataclasses.dataclass
class Planned:
    """A step before it has memory.

    Attributes:
        executor: who will run it.
        graph, program: print them to see what runs.
        lookups: the tables that its inputs are indices of, by input.
    """

    executor: Executor
    graph: Graph
    program: Program
    lookups: Mapping[str, Lookup]


class Step:
    """A planned step with its memory, and where it stands: it runs once, or again and again on batch after batch.

    Arguments:
        beside: a step that never runs at the same time: its arena serves this one, too, where it is large enough.
    Attributes:
        graph, program: print them to see what runs.
        position: the next call, counted over steps; a step may stand still between two calls, or within one.
        stop: where what has been begun ends.
        seconds: about how long one step takes: as when last looked at, and not less than the executor knows beforehand.
        lookups: the tables that its inputs are indices of, by input.
        weights: whose copies, once there are any, it reads in place of the variables.
        fetched: whether the variables hold what the program has left in them.
    """

    def __init__(self, planned: Planned, totals: Sequence[Totals] = (), beside: Step | None = None):
        self.executor = planned.executor
        self.graph = planned.graph
        self.program = planned.program
        self.lookups = planned.lookups
        self.totals = list(totals)
        shared = beside.memory if beside and beside.executor is self.executor else None
        self.memory: Memory = self.executor.allocate(self.program, shared)
        self.length = max(1, self.memory.length)
        self.position = self.stop = 0
        self.seconds = math.inf
        self.fetched = True
        self.weights: WeightsRead | None = None

    def feed(self, name: str, array: np.ndarray) -> Work:
        """Write an input of the next step."""
        yield from answer_of(self.executor.write(self.memory, name, array))

    def bind(self, batches: Batches | None) -> Work:
        """Take batch after batch from a data set; None: they are fed."""
        if self.memory.batches is not batches:
            yield from answer_of(self.executor.bind(self.memory, batches))

    def unbind(self) -> None:
        """Let go of a data set, which needs no waiting."""
        if self.memory.batches is not None:
            self.executor.bind(self.memory, None)

    def watch(self, name: str | None) -> None:
        """Stop behind a step that leaves no finite number in an output."""
        is_float = name is not None and self.program.outputs[name].spec.dtype == "float32"
        self.memory.watched = name if is_float else None

    def begin(self, count: int = 1) -> None:
        """From here on `count` steps are to run."""
        self.position, self.stop = 0, count * self.length
        self.memory.within = False

    @property
    def done(self) -> int:
        """How many steps have ended since they were begun."""
        return self.position // self.length

    @property
    def whole(self) -> bool:
        """Whether it stands between two steps, not inside one."""
        return self.position % self.length == 0 and not self.memory.within

    @property
    def ended(self) -> bool:
        return self.position >= self.stop

    def advance(self, deadline: float | None, steps: int | None = None) -> Work:
        """Run until the end, the end of so many steps (the running one is the first), or the deadline."""
        stop = self.stop if steps is None else min(self.stop, (self.done + steps) * self.length)
        if self.position < stop:
            yield from self.follow_weights()
            begin, began = self.position, time.perf_counter()
            self.position = stop  # a run that fails cannot be continued
            self.fetched = False
            self.position = yield from answer_of(self.executor.run(self.memory, begin, deadline, stop))
            seconds = (time.perf_counter() - began) * self.length / max(1, self.position - begin)
            self.seconds = max(
                seconds, self.memory.estimate
            )  # a first call may be short and the next one long

    def follow_weights(self) -> Work:
        """Go on, even from inside a step, on the copies of what it only reads, where there are such by now."""
        copies = self.weights.copies if self.weights else {}
        if copies and self.memory.program is self.program:
            changed, batches = self.graph.writes, self.memory.batches
            variables = [
                variable if variable in changed else copies.get(variable, variable)
                for variable in self.program.variables
            ]
            program = dataclasses.replace(self.program, variables=tuple(variables))
            self.memory = self.executor.allocate(program, self.memory)
            yield from self.bind(batches)

    def settle(self) -> None:
        """Finish the step that is running, now."""
        for request in self.advance(None, 1) if not self.whole else ():
            raise AssertionError(
                f"An executor that is awaited stops between steps only, but {request} is left."
            )

    def fetch(self) -> Work:
        """Let the variables hold what the program has left in them."""
        if not self.fetched:
            self.fetched = True
            yield from answer_of(self.executor.fetch(self.memory))

    def read(self, name: str, out: np.ndarray | None = None) -> Work:
        """An output, copied into `out` if that is given."""
        return (yield from answer_of(self.executor.read(self.memory, name, out)))

    def batch_values(self) -> Work:
        """The logged numbers of the batch that has just run, by name."""
        values = {}
        for totals in self.totals:
            contributions = []
            for index in range(len(totals.variables)):
                contributions.append((yield from self.read(f"batch/{totals.name}/{index}")))
            values[totals.name] = float(totals.compute(*contributions))
        return values


def input_names(model: Any) -> list[str]:
    return [f"x/{name}" for name in model.input_names]


def forward(model: Any, arrays: Sequence[Value], training: bool) -> list[Value]:
    """The model's outputs as a list."""
    return leaves(model.call(*arrays, training=training))


def loss_and_totals(
    model: Any, totals: Sequence[Totals], values: dict[str, Value], training: bool
) -> dict[str, Value]:
    """Within a trace: forward, losses, metrics; the outputs `loss` and `batch/<name>/<index>`."""
    chosen = model.compiled
    predictions = forward(model, [values[name] for name in input_names(model)], training)
    batch = float(predictions[0].shape[0])
    parts: list[Any] = []
    total: Any = None
    for index, (loss, scale, name) in enumerate(
        zip(chosen.losses, chosen.loss_weights, model.output_names, strict=True)
    ):
        if loss is None:
            parts.append(None)
            continue
        part = loss(values[f"y/{name}"], predictions[index], sample_weight=values.get(f"weight/{name}"))
        parts.append(part)
        part = part if scale == 1.0 else ops.multiply(part, scale)
        total = part if total is None else ops.add(total, part)
    for penalty in model.regularization_losses():
        total = ops.add(total, penalty)
    outputs: dict[str, Value] = {"loss": total}
    numbers = {"loss": total}
    if len(parts) > 1:
        numbers.update(
            {f"{n}_loss": p for n, p in zip(model.output_names, parts, strict=True) if p is not None}
        )
    tracked = {entry.name: entry for entry in chosen.tracked}
    for sums in totals:
        if sums.name in numbers:
            contributions = (ops.multiply(numbers[sums.name], batch), ops.cast(batch, dtype="float32"))
        else:
            entry = tracked[sums.name]
            name = model.output_names[entry.output]
            weight = values.get(f"weight/{name}") if entry.weighted else None
            contributions = entry.metric.contributions(values[f"y/{name}"], predictions[entry.output], weight)
            require_number(entry.name, entry.metric.compute(*contributions))
        graph = total.graph
        outputs.update(sums.add([ops.base.to_value(value, graph) for value in contributions]))
    return outputs


def require_number(name: str, value: Any) -> None:
    """What is logged is one number; a metric of several thresholds gives several."""
    if ops.shape_of(value) != ():
        raise ArgumentError(
            where=f"Metric {name!r}",
            argument="thresholds",
            expected="one, since a single number can be logged",
            got=f"shape {ops.shape_of(value)}",
            fix="Give it one threshold, and a metric of its own for each further one.",
        )


def new_totals(model: Any) -> list[Totals]:
    """Sums for everything that is logged: the loss, each output's loss when there are several, the metrics."""
    names = ["loss"]
    if len(model.output_names) > 1:
        names += [
            f"{name}_loss"
            for name, loss in zip(model.output_names, model.compiled.losses, strict=True)
            if loss is not None
        ]
    result = [Totals(name, np.divide) for name in names]
    return result + [Totals(entry.name, entry.metric.compute) for entry in model.compiled.tracked]


Builder = Callable[[Any, dict[str, Spec], Sequence[Totals], Pacer], Work]
"""What plans a step of a model for inputs by name: a generator function that gives a `Planned`."""


def train_step(model: Any, specs: dict[str, Spec], totals: Sequence[Totals], pacer: Pacer) -> Work:
    """The whole step of training: forward, loss, gradients, update, metrics. Pauses between its transforms."""
    chosen = model.compiled
    with model.compiled_flags():
        graph = trace(lambda **values: loss_and_totals(model, totals, values, True), specs)
    if pacer.due():
        yield PAUSE
    tables = lookups(model, graph)
    graph = differentiate(graph, "loss", chosen.trained)
    names = gradient_names(chosen.trained)
    pairs = [
        (graph.outputs.pop(name, None), variable)
        for name, variable in zip(names, chosen.trained, strict=True)
    ]
    missing = [variable.name for gradient, variable in pairs if gradient is None]
    if missing:
        model.warn_once(
            f"The loss does not depend on {', '.join(missing)}: these weights stay as they are.",
            key="gradients",
        )
    with graph:
        pairs_with_gradient = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        if pairs_with_gradient:
            chosen.optimizer.apply([g for g, _ in pairs_with_gradient], [v for _, v in pairs_with_gradient])
    if pacer.due():
        yield PAUSE
    return (yield from optimize_and_plan(model, graph, tables, pacer))


def test_step(model: Any, specs: dict[str, Spec], totals: Sequence[Totals], pacer: Pacer) -> Work:
    """Forward, loss and metrics in inference mode."""
    with model.compiled_flags():
        graph = trace(lambda **values: loss_and_totals(model, totals, values, False), specs)
    return (yield from optimize_and_plan(model, graph, lookups(model, graph), pacer))


def predict_step(model: Any, specs: dict[str, Spec], totals: Sequence[Totals], pacer: Pacer) -> Work:
    """Forward in inference mode; the outputs `output/<name>`."""

    def run(**values: Value) -> dict[str, Value]:
        outputs = forward(model, [values[name] for name in input_names(model)], False)
        return {f"output/{name}": value for name, value in zip(model.output_names, outputs, strict=True)}

    graph = trace(run, specs)
    return (yield from optimize_and_plan(model, graph, lookups(model, graph), pacer))


def optimize_and_plan(model: Any, graph: Graph, tables: Mapping[str, Lookup], pacer: Pacer) -> Work:
    """Simplify, fuse and plan."""
    graph = simplify(graph)
    if pacer.due():
        yield PAUSE
    executor = model.executor or executors.default()
    graph = fuse(graph, executor)
    if pacer.due():
        yield PAUSE
    program = plan(graph)
    if pacer.due():
        yield PAUSE
    return Planned(executor, graph, program, tables)
