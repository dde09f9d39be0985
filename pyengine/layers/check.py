"""Checks that constructors of layers share: each returns the setting in its plain form or says what is wrong."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyengine.errors import ArgumentError
from pyengine.names import squashed

if TYPE_CHECKING:
    from pyengine.layers.base import Layer


def whole(layer: Layer, name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = int(value) if isinstance(value, float) and value.is_integer() else least - 1
    if number < least or isinstance(value, bool):
        raise ArgumentError(
            f"{layer.label}: {name} must be a whole number of at least {least}, but got {value!r}."
        )
    return number


def wholes(layer: Layer, name: str, value: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """One whole number for every spatial axis, given singly or as one for all."""
    given = list(value) if isinstance(value, (list, tuple)) else [value] * count
    if len(given) == 1:
        given *= count
    if len(given) != count:
        raise ArgumentError(
            f"{layer.label}: {name} must be a whole number or a list of {count}, but got {value!r}."
        )
    return tuple(whole(layer, name, one, least) for one in given)


def fraction(layer: Layer, name: str, value: Any) -> float:
    """A number 0 ≤ x < 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ArgumentError(
            f"{layer.label}: {name} must be a number at least 0 and less than 1, but got {value!r}."
        )
    return float(value)


def choice(layer: Layer, name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of some words, in any spelling."""
    for word in allowed:
        if isinstance(value, str) and squashed(value) == squashed(word):
            return word
    raise ArgumentError(
        f"{layer.label}: {name} must be {' or '.join(map(repr, allowed))}, but got {value!r}."
    )


def channels_last(layer: Layer, data_format: Any) -> None:
    """The one memory layout there is: (batch, …, channels)."""
    if data_format is not None and squashed(str(data_format)) != "channelslast":
        raise ArgumentError(
            f"{layer.label}: data_format must be 'channels_last', but got {data_format!r}. "
            "Move the channels to the last axis: (batch, height, width, channels)."
        )
