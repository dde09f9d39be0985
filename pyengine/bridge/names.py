"""pyengine's names as JavaScript spells them, in the manner of TensorFlow.js."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pyengine.errors import ArgumentError, unknown_name
from pyengine.names import camel, snake

# What TensorFlow.js calls some arguments otherwise than Keras.
OTHER_NAMES = {
    "useNesterov": "nesterov",
    "decay": "rho",
    "batchesPerEpoch": "steps_per_epoch",
    "validationBatches": "validation_steps",
    "batches": "steps",
    "inputShape": "shape",  # of tf.layers.inputLayer
    "batchInputShape": "batch_shape",
}


def factory(class_name: str) -> str:
    """The function that makes objects of a class: its name with a small beginning, and `2d` for `2D`.

    >>> [factory(name) for name in ("Dense", "Conv2D", "ReLU", "LSTM", "GRUCell", "GlobalMaxPooling1D", "L1L2")]
    ['dense', 'conv2d', 'reLU', 'lstm', 'gruCell', 'globalMaxPooling1d', 'l1l2']
    """
    name = re.sub(r"(\d)D", r"\1d", class_name)
    if re.fullmatch(r"[A-Z0-9d]+", name):
        return name.lower()
    return re.sub(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]", lambda start: start[0].lower(), name)


def arguments(
    owner: str, given: Mapping[str, Any], known: Iterable[str], others: Mapping[str, str] = OTHER_NAMES
) -> dict[str, Any]:
    """Arguments by their Python names; an unknown one is an error with the nearest known ones.

    >>> arguments("dense", {"kernelInitializer": "zeros", "units": 2}, ["units", "kernel_initializer"])
    {'kernel_initializer': 'zeros', 'units': 2}
    >>> arguments("dense", {"unit": 2}, ["units", "activation"])
    Traceback (most recent call last):
    ...
    pyengine.errors.UnknownNameError: Unknown argument of dense 'unit'. Did you mean 'units'? \
Known: activation, units.
    """
    python_names = {camel(name): name for name in known} | {name: name for name in known}
    result = {}
    for name, value in given.items():
        meant = name if name in python_names else others.get(name, name)
        if meant not in python_names:
            raise unknown_name(f"argument of {owner}", name, {camel(name) for name in known})
        if python_names[meant] in result:
            raise ArgumentError(
                where=owner,
                argument=camel(python_names[meant]),
                expected="one value",
                got=f"two, the second as `{name}`",
                fix="Give one of them.",
            )
        result[python_names[meant]] = value
    return result


def keyword(value: Any) -> Any:
    """A setting that is a word of several, `channelsLast`, as Python writes it.

    >>> keyword("channelsLast"), keyword("same"), keyword(3)
    ('channels_last', 'same', 3)
    """
    return snake(value) if isinstance(value, str) else value
