"""Feeding: which batches come next, and the planned step for their shape."""

from __future__ import annotations

import gc
import math
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine import memory, random
from pyengine.callbacks import ABANDONED
from pyengine.data import ArrayData, Dataset
from pyengine.dtypes import canonical
from pyengine.errors import DataError, called, describe
from pyengine.executors import Batches
from pyengine.graph import Spec
from pyengine.training import inputs
from pyengine.training.estimate import held, out_of_memory
from pyengine.training.job import PAUSE, Work
from pyengine.training.lookups import check_lookups
from pyengine.training.pacing import Pacer
from pyengine.training.reading import WeightsRead
from pyengine.training.step import Builder, Planned, Step, Totals

KEPT_BYTES = 256_000_000  # of planned steps that are kept, by shape; those used longest ago go first
CALL_BYTES = 30_000  # what is held for each call of a program, apart from the arena: graph, program, records
ENDED = object()
NOTHING = object()  # no batch has been looked at ahead
SECONDS_A_SAMPLE = 3e-7  # that shuffling takes in a browser


@dataclass
class Fed:
    """Batches that a step is ready to run: so many of them, one behind the other, of so many samples each."""

    step: Step
    size: int
    count: int = 1


def without_garbage_collection(work: Work) -> Work:
    """Work during which the cyclic garbage collector rests; between its control points it may run.

    A graph that is being recorded is many new objects, all of them in use, which the collector would look through
    again and again: a fifth of the time that planning takes, and more than in proportion to the size of the graph.
    """
    try:
        while True:
            enabled = gc.isenabled()
            gc.disable()
            try:
                request = next(work)
            except StopIteration as end:
                return end.value
            finally:
                if enabled:
                    gc.enable()
            yield request
    finally:
        work.close()


