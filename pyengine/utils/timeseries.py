"""Sliding windows over a time series."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.data import Dataset
from pyengine.errors import ArgumentError, DataError, describe

WHERE = "timeseries_dataset_from_array"


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Dataset:
    """Windows of equal length over a time series, each with the target of its first step.

    Window k has the steps s, s + r, …, s + (sequence_length - 1) · r with s = k · sequence_stride, r = sampling_rate.

    Shapes: data (steps, …) → batches (batch_size, sequence_length, …); targets (steps or fewer, …) → (batch_size, …).

    Arguments:
        data: one row per step of time.
        targets: `targets[i]` belongs to the window that begins at step i; None for windows alone.
        sequence_length: steps of a window, at least 1.
        sequence_stride: steps from the beginning of one window to that of the next; default 1.
        sampling_rate: steps from one step of a window to the next; default 1.
        batch_size: windows per batch, default 128; None for windows one by one.
        shuffle: whether windows come in another order each pass; default False: in the order of time.
        seed: of the shuffling; by default from `set_random_seed`.
        start_index, end_index: only the steps from here on and before there; default all.

    Returns: a Dataset of (windows, targets), or of windows alone.

    Errors: ArgumentError for settings out of range, DataError for data too short for a single window.

    >>> import numpy as np
    >>> series = np.arange(10)
    >>> dataset = timeseries_dataset_from_array(series[:-3], series[3:], sequence_length=3, batch_size=2)
    >>> windows, targets = next(iter(dataset))
    >>> windows.tolist(), targets.tolist()
    ([[0, 1, 2], [1, 2, 3]], [3, 4])

    Source: Keras `utils.timeseries_dataset_from_array`.
    """
    series = np.asarray(data)
    answers = None if targets is None else np.asarray(targets)
    length = _whole("sequence_length", sequence_length)
    stride, rate = _whole("sequence_stride", sequence_stride), _whole("sampling_rate", sampling_rate)
    if batch_size is not None:
        batch_size = _whole("batch_size", batch_size)
    first = 0 if start_index is None else _index("start_index", start_index, len(series) - 1)
    end = len(series) if end_index is None else _index("end_index", end_index, len(series))
    last = end - first - (length - 1) * rate  # how many places a window can begin at
    if answers is not None:
        last = min(last, len(answers) - first)
    if last < 1:
        raise DataError(
            where=WHERE,
            argument="data",
            expected=f"at least {(length - 1) * rate + 1} steps for a window"
            + ("" if answers is None else ", and its target"),
            got=f"{max(end - first, 0)} steps" + ("" if answers is None else f" and {len(answers)} targets"),
            fix="Choose a smaller `sequence_length` or `sampling_rate`, or give more data.",
        )
    starts = first + np.arange(0, last, stride)
    steps = np.arange(length) * rate

    def element(begins: np.ndarray) -> Any:
        windows = series[begins[..., None] + steps]
        return windows if answers is None else (windows, answers[begins])

    dataset = Dataset.from_arrays(starts)
    if shuffle:
        dataset = dataset.shuffle(len(starts), seed)
    return (dataset if batch_size is None else dataset.batch(batch_size)).map(element)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ArgumentError(
            where=WHERE,
            argument=name,
            expected="a whole number of at least 1",
            got=describe(value),
            fix=f"Give for example `{name}=10`.",
        )
    return int(value)


def _index(name: str, value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value <= most:
        raise ArgumentError(
            where=WHERE,
            argument=name,
            expected=f"a step from 0 to {most}",
            got=describe(value),
            fix="Leave it out to use all steps.",
        )
    return int(value)
