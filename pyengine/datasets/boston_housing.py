"""Boston housing: 506 districts of the 1970s. One of its columns rests on a racist assumption; for history only."""

from __future__ import annotations

from pyengine.datasets.cache import HOST, find
from pyengine.datasets.housing import Arrays, check_split, rows


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Arrays, Arrays]:
    """13 facts about each district, and the median price of its houses in thousands of dollars.

    Shapes: x (rows, 13), float64; y (rows,), float64; 404 rows to train on and 102 to test with.

    Arguments:
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.
        test_split: fraction of the rows for the test, 0 ≤ test_split < 1; default 0.2.
        seed: of the order; the same rows as in Keras.

    Returns: (x_train, y_train), (x_test, y_test).

    Errors: ArgumentError for `test_split`; DataError that says which file to put where, if it is missing and cannot be
    downloaded.

    >>> (x_train, y_train), _ = load_data()  # doctest: +SKIP

    Source: Harrison, Rubinfeld, "Hedonic prices and the demand for clean air" (1978); Keras `datasets.boston_housing`.
    """
    check_split("boston_housing.load_data", test_split)
    digest = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
    return rows(find("boston_housing.load_data", path, f"{HOST}boston_housing.npz", digest), test_split, seed)
