"""Pools of float images."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, encodes, floats, moved
from pyengine.plan import Call


@encodes(
    "max_pool2d",
    "max_pool2d_gradient",
    "max_pool2d_pick",
    "average_pool2d",
    "average_pool2d_gradient",
)
def pool(call: Call) -> Encoded | None:
    """The kernels have the ops' names, and read the arrays in the ops' order."""
    if not floats(call):
        return None
    name, settings = call.op.name, call.op.settings
    forward = name in ("max_pool2d", "average_pool2d", "max_pool2d_pick")
    image, pooled = (call.inputs[0], call.output) if forward else (call.output, call.inputs[0])
    (top, _), (left, _) = settings["padding"]
    geometry = (
        *image.spec.shape,
        *pooled.spec.shape[1:3],
        *settings["pool_size"],
        *settings["strides"],
        top,
        left,
    )
    return Encoded(name, (call.output, *call.inputs, *geometry), moved(*call.inputs, call.output))
