"""What comes batch by batch: a Dataset, a PyDataset, a generator or another iterator."""

from __future__ import annotations

from typing import Any

from pyengine.data.dataset import Dataset
from pyengine.data.pydataset import PyDataset, batches_of


def stream_of(given: Any, shuffle: bool = False) -> Dataset | None:
    """A Dataset of its batches; None for what is an array, a list of arrays, or the like.

    Arguments:
        given: anything that `fit` is given as x.
        shuffle: whether the batches of a PyDataset come in another order each pass; default False.

    >>> stream_of([1, 2]) is None, stream_of(iter([1, 2])).to_list()
    (True, [1, 2])
    """
    if isinstance(given, Dataset):
        return given
    if isinstance(given, PyDataset):
        return batches_of(given, shuffle)
    if hasattr(given, "__next__") or hasattr(given, "__anext__"):
        return Dataset.from_iterable(given)
    return None
