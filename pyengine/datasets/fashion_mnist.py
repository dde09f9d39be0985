"""Fashion-MNIST: 70,000 pictures of clothes in ten classes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from pyengine.datasets.cache import HOST, find

Arrays = tuple[np.ndarray, np.ndarray]


def load_data() -> tuple[Arrays, Arrays]:
    """The pictures and their classes: T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, boot.

    Shapes: x (60000, 28, 28) and (10000, 28, 28), uint8; y (60000,) and (10000,), uint8 from 0 to 9.

    Returns: (x_train, y_train), (x_test, y_test), from the folder `fashion-mnist` of Keras' cache folder.

    Errors: DataError that says which file to put where, if it is missing and cannot be downloaded.

    >>> (x_train, y_train), _ = load_data()  # doctest: +SKIP

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST" (2017); Keras `datasets.fashion_mnist`.
    """
    return _part("train"), _part("t10k")


def _part(name: str) -> Arrays:
    labels = _numbers(f"{name}-labels-idx1-ubyte.gz", 8)
    return _numbers(f"{name}-images-idx3-ubyte.gz", 16).reshape(len(labels), 28, 28), labels


def _numbers(name: str, header: int) -> np.ndarray:
    """The bytes of a file behind its header."""
    with gzip.open(find("fashion_mnist.load_data", Path("fashion-mnist", name), HOST + name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)
