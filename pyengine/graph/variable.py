"""Variables: named buffers that live outside any Program and are shared by all of them."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import numpy as np

from pyengine.dtypes import canonical
from pyengine.errors import ShapeError
from pyengine.shapes import Shape

READERS: WeakSet[Any] = WeakSet()
"""Unfinished work that reads variables: its `before_change(variables)` is called before they are set."""


class Variable:
    """A named array that outlives a step: a weight, an optimizer slot, a counter, a metric's total.

    Its buffer never moves: programs of every executor that shares NumPy's memory work on it directly; others compare
    `version` to see whether it has been set. In NumPy and in `ops` it can be used as an array.

    Shapes: of `value`; fixed.
    Arguments:
        value: array of any shape; copied.
        name: what it is called in graphs, summaries and files; default "variable".
        dtype: of its content; default None, "float32" for floating-point content, else that of `value`.
        trainable: whether an optimizer may change it; default True.
    Errors: DtypeError for a dtype that the engine does not have.

    >>> kernel = Variable(np.zeros((2, 3)), name="kernel")
    >>> kernel
    Variable('kernel', shape=(2, 3), dtype=float32)
    >>> import pyengine  # whose ops let a variable be used as an array
    >>> count = Variable(1.0, name="count")
    >>> count.set(2.0)
    >>> _ = count.assign(3.0), count.assign_add(4.0), count.assign_sub(5.0)
    >>> count.numpy(), float(count) + 1
    (array(2., dtype=float32), 3.0)
    >>> count.clear()
    >>> bool(count == 0)
    True

    Source: Keras `Variable`.
    """

    __array_ufunc__ = None  # so that `ndarray * variable` asks the variable

    def __init__(
        self, value: Any, *, name: str = "variable", dtype: str | None = None, trainable: bool = True
    ):
        value = np.asarray(value)
        if dtype is None:
            dtype = "float32" if value.dtype.kind == "f" else canonical(value.dtype)
        self.name = name
        self.trainable = trainable
        self.regularizer: Any = None
        self.constraint: Any = None
        self.value = aligned_zeros(value.shape, canonical(dtype))
        self.value[...] = value
        self.version = 0

    @property
    def path(self) -> str:
        """Its full name: layer and weight, "dense/kernel"."""
        return self.name

    @property
    def shape(self) -> Shape:
        return self.value.shape

    @property
    def dtype(self) -> str:
        return canonical(self.value.dtype)

    @property
    def ndim(self) -> int:
        return self.value.ndim

    def numpy(self) -> np.ndarray:
        """A copy of what it holds."""
        return self.value.copy()

    def set(self, value: Any) -> None:
        """Overwrite the content now, outside any step.

        Arguments:
            value: array of the variable's shape, cast to its dtype.
        Errors: ShapeError for another shape.
        """
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ShapeError(
                where=f"Variable {self.name!r}",
                argument="value",
                expected=f"shape {self.shape}",
                got=f"shape {array.shape}",
                fix="Give an array of exactly that shape.",
            )
        for reader in list(READERS):
            reader.before_change((self,))
        self.value[...] = array
        self.version += 1

    def clear(self) -> None:
        """Fill with zeros, outside any step."""
        self.value.fill(0)
        self.version += 1

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, shape={self.shape}, dtype={self.dtype})"


ALIGNMENT = 64  # bytes: a cache line, and enough for any vector register


def aligned_bytes(count: int, *, zeroed: bool = True) -> np.ndarray:
    """A block of `count` bytes whose address is a multiple of 64."""
    block = (np.zeros if zeroed else np.empty)(count + ALIGNMENT, np.uint8)
    start = -block.ctypes.data % ALIGNMENT
    return block[start : start + count]


def aligned_zeros(shape: Shape, dtype: str) -> np.ndarray:
    """An aligned array of zeros."""
    count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    return aligned_bytes(count).view(dtype).reshape(shape)
