"""A data set in two parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pyengine import random
from pyengine.data import Dataset
from pyengine.errors import ArgumentError, DataError, describe

Size = float | int | None


def split_dataset(
    dataset: Any,
    left_size: Size = None,
    right_size: Size = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Dataset, Dataset]:
    """A data set in a left and a right part, for training and for validation.

    Arguments:
        dataset: a Dataset (it is read once, into memory), an array, or a tuple, list or map of arrays of equal length.
        left_size: of the left part: samples, or a fraction between 0 and 1; by default what the right part leaves.
        right_size: of the right part; by default what the left part leaves. One of the two is needed; with both,
            samples that neither takes are left out.
        shuffle: whether samples are drawn in random order; default False: as they come.
        seed: of the shuffling; by default from `set_random_seed`.

    Returns: (left, right), Datasets of single samples: call `batch` on them before training.

    Errors: ArgumentError for sizes that are no sizes, that are both missing, or that ask for more than there is;
    DataError for a data set with fewer than two samples.

    >>> import numpy as np
    >>> left, right = split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), [int(sample) for sample in right]
    (8, [8, 9])

    Source: Keras `utils.split_dataset`.
    """
    samples = dataset.to_list() if isinstance(dataset, Dataset) else _arrays(dataset)
    count = len(samples) if isinstance(samples, list) else len(_first(samples))
    if count < 2:
        raise DataError(
            where="split_dataset",
            argument="dataset",
            expected="at least 2 samples",
            got=str(count),
            fix="Give more data: each part gets at least one.",
        )
    left, right = _sizes(left_size, right_size, count)
    order = np.arange(count)
    if shuffle:
        order = random.permutation(random.next_key() if seed is None else random.key_from_seed(seed), count)
    return _part(samples, order[:left]), _part(samples, order[count - right :])


def _arrays(dataset: Any) -> Any:
    """The given arrays; their lengths are equal."""
    if isinstance(dataset, Mapping):
        arrays: Any = {name: np.asarray(array) for name, array in dataset.items()}
    elif isinstance(dataset, (tuple, list)) and dataset and all(np.ndim(array) for array in dataset):
        arrays = tuple(np.asarray(array) for array in dataset)
    else:
        arrays = np.asarray(dataset)
    parts = (
        list(arrays.values())
        if isinstance(arrays, dict)
        else arrays
        if isinstance(arrays, tuple)
        else [arrays]
    )
    if any(part.ndim == 0 for part in parts) or len({len(part) for part in parts}) != 1:
        raise DataError(
            where="split_dataset",
            argument="dataset",
            expected="a Dataset, or arrays of equal length",
            got=describe(dataset)
            if len(parts) < 2
            else "lengths " + ", ".join(str(len(part)) for part in parts),
            fix="Give one row per sample in every array.",
        )
    return arrays


def _first(arrays: Any) -> np.ndarray:
    if isinstance(arrays, dict):
        return next(iter(arrays.values()))
    return arrays[0] if isinstance(arrays, tuple) else arrays


def _part(samples: Any, rows: np.ndarray) -> Dataset:
    if isinstance(samples, list):
        return Dataset.from_iterable([samples[row] for row in rows])
    if isinstance(samples, dict):
        return Dataset.from_arrays({name: array[rows] for name, array in samples.items()})
    if isinstance(samples, tuple):
        return Dataset.from_arrays([array[rows] for array in samples])
    return Dataset.from_arrays(samples[rows])


def _sizes(left: Size, right: Size, count: int) -> tuple[int, int]:
    """How many samples each part gets, at least one."""
    if left is None and right is None:
        raise _error(
            "left_size", "a size, or one for `right_size`", "neither", "Give for example `left_size=0.8`."
        )
    counts = {}
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        fraction = isinstance(size, (float, np.floating)) and 0 < size < 1
        whole = isinstance(size, (int, np.integer)) and not isinstance(size, bool) and 1 <= size < count
        if not fraction and not whole:
            wanted = f"a fraction between 0 and 1, or a number of samples from 1 to {count - 1}"
            raise _error(name, wanted, describe(size), "Each part gets at least one sample.")
        counts[name] = round(size * count) if fraction else int(size)
    first = counts.get("left_size", count - counts.get("right_size", 0))
    second = counts.get("right_size", count - first)
    if first + second > count:
        raise _error(
            "right_size", f"at most {count - first}", str(second), f"There are {count} samples in all."
        )
    if not first or not second:
        name = "left_size" if not first else "right_size"
        raise _error(
            name,
            "a size of at least one sample",
            f"{describe(left if not first else right)} of {count}",
            "Give more data or another size.",
        )
    return first, second


def _error(argument: str, expected: str, got: str, fix: str) -> ArgumentError:
    return ArgumentError(where="split_dataset", argument=argument, expected=expected, got=got, fix=fix)
