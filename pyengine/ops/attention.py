"""Masked softmax, which attention needs in addition to matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.errors import DtypeError, ShapeError
from pyengine.graph import Spec
from pyengine.ops.arithmetic import Multiply, multiply, subtract
from pyengine.ops.base import Array, Op, apply
from pyengine.ops.broadcast import sum
from pyengine.ops.comparison import logical_and, where
from pyengine.ops.expanded import Expanded, Specs
from pyengine.ops.normalize import softmax

FAR = -1e9  # the score of what is hidden: its exponential is 0 beside that of anything that can be seen


class MaskedSoftmax(Expanded):
    """x: (…, queries, keys)  mask, or none: bool, broadcasts to x  ->  probabilities over the keys that may be seen.

    A key is seen where the mask is true and, if `causal`, where it is not behind its query (key ≤ query). A query that
    sees no key sees all of them alike.
    """

    name = "masked_softmax"
    in_place = (0,)
    causal: bool

    def shape(self, x: Spec, mask: Spec | None = None) -> Spec:
        if len(x.shape) < 2:
            raise ShapeError(
                where="ops.masked_softmax",
                argument="x",
                expected="scores (…, queries, keys)",
                got=f"shape {x.shape}",
                fix="Give scores of rank 2 or more.",
            )
        if mask is not None and mask.dtype != "bool":
            raise DtypeError(
                where="ops.masked_softmax",
                argument="mask",
                expected="dtype bool",
                got=f"dtype {mask.dtype}",
                fix="Compare numbers first: `ops.not_equal(mask, 0)`.",
            )
        if mask is not None and shapes.broadcast(mask.shape, x.shape) != x.shape:
            raise ShapeError(
                where="ops.masked_softmax",
                argument="mask",
                expected=f"a shape that broadcasts to that of the scores, {x.shape}",
                got=f"shape {mask.shape}",
                fix="Give a mask (batch, queries, keys).",
            )
        return x

    def expand(self, x, mask=None):
        causal = np.tri(*x.shape[-2:], dtype=np.bool_) if self.causal else None
        seen = mask if causal is None else causal if mask is None else logical_and(mask, causal)
        return softmax(x if seen is None else where(seen, x, FAR))

    def gradient(self, gradient, output, x, mask=None):
        slope = apply(SoftmaxGradient(), gradient, output)
        return (slope,) if mask is None else (where(mask, slope, 0.0), None)


class SoftmaxGradient(Expanded):
    """dy, y: (…, keys)  ->  y (dy - Σ dy y), the gradient of the scores."""

    name = "softmax_gradient"
    in_place = (0, 1)
    begins_with = Multiply

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        if inputs == (output, output) and output.shape:
            yield cls(), inputs

    def shape(self, dy: Spec, y: Spec) -> Spec:
        if dy != y or not y.shape:
            raise ShapeError(
                where="ops.softmax_gradient",
                argument="the inputs",
                expected="two equal arrays of rank 1 or more",
                got=f"shapes {dy.shape} and {y.shape}",
                fix="Give the gradient of the softmax and the softmax itself.",
            )
        return y

    def expand(self, dy, y):
        return multiply(y, subtract(dy, sum(multiply(dy, y), axis=-1, keepdims=True)))


def masked_softmax(x: Array, mask: Array | None = None, *, causal: bool = False) -> Any:
    """Probabilities over the keys that each query may see, from scores.

    Shapes: x (…, queries, keys), mask broadcasts to it.

    Arguments:
        mask: of bool, true where a key may be seen; None: everywhere.
        causal: hide from query i all keys behind i.

    >>> masked_softmax(np.zeros((2, 2), "float32"), causal=True)
    array([[1. , 0. ],
           [0.5, 0.5]], dtype=float32)
    """
    op = MaskedSoftmax(causal=causal)
    return apply(op, x) if mask is None else apply(op, x, mask)
