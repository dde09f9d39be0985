"""Weights that a layer declares, and the arguments of its constructor that follow from them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from pyengine import constraints, initializers, regularizers

KINDS = {"initializer": initializers.get, "regularizer": regularizers.get, "constraint": constraints.get}
"""What a constructor takes for each weight, and what makes an object of it."""


class Weight:
    """A weight of a layer, declared as an attribute of its class.

    The constructor then takes `<name>_initializer`, `<name>_regularizer` and `<name>_constraint`, the configuration
    and the documentation hold them, and `build` says only the shape: `self.add_weights(kernel=(features, units))`.
    The attribute is the Variable once the layer is built; None before, and where the layer has no such weight.

    Arguments:
        initializer: how it begins by default: a name, a configuration or an object; default "glorot_uniform".
        words: what the arguments begin with: "recurrent" for recurrent_kernel; by default, "", the weight's own name.
        when: the setting that says whether the layer has the weight at all: "use_bias"; by default, "", it always has.
        trainable: whether gradients change it (default True); if not, it has no regularizer and no constraint.

    >>> from pyengine import layers, ops
    >>> class Scale(layers.Layer):
    ...     factor = layers.Weight("ones")
    ...     def build(self, shape):
    ...         self.add_weights(factor=(shape[-1],))
    ...     def call(self, x):
    ...         return ops.multiply(x, self.factor)
    >>> Scale(factor_initializer="zeros", factor_regularizer="l2")([[1.0, 2.0]])
    array([[0., 0.]], dtype=float32)
    """

    def __init__(
        self, initializer: Any = "glorot_uniform", *, words: str = "", when: str = "", trainable: bool = True
    ):
        self.initializer = initializer
        self.words = words
        self.when = when
        self.trainable = trainable

    def __set_name__(self, owner: type, name: str) -> None:
        self.words = self.words or name

    def __get__(self, layer: Any, owner: type) -> Any:
        return self if layer is None else None

    def arguments(self) -> dict[str, Any]:
        """The names of the constructor's arguments for it, by their kind.

        >>> Weight("ones", words="gamma").arguments()["constraint"]
        'gamma_constraint'
        """
        kinds = KINDS if self.trainable else ("initializer",)
        return {kind: f"{self.words}_{kind}" for kind in kinds}


def declared_weights(cls: type) -> dict[str, Weight]:
    """The weights that a class and its bases declare, those of the bases first."""
    return {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, Weight)
    }


def names(weights: Iterable[Weight], kind: str) -> list[str]:
    """The arguments of one kind, in the order of the weights."""
    return [weight.arguments()[kind] for weight in weights if kind in weight.arguments()]


def parameters(weights: Iterable[Weight]) -> list[inspect.Parameter]:
    """The arguments of the constructor that the weights give it, in Keras' order: all initializers first."""
    weights = list(weights)
    defaults = {weight.arguments()["initializer"]: weight.initializer for weight in weights}
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation="Any")
        for kind in KINDS
        for name in names(weights, kind)
    ]


def documentation(weights: Iterable[Weight]) -> dict[tuple[str, ...], str]:
    """What a docstring says of these arguments, by their names.

    >>> for names, text in documentation([Weight("ones", words="kernel")]).items():
    ...     print(*names, text)
    kernel_initializer how it begins.
    kernel_regularizer its penalty, added to the loss.
    kernel_constraint what it is brought back to after every update.
    """
    weights = list(weights)
    they, are, penalty = (
        ("they", "are", "their penalties") if len(weights) > 1 else ("it", "is", "its penalty")
    )
    texts = {
        "initializer": f"how {they} begin{'s' if they == 'it' else ''}.",
        "regularizer": f"{penalty}, added to the loss.",
        "constraint": f"what {they} {are} brought back to after every update.",
    }
    return {listed: text for kind, text in texts.items() if (listed := tuple(names(weights, kind)))}
