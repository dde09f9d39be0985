"""Ops that move numbers without changing them."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, encodes, transfer_nanoseconds
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call

PAGE = 4096  # bytes moved at least


@encodes("copy")
def copy(call: Call) -> Encoded:
    (x,) = call.inputs
    (out,) = call.outputs
    return in_rounds(
        Encoded("copy", (out, x, x.spec.nbytes), transfer_nanoseconds(x, out)), Axis(2, {0: 1, 1: 1}, PAGE)
    )
