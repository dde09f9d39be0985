"""Serialization of models: configurations as plain dictionaries, and back."""

from __future__ import annotations

from typing import Any

from pyengine import layers as layers_module
from pyengine.errors import ArgumentError, unknown_name
from pyengine.layers import Input, InputLayer, Layer, Operation, SymbolicTensor
from pyengine.layers.symbolic import Keywords
from pyengine.structure import described, leaves, undescribed

# Models that are layers of others, by name; each class puts itself here.
MODELS: dict[str, Any] = {}


def stack_config(model: Any) -> dict[str, Any]:
    """What a model of layers one after another is made of."""
    entries = [_entry(layer) for layer in model.layers]
    if model.inputs:
        entries.insert(0, _input_entry(model.inputs[0]))
    return {"name": model.name, "trainable": model.trainable, "layers": entries}


def stack_from_config(cls: Any, config: dict[str, Any]) -> Any:
    """The model that `stack_config` described."""
    layers = [_layer(entry) for entry in config["layers"]]
    return cls(layers, name=config["name"], trainable=config["trainable"])


def model_config(model: Any) -> dict[str, Any]:
    """What a model is made of: enough to make it again, weights apart.

    A layer's `inbound` has one entry a use: the tensors that it takes, each [layer, which of its uses, which output];
    where a use gives something by name, `words` has an entry for each: [names of the last tensors, settings].
    """
    place: dict[SymbolicTensor, list[Any]] = {tensor: [tensor.name, 0, 0] for tensor in model.inputs}
    inbound: dict[int, list[Any]] = {}
    keywords: dict[int, list[Any]] = {}
    entries = [_input_entry(tensor) for tensor in model.inputs]
    for use in model._uses:
        uses = inbound.get(id(use.layer))
        if uses is None:
            uses = inbound[id(use.layer)] = []
            keywords[id(use.layer)] = []
            entries.append({**_entry(use.layer), "inbound": uses, "words": keywords[id(use.layer)]})
        for index, tensor in enumerate(use.outputs):
            place[tensor] = [use.layer.name, len(uses), index]
        uses.append([place[tensor] for tensor in use.inputs])
        keywords[id(use.layer)].append([list(use.keywords.arrays), use.keywords.settings])
    for entry in entries:
        if not any(named or settings for named, settings in entry.get("words", ())):
            entry.pop("words", None)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": entries,
        "inputs": {name: place[tensor] for name, tensor in zip(model.input_names, model.inputs, strict=True)},
        "outputs": {
            name: place[tensor] for name, tensor in zip(model.output_names, model.outputs, strict=True)
        },
        "output_structure": described(model._structure),
    }


def model_from_config(cls: Any, config: dict[str, Any]) -> Any:
    """The model that `model_config` described."""
    layers = {entry["name"]: _layer(entry) for entry in config["layers"]}
    tensors: dict[tuple[str, int, int], SymbolicTensor] = {}
    waiting = []
    for entry in config["layers"]:
        layer = layers[entry["name"]]
        if isinstance(layer, InputLayer):
            tensors[layer.name, 0, 0] = layer.output
        uses = entry.get("inbound", ())
        keywords_of_uses = [
            Keywords(tuple(names), settings) for names, settings in entry.get("words", ())
        ] or [Keywords() for _ in uses]
        waiting += [
            (layer, number, *use) for number, use in enumerate(zip(uses, keywords_of_uses, strict=True))
        ]
    while waiting:
        left = []
        for layer, number, places, keywords in waiting:
            if any(tuple(place) not in tensors for place in places):
                left.append((layer, number, places, keywords))
                continue
            outputs = layer.connect(*(tensors[tuple(place)] for place in places), keywords=keywords)
            for index, tensor in enumerate(leaves(outputs)):
                tensors[layer.name, number, index] = tensor
        if len(left) == len(waiting):
            names = ", ".join(layer.name for layer, *_ in left)
            raise ArgumentError(
                where="Model.from_config",
                argument="config",
                expected="layers whose inputs come from others",
                got=f"inputs that nothing makes, of {names}",
                fix="Give a configuration as `get_config` returns it.",
            )
        waiting = left
    ends = [
        {name: tensors[tuple(place)] for name, place in config[which].items()}
        for which in ("inputs", "outputs")
    ]
    model = cls(*ends, name=config["name"], trainable=config["trainable"])
    model._structure = undescribed(config["output_structure"])
    return model


def _entry(layer: Layer) -> dict[str, Any]:
    return {"class_name": layer.get_class_name(), "name": layer.name, "config": layer.get_config()}


def _input_entry(tensor: SymbolicTensor) -> dict[str, Any]:
    config = {"batch_shape": tensor.shape, "dtype": tensor.dtype, "name": tensor.name}
    return {"class_name": "InputLayer", "name": tensor.name, "config": config}


def _layer(entry: dict[str, Any]) -> Layer:
    if entry["class_name"] == "InputLayer":
        return Input(**entry["config"]).layer
    classes: dict[str, Any] = {**layers_module.LAYERS, **MODELS, Operation.__name__: Operation}
    if entry["class_name"] not in classes:
        raise unknown_name("layer class", entry["class_name"], classes)
    return classes[entry["class_name"]].from_config(entry["config"])
