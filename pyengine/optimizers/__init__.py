"""Optimizers: how gradients change weights.

To add one: 1. a subclass of `Optimizer` (`slots`, `update`) in a file here 2. its name in OPTIMIZERS 3. a row in
`tests/cases/optimizers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyengine.names import not_resolved, resolve
from pyengine.optimizers import schedules
from pyengine.optimizers.adam import Adam, Adamax, AdamW, Lion, Nadam
from pyengine.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from pyengine.optimizers.base import Optimizer
from pyengine.optimizers.sgd import SGD

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "adamax": Adamax,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "ftrl": Ftrl,
    "lion": Lion,
}

# TensorFlow.js gives these other rates when they are named by a string than Keras gives their classes.
STRING_RATES = {"adagrad": 0.01, "adamax": 0.002}


def get(identifier: Any) -> Optimizer:
    """The optimizer that a name, a config or an object stands for.

    By name, adagrad has the learning rate 0.01 and adamax 0.002, as in TensorFlow.js; the classes' own default
    is that of Keras, 0.001.

    Arguments:
        identifier: "adam" in any spelling, `{"class_name": …, "config": {…}}`, an `Optimizer` or its class.
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("adam"), get("adagrad")
    (Adam(), Adagrad(learning_rate=0.01))
    >>> get("momentum").momentum
    0.9
    """
    if isinstance(identifier, str):
        named = {
            name: partial(make, learning_rate=STRING_RATES[name]) if name in STRING_RATES else make
            for name, make in OPTIMIZERS.items()
        }
        return resolve("optimizer", identifier, named)
    if isinstance(identifier, Optimizer):
        return identifier
    if callable(identifier) and not isinstance(identifier, type):
        raise not_resolved("optimizer", identifier, OPTIMIZERS, "a name, a configuration or an Optimizer")
    optimizer = resolve("optimizer", identifier, OPTIMIZERS)
    if not isinstance(optimizer, Optimizer):
        raise not_resolved("optimizer", identifier, OPTIMIZERS, "a name, a configuration or an Optimizer")
    return optimizer


__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "get",
    "schedules",
]
