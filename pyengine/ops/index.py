"""Ops that choose by whole numbers: gather and scatter_add, take_along_axis and add_along_axis, one_hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine import shapes
from pyengine.dtypes import canonical, is_float
from pyengine.errors import ArgumentError, DataError, DtypeError, ShapeError, describe
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply, shape_of


def check_indices(op: str, indices: Spec) -> None:
    """Only whole numbers can be indices."""
    if is_float(indices.dtype) or indices.dtype == "bool":
        raise DtypeError(
            where=f"ops.{op}",
            argument="index",
            expected="a whole number",
            got=f"dtype {indices.dtype}, shape {indices.shape}",
            fix="Cast them with `ops.cast(indices, dtype='int32')`.",
        )


def check_range(op: str, indices: np.ndarray, length: int) -> None:
    """Indices count from 0 and stay below `length`; there are no negative ones."""
    if indices.size and (indices.min() < 0 or indices.max() >= length):
        wrong = indices[(indices < 0) | (indices >= length)].flat[0]
        place = np.argwhere((indices < 0) | (indices >= length))[0]
        raise DataError(
            where=f"ops.{op}",
            argument="index",
            expected=f"a whole number from 0 to {length - 1}, as there are {length} entries",
            got=f"`{wrong}`" + (f" at `indices[{', '.join(map(str, place))}]`" if indices.ndim else ""),
            fix="Correct the indices, or make room for them.",
        )


class Gather(Op):
    """x: (…, length, …)  indices: any shape -> (…, *indices.shape, …). Its transpose is `scatter_add`."""

    name = "gather"
    axis: int

    def shape(self, x: Spec, indices: Spec) -> Spec:
        check_indices(self.name, indices)
        return Spec((*x.shape[: self.axis], *indices.shape, *x.shape[self.axis + 1 :]), x.dtype)

    def entries(self, *specs):
        return specs[0].shape[self.axis]

    def evaluate(self, x, indices):
        check_range(self.name, indices, x.shape[self.axis])
        return np.take(x, indices, self.axis)

    def evaluate_into(self, out, x, indices):
        check_range(self.name, indices, x.shape[self.axis])
        # Checked above, so any mode gives the same; "clip" is the one that writes to `out` without a copy.
        if x.size:
            np.take(x, indices, self.axis, out=out, mode="clip")

    def gradient(self, gradient, output, x, indices):
        return scatter_add(gradient, indices, x.shape[self.axis], axis=self.axis), None


def gather(x: Array, indices: Array, *, axis: int = 0) -> Any:
    """The entries of `x` along an axis that `indices` name: rows of an embedding table, columns, frames.

    Shapes: x `(…, length, …)`, indices of any shape, result `(…, *indices.shape, …)`.
    Arguments:
        x: array.
        indices: whole numbers, 0 ≤ index < length.
        axis: the axis of x that they count on; default 0.
    Errors: DtypeError for indices that are not whole numbers, DataError for one outside 0 … length - 1.

    >>> gather(np.float32([10, 20, 30]), [2, 0])
    array([30., 10.], dtype=float32)
    """
    return apply(Gather(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x, indices)


class ScatterAdd(Op):
    """updates: (…, *indices.shape, …)  indices -> (…, length, …), zeros where nothing is added."""

    name = "scatter_add"
    length: int
    axis: int

    def shape(self, updates: Spec, indices: Spec) -> Spec:
        check_indices(self.name, indices)
        end = self.axis + len(indices.shape)
        if updates.shape[self.axis : end] != indices.shape:
            raise ShapeError(
                where="ops.scatter_add",
                argument="updates",
                expected=f"axes {self.axis} to {end - 1} of the shape of the indices {indices.shape}",
                got=f"shape {updates.shape}",
                fix="Give one update for each index.",
            )
        return Spec((*updates.shape[: self.axis], self.length, *updates.shape[end:]), updates.dtype)

    def entries(self, *specs):
        return self.length

    def evaluate(self, updates, indices):
        end = self.axis + indices.ndim
        out = np.empty((*updates.shape[: self.axis], self.length, *updates.shape[end:]), updates.dtype)
        self.evaluate_into(out, updates, indices)
        return out

    def evaluate_into(self, out, updates, indices):
        check_range(self.name, indices, self.length)
        out.fill(0)
        if not updates.size:
            return
        lead, tail = updates.shape[: self.axis], updates.shape[self.axis + indices.ndim :]
        flat = updates.reshape(*lead, indices.size, *tail)
        # Sorted by index, equal ones become runs that one reduceat sums: far quicker than np.add.at on rows.
        places = indices.reshape(-1)
        order = np.argsort(places, kind="stable")
        sorted_places = places[order]
        starts = np.flatnonzero(np.r_[True, sorted_places[1:] != sorted_places[:-1]])
        where = (slice(None),) * self.axis + (sorted_places[starts],)
        out[where] = np.add.reduceat(flat.take(order, self.axis), starts, self.axis, dtype=updates.dtype)

    def gradient(self, gradient, output, updates, indices):
        return gather(gradient, indices, axis=self.axis), None


def scatter_add(updates: Array, indices: Array, length: int, *, axis: int = 0) -> Any:
    """Zeros with `length` entries along an axis, to which each update is added at its index: undoes `gather`.

    Shapes: updates (…, *indices.shape, …) -> (…, length, …).
    Arguments:
        updates: what is added.
        indices: whole numbers, 0 ≤ index < length.
        length: that of the result on the axis.
        axis: the axis that they count on; default 0.
    Errors: DataError for an index out of range, ShapeError for other shapes.

    >>> scatter_add(np.float32([1, 2, 4]), [0, 2, 0], 3)
    array([5., 0., 2.], dtype=float32)
    """
    rank = len(shape_of(updates)) - len(shape_of(indices)) + 1
    return apply(ScatterAdd(length=int(length), axis=shapes.normalize_axis(axis, rank)), updates, indices)


class OneHot(Op):
    """indices: any shape -> (…, depth). An index outside 0 … depth - 1 gives a row of zeros."""

    name = "one_hot"
    depth: int
    dtype: str

    def shape(self, indices: Spec) -> Spec:
        check_indices(self.name, indices)
        return Spec((*indices.shape, self.depth), self.dtype)

    def evaluate(self, indices):
        return (indices[..., None] == np.arange(self.depth)).astype(self.dtype)

    def evaluate_into(self, out, indices):
        np.equal(indices[..., None], np.arange(self.depth), out=out, casting="unsafe")

    def gradient(self, gradient, output, indices):
        return (None,)


def one_hot(indices: Array, depth: int, *, dtype: str = "float32") -> Any:
    """A 1 at the place each index names, 0 elsewhere; all zeros for an index outside 0 … depth - 1.

    Shapes: indices (…) -> (…, depth).
    Arguments:
        indices: whole numbers.
        depth: how many entries a row has, at least 1.
        dtype: of the result; default "float32".
    Errors: ArgumentError for a depth below 1, DtypeError for indices that are not whole numbers.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    if depth < 1:
        raise ArgumentError(
            where="ops.one_hot",
            argument="depth",
            expected="a whole number of at least 1",
            got=describe(depth),
            fix="Use the number of classes.",
        )
    return apply(OneHot(depth=int(depth), dtype=canonical(dtype)), indices)


