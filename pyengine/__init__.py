"""pyengine: neural-network training in NumPy, the same wheel in CPython and in a browser tab.

>>> import numpy as np, pyengine
>>> pyengine.set_random_seed(7)
>>> model = pyengine.Sequential([
...     pyengine.layers.Dense(16, activation="tanh", input_shape=(2,)),
...     pyengine.layers.Dense(1, activation="sigmoid"),
... ])
>>> model.compile(pyengine.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
>>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
>>> history = model.fit(x, [0, 1, 1, 0], epochs=200, verbose=0)
>>> history.history["accuracy"][-1]
1.0
"""

import importlib
import sys
from typing import Any

from pyengine import (
    activations,
    callbacks,
    constraints,
    data,
    errors,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    regularizers,
)
from pyengine.about import __version__ as __version__
from pyengine.about import config, show_config
from pyengine.executors import set_executor
from pyengine.graph import Variable
from pyengine.layers import Input
from pyengine.models import Model, Sequential
from pyengine.random import set_random_seed

if sys.platform == "emscripten":
    from pyengine.bridge.blocking import use_stack_switching
    from pyengine.bridge.pausing import use_page_turns

    use_stack_switching()
    use_page_turns()

LATE = ("datasets", "utils")
"""Families that are loaded when first used."""

ELSEWHERE = {
    "Initializer": initializers,
    "KerasTensor": layers,
    "Layer": layers,
    "Loss": losses,
    "Metric": metrics,
    "Operation": layers,
    "Optimizer": optimizers,
    "Regularizer": regularizers,
}
"""Names that Keras has here, too, and where they are."""


def __getattr__(name: str) -> Any:
    if name in LATE:
        return importlib.import_module(f"pyengine.{name}")
    if name in ELSEWHERE:
        return getattr(ELSEWHERE[name], {"KerasTensor": "SymbolicTensor"}.get(name, name))
    raise AttributeError(f"module 'pyengine' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *LATE, *ELSEWHERE})


def version() -> str:
    """The version of pyengine.

    >>> version() == __version__
    True
    """
    return __version__


__all__ = [
    "Input",
    "Model",
    "Sequential",
    "Variable",
    "activations",
    "callbacks",
    "config",
    "constraints",
    "data",
    "datasets",
    "errors",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "regularizers",
    "set_executor",
    "set_random_seed",
    "show_config",
    "utils",
    "version",
]
