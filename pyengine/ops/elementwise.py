"""Ops that treat every number on its own; their inputs broadcast against each other by NumPy's rule.

The families: `arithmetic.py`, `comparison.py`, `functions.py` (exponentials, and what activations are made of).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pyengine import shapes
from pyengine.graph import Spec
from pyengine.ops.base import Op
from pyengine.ops.broadcast import sum_to


class Elementwise(Op):
    """`function` is a NumPy ufunc or takes `out`; the result has the inputs' dtype."""

    in_place: ClassVar[tuple[int, ...]] = (0, 1, 2)
    elementwise = True
    function: Any = None
    dtype: ClassVar[str | None] = None

    def shape(self, *specs: Spec) -> Spec:
        last = specs[-1]
        if self.dtype is None and all(spec is last or spec == last for spec in specs):
            return last
        return Spec(shapes.broadcast(*(spec.shape for spec in specs)), self.dtype or specs[-1].dtype)

    def evaluate(self, *arrays):
        return self.function(*arrays)

    def evaluate_into(self, out, *arrays):
        if isinstance(self.function, np.ufunc):
            self.function(*arrays, out=out)
        else:
            out[...] = self.evaluate(*arrays)


class Binary(Elementwise):
    """Two floats or two whole numbers; gradients are summed over what was broadcast."""

    def partial(self, gradient, output, a, b):
        raise NotImplementedError

    def gradient(self, gradient, output, a, b):
        da, db = self.partial(gradient, output, a, b)
        return (None if da is None else sum_to(da, a.shape), None if db is None else sum_to(db, b.shape))
