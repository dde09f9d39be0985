"""Ops that choose by whole numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pyengine.dtypes import itemsize
from pyengine.executors.simd.encode.base import Encoded, Named, encodes, transfer_nanoseconds, uses
from pyengine.executors.simd.encode.reduce import around
from pyengine.executors.simd.encode.rounds import Axis, in_rounds, in_turn, is_long
from pyengine.executors.simd.encode.structure import encode_zeros
from pyengine.plan import Call, Slot

uses("index", "int32", "int64", "uint8", "uint32")
ADDED = ("float32", "int32", "uint32")  # dtypes that can be added up there


@encodes("gather")
def gather(call: Call) -> Encoded:
    (x, indices), (out,) = call.inputs, call.outputs
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    kind = Named("index", indices.spec.dtype)
    n, width = indices.spec.size, inner * itemsize(x.spec.dtype)
    record = Encoded(
        "gather", (out, x, indices, kind, outer, length, n, width), n + transfer_nanoseconds(out, out)
    )
    by_index = Axis(6, {0: width, 2: itemsize(indices.spec.dtype)})
    return in_rounds(record, Axis(4, {0: n * width, 1: length * width}), by_index)


@encodes("scatter_add")
def scatter_add(call: Call) -> Encoded | None:
    (x, indices), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in ADDED:
        return None
    outer, length, inner = around(out.spec.shape, call.op.settings["axis"])
    kind = Named("index", indices.spec.dtype)
    n, row = indices.spec.size, inner * 4
    words = (out, x, indices, kind, outer, length, n, inner, x.spec.dtype == "float32")
    by_outer = {0: length * row, 1: n * row}
    by_index = {1: row, 2: itemsize(indices.spec.dtype)}
    return adding(Encoded("scatter_add", words, n + transfer_nanoseconds(x, x, out)), out, by_outer, by_index)


def adding(record: Encoded, out: Slot, by_outer: dict[int, int], by_index: dict[int, int]) -> Encoded:
    """Clears first what it adds to; where that is long, beforehand. Moving words: along what lies before the axis, and
    along it."""
    long = is_long(record)
    record = replace(record, words=(*record.words, long))
    return (
        in_turn(encode_zeros(out), in_rounds(record, Axis(4, by_outer), Axis(6, by_index)))
        if long
        else record
    )


@encodes("take_along_axis")
def take_along_axis(call: Call) -> Encoded:
    (x, indices), (out,) = call.inputs, call.outputs
    axis, kind = call.op.settings["axis"], Named("index", indices.spec.dtype)
    outer, length, inner = around(x.spec.shape, axis)
    n, width = out.spec.shape[axis], itemsize(x.spec.dtype)
    row, of_indices = inner * width, inner * itemsize(indices.spec.dtype)
    words = (out, x, indices, kind, outer, length, n, inner, width)
    by_outer = Axis(4, {0: n * row, 1: length * row, 2: n * of_indices})
    record = Encoded("take_along", words, 50 + 2 * out.spec.size)
    return in_rounds(record, by_outer, Axis(6, {0: row, 2: of_indices}))


@encodes("add_along_axis")
def add_along_axis(call: Call) -> Encoded | None:
    (x, indices), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in ADDED:
        return None
    axis, kind = call.op.settings["axis"], Named("index", indices.spec.dtype)
    outer, length, inner = around(out.spec.shape, axis)
    n, row, of_indices = x.spec.shape[axis], inner * 4, inner * itemsize(indices.spec.dtype)
    words = (out, x, indices, kind, outer, length, n, inner, x.spec.dtype == "float32")
    by_outer = {0: length * row, 1: n * row, 2: n * of_indices}
    record = Encoded("add_along", words, 2 * x.spec.size + transfer_nanoseconds(out))
    return adding(record, out, by_outer, {1: row, 2: of_indices})


@encodes("one_hot")
def one_hot(call: Call) -> Encoded:
    (indices,), (out,) = call.inputs, call.outputs
    one_bits = int.from_bytes(np.ones((), out.spec.dtype).tobytes(), "little")
    kind, depth = Named("index", indices.spec.dtype), call.op.settings["depth"]
    n, width = indices.spec.size, itemsize(out.spec.dtype)
    record = Encoded(
        "one_hot", (out, indices, kind, n, depth, width, one_bits), 2 * n + transfer_nanoseconds(out)
    )
    return in_rounds(record, Axis(3, {0: depth * width, 1: itemsize(indices.spec.dtype)}))
