"""Random numbers, with the bits of the reference in every build."""

from __future__ import annotations

import numpy as np

from pyengine.executors.simd.encode.base import Encoded, encodes
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call, Slot

NUMBERS = Axis(2, {0: 4, 3: 1}, 1024)  # words: how many, and the number of the first one


def countable(out: Slot) -> bool:
    """Whether the numbers of the stream's blocks fit into 32 bits, as the kernels count them."""
    return out.spec.dtype == "float32" and out.spec.size < 2**32


@encodes("random_uniform")
def random_uniform(call: Call) -> Encoded | None:
    (state,), (out,) = call.inputs, call.outputs
    if not countable(out):
        return None
    low, high = np.float32(call.op.settings["low"]), np.float32(call.op.settings["high"])
    words = (out, state, out.spec.size, 0, float(low), float(high - low))
    return in_rounds(Encoded("random_uniform", words, 50 + 4 * out.spec.size), NUMBERS)


@encodes("random_normal")
def random_normal(call: Call) -> Encoded | None:
    (state,), (out,) = call.inputs, call.outputs
    if not countable(out):
        return None
    words = (out, state, out.spec.size, 0)
    return in_rounds(Encoded("random_normal", words, 50 + 15 * out.spec.size), NUMBERS)


@encodes("next_random_state")
def next_random_state(call: Call) -> Encoded:
    return Encoded("next_random_state", (*call.outputs, *call.inputs), 10)
