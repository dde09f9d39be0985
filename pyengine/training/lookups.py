"""Indices that are looked up in a table of a layer: found out of range before a step runs, not within it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine.errors import DataError
from pyengine.graph import Graph
from pyengine.ops.cast import Cast
from pyengine.training.arrays import rows_in_chunk
from pyengine.training.job import PAUSE, Work
from pyengine.training.pacing import Pacer


@dataclass(frozen=True)
class Lookup:
    """A table that the numbers of an input are indices of.

    Attributes:
        entries: how many it has.
        owner: the layer that has it, as errors call it; empty if none has.
        argument: the input or target, as the user calls it: "x", "x[1]".
    """

    entries: int
    owner: str
    argument: str


def lookups(model: Any, graph: Graph) -> dict[str, Lookup]:
    """The smallest table that each input of a traced step is looked up in, by the name that the step gives the input.

    Inputs that are changed on the way to the table, clipped for example, are not among them.
    """
    arguments = {}
    for what, names in (("x", model.input_names), ("y", model.output_names)):
        for index, name in enumerate(names):
            arguments[f"{what}/{name}"] = f"{what}[{index}]" if len(names) > 1 else what
    input_names = {value: name for name, value in graph.inputs.items()}
    variables = {value: variable for variable, value in graph.reads.items()}
    found: dict[str, Lookup] = {}
    for node in graph.nodes:
        entries = node.op.entries(*(value.spec for value in node.inputs))
        if entries is None:
            continue
        indices = node.inputs[1]
        while indices.node is not None and (indices.node.op.rearranges or isinstance(indices.node.op, Cast)):
            indices = indices.node.inputs[0]
        name = input_names.get(indices)
        if name in arguments and (name not in found or entries < found[name].entries):
            owner = owner_of(model, variables.get(node.inputs[0]))
            found[name] = Lookup(entries, owner, arguments[name])
    return found


def owner_of(model: Any, variable: Any) -> str:
    """The innermost layer that has a weight, as errors call it."""
    owner = ""
    for layer in model.all_layers():
        if any(weight is variable for weight in layer.weights):
            owner = layer.label
    return owner


def check_lookups(lookups: Mapping[str, Lookup], arrays: Mapping[str, np.ndarray], pacer: Pacer) -> Work:
    """Whether every index is one of its table's.

    Errors: DataError that names the layer, the first such sample and the range.
    """
    for name, lookup in lookups.items():
        array = arrays[name]
        rows = rows_in_chunk(array)
        for begin in range(0, len(array) if array.size else 0, rows):
            piece = array[begin : begin + rows]
            if (
                not -1 < piece.min() <= piece.max() < lookup.entries
            ):  # fractions are cut off when they are cast
                wrong = ~((piece > -1) & (piece < lookup.entries))
                row = int(np.flatnonzero(wrong.reshape(len(piece), -1).any(1))[0])
                raise DataError(
                    where=lookup.owner,
                    argument=lookup.argument,
                    expected=f"indices from 0 to {lookup.entries - 1}",
                    got=f"{piece[row][wrong[row]].flat[0]} in sample {begin + row}",
                    fix="Correct the indices, or make room for more of them"
                    + (" with `input_dim`." if lookup.owner.startswith("Embedding") else "."),
                )
            if pacer.due():
                yield PAUSE
