"""The elementwise part of recurrent steps."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, Word, encodes, floats
from pyengine.plan import Call


@encodes("lstm_cell", "lstm_cell_gradient", "gru_cell", "gru_cell_gradient")
def cell(call: Call) -> Encoded | None:
    """The last input has a row for each sample and a column for each unit."""
    if not floats(call):
        return None
    state = call.inputs[-1].spec
    curves = 0 if call.op.name.endswith("gradient") else 5
    words: tuple[Word, ...] = (*call.outputs, *call.inputs, *state.shape)
    return Encoded(call.op.name, words, 50 + (1 + curves) * state.size)
