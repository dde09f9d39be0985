"""Models and compile words of the golden files, built with pyengine."""

from __future__ import annotations

import numpy as np

import pyengine
from pyengine import layers, losses, optimizers


def build(description):
    """A model from its description (see tests/golden/README.md)."""
    if description["kind"] == "sequential":
        first = pyengine.Input(
            shape=tuple(description["input_shape"]), dtype=description.get("dtype", "float32")
        )
        parts = [part(one) for one in description["layers"]]
        named = {"name": description["name"]} if "name" in description else {}
        return pyengine.Sequential([first, *parts], **named)
    tensors = {
        name: pyengine.Input(shape=tuple(spec["shape"]), dtype=spec.get("dtype", "float32"), name=name)
        for name, spec in description["inputs"].items()
    }
    inputs = list(tensors.values())
    made = {(one.get("config") or one)["name"]: part(one) for one in description["layers"]}
    for result, layer, arguments, *settings in description["calls"]:
        given = [tensors[name] for name in arguments]
        tensors[result] = made[layer](*given, **settings[0]) if settings else made[layer](given)
    return pyengine.Model(inputs, [tensors[name] for name in description["outputs"]])


def part(description):
    if "kind" in description:
        return build(description)
    return getattr(layers, description["layer"])(**description["config"])


def words(compile_words):
    """The arguments of compile, with objects for configurations."""

    def resolve(module, given):
        if isinstance(given, dict) and "class_name" in given:
            return getattr(module, given["class_name"])(**given["config"])
        return given

    found = dict(compile_words)
    found["optimizer"] = resolve(optimizers, found["optimizer"])
    found["loss"] = resolve(losses, found["loss"])
    return found


def set_named_weights(model, row):
    """The row's starting weights, matched by the ends of their names."""
    values = list(row["weights"])
    model.set_weights([np.asarray(value) for value in values])
