"""Ops on symbolic tensors: in place of a value, a layer that will do it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any


class Symbolic:
    """What stands for an array to come. An op called on one calls `_operate` of it instead of computing."""

    __slots__ = ()

    @classmethod
    def _operate(cls, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What stands for the result of the op of that name."""
        raise NotImplementedError


def dispatch_symbolic(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which leaves symbolic arguments, also in a list, to their class."""

    @functools.wraps(function)
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        found = first_symbolic(args)
        if found is None and kwargs:
            found = first_symbolic(kwargs.values())
        return function(*args, **kwargs) if found is None else found._operate(name, args, kwargs)

    return dispatch


def first_symbolic(values: Iterable[Any]) -> Symbolic | None:
    """The first of them that is symbolic, or an entry of a list among them."""
    for value in values:
        if isinstance(value, Symbolic):
            return value
        if isinstance(value, (list, tuple)) and (found := first_symbolic(value)) is not None:
            return found
    return None
