"""Layers: functions on arrays with weights of their own.

To add one:
1. a class with `call` in the file of its family; if it has weights, each is declared (`kernel = Weight(…)`) and
   `build` says its shape; signature, shapes, configuration, repr, copies and its JavaScript face follow from that
2. its name in the imports below
3. a row in `tests/cases/layers.py`
"""

# ruff: noqa: F401
from pyengine.layers.activation import Activation, LeakyReLU, ReLU, Softmax
from pyengine.layers.attention import MultiHeadAttention
from pyengine.layers.base import Layer
from pyengine.layers.conv import Conv1D, Conv2D, DepthwiseConv2D, SeparableConv2D, ZeroPadding2D
from pyengine.layers.core import Dense, Flatten, Permute, RepeatVector, Reshape
from pyengine.layers.embedding import Embedding
from pyengine.layers.input import Input, InputLayer
from pyengine.layers.merge import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from pyengine.layers.naming import reset_names
from pyengine.layers.noise import Dropout
from pyengine.layers.normalization import BatchNormalization, LayerNormalization
from pyengine.layers.operation import Operation
from pyengine.layers.pool import (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from pyengine.layers.recurrent import GRU, LSTM, SimpleRNN
from pyengine.layers.symbolic import Connection, SymbolicTensor
from pyengine.layers.weight import Weight

LAYERS: dict[str, type[Layer]] = {
    name: value
    for name, value in dict(globals()).items()
    if isinstance(value, type) and issubclass(value, Layer) and value not in (Layer, Operation)
}
"""Every layer by class name."""

FUNCTIONS = ("add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract")
"""Layers without weights as functions of a list."""

__all__ = [
    *LAYERS,
    *FUNCTIONS,
    "LAYERS",
    "Connection",
    "Input",
    "Layer",
    "Operation",
    "SymbolicTensor",
    "Weight",
    "reset_names",
]
