"""From data to steps: which batch comes next, and the planned step of its shape with the batch written into it."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine import random
from pyengine.data import ArrayData, Dataset
from pyengine.errors import DataError
from pyengine.graph import Spec
from pyengine.training import inputs
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer
from pyengine.training.step import Step, Totals

KEPT = 8  # planned steps, by shape: memory is held for each


@dataclass
class Fed:
    """A batch that has been written into a step, ready to run."""

    count: int
    step: Step


class Steps:
    """The planned steps of one kind (train, test, predict), one per batch shape, that add to the same totals.

    Args:
        build: a generator function from the specs of the inputs by name, and a pacer, to the Step.
    """

    def __init__(self, model: Any, build: Callable[..., Work], totals: Sequence[Totals] = ()):
        self.model = model
        self.build = build
        self.totals = list(totals)
        self.kept: dict[tuple, Step] = {}

    def fed(self, arrays: Sequence[np.ndarray], pacer: Pacer) -> Work:
        """The step for arrays of these shapes (inputs, then targets, then weights), with the arrays in it."""
        model = self.model
        names = [f"x/{name}" for name in model.input_names]
        dtypes = [symbolic.dtype for symbolic in model.inputs]
        targets = [f"y/{name}" for name in model.output_names]
        names += [*targets, *(f"weight/{name}" for name in model.output_names)]
        specs = {}
        for index, (name, array) in enumerate(zip(names, arrays, strict=False)):
            whole = array.dtype.kind in "iub" and name in targets
            specs[name] = Spec(
                array.shape, dtypes[index] if index < len(dtypes) else "int32" if whole else "float32"
            )
        key = tuple(specs.items())
        step = self.kept.pop(key, None)
        if step is None:
            step = yield from self.build(model, specs, self.totals, pacer)
        while len(self.kept) >= KEPT:
            del self.kept[next(iter(self.kept))]
        self.kept[key] = step
        for name, array in zip(specs, arrays, strict=True):
            step.feed(name, array)
        return step


class ArraySource:
    """Batches of arrays in memory, shuffled anew each pass when there is a key.

    Args:
        steps_per_epoch: batches per epoch; passes follow one another without end. None: one pass an epoch.
    """

    def __init__(
        self,
        data: ArrayData,
        batch_size: int,
        *,
        key: random.Key | None = None,
        steps_per_epoch: int | None = None,
    ):
        self.data = data
        self.batch_size = batch_size
        self.key = key
        self.steps_per_epoch = steps_per_epoch
        self.dry = False
        self.steps = steps_per_epoch or -(-len(data) // batch_size)
        self._passes = 0
        self._rows: Any = None

    def start(self, epoch: int) -> None:
        self._taken = 0
        if self.steps_per_epoch is None:
            self._rows = self.data.batches(self.batch_size, key=self.key, epoch=epoch)
        elif self._rows is None:
            self._rows = self._endless()

    def _endless(self):
        while True:
            yield from self.data.batches(self.batch_size, key=self.key, epoch=self._passes)
            self._passes += 1

    def next(self, steps: Steps, pacer: Pacer) -> Work:
        """The next batch of this epoch, or None."""
        if self.steps_per_epoch is not None and self._taken >= self.steps_per_epoch:
            return None
        # Shuffling a large epoch takes some 20 ms and cannot be divided: it gets a stretch of its own.
        shuffles = self._taken == 0 and self.key is not None and pacer.interval is not None
        if shuffles:
            yield PAUSE
        rows = next(self._rows, None)
        if shuffles:
            yield PAUSE
        if rows is None:
            return None
        self._taken += 1
        x, y, weights = self.data.take(rows)
        step = yield from steps.fed([*x, *y, *weights], pacer)
        return Fed(len(rows), step)


class DatasetSource:
    """Batches that a Dataset yields.

    Args:
        model: what the batches must fit; an unbuilt model is built from the first one.
        steps: batches per epoch: then one iterator runs on through the epochs. None: each epoch is one pass.
    """

    def __init__(self, model: Any, dataset: Dataset, *, steps: int | None = None, class_weight: Any = None):
        self.model = model
        self.dataset = dataset
        self.steps = steps
        self.class_weight = class_weight
        self.dry = False
        self._iterator: AsyncIterator | None = None
        self._total = 0

    def start(self, epoch: int) -> None:
        self._taken = 0
        if self._iterator is None or self.steps is None:
            self._iterator = aiter(self.dataset)

    def next(self, steps: Steps, pacer: Pacer) -> Work:
        if self.steps is not None and self._taken >= self.steps:
            return None
        assert self._iterator is not None
        try:
            element = yield anext(self._iterator)
        except StopAsyncIteration:
            self._ended()
            return None
        self._taken += 1
        self._total += 1
        data = batch_of(self.model, element, self.class_weight)
        yield from inputs.check_numbers(self.model, data, pacer)
        step = yield from steps.fed(data.arrays, pacer)
        return Fed(len(data), step)

    def _ended(self) -> None:
        if self._total == 0:
            raise DataError("The dataset has no batch: its first pass ended at once.")
        if self.steps is not None:
            self.dry = True
            warnings.warn(
                f"The dataset ended after {self._total} batches, in the middle of the training; it ends here. Use "
                "dataset.repeat(), or fewer steps per epoch or epochs.",
                stacklevel=2,
            )
        elif self._taken == 0:
            self.dry = True
            warnings.warn(
                "The dataset gave no batch in this epoch (can it be iterated twice?).", stacklevel=2
            )


def batch_of(model: Any, element: Any, class_weight: Any = None) -> ArrayData:
    """One dataset element as arrays that fit the model."""
    x, y, weight = unpacked(element)
    arrays = inputs.fit_inputs(model, x)
    model.ensure_compiled()
    targets = inputs.fit_targets(model, y)
    data = ArrayData(arrays, targets, inputs.sample_weights(model, targets, weight))
    if class_weight is None:
        return data
    return ArrayData(data.x, data.y, inputs.class_weights(model, data, class_weight))


def unpacked(element: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of an element: {xs, ys}, or a pair, or a triple."""
    if isinstance(element, Mapping) and "xs" in element:
        return element["xs"], element.get("ys"), element.get("weights", element.get("sampleWeight"))
    if isinstance(element, (tuple, list)) and len(element) in (2, 3):
        return element[0], element[1], element[2] if len(element) == 3 else None
    kind = (
        f"a map with {', '.join(map(str, element))}"
        if isinstance(element, Mapping)
        else type(element).__name__
    )
    raise DataError(
        "A dataset for training yields {xs, ys} or pairs (x, y), already batched, "
        f"but this one yields {kind}."
    )