class TakeAlongAxis(Op):
    """x, indices: equal shapes except on `axis` -> that of indices. Its transpose is `add_along_axis`."""

    name = "take_along_axis"
    axis: int

    def shape(self, x: Spec, indices: Spec) -> Spec:
        check_indices(self.name, indices)
        check_aligned(self.name, x, indices, self.axis)
        return Spec(indices.shape, x.dtype)

    def entries(self, *specs):
        return specs[0].shape[self.axis]

    def evaluate(self, x, indices):
        check_range(self.name, indices, x.shape[self.axis])
        return np.take_along_axis(x, indices, self.axis)

    def gradient(self, gradient, output, x, indices):
        return add_along_axis(gradient, indices, x.shape[self.axis], axis=self.axis), None


def check_aligned(op: str, x: Spec, indices: Spec, axis: int) -> None:
    """Equal shapes on every axis but one."""
    others = [(*operand.shape[:axis], *operand.shape[axis + 1 :]) for operand in (x, indices)]
    if len(x.shape) != len(indices.shape) or others[0] != others[1]:
        raise ShapeError(
            where=f"ops.{op}",
            argument="indices",
            expected=f"a shape that is equal to {x.shape} on every other axis than {axis}",
            got=f"shape {indices.shape}",
            fix="Give indices for each row, or use `ops.gather`.",
        )


def take_along_axis(x: Array, indices: Array, *, axis: int = -1) -> Any:
    """In every row along an axis, the entries that this row's indices name.

    Shapes: x, indices equal except on `axis` -> as indices.
    Arguments:
        x: array.
        indices: whole numbers, 0 ≤ index < length.
        axis: the axis that they count on; default -1, the last.
    Errors: DtypeError for indices that are not whole numbers, DataError for one out of range, ShapeError for other
        shapes.

    >>> take_along_axis(np.float32([[1, 2, 3], [4, 5, 6]]), [[2], [0]])
    array([[3.],
           [4.]], dtype=float32)
    """
    return apply(TakeAlongAxis(axis=shapes.normalize_axis(axis, len(shape_of(x)))), x, indices)


class AddAlongAxis(Op):
    """updates, indices: one shape -> that shape with `length` on `axis`."""

    name = "add_along_axis"
    length: int
    axis: int

    def shape(self, updates: Spec, indices: Spec) -> Spec:
        check_indices(self.name, indices)
        if updates.shape != indices.shape:
            raise ShapeError(
                where="ops.add_along_axis",
                argument="updates",
                expected=f"the shape of the indices, {indices.shape}",
                got=f"shape {updates.shape}",
                fix="Give one update for each index.",
            )
        return Spec(
            (*updates.shape[: self.axis], self.length, *updates.shape[self.axis + 1 :]), updates.dtype
        )

    def entries(self, *specs):
        return self.length

    def evaluate(self, updates, indices):
        check_range(self.name, indices, self.length)
        lead, tail = updates.shape[: self.axis], updates.shape[self.axis + 1 :]
        out = np.zeros((*lead, self.length, *tail), updates.dtype)
        # As numbers into the flat result: np.add.at is quick only on arrays of one axis.
        before = np.arange(shapes.size(lead)).reshape(*lead, *(1,) * (1 + len(tail)))
        after = np.arange(shapes.size(tail)).reshape(tail)
        places = (before * self.length + indices) * shapes.size(tail) + after
        np.add.at(out.reshape(-1), places.reshape(-1), updates.reshape(-1))
        return out

    def gradient(self, gradient, output, updates, indices):
        return take_along_axis(gradient, indices, axis=self.axis), None


def add_along_axis(updates: Array, indices: Array, length: int, *, axis: int = -1) -> Any:
    """Zeros with `length` entries along an axis, plus each update at its index: undoes `take_along_axis`.

    >>> add_along_axis(np.float32([[1, 2], [3, 4]]), [[2, 2], [0, 1]], 3)
    array([[0., 0., 3.],
           [3., 4., 0.]], dtype=float32)
    """
    op = AddAlongAxis(length=int(length), axis=shapes.normalize_axis(axis, len(shape_of(updates))))
    return apply(op, updates, indices)
