"""The matrix product of two arrays, by whatever way of NumPy's is fastest where this runs."""

from __future__ import annotations

import sys

import numpy as np

# NumPy for WebAssembly has no BLAS: its matmul then walks down columns, about half as fast as einsum along rows.
BLAS = sys.platform != "emscripten"


def product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """out = a @ b for matrices (rows, inner) and (inner, columns), or stacks of them that broadcast."""
    if BLAS or a.ndim != 2 or b.ndim != 2:
        np.matmul(a, b, out=out)
    else:
        by_rows(a, b, out)


def by_rows(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """The same for two matrices, as products of rows: both are read in the order in which they lie in memory."""
    np.einsum("ik,jk->ij", np.ascontiguousarray(a), np.ascontiguousarray(b.T), out=out)
