"""Warnings, once each, about legal arguments of compile with which training cannot succeed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyengine import activations, losses

CATEGORICAL = (losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy)


def doubts(outputs: Any, chosen: Any) -> Iterator[str]:
    """A sentence for every output whose last activation and loss do not belong together.

    Arguments:
        outputs: the model's symbolic outputs.
        chosen: the loss of each, or None.
    """
    for output, loss in zip(outputs, chosen, strict=True):
        doubt = doubtful(output, loss)
        if doubt:
            yield f"Output {output.name!r}: {doubt}"


def doubtful(output: Any, loss: Any) -> str:
    """What is doubtful about an output's activation and its loss; empty where nothing is."""
    activation, units = activation_of(output), output.shape[-1] if output.shape else None
    softmax, sigmoid = activation is activations.softmax, activation is activations.sigmoid
    kind = getattr(loss, "name", "")
    if units == 1 and isinstance(loss, CATEGORICAL):
        return (
            f"the loss {kind!r} over a single unit is 0 for ever, as there is only one class. Use one unit per class, "
            "or activation 'sigmoid' and the loss 'binary_crossentropy'."
        )
    if units == 1 and softmax:
        return "softmax over a single unit is always 1. Use activation 'sigmoid', or one unit per class."
    if softmax and isinstance(loss, losses.BinaryCrossentropy):
        return (
            "softmax makes one distribution over all units, but 'binary_crossentropy' judges each unit alone. Use "
            "'categorical_crossentropy' for one class of several, or activation 'sigmoid' for independent labels."
        )
    if sigmoid and isinstance(loss, CATEGORICAL):
        return (
            f"sigmoid judges each unit alone, but {kind!r} needs probabilities that sum to 1. Use activation "
            "'softmax', or the loss 'binary_crossentropy' for independent labels."
        )
    if isinstance(loss, losses.KLDivergence) and activation is activations.linear:
        return (
            f"{kind!r} compares distributions, but the last activation is linear. Use activation 'softmax'."
        )
    from_logits = getattr(loss, "from_logits", None)
    if from_logits is False and activation is activations.linear:
        wanted = "softmax" if isinstance(loss, CATEGORICAL) else "sigmoid"
        return (
            f"{kind!r} needs probabilities, but the last activation is linear. Use activation {wanted!r}, or "
            f"the loss {type(loss).__name__}(from_logits=True)."
        )
    if from_logits and (softmax or sigmoid):
        return (
            f"{kind!r} with from_logits=True expects the sums before the activation, but gets those behind "
            f"{'softmax' if softmax else 'sigmoid'}. Leave one of the two out."
        )
    return ""


def activation_of(output: Any) -> Any:
    """The function that makes an output, where its layer is one of an activation; else None."""
    layer = output.layer
    while hasattr(layer, "outputs"):  # a model as a layer
        output = layer.outputs[output.history[1]]
        layer = output.layer
    if type(layer).__name__ == "Softmax":
        return activations.softmax
    return getattr(layer, "activation", None)
