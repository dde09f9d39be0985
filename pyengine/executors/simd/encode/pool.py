"""Pools of float images."""

from __future__ import annotations

from pyengine.executors.simd.encode.base import Encoded, each, encodes, floats, transfer_nanoseconds
from pyengine.executors.simd.encode.rounds import Axis, in_rounds
from pyengine.plan import Call, Slot
from pyengine.shapes import size


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
    arrays = (call.output, *call.inputs)
    nanoseconds = transfer_nanoseconds(*arrays) + (1 + len(call.inputs)) // 2 * looked_at(
        pooled, settings["pool_size"]
    )
    record = Encoded(name, (*arrays, *geometry), nanoseconds)
    return in_rounds(record, Axis(len(arrays), dict(enumerate(map(each, arrays)))))


def looked_at(pooled: Slot, window: tuple[int, ...]) -> int:
    """Nanoseconds for the numbers in all windows: four channels at once; the last ones, if fewer, cost more."""
    channels = pooled.spec.shape[3]
    each_place = 3 * (channels // 4) + (20 if channels % 4 else 0)
    return size(pooled.spec.shape[:3]) * size(window) * each_place
