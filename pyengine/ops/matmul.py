"""Products of matrices, plain and batched."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, method, shape_of
from pyengine.ops.broadcast import sum_to
from pyengine.ops.cast import meet
from pyengine.ops.product import product
from pyengine.ops.structure import reshape


class Matmul(Op):
    """a: (…, M, K)  b: (…, K, N)  ->  (…, M, N).

    `transpose_a` means that a is stored as (…, K, M), `transpose_b` that b is stored as (…, N, K).
    """

    name = "matmul"
    transpose_a: bool
    transpose_b: bool

    def shape(self, a: Spec, b: Spec) -> Spec:
        if len(a.shape) < 2 or len(b.shape) < 2:
            raise ShapeError(
                where="ops.matmul",
                argument="the inputs",
                expected="arrays of rank 2 or more",
                got=f"shapes {a.shape} and {b.shape}",
                fix="Give vectors an axis more: `x[None]` or `x[:, None]`.",
            )
        rows, inner = a.shape[-2:][::-1] if self.transpose_a else a.shape[-2:]
        depth, columns = b.shape[-2:][::-1] if self.transpose_b else b.shape[-2:]
        if inner != depth:
            raise ShapeError(
                where="ops.matmul",
                argument="the inputs",
                expected="arrays whose inner lengths are equal",
                got=f"{a.shape}{' transposed' * self.transpose_a} and {b.shape}{' transposed' * self.transpose_b}: "
                f"inner lengths {inner} and {depth}",
                fix="Transpose one of them, or change its length.",
            )
        return Spec((*shapes.broadcast(a.shape[:-2], b.shape[:-2]), rows, columns), a.dtype)

    def _turned(self, a, b):
        return (a.swapaxes(-1, -2) if self.transpose_a else a, b.swapaxes(-1, -2) if self.transpose_b else b)

    def evaluate(self, a, b):
        return np.matmul(*self._turned(a, b))

    def evaluate_into(self, out, a, b):
        a, b = self._turned(a, b)
        product(a, b, out)

    def gradient(self, gradient, output, a, b):
        if self.transpose_a:
            da = matmul(b, gradient, transpose_a=self.transpose_b, transpose_b=True)
        else:
            da = matmul(gradient, b, transpose_b=not self.transpose_b)
        if self.transpose_b:
            db = matmul(gradient, a, transpose_a=True, transpose_b=self.transpose_a)
        else:
            db = matmul(a, gradient, transpose_a=not self.transpose_a)
        return sum_to(da, a.shape), sum_to(db, b.shape)


@method("__matmul__")
def matmul(a: Array, b: Array, *, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The matrix product (…, M, K) @ (…, K, N); leading axes broadcast.

    Shapes: a (…, m, k), b (…, k, n) -> (…, m, n).
    Arguments:
        a: matrices.
        b: matrices.
        transpose_a: whether a is stored as (…, k, m); default False.
        transpose_b: whether b is stored as (…, n, k); default False.
    Errors: ShapeError for inner lengths that differ, or arrays of a rank below 2.

    >>> from pyengine import ops
    >>> ops.matmul([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]], dtype=float32)
    """
    if type(a) is type(b) is np.ndarray and a.ndim == b.ndim == 2 and a.dtype == b.dtype:
        return apply(Matmul(transpose_a=transpose_a, transpose_b=transpose_b), a, b)
    a, b = meet(a, b)
    if (
        not transpose_a and len(shape_of(b)) == 2 and len(shape_of(a)) > 2
    ):  # one big product, not many small ones
        lead, inner = shape_of(a)[:-1], shape_of(a)[-1]
        flat = reshape(a, (shapes.size(lead), inner))
        columns = shape_of(b)[0 if transpose_b else 1]
        return reshape(matmul(flat, b, transpose_b=transpose_b), (*lead, columns))
    return apply(Matmul(transpose_a=transpose_a, transpose_b=transpose_b), a, b)


@method("__rmatmul__")
def _reversed_matmul(a: Array, b: Array) -> Any:
    return matmul(b, a)
