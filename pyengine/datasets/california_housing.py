"""California housing: 20,640 districts of 1990."""

from __future__ import annotations

from pyengine.datasets.cache import HOST, find
from pyengine.datasets.housing import Arrays, check_split, rows
from pyengine.errors import ArgumentError, describe


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Arrays, Arrays]:
    """8 facts about each district, and the median price of its houses in dollars.

    Shapes: x (rows, 8), float32; y (rows,), float32.

    Arguments:
        version: "large" (default) for 20,640 districts, "small" for 600.
        path: of the file, relative to Keras' cache folder or absolute; downloaded there if it is missing.
        test_split: fraction of the rows for the test, 0 ≤ test_split < 1; default 0.2.
        seed: of the order; the same rows as in Keras.

    Returns: (x_train, y_train), (x_test, y_test).

    Errors: ArgumentError for `version`, `test_split`; DataError that says which file to put where, if it is missing and
    cannot be downloaded.

    >>> (x_train, y_train), _ = load_data("small")  # doctest: +SKIP

    Source: Pace, Barry, "Sparse spatial autoregressions" (1997); Keras `datasets.california_housing`.
    """
    where = "california_housing.load_data"
    check_split(where, test_split)
    if version not in ("large", "small"):
        raise ArgumentError(
            where=where,
            argument="version",
            expected='`"large"` or `"small"`',
            got=describe(version),
            fix="Choose one of the two.",
        )
    digest = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
    file = find(where, path, f"{HOST}california_housing.npz", digest)
    return rows(file, test_split, seed, None if version == "large" else 600)
