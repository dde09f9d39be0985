"""A model as a table: name (type), input, output shape, parameters, and the totals."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from pyengine.errors import ArgumentError, describe
from pyengine.graph import Variable
from pyengine.layers import Layer
from pyengine.shapes import size


def summary_lines(
    model: Any, line_length: int | None = None, positions: Sequence[float] | None = None
) -> list[str]:
    """The lines that `model.summary()` prints.

    >>> from pyengine import layers
    >>> from pyengine.models import Sequential
    >>> model = Sequential([layers.Dense(2, input_shape=(3,), name="head")], name="tiny")
    >>> print("\\n".join(summary_lines(model)))
    Model: "tiny"
    ─────────────────────────────────────
    Layer (type)   Output shape   Param #
    ═════════════════════════════════════
    head (Dense)   (None, 2)            8
    ═════════════════════════════════════
    Total params: 8 (32 B)
    Trainable params: 8 (32 B)
    Non-trainable params: 0 (0 B)
    ─────────────────────────────────────
    """
    branched = _is_branched(model)
    header = ["Layer (type)", "Output shape", "Param #"]
    rows = [
        [f"{layer.name} ({type(layer).__name__})", _shape(layer), _count(layer)] for layer in model.operations
    ]
    if branched:
        header.append("Takes its input from")
        rows = [[*row, _sources(model, layer)] for row, layer in zip(rows, model.operations, strict=True)]
    ends = _ends(header, rows, line_length, positions)
    width = ends[-1]
    thin, thick = "─" * width, "═" * width
    sums = [
        f"{kind} params: {_numbers(weights) if model.built else 'unknown until the model is built'}"
        for kind, weights in [
            ("Total", model.weights),
            ("Trainable", model.trainable_weights),
            ("Non-trainable", model.non_trainable_weights),
        ]
    ]
    return [
        f'Model: "{model.name}"',
        thin,
        _row(header, ends),
        thick,
        *(_row(row, ends) for row in rows),
        thick,
        *sums,
        thin,
    ]


def _ends(
    header: list[str], rows: list[list[str]], line_length: int | None, positions: Sequence[float] | None
) -> list[int]:
    """Where each column ends."""
    widths = [max(map(len, column)) + 3 for column in zip(header, *rows, strict=True)]
    widths[-1] -= 3
    needed = [sum(widths[: column + 1]) for column in range(len(widths))]
    if positions is None:
        spare = max(0, (line_length or 0) - needed[-1])
        return [end + spare * (column + 1) // len(needed) for column, end in enumerate(needed)]
    places = [float(position) for position in positions][: len(needed)]
    if len(places) < len(needed):
        places += [places[-1] if places else 1.0] * (len(needed) - len(places))
    if max(places) <= 1:
        places = [place * (line_length or max(needed[-1], 90)) for place in places]
    ends = [int(place) for place in places]
    if any(later < earlier for earlier, later in itertools.pairwise(ends)):
        raise ArgumentError(
            where="model.summary",
            argument="positions",
            expected="numbers that grow from column to column",
            got=describe(list(positions)),
            fix="Use, for example, `positions=[0.4, 0.7, 1.0]`.",
        )
    return ends


def _row(cells: list[str], ends: list[int]) -> str:
    """Cells in their columns; numbers stand at the right of theirs."""
    line = ""
    for column, (cell, end) in enumerate(zip(cells, ends, strict=True)):
        room = end - len(line)
        last = column == len(cells) - 1
        if column == 2:
            gap = 0 if last else 3
            line += cell[: max(room - gap, 0)].rjust(room - gap) + " " * gap
        else:
            line += (cell if last else cell[: max(room - 1, 0)]).ljust(room)
    return line.rstrip()


def _shape(layer: Layer) -> str:
    if not layer.connections and not layer.built:
        return "?"
    shape = layer.output_shape
    shapes = shape if isinstance(shape, list) else [shape]
    return ", ".join(str(part) for part in shapes)


def _count(layer: Layer) -> str:
    return f"{layer.count_params():,}" if layer.built else "? (not built)"


def _numbers(weights: Sequence[Variable]) -> str:
    count = sum(size(weight.shape) for weight in weights)
    amount: float = sum(weight.value.nbytes for weight in weights)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            break
        amount /= 1024
    shown = f"{amount:.0f}" if unit == "B" else f"{amount:.2f}"
    return f"{count:,} ({shown} {unit})"


def _uses(model: Any, layer: Layer) -> list[Any]:
    return [use for use in model._uses if use.layer is layer]


def _is_branched(model: Any) -> bool:
    """Whether the layers are anything but one row from first to last."""
    if len(model.inputs) > 1 or len(model.outputs) > 1:
        return True
    tensors = model.inputs
    for use in model._uses:
        if len(use.inputs) != 1 or use.inputs[0] != tensors[0]:
            return True
        tensors = list(use.outputs)
    return False


def _sources(model: Any, layer: Layer) -> str:
    uses = [", ".join(tensor.name for tensor in use.inputs) for use in _uses(model, layer)]
    return "; ".join(uses)
