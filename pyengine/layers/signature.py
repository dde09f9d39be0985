"""The whole signature of a layer's constructor: what it writes itself, what its weights and its bases add."""

from __future__ import annotations

import inspect
from collections.abc import Collection

from pyengine.layers.weight import declared_weights, parameters

Parameter = inspect.Parameter


def complete_signature(cls: type, common: Collection[str]) -> inspect.Signature:
    """A class's constructor with `**kwargs` replaced by the arguments that its weights and its bases add.

    So an unknown argument is found at once, and whoever offers layers elsewhere sees all their arguments. The order is
    Keras': the positional ones, those of the bases, the class's own settings; those of the weights stand behind the
    setting that switches a weight off.

    Arguments:
        cls: the class.
        common: the names of what every layer takes; they come last.
    """
    own = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    if not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in own):
        return inspect.Signature(own)
    weights = declared_weights(cls).values()
    of_weights = parameters(weights)
    taken = {parameter.name for parameter in (*own, *of_weights)}
    base = next(base for base in cls.__mro__[1:] if "__init__" in vars(base))
    inherited = [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(base).parameters.values()
        if parameter.name not in taken and parameter.kind is not Parameter.VAR_KEYWORD
    ]
    positional = [parameter for parameter in own if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD]
    settings = [parameter for parameter in inherited if parameter.name not in common]
    settings += [parameter for parameter in own if parameter.kind is Parameter.KEYWORD_ONLY]
    switches = {weight.when for weight in weights}
    place = max((i for i, parameter in enumerate(settings, 1) if parameter.name in switches), default=0)
    last = [parameter for parameter in inherited if parameter.name in common]
    return inspect.Signature([*positional, *settings[:place], *of_weights, *settings[place:], *last])
