"""What the data sets of houses share: one file of rows and prices, shuffled and split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyengine.errors import ArgumentError, describe

Arrays = tuple[np.ndarray, np.ndarray]


def check_split(where: str, test_split: float) -> None:
    """A fraction of which something is left."""
    if isinstance(test_split, bool) or not isinstance(test_split, (int, float)) or not 0 <= test_split < 1:
        raise ArgumentError(
            where=where,
            argument="test_split",
            expected="a fraction of at least 0 and below 1",
            got=describe(test_split),
            fix="Give for example `test_split=0.2`.",
        )


def rows(path: Path, test_split: float, seed: int, count: int | None = None) -> tuple[Arrays, Arrays]:
    """(x, y) to train on and to test with, in Keras' order for a seed."""
    with np.load(path, allow_pickle=False) as arrays:
        x, y = arrays["x"][:count], arrays["y"][:count]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    end = int(len(x) * (1 - test_split))
    return (x[:end], y[:end]), (x[end:], y[end:])
