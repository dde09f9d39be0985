"""Without BLAS the product takes another way through NumPy; it is the same product."""

import numpy as np
import pytest

from pyengine.ops import product


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 3), (32, 784, 10), (4, 0, 3), (0, 5, 2), (17, 1, 9)])
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_the_product_by_rows_is_the_matrix_product(shape, turned):
    rows, inner, columns = shape
    rng = np.random.default_rng(0)
    a = rng.normal(size=(inner, rows)).T if turned[0] else rng.normal(size=(rows, inner))
    b = rng.normal(size=(columns, inner)).T if turned[1] else rng.normal(size=(inner, columns))
    out = np.full((rows, columns), np.nan)
    product.by_rows(a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12, atol=1e-12)


def test_stacks_of_matrices_broadcast(monkeypatch):
    monkeypatch.setattr(product, "BLAS", False)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 1, 4, 5)), rng.normal(size=(2, 5, 6))
    out = np.empty((3, 2, 4, 6))
    product.product(a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-12)
