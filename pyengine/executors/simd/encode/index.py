"""Ops that choose by whole numbers."""

from __future__ import annotations

import numpy as np

from pyengine.dtypes import itemsize
from pyengine.executors.simd.encode.base import Encoded, encodes, moved
from pyengine.executors.simd.encode.reduce import around
from pyengine.plan import Call

TYPES = ("int32", "int64", "uint8", "uint32")  # numbered as in kernels/index.c
ADDED = ("float32", "int32", "uint32")  # dtypes that can be added up there


@encodes("gather")
def gather(call: Call) -> Encoded:
    (x, indices), (out,) = call.inputs, call.outputs
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    kind = TYPES.index(indices.spec.dtype)
    words = (out, x, indices, kind, outer, length, indices.spec.size, inner * itemsize(x.spec.dtype))
    return Encoded("gather", words, indices.spec.size + moved(out, out))


@encodes("scatter_add")
def scatter_add(call: Call) -> Encoded | None:
    (x, indices), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in ADDED:
        return None
    outer, length, inner = around(out.spec.shape, call.op.settings["axis"])
    kind = TYPES.index(indices.spec.dtype)
    words = (out, x, indices, kind, outer, length, indices.spec.size, inner, x.spec.dtype == "float32")
    return Encoded("scatter_add", words, indices.spec.size + moved(x, x, out))


@encodes("take_along_axis")
def take_along_axis(call: Call) -> Encoded:
    (x, indices), (out,) = call.inputs, call.outputs
    axis, kind = call.op.settings["axis"], TYPES.index(indices.spec.dtype)
    outer, length, inner = around(x.spec.shape, axis)
    words = (out, x, indices, kind, outer, length, out.spec.shape[axis], inner, itemsize(x.spec.dtype))
    return Encoded("take_along", words, 50 + 2 * out.spec.size)


@encodes("add_along_axis")
def add_along_axis(call: Call) -> Encoded | None:
    (x, indices), (out,) = call.inputs, call.outputs
    if x.spec.dtype not in ADDED:
        return None
    axis, kind = call.op.settings["axis"], TYPES.index(indices.spec.dtype)
    outer, length, inner = around(out.spec.shape, axis)
    words = (out, x, indices, kind, outer, length, x.spec.shape[axis], inner, x.spec.dtype == "float32")
    return Encoded("add_along", words, 2 * x.spec.size + moved(out))


@encodes("one_hot")
def one_hot(call: Call) -> Encoded:
    (indices,), (out,) = call.inputs, call.outputs
    one = int.from_bytes(np.ones((), out.spec.dtype).tobytes(), "little")
    kind, depth = TYPES.index(indices.spec.dtype), call.op.settings["depth"]
    words = (out, indices, kind, indices.spec.size, depth, itemsize(out.spec.dtype), one)
    return Encoded("one_hot", words, 2 * indices.spec.size + moved(out))
