"""What Python offers to JavaScript, read from its tables and signatures.

A new layer, optimizer, initializer, … in its own table appears in the page without a line here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from pyengine import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    ops,
    optimizers,
    regularizers,
)
from pyengine.bridge import names
from pyengine.names import camel

Offer = Callable[..., Any]

# Settings whose value is one word of several: JavaScript writes them in camelCase, too.
WORDS = {"data_format", "mode", "distribution", "interpolation", "reduction"}


def momentum(learning_rate: float = 0.01, momentum: float = 0.9, nesterov: bool = False) -> Any:
    """SGD with momentum, in the order of arguments that TensorFlow.js has."""
    return optimizers.SGD(learning_rate, momentum, nesterov)


def l1l2(l1: float = 0.01, l2: float = 0.01) -> Any:
    """Both penalties, with the defaults that TensorFlow.js has."""
    return regularizers.L1L2(l1, l2)


@cache
def offers() -> dict[str, dict[str, Offer]]:
    """Kind → name in JavaScript → class or function that makes such an object.

    >>> offers()["layers"]["dense"].__name__, offers()["train"]["rmsprop"].__name__
    ('Dense', 'RMSprop')
    """
    return {
        "layers": {names.factory(name): cls for name, cls in layers.LAYERS.items()},
        "train": {cls.__name__.lower(): cls for cls in classes(optimizers.OPTIMIZERS)}
        | {"momentum": momentum},
        "schedules": factories(optimizers.schedules.SCHEDULES),
        "initializers": factories(initializers.INITIALIZERS),
        "regularizers": factories(regularizers.REGULARIZERS) | {"l1l2": l1l2},
        "constraints": factories(constraints.CONSTRAINTS),
        "losses": factories(losses.LOSSES),
        "metrics": factories(metrics.METRICS),
        "callbacks": {
            names.factory(name): getattr(callbacks, name)
            for name in callbacks.__all__
            if inspect.isclass(getattr(callbacks, name)) and name not in ("Callback", "CallbackList")
        },
    }


def classes(table: dict[str, Any]) -> list[type]:
    """The classes of a table, each once."""
    return list(dict.fromkeys(entry for entry in table.values() if inspect.isclass(entry)))


def factories(table: dict[str, Any]) -> dict[str, Offer]:
    return {names.factory(cls.__name__): cls for cls in classes(table)}


def parameters(offer: Offer) -> list[str]:
    """The arguments that it takes, in order.

    >>> parameters(momentum)
    ['learning_rate', 'momentum', 'nesterov']
    """
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        name for name, parameter in inspect.signature(offer).parameters.items() if parameter.kind in kinds
    ]


def make(kind: str, name: str, positional: list[Any], keywords: dict[str, Any]) -> Any:
    """The object that `tf.<kind>.<name>(…)` stands for; a keyword that is None was left out.

    >>> make("layers", "dense", [], {"units": 3, "useBias": False, "name": "head"})
    Dense(units=3, use_bias=False, name='head')
    """
    offer = offers()[kind][name]
    accepted = parameters(offer)
    given = names.arguments(f"tf.{kind}.{name}", keywords, accepted)
    for key in WORDS & given.keys():
        given[key] = names.keyword(given[key])
    for key, value in given.items():
        if key.endswith("_regularizer") and value in ("l1l2", "L1L2", "l1_l2"):
            given[key] = l1l2()
    return offer(*positional, **given)


# Of the public functions of `pyengine.ops`: those that only a layer written in Python has a use for.
ONLY_IN_PYTHON = {
    *("apply", "assign", "assign_add", "dtype_of", "in_dtype", "scan", "shape_of"),
    *("next_random_state", "random_normal", "random_uniform"),
}


@cache
def functions() -> dict[str, Callable[..., Any]]:
    """The ops by name in JavaScript."""
    named = {name: getattr(ops, name) for name in ops.__all__ if name not in ONLY_IN_PYTHON}
    return {camel(name.rstrip("_")): function for name, function in named.items()}


def operations() -> dict[str, list[str]]:
    """Their parameters in order.

    >>> operations()["argmax"]
    ['x', 'axis']
    """
    return {name: parameters(function) for name, function in functions().items()}


def operation(name: str) -> Callable[..., Any]:
    """The op that JavaScript calls so."""
    return functions()[name]


def arguments(function: Callable[..., Any], inputs: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """What JavaScript gives an op in order, as Python's op takes it; None was left out.

    >>> arguments(ops.softmax, [[1, 2], 0])
    ([[1, 2]], {'axis': 0})
    """
    positional, keywords = [], {}
    for parameter, value in zip(inspect.signature(function).parameters.values(), inputs, strict=False):
        if value is None:
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            keywords[parameter.name] = tuple(value) if isinstance(value, list) else value
        else:
            positional.append(value)
    return positional, keywords


def describe() -> dict[str, Any]:
    """Everything that is offered: names and their arguments as JavaScript spells them.

    >>> describe()["train"]["momentum"]
    ['learningRate', 'momentum', 'nesterov']
    """
    described: dict[str, Any] = {
        kind: {name: [camel(argument) for argument in parameters(offer)] for name, offer in table.items()}
        for kind, table in offers().items()
    }
    described["ops"] = operations()
    return described
