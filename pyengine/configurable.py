"""Objects that keep the arguments of their constructor.

The constructor's signature is the whole truth about an object's configuration: `repr`, `get_config`,
`from_config`, `clone` and (later) saved files are all read from it, so no class writes its own.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any, Self

from pyengine.documentation import Documentation
from pyengine.errors import ArgumentError, unknown_name


class KeepsArguments:
    """Keeps the arguments of the constructor by name.

    Below `Configurable`, so that the signature of a class without a constructor is that of `Configurable.__init__`.
    """

    _arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._arguments = named_arguments(cls, args, kwargs)
        return self


class Configurable(KeepsArguments):
    """Base of everything that is described by its constructor's arguments.

    >>> class Dropout(Configurable):
    ...     def __init__(self, rate, seed=None):
    ...         self.rate = rate
    >>> Dropout(0.2)
    Dropout(rate=0.2)
    >>> Dropout(rate=0.2).get_config()
    {'rate': 0.2, 'seed': None}
    >>> Dropout.from_config({"rate": 0.2}), Dropout(0.3).clone()
    (Dropout(rate=0.2), Dropout(rate=0.3))
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if vars(cls).get("__doc__"):
            cls.__doc__ = Documentation(vars(cls)["__doc__"])  # type: ignore[assignment]

    def __init__(self) -> None:
        """A class without a constructor of its own takes no arguments."""

    def get_config(self) -> dict[str, Any]:
        """Every argument of the constructor by name, defaults filled in."""
        config = {}
        cls: Any = type(self)
        for name, parameter in signature_of(cls).parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                config.update(self._arguments.get(name, {}))
            else:
                config[name] = self._arguments.get(name, parameter.default)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new object with these arguments.

        Arguments:
            config: the constructor's arguments by name, as `get_config` returns them.
        Errors: UnknownNameError for a name that it does not have.
        """
        return cls(**config)

    def clone(self) -> Self:
        """A new object made with the same arguments (no state is copied)."""
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._given().items())})"

    def _given(self) -> dict[str, Any]:
        """The arguments that differ from their defaults."""
        cls: Any = type(self)
        parameters = signature_of(cls).parameters
        given = {}
        for name, value in self.get_config().items():
            default = parameters[name].default if name in parameters else inspect.Parameter.empty
            if value is not default and not (type(value) is type(default) and value == default):
                given[name] = value
        return given


@lru_cache(256)
def signature_of(function: Any) -> inspect.Signature:
    """The signature of a function or class, cached because `inspect` is slow."""
    return inspect.signature(function)


def named_arguments(function: Any, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a call by parameter name; an unknown name is an error with the nearest known ones."""
    signature = signature_of(function)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())
    for name in kwargs:
        if name not in signature.parameters and not takes_any:
            raise unknown_name(f"argument of {function.__name__}", name, signature.parameters)
    by_place = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
    if len(args) > len(by_place) and not variadic:
        raise ArgumentError(
            where=function.__name__,
            expected=f"{len(by_place)} arguments by place ({', '.join(by_place) or 'none'})",
            got=str(len(args)),
            fix="Give the others by name.",
        )
    given = {*by_place[: len(args)], *kwargs}
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty and name in by_place and name not in given:
            raise ArgumentError(
                where=function.__name__,
                argument=name,
                expected="a value",
                got="none",
                fix="Give it by name.",
            )
    return dict(signature.bind(*args, **kwargs).arguments)
