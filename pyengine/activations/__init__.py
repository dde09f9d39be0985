"""Activation functions: what is applied to a unit's weighted sum.

Each takes an array of any shape and returns one of the same shape, computed with ops. The set, the defaults and the
numbers are those of Keras 3.

To add one: 1. a function in the file of its family 2. its name in ACTIVATIONS 3. a row in `tests/test_activations.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyengine.activations.rectifiers import (
    celu,
    elu,
    gelu,
    glu,
    hard_silu,
    leaky_relu,
    linear,
    mish,
    relu,
    relu6,
    selu,
    silu,
    softplus,
    sparse_plus,
    squareplus,
)
from pyengine.activations.shrinkage import hard_shrink, soft_shrink, tanh_shrink, threshold
from pyengine.activations.squashing import (
    exponential,
    hard_sigmoid,
    hard_tanh,
    log_sigmoid,
    log_softmax,
    sigmoid,
    softmax,
    softsign,
    sparse_sigmoid,
    tanh,
)
from pyengine.aliases import aliases
from pyengine.names import lookup, not_resolved

ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "gelu": gelu,
    "silu": silu,
    "swish": silu,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "log_sigmoid": log_sigmoid,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "softplus": softplus,
    "softsign": softsign,
    "exponential": exponential,
    "tanh": tanh,
    "tanh_shrink": tanh_shrink,
    "hard_tanh": hard_tanh,
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
    "threshold": threshold,
    "squareplus": squareplus,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "mish": mish,
    "glu": glu,
}


def get(identifier: Any) -> Callable[..., Any]:
    """The activation that a name or a function stands for; None is `linear`.

    Arguments:
        identifier: "leaky_relu" in any spelling, a function of an array, or None.
    Errors: UnknownNameError with the nearest known names; ArgumentError for anything else.

    >>> get("leakyRelu").__name__, get(None).__name__
    ('leaky_relu', 'linear')
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        return lookup("activation", identifier, ACTIVATIONS)
    if callable(identifier):
        return identifier
    raise not_resolved("activation", identifier, ACTIVATIONS, "a name or a function")


# Other names of the same functions: `activations.swish`.
__getattr__ = aliases(__name__, ACTIVATIONS)
