"""The elementwise part of recurrent steps."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, Word, each, encodes, floats
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call


@encodes("lstm_cell", "lstm_cell_gradient", "gru_cell", "gru_cell_gradient")
def cell(call: Call) -> Encoded | None:
    """The last input has a row for each sample and a column for each unit."""
    if not floats(call):
        return None
    state = call.inputs[-1].spec
    each_unit = 3 if call.op.name.endswith("gradient") else 6
    if state.shape[1] % 4:  # the last units go by way of whole vectors
        each_unit += 20
    arrays = (*call.outputs, *call.inputs)
    words: tuple[Word, ...] = (*arrays, *state.shape)
    record = Encoded(call.op.name, words, 50 + each_unit * state.size)
    return in_rounds(record, Axis(len(arrays), dict(enumerate(map(each, arrays)))))
