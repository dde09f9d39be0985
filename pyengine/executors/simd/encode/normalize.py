"""Softmax and its kin; numbers brought to mean 0 and variance 1."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, encodes, floats, moved
from pyengine.executors.simd.encode.index import TYPES
from pyengine.executors.simd.encode.reduce import around, loops
from pyengine.plan import Call
from pyengine.shapes import size

LONGEST = 2**18  # so many numbers fit into a kernel's workspace
ROWS_KEPT = 5  # of sums, in kernels/standardize.c
WIDEST = 16  # numbers in a vector of any build
MASK_LOOPS = 8  # over the rows of a mask, in kernels/softmax.c
WHAT = ("softmax", "log_softmax", "logsumexp")  # numbered as in kernels/softmax.c


def cost(call: Call) -> int:
    """Exponentials: about a nanosecond each."""
    return 50 + call.inputs[0].spec.size


@encodes("softmax", "log_softmax")
def softmax(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    outer, length, inner = around(x.spec.shape, call.op.settings["axis"])
    if not floats(call) or (inner > 1 and length > LONGEST // WIDEST):
        return None
    if not x.spec.size:
        outer = 0
    return Encoded("softmax", (WHAT.index(call.op.name), out, x, outer, length, inner), cost(call))


@encodes("logsumexp")
def logsumexp(call: Call) -> Encoded | None:
    (x,), (out,) = call.inputs, call.outputs
    words = loops(x.spec.shape, call.op.settings["axes"])
    if not floats(call) or not x.spec.size or words is None or len(words) > 4:
        return None
    outer, length, inner, _ = words
    if inner > 1 and length > LONGEST // WIDEST:
        return None
    return Encoded("softmax", (WHAT.index(call.op.name), out, x, outer, length, inner), cost(call))


@encodes("softmax_crossentropy")
def softmax_crossentropy(call: Call) -> Encoded | None:
    x, targets, slope = call.inputs
    rows, n = size(x.spec.shape[:-1]), x.spec.shape[-1]
    if not floats(call) or n > LONGEST:
        return None
    likelihood, gradient = call.outputs
    words = (likelihood, gradient, x, targets, slope, rows, n, bool(slope.spec.shape))
    return Encoded("softmax_crossentropy", words, 2 * cost(call))


@encodes("sparse_softmax_crossentropy")
def sparse_softmax_crossentropy(call: Call) -> Encoded | None:
    x, classes, slope = call.inputs
    rows, n = size(x.spec.shape[:-1]), x.spec.shape[-1]
    if not all(slot.spec.dtype == "float32" for slot in (x, slope)):
        return None
    kind = TYPES.index(classes.spec.dtype)
    likelihood, gradient = call.outputs
    words = (likelihood, gradient, x, classes, slope, rows, n, bool(slope.spec.shape), kind)
    return Encoded("sparse_softmax_crossentropy", words, 2 * cost(call))


@encodes("layer_norm", "batch_norm", "layer_norm_gradient", "batch_norm_gradient")
def standardize(call: Call) -> Encoded | None:
    backward = call.op.name.endswith("_gradient")
    x, gamma = call.inputs[1:3] if backward else call.inputs[:2]
    if not floats(call) or not x.spec.size or ROWS_KEPT * gamma.spec.size > LONGEST:
        return None
    n = gamma.spec.size
    words = (*call.outputs, *call.inputs, x.spec.size // n, n, call.op.settings["epsilon"])
    return Encoded(call.op.name, words, moved(*call.inputs, *call.outputs))


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
    loops = (word for loop in rows for word in loop)
    return Encoded(
        "masked_softmax", (*words, call.op.settings["causal"], along, len(rows), *loops), cost(call)
    )


@encodes("softmax_gradient")
def softmax_gradient(call: Call) -> Encoded | None:
    (dy, y), (out,) = call.inputs, call.outputs
    if not floats(call):
        return None
    words = (out, dy, y, size(y.spec.shape[:-1]), y.spec.shape[-1])
    return Encoded("softmax_gradient", words, moved(dy, y, out))
