"""Batches by number, of a class of the user's: `PyDataset`, as Keras has it."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np

from pyengine import random
from pyengine.data.dataset import Dataset
from pyengine.errors import ArgumentError, describe


class PyDataset:
    """A data set of whole batches that know their numbers; `fit`, `evaluate` and `predict` take it as it is.

    A subclass has `__len__`, the number of batches, and `__getitem__(index)`, a batch (x, y) or (x, y, sample_weight).
    With workers batches are made while others train, in CPython; the page's Python has one thread and makes them in
    turn. Batches come in the same order with any number of workers.

    Arguments:
        workers: how many batches are made at the same time, at least 1 (0 counts as 1); default 1.
        use_multiprocessing: whether workers are processes, which pickle the data set, and not threads; default False.
        max_queue_size: how many batches wait at most, at least 1; default 10.
    Errors: ArgumentError for numbers out of range.

    >>> import numpy as np, pyengine
    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.arange(4.0)[:, None] + index
    ...         return x, x**2
    >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,))])
    >>> model.compile("sgd", "mse")
    >>> model.fit(Squares(), epochs=2, verbose=0).epoch
    [0, 1]

    Source: Keras `utils.PyDataset`.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        for name, value, least in (("workers", workers, 0), ("max_queue_size", max_queue_size, 1)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise ArgumentError(
                    where=type(self).__name__,
                    argument=name,
                    expected=f"a whole number of at least {least}",
                    got=describe(value),
                    fix="Leave it out for the default.",
                )
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch of a number.

        Arguments:
            index: from 0 to the number of batches minus 1.

        Returns: (x, y) or (x, y, sample_weight), arrays (batch, …).
        """
        raise NotImplementedError(f"{type(self).__name__} has no `__getitem__`.")

    @property
    def num_batches(self) -> int | None:
        """How many batches a pass has; by default its length. None: it never ends, and `steps_per_epoch` is needed."""
        return len(self)  # type: ignore[arg-type]

    def on_epoch_begin(self) -> None:
        """Called before each pass."""

    def on_epoch_end(self) -> None:
        """Called behind each pass."""


def batches_of(dataset: PyDataset, shuffle: bool = False) -> Dataset:
    """A Dataset of its batches; with `shuffle` in another order each pass."""
    settings = {"workers": 1, "use_multiprocessing": False, "max_queue_size": 10}
    for name, value in settings.items():  # of a subclass that does not call our constructor
        dataset.__dict__.setdefault(name, value)
    count = dataset.num_batches
    key = random.next_key() if shuffle and count is not None else None
    passes = itertools.count()

    def one_pass() -> Iterator[Any]:
        number = next(passes)
        dataset.on_epoch_begin()
        order: Any = itertools.count() if count is None else range(count)
        if key is not None and count is not None:
            order = random.permutation(random.fold_in(key, number), count).tolist()
        yield from batches_in_order(dataset, order)
        dataset.on_epoch_end()

    return Dataset.from_generator(one_pass)


def batches_in_order(dataset: PyDataset, order: Any) -> Iterator[Any]:
    """Yield the batches of these indices, in this order."""
    if dataset.workers <= 1 or sys.platform == "emscripten":
        yield from map(dataset.__getitem__, order)
        return
    waiting: deque[Future[Any]] = deque()
    with pool(dataset) as workers:
        for index in order:
            waiting.append(workers.submit(batch, None if dataset.use_multiprocessing else dataset, index))
            if len(waiting) > dataset.max_queue_size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def pool(dataset: PyDataset) -> Executor:
    """The pool of workers that make batches in parallel with training."""
    if dataset.use_multiprocessing:
        return ProcessPoolExecutor(dataset.workers, initializer=keep, initargs=(dataset,))
    return ThreadPoolExecutor(dataset.workers, thread_name_prefix="pyengine-data")


kept: list[PyDataset] = []  # in a worker process: the data set that it makes batches of


def keep(dataset: PyDataset) -> None:
    kept[:] = [dataset]


def batch(dataset: PyDataset | None, index: int) -> Any:
    return (kept[0] if dataset is None else dataset)[index]
