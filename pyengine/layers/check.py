"""Checks that constructors of layers share: each returns the setting in its plain form or says what is wrong."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from pyengine import activations
from pyengine.errors import PyEngineError, describe
from pyengine.names import spelling_key


class Configured(Protocol):
    """What a check needs of a layer, or of whatever else has settings."""

    @property
    def label(self) -> str: ...

    def refusal(self, argument: str, expected: str, got: Any, fix: str) -> PyEngineError: ...


def whole(layer: Configured, name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = int(value) if isinstance(value, float) and value.is_integer() else least - 1
    if number < least or isinstance(value, bool):
        fix = f"Use, for example, `{name}={max(least, 3)}`."
        raise layer.refusal(name, f"a whole number of at least {least}", value, fix)
    return number


def wholes(layer: Configured, name: str, value: Any, count: int, least: int = 1) -> tuple[int, ...]:
    """One whole number for every spatial axis, given singly or as one for all."""
    given = list(value) if isinstance(value, (list, tuple)) else [value] * count
    if len(given) == 1:
        given *= count
    if len(given) != count:
        fix = f"Use, for example, `{name}={[max(least, 3)] * count}`."
        raise layer.refusal(name, f"a whole number or a list of {count}", value, fix)
    return tuple(whole(layer, name, number, least) for number in given)


def fraction(layer: Configured, name: str, value: Any) -> float:
    """A number 0 ≤ x < 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        fix = f"Use, for example, `{name}=0.2`."
        raise layer.refusal(name, "a number of at least 0 and less than 1", value, fix)
    return float(value)


def choice(layer: Configured, name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of some words, in any spelling."""
    for word in allowed:
        if isinstance(value, str) and spelling_key(value) == spelling_key(word):
            return word
    raise layer.refusal(name, " or ".join(map(repr, allowed)), value, f"Use `{name}={allowed[0]!r}`.")


def channels_last(layer: Configured, data_format: Any) -> None:
    """The one memory layout there is: (batch, …, channels)."""
    if data_format is not None and spelling_key(str(data_format)) != "channelslast":
        raise layer.refusal(
            "data_format",
            "'channels_last', the one layout there is",
            data_format,
            "Transpose the data, so that the channels are the last axis: (batch, height, width, channels).",
        )


def number(
    layer: Configured, name: str, value: Any, expected: str, accepts: Callable[[float], bool], example: str
) -> float:
    """A number that is accepted, finite or not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not accepts(value):
        raise layer.refusal(name, expected, value, f"Use, for example, `{name}={example}`.")
    return value


def axis(layer: Configured, name: str, value: Any) -> int:
    """A whole number, which may be negative."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise layer.refusal(name, "a whole number", value, f"Use `{name}=-1` for the last axis.")
    return int(value)


def axes(layer: Configured, name: str, value: Any) -> int | tuple[int, ...]:
    """A whole number, or several."""
    if isinstance(value, (list, tuple)) and value:
        return tuple(axis(layer, name, each) for each in value)
    return axis(layer, name, value)


def activation(layer: Configured, name: str, value: Any) -> Callable[..., Any]:
    """An activation, from its name or a function."""
    return resolve_identifier(layer, name, activations.get, value)


def resolve_identifier(layer: Configured, name: str, get: Callable[[Any], Any], value: Any) -> Any:
    """The object for a name, a configuration or an object; an error about an unknown name names the layer."""
    try:
        return get(value)
    except PyEngineError as error:
        fix = error.fix or str(error)
        raise type(error)(
            where=layer.label,
            argument=name,
            expected="a known name, or an object",
            got=describe(value),
            fix=fix,
        ) from error
