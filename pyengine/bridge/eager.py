"""Operations of the page, planned once per shape so that the page runs them without Python.

`tf.matMul(a, b)` on tensors is a small Program of one input each. The second time the same operation comes with the
same shapes, the page is given the addresses of the planned memory and of the library's `pe_run`; from then on it copies
its typed arrays in, calls, and copies the result out. What the library cannot run stays with Python.
"""

from __future__ import annotations

import ctypes
import inspect
import json
from collections import OrderedDict
from typing import Any

from pyengine import executors
from pyengine.bridge import catalogue
from pyengine.executors.blocks import address
from pyengine.executors.simd.executor import STOP, SimdExecutor, SimdMemory
from pyengine.graph import Spec
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
    parameters = list(inspect.signature(function).parameters.values())
    specs: dict[str, Spec] = {}
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter, value in zip(parameters, json.loads(described), strict=False):
        if isinstance(value, dict):
            specs[str(len(specs))] = Spec(tuple(value["shape"]), value["dtype"])
            value = str(len(specs) - 1)
            positional.append((value,))
        elif value is None:
            continue
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            keywords[parameter.name] = tuple(value) if isinstance(value, list) else value
        else:
            positional.append(value)

    def run(**values: Any) -> dict[str, Any]:
        given = [values[one[0]] if isinstance(one, tuple) else one for one in positional]
        return {"result": function(*given, **keywords)}

    program = plan(simplify(trace(run, specs)))
    memory = executor.allocate(program)
    size = program.arena + len(program.constants)
    output = memory.outputs["result"]
    plain = {"float32": "float32", "int32": "int32", "bool": "bool"}.get(output.dtype.name)
    if memory.fallbacks or not memory.length or size > KEPT_BYTES // 4 or plain is None:
        return None
    memory.control[STOP] = memory.length
    memory.budget[0] = -1.0
    number = address(memory.control)
    kept[number] = memory
    return json.dumps(
        {
            "function": ctypes.cast(executor.library.run, ctypes.c_void_p).value,
            "control": number,
            "inputs": [address(memory.inputs[one]) for one in specs],
            "output": address(output),
            "shape": output.shape,
            "dtype": plain,
            "dropped": dropped(),
        }
    )


def dropped() -> list[int]:
    """Lets go of the oldest memories until the rest is small enough; returns what the page must forget."""
    gone = []
    while sum(one.program.arena for one in kept.values()) > KEPT_BYTES:
        gone.append(kept.popitem(last=False)[0])
    return gone
