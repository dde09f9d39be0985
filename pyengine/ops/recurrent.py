"""The elementwise part of one step of LSTM and GRU, and its gradient: fused, for they run once a time step.

They save the activated gates for the backward pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops.arithmetic import add, multiply, square, subtract
from pyengine.ops.base import Array, Op, apply
from pyengine.ops.broadcast import broadcast_to
from pyengine.ops.expanded import Expanded
from pyengine.ops.functions import sigmoid, tanh
from pyengine.ops.pieces import concatenate, split


def expect(op: Op, given: tuple[Spec, ...], first: Spec, *wide: int) -> None:
    """Inputs are as wide as the first state, or as many times as wide as said."""
    rows, units = first.shape if len(first.shape) == 2 else (0, 0)
    wanted = tuple(Spec((rows, times * units), first.dtype) for times in wide)
    if len(first.shape) != 2 or given != wanted:
        raise ShapeError(
            where=f"ops.{op.name}",
            argument="the inputs",
            expected=" ".join(map(str, wanted)),
            got=" ".join(map(str, given)),
            fix="Give every input the rows of the first state, and so many times its width.",
        )


def times(width: int, spec: Spec) -> Spec:
    """`width` arrays of a spec side by side."""
    return Spec((spec.shape[0], width * spec.shape[1]), spec.dtype)


class LstmCell(Expanded):
    """z: (batch, 4 units)  c: (batch, units)  ->  new h, new c, gates (batch, 4 units), tanh of the new c.

    z: sums of input gate, forget gate, candidate, output gate. c' = f c + i g, h' = o tanh c'.
    """

    name = "lstm_cell"
    several = True
    in_place = (0, 1)

    def shape(self, z: Spec, c: Spec) -> tuple[Spec, ...]:
        expect(self, (z, c), c, 4, 1)
        return c, c, z, c

    def expand(self, z, c):
        i, f, g, o = split(z, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        c = add(multiply(f, c), multiply(i, g))
        curve = tanh(c)
        return multiply(o, curve), c, concatenate([i, f, g, o]), curve

    def gradient(self, gradient, output, z, c):
        if gradient[2] is not None or gradient[3] is not None:  # in a second derivative only
            return super().gradient(gradient, output, z, c)
        dh, dc = (or_zeros(part, c) for part in gradient[:2])
        return apply(LstmCellGradient(), dh, dc, output[2], output[3], c)


class LstmCellGradient(Expanded):
    """dh, dc (of the new ones), gates, tanh of the new c, old c  ->  dz, dc of the old c."""

    name = "lstm_cell_gradient"
    several = True
    in_place = (0, 1, 2, 3, 4)

    def shape(self, dh: Spec, dc: Spec, gates: Spec, curve: Spec, c: Spec) -> tuple[Spec, ...]:
        expect(self, (dh, dc, gates, curve, c), c, 1, 1, 4, 1, 1)
        return gates, c

    def expand(self, dh, dc, gates, curve, c):
        i, f, g, o = split(gates, 4)
        dc = add(dc, multiply(multiply(dh, o), subtract(1.0, square(curve))))
        dz = [
            multiply(multiply(dc, g), closing(i)),
            multiply(multiply(dc, c), closing(f)),
            multiply(multiply(dc, i), subtract(1.0, square(g))),
            multiply(multiply(dh, curve), closing(o)),
        ]
        return concatenate(dz), multiply(dc, f)


class GruCell(Expanded):
    """x, s: (batch, 3 units)  h: (batch, units)  ->  new h, gates (batch, 4 units).

    x and s: what input and state add to the sums of update gate, reset gate and candidate (which the reset gate
    weighs after the product with the state). h' = z h + (1 - z) g. Kept: z, r, g and the candidate's part of s.
    """

    name = "gru_cell"
    several = True
    in_place = (2,)

    def shape(self, x: Spec, s: Spec, h: Spec) -> tuple[Spec, ...]:
        expect(self, (x, s, h), h, 3, 3, 1)
        return h, times(4, h)

    def expand(self, x, s, h):
        (xz, xr, xg), (sz, sr, sg) = split(x, 3), split(s, 3)
        z, r = sigmoid(add(xz, sz)), sigmoid(add(xr, sr))
        g = tanh(add(xg, multiply(r, sg)))
        return add(multiply(z, h), multiply(subtract(1.0, z), g)), concatenate([z, r, g, sg])

    def gradient(self, gradient, output, x, s, h):
        if gradient[1] is not None:  # in a second derivative only
            return super().gradient(gradient, output, x, s, h)
        return apply(GruCellGradient(), gradient[0], output[1], h)


class GruCellGradient(Expanded):
    """dh (of the new h), gates, old h  ->  dx, ds, dh of the old h where it does not pass through a product."""

    name = "gru_cell_gradient"
    several = True
    in_place = (0, 2)

    def shape(self, dh: Spec, gates: Spec, h: Spec) -> tuple[Spec, ...]:
        expect(self, (dh, gates, h), h, 1, 4, 1)
        return times(3, h), times(3, h), h

    def expand(self, dh, gates, h):
        z, r, g, sg = split(gates, 4)
        dz = multiply(multiply(dh, subtract(h, g)), closing(z))
        dg = multiply(multiply(dh, subtract(1.0, z)), subtract(1.0, square(g)))
        dr = multiply(multiply(dg, sg), closing(r))
        return concatenate([dz, dr, dg]), concatenate([dz, dr, multiply(dg, r)]), multiply(dh, z)


def closing(gate: Any) -> Any:
    """The slope of a sigmoid from its value."""
    return multiply(gate, subtract(1.0, gate))


def or_zeros(gradient: Any, like: Any) -> Any:
    return broadcast_to(np.zeros((), like.dtype), like.shape) if gradient is None else gradient


def lstm_cell(z: Array, c: Array) -> tuple[Any, Any]:
    """New h and new c of an LSTM whose activations are tanh and sigmoid.

    Shapes: z (batch, 4 units): the sums of input gate, forget gate, candidate and output gate; c (batch, units).

    >>> h, c = lstm_cell(np.zeros((1, 8), "float32"), np.ones((1, 2), "float32"))
    >>> c
    array([[0.5, 0.5]], dtype=float32)
    """
    return apply(LstmCell(), z, c)[:2]


def gru_cell(x: Array, s: Array, h: Array) -> Any:
    """New h of a GRU whose activations are tanh and sigmoid and which resets after the product.

    Shapes: x, s (batch, 3 units): what input and state add to update gate, reset gate and candidate; h (batch, units).

    >>> gru_cell(np.zeros((1, 6), "float32"), np.zeros((1, 6), "float32"), np.ones((1, 2), "float32"))
    array([[0.5, 0.5]], dtype=float32)
    """
    return apply(GruCell(), x, s, h)[0]
