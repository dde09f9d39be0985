"""Sequences of different lengths in one array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pyengine.errors import ArgumentError, DataError, ShapeError, describe

SIDES = ("pre", "post")


def pad_sequences(
    sequences: Iterable[Any],
    maxlen: int | None = None,
    dtype: str = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array: short ones are filled up, long ones are cut.

    Shapes: n sequences of (length, …) → (n, maxlen, …).

    Arguments:
        sequences: lists or arrays, one per sample; beyond the first axis all have the same shape.
        maxlen: steps of the result, at least 1; by default those of the longest sequence.
        dtype: of the result; default "int32". `object` for text.
        padding: where a short sequence is filled: "pre" (default) in front, "post" behind.
        truncating: where a long one is cut: "pre" (default) its beginning, "post" its end.
        value: what fills; default 0.

    Returns: a new array.

    Errors: DataError for what is not a sequence, ShapeError where inner shapes differ, ArgumentError for settings.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
    array([[0, 1],
           [2, 3],
           [5, 6]], dtype=int32)

    Source: Keras `utils.pad_sequences`.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in SIDES:
            raise _error(ArgumentError, name, '`"pre"` or `"post"`', describe(side), "Choose one of the two.")
    rows = [_row(number, sequence) for number, sequence in enumerate(_listed(sequences))]
    if maxlen is None:
        maxlen = max(map(len, rows), default=0)
    elif isinstance(maxlen, bool) or not isinstance(maxlen, (int, np.integer)) or maxlen < 1:
        wanted = "a whole number of at least 1"
        raise _error(
            ArgumentError, "maxlen", wanted, describe(maxlen), "Leave it out for the longest sequence."
        )
    filled = [(number, row) for number, row in enumerate(rows) if len(row)]
    inner = filled[0][1].shape[1:] if filled else ()
    if isinstance(value, str) and np.dtype(dtype) != object and np.dtype(dtype).kind not in "US":
        fix = "Give `dtype=object` for text."
        raise _error(
            ArgumentError, "value", f"a number, since dtype is {np.dtype(dtype)}", describe(value), fix
        )
    result = np.full((len(rows), maxlen, *inner), value, dtype)
    for number, row in filled:
        if row.shape[1:] != inner:
            wanted = f"steps of shape {inner}, as those of sequence {filled[0][0]}"
            got = f"steps of shape {row.shape[1:]} in sequence {number}"
            raise _error(ShapeError, "sequences", wanted, got, "Give steps of equal shape.")
        row = row[-maxlen:] if truncating == "pre" else row[:maxlen]
        place = slice(maxlen - len(row), None) if padding == "pre" else slice(len(row))
        result[number, place] = row
    return result


def _listed(sequences: Any) -> Sequence[Any]:
    if isinstance(sequences, (str, bytes)) or not hasattr(sequences, "__iter__"):
        fix = "Give a list of lists, for example `[[1], [2, 3]]`."
        raise _error(DataError, "sequences", "a list of sequences", describe(sequences), fix)
    return list(sequences)


def _row(number: int, sequence: Any) -> np.ndarray:
    if isinstance(sequence, (str, bytes)) or not hasattr(sequence, "__len__"):
        got = f"{describe(sequence)} as sequence {number}"
        raise _error(
            DataError, "sequences", "lists or arrays", got, "Give each sample as a list of its steps."
        )
    return np.asarray(sequence)


def _error(kind: type[Exception], argument: str, expected: str, got: str, fix: str) -> Exception:
    return kind(where="pad_sequences", argument=argument, expected=expected, got=got, fix=fix)  # type: ignore[call-arg]
