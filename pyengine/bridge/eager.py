"""Operations of the page, planned once per shape so that the page runs them without Python.

`tf.matMul(a, b)` on tensors is a small Program with an input for each. When the same operation has come with the same
shapes a few times, the page is given the addresses of the planned memory and of the library's `pe_run`; from then on
it copies its typed arrays in, calls, and copies the result out. What the library cannot run stays with Python.
"""

from __future__ import annotations

import ctypes
import json
from collections import OrderedDict
from typing import Any

from pyengine import executors
from pyengine.bridge import catalogue, crossing
from pyengine.executors.blocks import address
from pyengine.executors.simd.executor import STOP, SimdExecutor, SimdMemory
from pyengine.graph import Spec, Value
from pyengine.plan import plan
from pyengine.transforms import simplify, trace

KEPT_BYTES = 64_000_000  # of planned memory; the oldest goes first

kept: OrderedDict[int, SimdMemory] = OrderedDict()


def planned(name: str, described: str) -> str | None:
    """Where the page finds the memory of an operation, as JSON; None if Python has to do it.

    Arguments:
        described: JSON list of the operation's arguments in order: {"shape", "dtype"} for a tensor, else the value.
    """
    executor = executors.default()
    if not isinstance(executor, SimdExecutor):
        return None
    function = catalogue.operation(name)
    given = json.loads(described)
    specs = {
        str(place): Spec(tuple(value["shape"]), value["dtype"])
        for place, value in enumerate(given)
        if isinstance(value, dict)
    }

    def run(**values: Any) -> dict[str, Any]:
        inputs = [values.get(str(place), value) for place, value in enumerate(given)]
        positional, keywords = catalogue.arguments(function, inputs)
        result = function(*positional, **keywords)
        return {"result": result} if isinstance(result, Value) else {}

    program = plan(simplify(trace(run, specs)))
    if not program.outputs or program.outputs["result"].spec.dtype not in crossing.DTYPES:
        return None
    memory = executor.allocate(program)
    if memory.fallbacks or not memory.length or program.arena > KEPT_BYTES // 4:
        return None
    output = memory.outputs["result"]
    memory.control[STOP] = memory.length
    memory.budget[0] = -1.0
    number = address(memory.control)
    kept[number] = memory
    return json.dumps(
        {
            "function": ctypes.cast(executor.library.run, ctypes.c_void_p).value,
            "control": number,
            "inputs": [address(memory.inputs[input_name]) for input_name in specs],
            "output": address(output),
            "shape": output.shape,
            "dtype": output.dtype.name,
            "dropped": dropped(),
        }
    )


def dropped() -> list[int]:
    """Free the oldest memories until the rest is within the limit; returns the keys that the page must drop."""
    gone = []
    while sum(operation.program.arena for operation in kept.values()) > KEPT_BYTES:
        gone.append(kept.popitem(last=False)[0])
    return gone
