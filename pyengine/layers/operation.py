"""Ops as layers: what a model holds where its tensors were added, sliced, reshaped, …"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pyengine import ops
from pyengine.errors import ArgumentError, describe, unknown_name
from pyengine.layers import naming
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import SymbolicTensor
from pyengine.ops.pieces import getitem

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "getitem": getitem,
    **{name: getattr(ops, name) for name in ops.ON_TENSORS},
}
"""What an Operation may do, by name."""


@dataclass(frozen=True)
class Place:
    """Where an input stands among the arguments."""

    number: int


class Operation(Layer):
    """A function of `pyengine.ops` as a layer. Operators on symbolic tensors make it: `h + 1`, `h[:, 0]`.

    Shapes: those of the function, the batch first.

    Arguments:
        function: its name in `pyengine.ops`, or "getitem".
        args: its arguments by position, default (); a `Place` (or `{"tensor": 0}`) where an input stands.
        kwargs: those by name; default none.

    Errors: as the function; UnknownNameError for a function that there is not.

    >>> from pyengine import layers
    >>> h = layers.Input((4,))
    >>> (2 * h + 1)[:, :3].shape
    (None, 3)

    Source: Keras `Operation`.
    """

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    casts = False

    def __init__(self, function: str, args: Any = (), kwargs: Any = None, **common: Any):
        if function not in FUNCTIONS:
            raise unknown_name("operation", function, FUNCTIONS)
        super().__init__(**{"name": None, **common})
        self.function = function
        self.args = decode_arguments(list(args))
        self.kwargs = decode_arguments(dict(kwargs or {}))

    def call(self, *inputs: Any) -> Any:
        args, kwargs = insert_inputs(self.args, inputs), insert_inputs(self.kwargs, inputs)
        return FUNCTIONS[self.function](*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return config | {"args": encode_arguments(self.args), "kwargs": encode_arguments(self.kwargs)}


def operate(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The symbolic result of an op on symbolic tensors and on what else it is given."""
    tensors: list[SymbolicTensor] = []
    placed = extract_tensors(list(args), tensors), extract_tensors(kwargs, tensors)
    return Operation(name, *placed, name=naming_of(name))(*tensors)


def naming_of(name: str) -> str:
    """A free name for a layer that does this."""
    return naming.unique("".join(part.capitalize() for part in name.split("_")))


def extract_tensors(value: Any, tensors: list[SymbolicTensor]) -> Any:
    """The same arguments with a `Place` for each symbolic tensor; the tensors are appended to `tensors`."""
    if isinstance(value, SymbolicTensor):
        if value not in tensors:
            tensors.append(value)
        return Place(tensors.index(value))
    if isinstance(value, dict):
        return {key: extract_tensors(part, tensors) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(extract_tensors(part, tensors) for part in value)
    return value


def insert_inputs(value: Any, inputs: tuple[Any, ...]) -> Any:
    """The same arguments with an input for each `Place`."""
    if isinstance(value, Place):
        return inputs[value.number]
    if isinstance(value, dict):
        return {key: insert_inputs(part, inputs) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(insert_inputs(part, inputs) for part in value)
    return value


# Arguments as plain maps, lists and numbers, for a configuration


def encode_arguments(value: Any) -> Any:
    if isinstance(value, Place):
        return {"tensor": value.number}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, tuple):
        return {"tuple": [encode_arguments(part) for part in value]}
    if isinstance(value, list):
        return [encode_arguments(part) for part in value]
    if isinstance(value, dict):
        return {key: encode_arguments(part) for key, part in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ArgumentError(
        where="Operation",
        argument="args",
        expected="numbers, text, arrays and slices",
        got=describe(value),
        fix="Write a layer of your own for it.",
    )


DECODERS: dict[str, Callable[..., Any]] = {
    "tensor": Place,
    "slice": lambda parts: slice(*parts),
    "ellipsis": lambda _: Ellipsis,
    "tuple": lambda parts: tuple(map(decode_arguments, parts)),
}


def decode_arguments(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"array", "dtype"}:
            return np.array(value["array"], value["dtype"])
        if len(value) == 1 and (decode := DECODERS.get(next(iter(value)))):
            return decode(next(iter(value.values())))
        return {key: decode_arguments(part) for key, part in value.items()}
    return [decode_arguments(part) for part in value] if isinstance(value, list) else value


# The operators of symbolic tensors

OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
}
COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
UNARY = {"neg": "negative", "abs": "abs", "invert": "logical_not"}


def binary(name: str) -> Callable[[Any, Any], Any]:
    return lambda tensor, other: operate(name, (tensor, other), {})


def reflected_operator(name: str) -> Callable[[Any, Any], Any]:
    return lambda tensor, other: operate(name, (other, tensor), {})


def unary(name: str) -> Callable[[Any], Any]:
    return lambda tensor: operate(name, (tensor,), {})


for operator, function in {**OPERATORS, **COMPARISONS, "getitem": "getitem"}.items():
    setattr(SymbolicTensor, f"__{operator}__", binary(function))
for operator, function in OPERATORS.items():
    setattr(SymbolicTensor, f"__r{operator}__", reflected_operator(function))
for operator, function in UNARY.items():
    setattr(SymbolicTensor, f"__{operator}__", unary(function))
SymbolicTensor._operate = staticmethod(operate)  # type: ignore[method-assign, assignment]
