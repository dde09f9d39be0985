"""ArrayData: arrays in memory, as `fit` reads them: batches of row numbers, rows gathered in place."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from pyengine import random
from pyengine.errors import ArgumentError, DataError

Batch = tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]


class ArrayData:
    """Inputs, targets and sample weights with one row per sample.

    Shapes: every array `(samples, …)`.
    Errors: DataError when there are no samples or the arrays disagree about how many.

    >>> data = ArrayData([np.arange(10.0)], [np.arange(10.0) * 2])
    >>> [rows.tolist() for rows in data.batches(4)]
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    >>> x, y, sample_weight = data.take(np.array([3, 1]))
    >>> x, y, sample_weight
    ([array([3., 1.])], [array([6., 2.])], [])
    """

    def __init__(
        self,
        x: Sequence[np.ndarray],
        y: Sequence[np.ndarray] = (),
        sample_weight: Sequence[np.ndarray] = (),
    ) -> None:
        # take() would copy a whole array that is not contiguous, in every batch.
        self.x = [np.ascontiguousarray(array) for array in x]
        self.y = [np.ascontiguousarray(array) for array in y]
        self.sample_weight = [np.ascontiguousarray(array) for array in sample_weight]
        self.count = self._check()
        self._buffers: list[np.ndarray] = []

    def __len__(self) -> int:
        return self.count

    @property
    def arrays(self) -> list[np.ndarray]:
        """All arrays in one list: inputs, targets, sample weights."""
        return [*self.x, *self.y, *self.sample_weight]

    def batches(
        self, batch_size: int, *, key: random.Key | None = None, epoch: int = 0
    ) -> Iterator[np.ndarray]:
        """The row numbers of one epoch's batches; the last one may be smaller.

        Shapes: `(batch_size,)`, of NumPy's index type.
        Arguments:
            key: shuffles by `permutation(fold_in(key, epoch), samples)`; None keeps the order.
        """
        if batch_size < 1:
            raise ArgumentError(f"batch_size must be at least 1, but got {batch_size!r}.")
        order = self.order(key=key, epoch=epoch)
        for begin in range(0, self.count, batch_size):
            yield order[begin : begin + batch_size]

    def order(self, *, key: random.Key | None = None, epoch: int = 0) -> np.ndarray:
        """The row numbers of one epoch in the order of `batches`: what a saved training state must keep."""
        if key is None:
            return np.arange(self.count)
        return random.permutation(random.fold_in(key, epoch), self.count)

    def take(self, indices: np.ndarray, out: Sequence[np.ndarray] | None = None) -> Batch:
        """The rows with these numbers, as (x, y, sample_weight).

        Shapes: `(len(indices), …)`.
        Arguments:
            indices: row numbers, 0 ≤ index < samples.
            out: where to write, one array per array of this data (see `arrays`); values are cast to its
                dtype. Without it the rows come in buffers that the next `take` overwrites.
        """
        if len(indices) and (indices.min() < 0 or indices.max() >= self.count):
            raise ArgumentError(
                f"take got row numbers {indices.min()} to {indices.max()}, but there are {self.count} rows."
            )
        buffers = self._rows_buffers(len(indices))
        for array, buffer in zip(self.arrays, buffers, strict=True):
            # "clip" writes straight into `out`; "raise" would go through a copy, so the check is above.
            np.take(array, indices, axis=0, out=buffer, mode="clip")
        return self._written(buffers, out)

    def slice(self, begin: int, end: int, out: Sequence[np.ndarray] | None = None) -> Batch:
        """The rows from `begin` to before `end`, as (x, y, sample_weight): views, or copies in `out`."""
        return self._written([array[begin:end] for array in self.arrays], out)

    def split(self, validation_split: float) -> tuple[ArrayData, ArrayData | None]:
        """The first floor(samples · (1 - validation_split)) rows for training, the rest for validation.

        Arguments:
            validation_split: share of the rows, 0 ≤ share < 1; 0 means no validation (None).
        Errors: ArgumentError outside that range, DataError when one part would be empty. Labels sorted by
            class get a warning, since the last rows then hold other classes than the first.
        """
        if not 0 <= validation_split < 1:
            raise ArgumentError(
                f"validation_split must be at least 0 and less than 1 (a share of the rows), but got "
                f"{validation_split!r}."
            )
        if validation_split == 0:
            return self, None
        cut = math.floor(self.count * (1.0 - validation_split))
        if cut == 0 or cut == self.count:
            part = "training" if cut == 0 else "validation"
            raise DataError(
                f"validation_split={validation_split!r} of {self.count} rows leaves no row for {part}. "
                "Choose another share, or give validation_data."
            )
        for i, labels in enumerate(self.y):
            if sorted_by_class(labels):
                warnings.warn(
                    f"The labels{f' of output {i}' if len(self.y) > 1 else ''} are sorted by class, so the "
                    f"last {self.count - cut} rows, which validation_split={validation_split!r} sets aside, "
                    "hold other classes than the first. Shuffle the rows first, or give validation_data.",
                    stacklevel=2,
                )
        return self._part(0, cut), self._part(cut, self.count)

    def _part(self, begin: int, end: int) -> ArrayData:
        return ArrayData(*self.slice(begin, end))

    def _rows_buffers(self, count: int) -> list[np.ndarray]:
        """One buffer per array, kept from call to call; a smaller batch uses the front of them."""
        arrays = self.arrays
        if not self._buffers or len(self._buffers[0]) < count:
            self._buffers = [np.empty((count, *array.shape[1:]), array.dtype) for array in arrays]
        return [buffer[:count] for buffer in self._buffers]

    def _written(self, rows: list[np.ndarray], out: Sequence[np.ndarray] | None) -> Batch:
        if out is not None:
            for row, target in zip(rows, out, strict=True):
                np.copyto(target, row, casting="unsafe")
            rows = list(out)
        middle, end = len(self.x), len(self.x) + len(self.y)
        return rows[:middle], rows[middle:end], rows[end:]

    def _check(self) -> int:
        counts = {}
        for name, arrays in (("x", self.x), ("y", self.y), ("sample_weight", self.sample_weight)):
            for i, array in enumerate(arrays):
                counts[f"{name}[{i}]" if len(arrays) > 1 else name] = len(array)
        if not self.x:
            raise DataError("There is no input array. Give x.")
        if len(set(counts.values())) > 1:
            listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
            raise DataError(f"All arrays need the same number of samples (rows), but {listed}.")
        count = next(iter(counts.values()))
        if count == 0:
            raise DataError(f"The data has zero samples: {', '.join(counts)} of shape {self.x[0].shape}.")
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
