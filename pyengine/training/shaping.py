"""Errors for data of a wrong shape: what came, what was expected, and what would fix it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine.errors import ShapeError

Lengths = Sequence[int | None]


def fits(have: Lengths, want: Lengths) -> bool:
    """Whether a shape is the expected one, whose first axis is the batch and where None is any length."""
    return len(have) == len(want) and all(
        wanted in (None, length) for length, wanted in zip(have[1:], want[1:], strict=True)
    )


def shown(shape: Lengths) -> str:
    """A shape in words.

    >>> shown((None, 28, None)), shown((None,))
    ('(batch, 28, any)', '(batch,)')
    """
    words = ["batch", *("any" if length is None else str(length) for length in shape[1:])]
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


def unfit(argument: str, have: Sequence[int], want: Lengths, whose: str = "", fix: str = "") -> ShapeError:
    """The error for data of a wrong shape.

    Arguments:
        argument: "x", "y[1]".
        whose: the input or output that expects the shape, where there are several.
        fix: how to mend it; by default found by comparing the shapes.
    """
    name = argument.split("[")[0]
    return ShapeError(
        argument=argument,
        expected=f"shape {shown(want)}" + (f" for {whose}" if whose else ""),
        got=f"shape {tuple(have)}",
        fix=fix or remedy(name, have, want),
    )


def remedy(name: str, have: Sequence[int], want: Lengths) -> str:
    """How to give data of one shape another: never by a reshape where axes have to change places.

    >>> remedy("x", (32, 32, 3), (None, 32, 32, 3))
    'This looks like one sample. Add a batch axis: `x[None]`.'
    >>> remedy("x", (50, 3, 32, 32), (None, 32, 32, 3))
    'The axes are in another order. Transpose them: `np.transpose(x, (0, 2, 3, 1))`.'
    >>> remedy("x", (50, 28, 28), (None, 784))
    'Reshape each sample: `np.reshape(x, (-1, 784))`.'
    """
    for sample in (have, (*have, 1)):
        if fits((1, *sample), want):
            return f"This looks like one sample. Add a batch axis: `{name}[None]`."
    if len(have) == len(want) <= 5:
        for axes in orders(len(have)):
            transposed = f"`np.transpose({name}, {axes})`"
            if fits([have[axis] for axis in axes], want):
                if axes[0] != 0:
                    return f"The first axis counts the samples; if the last one does here, give {transposed}."
                return f"The axes are in another order. Transpose them: {transposed}."
    if None not in want[1:] and len(have) and int(np.prod(have[1:])) == int(np.prod(want[1:])):  # type: ignore[arg-type]
        shape = ", ".join(map(str, want[1:]))
        return f"Reshape each sample: `np.reshape({name}, (-1, {shape}))`."
    if len(have) != len(want):
        return f"It needs {len(want)} axes, of which the first counts the samples."
    return "The first axis counts the samples, the others are those of one sample."


def orders(axes: int) -> list[Any]:
    """Other orders of axes: first those that keep the samples, and of these first channels moved to the end."""
    kept = [(0, *rest) for rest in itertools.permutations(range(1, axes))]
    last = (0, *range(2, axes), 1)
    return [last, *kept[1:], *([tuple(reversed(range(axes)))] if axes == 2 else [])]
