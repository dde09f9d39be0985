"""The network between some symbolic tensors and others: the layers and their uses, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyengine.errors import ArgumentError, GraphError
from pyengine.layers import Connection, Layer, SymbolicTensor


@dataclass(frozen=True)
class Network:
    """Attributes:
    connections: every use of a layer, each after those that it takes its inputs from.
    layers: every layer once, the inputs' own first, in the order in which Keras lists them.
    """

    connections: list[Connection]
    layers: list[Layer]


def network(inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> Network:
    """Find the network that makes `outputs` of `inputs`.

    Errors: GraphError if an output needs data that is not among the inputs.
    """
    given = set(inputs)
    order, seen = _walk(given, outputs)
    depth: dict[int, int] = {}
    layer_depth: dict[int, int] = {}
    for connection in reversed(order):
        here = max(depth.get(id(connection), 0), layer_depth.get(id(connection.layer), 0))
        depth[id(connection)] = layer_depth[id(connection.layer)] = here
        for tensor in connection.inputs:
            if tensor not in given or not tensor.connection.inputs:
                before = id(tensor.connection)
                depth[before] = max(depth.get(before, 0), here + 1)
    for tensor in inputs:
        if not tensor.connection.inputs and id(tensor.layer) not in layer_depth:
            seen.append(tensor.layer)
            layer_depth[id(tensor.layer)] = 0
    # Furthest from the outputs first, as found among equals: the order of weights in Keras's files.
    place = {id(layer): number for number, layer in enumerate(seen)}
    layers = sorted(seen, key=lambda layer: (-layer_depth[id(layer)], place[id(layer)]))
    _check_names(layers)
    return Network([connection for connection in order if connection.inputs], layers)


def _walk(
    given: set[SymbolicTensor], outputs: Sequence[SymbolicTensor]
) -> tuple[list[Connection], list[Layer]]:
    """Every connection behind the outputs, producers first, and every layer as first met from the outputs back.

    With a stack of its own: a network may be deeper than Python's recursion.
    """
    order: list[Connection] = []
    layers: dict[int, Layer] = {}
    met: set[int] = set()
    for output in outputs:
        stack: list[tuple[SymbolicTensor, bool]] = [(output, False)]
        while stack:
            tensor, done = stack.pop()
            connection = tensor.connection
            if done:
                order.append(connection)
                continue
            inside = tensor in given
            if id(connection) in met or (inside and connection.inputs):
                continue
            if not connection.inputs and not inside:
                names = ", ".join(repr(tensor.name) for tensor in outputs)
                raise GraphError(
                    where="Model",
                    argument="inputs",
                    expected=f"everything that output {names} is made of",
                    got=f"no {tensor.name!r} among them",
                    fix="Add it: `Model(inputs, outputs)`.",
                )
            met.add(id(connection))
            layers.setdefault(id(connection.layer), connection.layer)
            stack.append((tensor, True))
            stack += [(tensor, False) for tensor in reversed(connection.inputs)]
    return order, list(layers.values())


def _check_names(layers: Sequence[Layer]) -> None:
    names: dict[str, Layer] = {}
    for layer in layers:
        if layer.name in names:
            raise ArgumentError(
                where="Model",
                argument="outputs",
                expected="layers of different names",
                got=f"{names[layer.name].label} and {layer.label}",
                fix=f"Give one of them another name: `name='{layer.name}_2'`.",
            )
        names[layer.name] = layer
