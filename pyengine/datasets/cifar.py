"""What the two CIFAR data sets share: batches of photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pyengine.datasets import safe

Arrays = tuple[np.ndarray, np.ndarray]


def batches(folder: Path, names: list[str], labels: str) -> Arrays:
    """The photographs (n, 32, 32, 3), uint8, and their classes (n, 1), uint8, of some files."""
    x, y = [], []
    for name in names:
        with (folder / name).open("rb") as file:
            batch = safe.load(file, "bytes")
        x.append(np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        y.append(np.asarray(batch[labels.encode()], np.uint8).reshape(-1, 1))
    return np.concatenate(x), np.concatenate(y)
