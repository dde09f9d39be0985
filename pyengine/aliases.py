"""Keras' lower-case names: a class of a table under its other names, and losses and metrics as functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pyengine.names import spelling_key

NOT_OF_FUNCTIONS = ("reduction", "name", "dtype")


def aliases(
    module: str, table: Mapping[str, Any], make: Callable[[str, Any], Any] = lambda _, entry: entry
) -> Callable[[str], Any]:
    """A module's `__getattr__` that finds the names of a table in any spelling: `losses.mse`, `losses.MSE`.

    Arguments:
        module: the module's name, for the error.
        table: entries by snake_case name.
        make: what an entry stands for as an attribute; by default itself.
    """
    found: dict[str, Any] = {}

    def attribute(name: str) -> Any:
        known = next((each for each in table if spelling_key(each) == spelling_key(name)), None)
        if known is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if known not in found:
            found[known] = make(known, table[known])
        return found[known]

    return attribute


def function_of(name: str, cls: Any, compute: Callable[..., Any], module: str) -> Callable[..., Any]:
    """A class of a loss or metric as a function (y_true, y_pred, settings…) that gives one value per sample.

    Attributes:
        stands_for: the class, which `get` takes in its place.
    """
    settings = [
        parameter
        for parameter in inspect.signature(cls).parameters.values()
        if parameter.name not in NOT_OF_FUNCTIONS
    ]
    data = [inspect.Parameter(each, inspect.Parameter.POSITIONAL_OR_KEYWORD) for each in ("y_true", "y_pred")]
    signature = inspect.Signature([*data, *settings])

    def function(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        y_true, y_pred = given.pop("y_true"), given.pop("y_pred")
        return compute(cls, given, y_true, y_pred)

    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = (
        f"One value per sample of `{cls.__name__}`, whose arguments it takes behind y_true and y_pred."
    )
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.stands_for = cls  # type: ignore[attr-defined]
    return function
