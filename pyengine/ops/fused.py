"""Fused ops: several plain ops in one pass over memory. What each of them means is its expansion into plain ops.

Steps are written in plain ops; `transforms/fuse.py` puts these in their place after differentiation, so that none of
them needs a gradient of its own.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pyengine import shapes
from pyengine.errors import GraphError, ShapeError
from pyengine.graph import Spec
from pyengine.ops.base import Op, make

Instruction = tuple[str, tuple[int, ...], tuple[tuple[str, Any], ...]]  # op, operands, its settings' items
ROWS_AT_ONCE = 2**15  # numbers: what NumPy makes on the way stays in the second-level cache


class Fused(Op):
    """Made after differentiation only."""

    def gradient(self, gradient, output, *inputs):
        raise GraphError(f"{self.name} has no gradient: differentiate first, then fuse.")


class Chain(Fused):
    """An expression of elementwise ops and casts, over arrays that broadcast.

    Attributes:
        code: the instructions: an op's name, its operands, its settings as (key, value) pairs. An operand i ≥ 0 is
            the chain's input i, and -1 - k is the result of instruction k.
        outputs: the operands that come out, all in the shape `target` to which everything broadcasts. (A
            `broadcast_to` is no instruction, for every operand is stretched by itself.)

    Any output may lie where an input of its spec lies: all is read before it is written, number by number.

    >>> code = (("multiply", (0, 1), ()), ("relu", (-1,), ()))
    >>> Chain(code=code, outputs=(-1, -2), target=(2,)).evaluate(np.float32([1, -1]), np.float32(3))
    (array([ 3., -3.], dtype=float32), array([3., 0.], dtype=float32))
    """

    name = "chain"
    several = True
    in_place: ClassVar[tuple[int, ...]] = tuple(range(64))
    code: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    target: shapes.Shape

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.instructions = [(make(name, **dict(items)), operands) for name, operands, items in self.code]

    def shape(self, *specs: Spec) -> tuple[Spec, ...]:
        made: list[Spec] = []
        for op, operands in self.instructions:
            made.append(op.shape(*(specs[i] if i >= 0 else made[-1 - i] for i in operands)))
        for spec in (*specs, *made):
            if shapes.broadcast(spec.shape, self.target) != self.target:
                raise ShapeError(
                    f"chain over {self.target} cannot hold {spec}: it does not broadcast to that shape."
                )
        results = (specs[i] if i >= 0 else made[-1 - i] for i in self.outputs)
        return tuple(Spec(self.target, spec.dtype) for spec in results)

    def values(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """The outputs, not yet stretched to the target."""
        made: list[np.ndarray] = []
        for op, operands in self.instructions:
            made.append(op.evaluate(*(arrays[i] if i >= 0 else made[-1 - i] for i in operands)))
        return [arrays[i] if i >= 0 else made[-1 - i] for i in self.outputs]

    def evaluate(self, *arrays):
        return tuple(np.broadcast_to(value, self.target).copy() for value in self.values(*arrays))

    def evaluate_into(self, out, *arrays):
        for part in self.parts():
            values = self.values(*(rows(array, part, len(self.target)) for array in arrays))
            if len(values) > 1:  # none may be an input that another one is about to overwrite
                values = [v.copy() if i >= 0 else v for i, v in zip(self.outputs, values, strict=True)]
            for target, value in zip(out, values, strict=True):
                target[part] = value

    def parts(self) -> list[Any]:
        """The target in pieces along its first axis; all of it where that is small or a single row."""
        if shapes.size(self.target) <= ROWS_AT_ONCE or self.target[0] == 1:
            return [...]
        step = max(1, ROWS_AT_ONCE // shapes.size(self.target[1:]))
        return [slice(start, start + step) for start in range(0, self.target[0], step)]


def rows(array: np.ndarray, part: Any, rank: int) -> np.ndarray:
    """Of an array that broadcasts to `rank` axes, what a part of the first of these needs."""
    return array if array.ndim < rank or array.shape[0] == 1 else array[part]
