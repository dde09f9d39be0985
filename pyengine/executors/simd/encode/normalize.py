"""Softmax and its kin."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, encodes, floats
from pyengine.executors.simd.encode.reduce import around, loops
from pyengine.plan import Call

WHAT = ("softmax", "log_softmax", "logsumexp")  # numbered as in kernels/softmax.c


def cost(call: Call) -> int:
    """Exponentials: about a nanosecond each."""
    return 50 + call.inputs[0].spec.size


@encodes("softmax", "log_softmax")
def softmax(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    if not floats(call):
        return None
    if not x.spec.size:
        outer = 0
    return Encoded("softmax", (WHAT.index(call.op.name), out, x, outer, length, inner), cost(call))


@encodes("logsumexp")
def logsumexp(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    words = loops(x.spec.shape, call.op.settings["axes"])
    if not floats(call) or not x.spec.size or words is None or words[3] != 0:
        return None
    return Encoded("softmax", (WHAT.index(call.op.name), out, x, *words[:3]), cost(call))
