"""CIFAR-10: 60,000 photographs in ten classes."""

from __future__ import annotations

from pyengine.datasets.cache import find_folder
from pyengine.datasets.cifar import Arrays, batches

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
DIGEST = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> tuple[Arrays, Arrays]:
    """The photographs and their classes: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Shapes: x (50000, 32, 32, 3) and (10000, 32, 32, 3), uint8; y (50000, 1) and (10000, 1), uint8 from 0 to 9.

    Returns: (x_train, y_train), (x_test, y_test), from Keras' cache folder.

    Errors: DataError that says which file to put where, if it is missing and cannot be downloaded.

    >>> (x_train, y_train), _ = load_data()  # doctest: +SKIP

    Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009); Keras `datasets.cifar10`.
    """
    folder = find_folder(
        "cifar10.load_data", "cifar-10-batches-py-target", "cifar-10-batches-py", URL, DIGEST
    )
    train = [f"data_batch_{number}" for number in range(1, 6)]
    return batches(folder, train, "labels"), batches(folder, ["test_batch"], "labels")
