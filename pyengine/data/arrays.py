"""ArrayData: arrays in memory, as `fit` reads them, and the order in which it does."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from numbers import Real

import numpy as np

from pyengine import random
from pyengine.errors import ArgumentError, DataError, describe

ORDERED_TOGETHER = 2048  # row numbers that take hardly longer than a few: several epochs of little data


class ArrayData:
    """Inputs, targets and sample weights with one row per sample.

    Shapes: every array `(samples, …)`.
    Arguments:
        x: the inputs, at least one.
        y: the targets; default (), none.
        sample_weight: the weights, one array per target; default (), none.
    Errors: DataError when there are no samples or the arrays disagree about how many.

    >>> data = ArrayData([np.arange(10.0)], [np.arange(10.0) * 2])
    >>> len(data), data.rows(2, 4).arrays
    (10, [array([2., 3.]), array([4., 6.])])
    >>> training, validation = data.split(0.3)
    >>> len(training), len(validation), data.order(random.key_from_seed(1))
    (7, 3, array([8, 4, 1, 6, 9, 5, 2, 3, 7, 0]))
    """

    def __init__(
        self,
        x: Sequence[np.ndarray],
        y: Sequence[np.ndarray] = (),
        sample_weight: Sequence[np.ndarray] = (),
    ) -> None:
        # Steps copy their rows out of memory as it lies.
        self.x = [np.ascontiguousarray(array) for array in x]
        self.y = [np.ascontiguousarray(array) for array in y]
        self.sample_weight = [np.ascontiguousarray(array) for array in sample_weight]
        self.count = self._check()
        self._orders: dict[tuple[random.Key, int], np.ndarray] = {}

    def __len__(self) -> int:
        return self.count

    @property
    def arrays(self) -> list[np.ndarray]:
        """All arrays in one list: inputs, targets, sample weights."""
        return [*self.x, *self.y, *self.sample_weight]

    def order(self, key: random.Key, epoch: int = 0) -> np.ndarray:
        """The row numbers of a shuffled epoch: `permutation(fold_in(key, epoch), samples)`.

        Shapes: -> `(samples,)`, int64.
        Arguments:
            key: a key of `pyengine.random`.
            epoch: the epoch's number; default 0.
        """
        if self.count > ORDERED_TOGETHER // 2:
            return random.permutation(random.fold_in(key, epoch), self.count).astype(np.int64, copy=False)
        if (key, epoch) not in self._orders:
            # More and more of them, as long as one epoch follows the other.
            epochs = range(epoch, epoch + min(2 * len(self._orders) or 1, ORDERED_TOGETHER // self.count))
            orders = random.permutations([random.fold_in(key, epoch) for epoch in epochs], self.count)
            self._orders = {(key, epoch): order for epoch, order in zip(epochs, orders, strict=True)}
        return self._orders[key, epoch]

    def rows(self, begin: int, end: int) -> ArrayData:
        """The rows from `begin` to before `end`: views.

        Arguments:
            begin: the first row's number, from 0.
            end: the number after the last row's.
        """
        parts = ([array[begin:end] for array in group] for group in (self.x, self.y, self.sample_weight))
        return ArrayData(*parts)

    def split(self, validation_split: float) -> tuple[ArrayData, ArrayData | None]:
        """The first floor(samples · (1 - validation_split)) rows for training, the rest for validation.

        Arguments:
            validation_split: fraction of the rows, 0 ≤ fraction < 1; 0 means no validation (None).
        Errors: ArgumentError outside that range, DataError when one part would be empty. Labels sorted by
            class get a warning, since the last rows then hold other classes than the first.
        """
        if not isinstance(validation_split, Real) or not 0 <= validation_split < 1:
            raise ArgumentError(
                argument="validation_split",
                expected="a share of the rows, at least 0 and less than 1",
                got=describe(validation_split),
                fix="Use, for example, `validation_split=0.2`.",
            )
        if validation_split == 0:
            return self, None
        cut = math.floor(self.count * (1.0 - validation_split))
        if cut == 0 or cut == self.count:
            part = "training" if cut == 0 else "validation"
            raise DataError(
                argument="validation_split",
                expected=f"a share that leaves rows for {part}",
                got=f"{validation_split!r} of {self.count} rows",
                fix="Choose another share, or give `validation_data`.",
            )
        for i, labels in enumerate(self.y):
            if sorted_by_class(labels):
                warnings.warn(
                    f"The labels{f' of output {i}' if len(self.y) > 1 else ''} are sorted by class, so the "
                    f"last {self.count - cut} rows, which validation_split={validation_split!r} sets aside, "
                    "hold other classes than the first. Shuffle the rows first, or give validation_data.",
                    stacklevel=2,
                )
        return self.rows(0, cut), self.rows(cut, self.count)

    def _check(self) -> int:
        counts = {}
        for name, arrays in (("x", self.x), ("y", self.y), ("sample_weight", self.sample_weight)):
            for i, array in enumerate(arrays):
                counts[f"{name}[{i}]" if len(arrays) > 1 else name] = len(array)
        if not self.x:
            raise DataError(argument="x", expected="at least one array", got="none", fix="Give `x`.")
        if len(set(counts.values())) > 1:
            raise DataError(
                argument=next(name for name, count in counts.items() if count != len(self.x[0])),
                expected="as many samples (rows) as the other arrays",
                got=", ".join(f"{count} in {name}" for name, count in counts.items()),
                fix="Give the same number of rows in each.",
            )
        count = next(iter(counts.values()))
        if count == 0:
            raise DataError(
                argument=next(iter(counts)),
                expected="at least one sample",
                got=f"shape {self.x[0].shape}, which has zero",
                fix="Look where the rows were lost.",
            )
        return count


def sorted_by_class(labels: np.ndarray) -> bool:
    """Whether labels are classes (whole numbers that repeat, or one-hot rows) in sorted order.

    >>> sorted_by_class(np.array([0, 0, 0, 1, 1, 1])), sorted_by_class(np.array([0, 1, 0, 1, 0, 1]))
    (True, False)
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not ((labels == 0) | (labels == 1)).all() or not (labels.sum(axis=1) == 1).all():
            return False
        labels = labels.argmax(axis=1)
    if labels.size != len(labels) or labels.dtype.kind not in "biuf":
        return False
    classes = labels.reshape(-1)
    if classes.dtype.kind == "f" and not (classes == np.floor(classes)).all():
        return False
    steps = classes[1:] != classes[:-1]
    changes = int(np.count_nonzero(steps))
    # Fewer classes than half the rows: numbers to regress on (1, 2, 3, …) may well be sorted.
    if not 1 <= changes < len(classes) // 2:
        return False
    return bool((classes[1:] >= classes[:-1]).all() or (classes[1:] <= classes[:-1]).all())
