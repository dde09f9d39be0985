"""Ops that move numbers without changing them."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, encodes, moved
from pyengine.plan import Call


@encodes("copy")
def copy(call: Call) -> Encoded:
    (x,) = call.inputs
    (out,) = call.outputs
    return Encoded("copy", (out, x, x.spec.nbytes), moved(x, out))
