"""CIFAR-100: 60,000 photographs in a hundred classes."""

from __future__ import annotations

from pyengine.datasets.cache import find_folder
from pyengine.datasets.cifar import Arrays, batches
from pyengine.errors import ArgumentError, describe

URL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
DIGEST = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> tuple[Arrays, Arrays]:
    """The photographs and their classes.

    Shapes: x (50000, 32, 32, 3) and (10000, 32, 32, 3), uint8; y (50000, 1) and (10000, 1), uint8.

    Arguments:
        label_mode: "fine" (default) for 100 classes, "coarse" for the 20 groups they belong to.

    Returns: (x_train, y_train), (x_test, y_test), from Keras' cache folder.

    Errors: ArgumentError for another mode; DataError that says which file to put where, if it is missing and cannot
    be downloaded.

    >>> (x_train, y_train), _ = load_data("coarse")  # doctest: +SKIP

    Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009); Keras `datasets.cifar100`.
    """
    if label_mode not in ("fine", "coarse"):
        raise ArgumentError(
            where="cifar100.load_data",
            argument="label_mode",
            expected='`"fine"` or `"coarse"`',
            got=describe(label_mode),
            fix="Choose one of the two.",
        )
    folder = find_folder("cifar100.load_data", "cifar-100-python-target", "cifar-100-python", URL, DIGEST)
    labels = f"{label_mode}_labels"
    return batches(folder, ["train"], labels), batches(folder, ["test"], labels)