class Steps:
    """The planned steps of one kind (train, test, predict), one per batch shape, that add to the same totals.

    Only one of them runs at a time, so they share the largest arena.

    Arguments:
        build: what plans a step.
    """

    def __init__(self, model: Any, build: Builder, totals: Sequence[Totals] = ()):
        self._model = weakref.ref(model)  # the model holds its steps, not they it
        self.build = build
        self.totals = list(totals)
        self.kept: dict[tuple, Step] = {}
        self.weights: WeightsRead | None = None
        self.ahead: ArraySource | None = None  # data that another step will see, checked with the first
        self._checked: set[int] = set()
        self._last: tuple[Batches | None, int, Step | None] = None, 0, None

    @property
    def model(self) -> Any:
        """Whose steps they are."""
        return self._model()

    def arrays_by_name(self, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Inputs, then targets, then weights, by the names of the step's inputs."""
        model = self.model
        names = [f"x/{name}" for name in model.input_names]
        names += [f"{kind}/{name}" for kind in ("y", "weight") for name in model.output_names]
        return dict(zip(names, arrays, strict=False))

    def step_for(self, specs: dict[str, Spec], pacer: Pacer) -> Work:
        """The planned step for inputs of these specs, built when first asked for."""
        key = tuple(specs.items())
        step = self.kept.pop(key, None)
        if step is None:
            step = self.kept[key] = yield from self._new(specs, pacer)
            while len(self.kept) > 1 and self.nbytes > KEPT_BYTES:
                del self.kept[next(iter(self.kept))]
        self.kept[key] = step
        step.weights = self.weights
        yield from step.follow_weights()
        return step

    def _new(self, specs: dict[str, Spec], pacer: Pacer) -> Work:
        """A step for inputs like these, or an error that says which would fit into memory."""
        model = self.model
        planned: Planned = yield from without_garbage_collection(self.build(model, specs, self.totals, pacer))
        largest = max(self.kept.values(), key=lambda step: step.program.arena, default=None)
        try:
            memory.require(sum(held(model)) + planned.program.arena)
            step = Step(planned, self.totals, largest)
        except MemoryError as error:
            raise out_of_memory(model, self.build, specs, self.totals) from error
        model.builds += 1
        return step

    @property
    def nbytes(self) -> int:
        """About how much memory the planned steps hold, arenas that they share counted once."""
        steps = self.kept.values()
        arenas = 0
        for executor in {step.executor for step in steps}:
            arenas += executor.nbytes(step.memory for step in steps if step.executor is executor)
        return arenas + CALL_BYTES * sum(step.length for step in steps)

    def write_batch(self, data: ArrayData, pacer: Pacer) -> Work:
        """Write the arrays of one batch into the step that fits it, and return that step."""
        arrays = self.arrays_by_name(data.arrays)
        dtypes = inputs.dtypes_of(self.model, data)
        specs = {
            name: Spec(array.shape, dtype)
            for (name, array), dtype in zip(arrays.items(), dtypes, strict=True)
        }
        step = yield from self.step_for(specs, pacer)
        yield from self._check_ahead(step, pacer)
        yield from check_lookups(step.lookups, arrays, pacer)
        yield from step.bind(None)
        for name, array in arrays.items():
            yield from step.feed(name, array)
        return step

    def bind_dataset(self, batches: Batches, size: int, pacer: Pacer) -> Work:
        """Bind the step for batches of `size` rows to the data set that it reads them from, and return that step."""
        last, last_size, step = self._last
        if step is not None and last is batches and last_size == size:  # the next epoch of the same rows
            yield from step.follow_weights()
            yield from step.bind(batches)
            return step
        specs = {
            name: Spec((size, *array.shape[1:]), canonical(array.dtype))
            for name, array in batches.arrays.items()
        }
        step = yield from self.step_for(specs, pacer)
        if step.lookups:
            yield from self._check_ahead(step, pacer)
            yield from self._check_once(step, batches.arrays, pacer)
        yield from step.bind(batches)
        self._last = batches, size, step
        return step

    def _check_ahead(self, step: Step, pacer: Pacer) -> Work:
        """Look at the validation data before the first step, not when its turn has come."""
        source, self.ahead = self.ahead, None
        if source is not None:
            with called(argument=source.argument):
                yield from self._check_once(step, self.arrays_by_name(source.data.arrays), pacer)

    def _check_once(self, step: Step, arrays: dict[str, np.ndarray], pacer: Pacer) -> Work:
        """Check the indices in arrays that stay the same from epoch to epoch."""
        new = {name: table for name, table in step.lookups.items() if id(arrays[name]) not in self._checked}
        yield from check_lookups(new, arrays, pacer)
        self._checked |= {id(arrays[name]) for name in new}

    def release(self) -> None:
        """Let go of the data, and of the weights that were to be read."""
        self.ahead = self.weights = None
        self._last = None, 0, None
        self._checked.clear()
        for step in self.kept.values():
            step.unbind()
            step.weights = None


class ArraySource:
    """Batches of arrays in memory, reshuffled in every pass when there is a key.

    Arguments:
        data: in the dtypes of the steps, see `inputs.cast_to_step_dtypes`.
        steps_per_epoch: batches per epoch, which goes on where the last one ended; it ends with the data, and the
            next one begins a new pass, as in Keras. None: one pass an epoch.
        argument: what the user calls its "x", "y" and "sample_weight", for errors.
    """

    def __init__(
        self,
        data: ArrayData,
        batch_size: int,
        *,
        key: random.Key | None = None,
        steps_per_epoch: int | None = None,
        argument: Callable[[str], str] | None = None,
    ):
        self.data = data
        self.rows = len(data)
        self.argument = argument
        self.batch_size = batch_size
        self.key = key
        self.steps_per_epoch = steps_per_epoch
        self.exhausted = False
        self.steps = steps_per_epoch or -(-len(data) // batch_size)
        self._warned = False
        self._passes = 0
        self._row = len(data)
        self._order: np.ndarray | None = None
        self._named: dict[str, np.ndarray] = {}
        self._batches: dict[int, Batches] = {}  # by first row, for the order of this pass

    def start(self, epoch: int) -> None:
        self._taken = 0
        if self.steps_per_epoch is None:
            self._passes = epoch
            self._row = len(self.data)

    def next(self, steps: Steps, pacer: Pacer) -> Work:
        """The next batches of one size in this epoch, as many as there are, or None."""
        if self._taken >= self.steps:
            return None
        if self._row >= len(self.data):
            if self._taken:
                if not self._warned:
                    self._warned = True
                    warn_of_end(self._taken, self.steps)
                return None
            yield from self._begin_pass(pacer)
        left = len(self.data) - self._row
        size = min(self.batch_size, left)
        count = min(left // size, self.steps - self._taken)
        batches = self._batches.get(self._row)
        if batches is None:
            self._named = self._named or steps.arrays_by_name(self.data.arrays)
            batches = self._batches[self._row] = Batches(self._named, self._order, self._row)
        step = yield from steps.bind_dataset(batches, size, pacer)
        self._taken += count
        self._row += count * size
        return Fed(step, size, count)

    def _begin_pass(self, pacer: Pacer) -> Work:
        self._row = 0
        if self.key is not None:
            # Shuffling cannot be divided: what takes too long for the rest of a stretch gets one of its own.
            if pacer.due(SECONDS_A_SAMPLE * len(self.data)):
                yield PAUSE
            self._order = self.data.order(self.key, self._passes)
            self._batches = {}
            if pacer.due():
                yield PAUSE
        self._passes += 1


class EveryEpoch(int):
    """A `steps_per_epoch` that the data must have in every epoch, or the training ends, as in TensorFlow.js."""


class DatasetSource:
    """Batches that a Dataset yields.

    Arguments:
        model: what the batches must fit; an unbuilt model is built from the first one.
        steps: batches per epoch at most. None: as many as there are.
        carry_on: whether an epoch goes on where the last one ended, and with a new pass only when that has no more,
            as Keras does it in training; by default each epoch is a pass of its own.
        within: the argument that the dataset is, for errors, unless it is the main one: "validation_data".
    """

    def __init__(
        self,
        model: Any,
        dataset: Dataset,
        *,
        steps: int | None = None,
        carry_on: bool = False,
        class_weight: Any = None,
        within: str = "",
    ):
        self.model = model
        self.within = within
        self.dataset = dataset
        self.steps = steps
        self.carry_on = carry_on and steps is not None
        self.class_weight = class_weight
        self.exhausted = False
        self._iterator: AsyncIterator | None = None
        self._peeked: Any = NOTHING
        self._read = 0  # batches of this pass
        self._total = 0
        self._warned = False

    def start(self, epoch: int) -> None:
        self._taken = 0
        self._epoch = epoch
        if not self.carry_on and self._peeked is NOTHING:
            self._iterator = None

    def peek(self) -> Work:
        """The first batch, which comes again as the first of the first epoch."""
        self._iterator = aiter(self.dataset)
        first = yield anext(self._iterator, ENDED)
        if first is ENDED:
            raise no_batch()
        if first is not ABANDONED:
            self._peeked = first
        return first

    def next(self, steps: Steps, pacer: Pacer) -> Work:
        """The next batch in this epoch, or None."""
        if self.steps is not None and self._taken >= self.steps:
            return None
        if self._iterator is None:
            self._iterator, self._read = aiter(self.dataset), 0
        # No StopAsyncIteration: its traceback and the event loop's task would hold the model in a cycle.
        element, self._peeked = self._peeked, NOTHING
        if element is NOTHING:
            element = yield anext(self._iterator, ENDED)
        if element is ENDED:
            self._iterator = None
            if self.carry_on and self._read and not self._taken and not isinstance(self.steps, EveryEpoch):
                return (yield from self.next(steps, pacer))  # the last epoch took the last batch
            self._ended()
            return None
        if element is ABANDONED:
            return None
        self._taken += 1
        self._read += 1
        self._total += 1
        with called(argument=self.argument):
            data = yield from self.checked(element, pacer)
            step = yield from steps.write_batch(data, pacer)
        return Fed(step, len(data))

    def checked(self, element: Any, pacer: Pacer) -> Work:
        """An element as arrays that fit the model."""
        data = batch_of(self.model, element, self.class_weight)
        yield from inputs.check_numbers(self.model, data, pacer)
        return data

    def argument(self, name: str) -> str:
        """What errors call "x" or "y" of the last batch."""
        place = f" in epoch {self._epoch}" if self._epoch else f" of {self.within}" if self.within else ""
        batch = f"batch {self._taken - 1}{place}"
        return f"{batch} of {name}" if name == "dataset" else f"{name} of {batch}"

    def _ended(self) -> None:
        if self._total == 0:
            raise no_batch()
        if isinstance(self.steps, EveryEpoch):
            self.exhausted = True
            warnings.warn(
                f"The dataset ended after {self._total} batches, and so does the training: `batches_per_epoch` asks "
                f"for {self.steps} in every epoch. Use `dataset.repeat()`, or ask for fewer steps or epochs.",
                stacklevel=2,
            )
        elif self._taken == 0:
            self.exhausted = True
            warnings.warn(
                "The dataset gave no batch in this epoch (can it be iterated twice?).", stacklevel=2
            )
        elif self.steps is not None and not self._warned:
            self._warned = True
            warn_of_end(self._taken, self.steps)


class InputSource(DatasetSource):
    """Batches to predict: inputs alone, or the first of what would be inputs, targets and weights."""

    rows = None

    def checked(self, element: Any, pacer: Pacer) -> Work:
        data = ArrayData(inputs.fit_inputs(self.model, inputs_of(element)))
        yield from inputs.check_inputs(self.model, data, pacer)
        return data


def inputs_of(element: Any) -> Any:
    """x of a dataset's element."""
    if isinstance(element, Mapping) and "xs" in element:
        return element["xs"]
    return element[0] if isinstance(element, tuple) and element else element


def warn_of_end(batches: int, steps: int) -> None:
    """Say that the data of an epoch, a validation, … end before as many steps as were asked for."""
    warnings.warn(
        f"The data ended after {batches} of the {steps} steps that were asked for. Ask for fewer, or give more data, "
        "for example with `dataset.repeat()`.",
        stacklevel=2,
    )


def no_batch() -> DataError:
    """The error for a dataset that yields nothing."""
    return DataError(
        argument="dataset",
        expected="at least one batch",
        got="a dataset whose first pass ended at once",
        fix="Look at what it is made of; a generator that has ended cannot begin again.",
    )


def refuse_endless(data: Any, steps: int | None, *, where: str, argument: str, limit: str) -> None:
    """An error for a dataset that is known to be endless and that no number of steps limits.

    Arguments:
        limit: the argument of `where` that would be that number.
    """
    if steps is None and isinstance(data, Dataset) and data.size == math.inf:
        raise DataError(
            where=where,
            argument=argument,
            expected=f"data that end, or `{limit}` to say how many batches to take",
            got="a dataset that repeats for ever",
            fix=f"Give it, for example as `{limit}=100`, or a count to `repeat`.",
        )


def batch_of(model: Any, element: Any, class_weight: Any = None) -> ArrayData:
    """One dataset element as arrays that fit the model."""
    data = inputs.validate_labelled_data(model, *split_element(element))
    return inputs.class_weighted(model, data, class_weight)


def split_element(element: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of an element: {xs, ys}, or a pair, or a triple."""
    if isinstance(element, Mapping) and "xs" in element:
        return element["xs"], element.get("ys"), element.get("weights", element.get("sampleWeight"))
    if isinstance(element, (tuple, list)) and len(element) in (2, 3):
        return element[0], element[1], element[2] if len(element) == 3 else None
    kind = f"a map with {', '.join(map(str, element))}" if isinstance(element, Mapping) else describe(element)
    raise DataError(
        argument="dataset",
        expected="{xs, ys} or pairs (x, y), already batched",
        got=f"a dataset that yields {kind}",
        fix="Map its elements to pairs, and call `batch`.",
    )
