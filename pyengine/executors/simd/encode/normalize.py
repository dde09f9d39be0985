"""Softmax and related ops; standardization to mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyengine.executors.simd.encode.base import Encoded, Named, encodes, floats, transfer_nanoseconds, uses
from pyengine.executors.simd.encode.reduce import around, loops
from pyengine.executors.simd.encode.rounds import Axis, in_rounds, in_turn, is_long
from pyengine.plan import Call, Slot
from pyengine.shapes import size

LONGEST = 2**18  # so many numbers fit into a kernel's workspace
ROWS_KEPT = 5  # of sums, in kernels/standardize.c
WIDEST = 16  # numbers in a vector of any build
SHORT = 32  # rows up to this length are done several at a time
# Rows of kernels/standardize.c that are added up before they meet the others.
LAYER_ROWS, BATCH_ROWS, GRADIENT_ROWS = 128, 32, 512
BOTH, FIRST, SECOND = range(3)  # passes over all rows, numbered as there
MASK_LOOPS = 8  # over the rows of a mask, in kernels/softmax.c
uses("softmax", "softmax", "log_softmax", "logsumexp")


def cost(call: Call) -> int:
    """Exponentials: about two nanoseconds each, and as much as ten of them for each row."""
    x = call.inputs[0].spec
    return 50 + 2 * x.size + 20 * size(x.shape[:-1])


@encodes("softmax", "log_softmax")
def softmax(call: Call) -> Encoded | None:
    (x,) = call.inputs
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    if not floats(call) or (inner > 1 and length > LONGEST // WIDEST):
        return None
    if not x.spec.size:
        outer = 0
    return along(call, outer, length, inner)


@encodes("logsumexp")
def logsumexp(call: Call) -> Encoded | None:
    (x,) = call.inputs
    lengths = loops(x.spec.shape, call.op.settings["axes"])
    if not floats(call) or not x.spec.size or lengths is None or len(lengths) > 4:
        return None
    outer, length, inner, _ = lengths
    if inner > 1 and length > LONGEST // WIDEST:
        return None
    return along(call, outer, length, inner)


def along(call: Call, outer: int, length: int, inner: int) -> Encoded:
    """Of an axis with so many numbers before it, along it and behind it."""
    (x,), (out,) = call.inputs, call.outputs
    record = Encoded("softmax", (Named("softmax", call.op.name), out, x, outer, length, inner), cost(call))
    of_out, of_x = (slot.spec.nbytes // max(outer, 1) for slot in (out, x))
    return in_rounds(record, Axis(3, {1: of_out, 2: of_x}, 1 if inner > 1 else together(length)))


def together(length: int) -> int:
    """So many rows are done at a time."""
    return WIDEST if length <= SHORT else 1


@encodes("softmax_crossentropy")
def softmax_crossentropy(call: Call) -> Encoded | None:
    x, targets, slope = call.inputs
    rows, n = size(x.spec.shape[:-1]), x.spec.shape[-1]
    if not floats(call) or n > LONGEST:
        return None
    likelihood, gradient = call.outputs
    words = (likelihood, gradient, x, targets, slope, rows, n, bool(slope.spec.shape))
    return row_by_row(Encoded("softmax_crossentropy", words, cost(call)), 5, together(n))


@encodes("sparse_softmax_crossentropy")
def sparse_softmax_crossentropy(call: Call) -> Encoded | None:
    x, classes, slope = call.inputs
    rows, n = size(x.spec.shape[:-1]), x.spec.shape[-1]
    if not all(slot.spec.dtype == "float32" for slot in (x, slope)):
        return None
    kind = Named("index", classes.spec.dtype)
    likelihood, gradient = call.outputs
    words = (likelihood, gradient, x, classes, slope, rows, n, bool(slope.spec.shape), kind)
    return row_by_row(Encoded("sparse_softmax_crossentropy", words, cost(call)), 5, together(n))


def row_by_row(record: Encoded, counted: int, least: int = 1, shared: Sequence[Slot] = ()) -> Encoded:
    """Divided by rows: every array but those shared by all rows has as many. `counted`: the place of their number."""
    rows = record.words[counted]
    assert isinstance(rows, int)
    arrays = {
        place: word.spec.nbytes // max(rows, 1)
        for place, word in enumerate(record.words)
        if isinstance(word, Slot) and word.spec.shape and word not in shared
    }
    return in_rounds(record, Axis(counted, arrays, least))


@encodes("layer_norm", "batch_norm", "layer_norm_gradient", "batch_norm_gradient")
def standardize(call: Call) -> Encoded | None:
    backward = call.op.name.endswith("_gradient")
    x, gamma = call.inputs[1:3] if backward else call.inputs[:2]
    if not floats(call) or not x.spec.size or ROWS_KEPT * gamma.spec.size > LONGEST:
        return None
    n = gamma.spec.size
    words = (*call.outputs, *call.inputs, x.spec.size // n, n, call.op.settings["epsilon"])
    nanoseconds = transfer_nanoseconds(*call.inputs, *call.outputs)
    if call.op.name == "layer_norm":
        return row_by_row(Encoded(call.op.name, words, nanoseconds), 6, shared=call.inputs[1:])
    if call.op.name == "layer_norm_gradient":
        # Word 10: whether to add, from the second round on.
        rows = Axis(8, {0: 4 * n, 3: 4 * n, 4: 4 * n, 6: 4, 7: 4, 10: 1}, LAYER_ROWS)
        return in_rounds(Encoded(call.op.name, (*words[:-1], 0), nanoseconds), rows)
    return over_first(call, Encoded(call.op.name, words, nanoseconds), 8 if backward else 6)


def over_first(call: Call, record: Encoded, counted: int) -> Encoded:
    """Batch normalization or its gradient: both passes over all rows in one, or in rounds one after the other."""
    if not is_long(record):
        return replace(record, words=(*record.words, BOTH, 0, 0, None))
    rows, channels = (word for word in record.words[counted : counted + 2] if isinstance(word, int))
    beside, size = 1, 4 * channels
    if channels < SHORT:  # several rows are one, as many as in kernels/standardize.c or a multiple
        beside = WIDEST
        while beside * channels < 2 * SHORT:
            beside *= 2
    end, arrays = len(record.words), (0, 3, 4) if counted == 8 else (0, 3)
    first, second = (
        replace(
            record, words=(*record.words, number, 0, rows, call.scratch), nanoseconds=record.nanoseconds // 2
        )
        for number in (FIRST, SECOND)
    )
    moving = dict.fromkeys(arrays, size)
    least = beside * (GRADIENT_ROWS if counted == 8 else BATCH_ROWS)
    read = {place: step for place, step in moving.items() if place}
    return in_turn(
        in_rounds(first, Axis(counted, read | {end + 1: 1}, least)),
        in_rounds(second, Axis(counted, moving, beside)),
    )


@encodes("masked_softmax")
def masked_softmax(call: Call) -> Encoded | None:
    x, *masks = call.inputs
    (out,) = call.outputs
    shape = x.spec.shape
    if x.spec.dtype != "float32" or shape[-1] > LONGEST or len(shape) > MASK_LOOPS + 1:
        return None
    along, rows = 0, []
    if masks:
        mask = (*(1,) * (len(shape) - len(masks[0].spec.shape)), *masks[0].spec.shape)
        steps = [size(mask[axis + 1 :]) if n > 1 else 0 for axis, n in enumerate(mask)]
        along, rows = steps[-1], [*zip(shape[:-1], steps[:-1], strict=True)]
    words = (
        out,
        x,
        masks[0] if masks else None,
        size(shape[:-1]) if x.spec.size else 0,
        shape[-1],
        shape[-2],
    )
    causal = call.op.settings["causal"]
    loops = (word for loop in rows for word in loop)
    record = Encoded("masked_softmax", (*words, causal, along, len(rows), *loops), cost(call))
    axes = []
    # Not within queries of causal rows: which keys are hidden depends on the number of the row.
    for axis in range(len(shape) - 1 - causal):
        unit = size(shape[axis + 1 : -1])
        moving = {0: 4 * unit * shape[-1], 1: 4 * unit * shape[-1], 2: rows[axis][1] if rows else 0}
        axes.append(Axis(3, moving, unit=unit))
    return in_rounds(record, *axes)


@encodes("softmax_gradient")
def softmax_gradient(call: Call) -> Encoded | None:
    (dy, y), (out,) = call.inputs, call.outputs
    if not floats(call):
        return None
    words = (out, dy, y, size(y.spec.shape[:-1]), y.spec.shape[-1])
    return row_by_row(Encoded("softmax_gradient", words, transfer_nanoseconds(dy, y, out)), 3)
