"""Well-known data sets, read from Keras' cache folder or from a path, and downloaded there when they are missing.

mnist, fashion_mnist   digits and clothes in grey     boston_housing, california_housing   prices of houses
cifar10, cifar100      photographs in color           imdb, reuters                        texts as word numbers

>>> from pyengine.datasets import mnist
>>> (x_train, y_train), (x_test, y_test) = mnist.load_data()  # doctest: +SKIP

To add one: a module here with `load_data`, built on `cache.find`; its name below; a test in `tests/datasets`.
"""

from pyengine.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
