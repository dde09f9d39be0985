"""MNIST: 70,000 handwritten digits."""

from __future__ import annotations

import numpy as np

from pyengine.datasets.cache import HOST, find

Arrays = tuple[np.ndarray, np.ndarray]


def load_data(path: str = "mnist.npz") -> tuple[Arrays, Arrays]:
    """The digits and what they are.

    Shapes: x (60000, 28, 28) and (10000, 28, 28), uint8 from 0 (paper) to 255 (ink); y (60000,) and (10000,), uint8.

    Arguments:
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.

    Returns: (x_train, y_train), (x_test, y_test).

    Errors: DataError that says which file to put where, if it is missing and cannot be downloaded.

    >>> (x_train, y_train), _ = load_data()  # doctest: +SKIP
    >>> x_train.shape, y_train[:3]  # doctest: +SKIP
    ((60000, 28, 28), array([5, 0, 4], dtype=uint8))

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits"; Keras `datasets.mnist`.
    """
    digest = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
    with np.load(find("mnist.load_data", path, f"{HOST}mnist.npz", digest), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
