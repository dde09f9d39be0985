"""One row a way of using a layer. From each row follow: shapes, graph = eager, gradients, copies, configuration.

A layer without a row fails `tests/layers/test_layers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A layer by class name, its arguments, and the shapes of its inputs, the batch first.

    Attributes:
        weights: shapes of its weights, in the order of `get_weights`.
        expected: what it computes from inputs and weights, told with NumPy; None where the golden files tell it.
        training: whether it is run as in training.
        whole: inputs are whole numbers below this.
        varying: axes, besides the batch, that may stay unknown.
        differentiable: False where finite differences mean nothing (random layers, ties).
    """

    layer: str
    config: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[Shape, ...] = ((2, 3),)
    weights: tuple[Shape, ...] = ()
    expected: Callable[..., np.ndarray] | None = None
    training: bool = False
    whole: int = 0
    varying: tuple[int, ...] = ()
    differentiable: bool = True

    def __str__(self) -> str:
        words = ",".join(f"{name}={value}" for name, value in self.config.items())
        return f"{self.layer}({words}){'-training' * self.training}"


def normalized(x, axes, epsilon=1e-3):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


IMAGE = ((2, 6, 5, 3),)
SEQUENCE = ((2, 7, 3),)
PAIR = ((2, 3, 4), (2, 3, 4))

CASES = [
    Case("InputLayer", {"shape": (3,)}, expected=lambda x: x),
    Case("Dense", {"units": 4}, weights=((3, 4), (4,)), expected=lambda x, kernel, bias: x @ kernel + bias),
    Case("Dense", {"units": 4, "use_bias": False}, SEQUENCE, ((3, 4),), lambda x, kernel: x @ kernel, varying=(1,)),
    Case("Dense", {"units": 2, "activation": "tanh"}, weights=((3, 2), (2,))),
    Case("Activation", {"activation": "softplus"}, expected=lambda x: np.log1p(np.exp(x))),
    Case("ReLU", {}, expected=lambda x: np.maximum(x, 0)),
    Case("ReLU", {"max_value": 1.0, "negative_slope": 0.5}, expected=lambda x: np.where(x < 0, x / 2, x).clip(None, 1)),
    Case("LeakyReLU", {}, expected=lambda x: np.where(x < 0, 0.3 * x, x)),
    Case("LeakyReLU", {"alpha": 0.1}, expected=lambda x: np.where(x < 0, 0.1 * x, x)),
    Case("Softmax", {}, expected=lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    Case(
        "Softmax",
        {"axis": (1, 3)},
        IMAGE,
        expected=lambda x: np.exp(x) / np.exp(x).sum((1, 3), keepdims=True),
        varying=(1, 2),
    ),
    Case("Flatten", {}, IMAGE, expected=lambda x: x.reshape(2, 90), varying=(1,)),
    Case("Reshape", {"target_shape": (-1, 15)}, IMAGE, expected=lambda x: x.reshape(2, 6, 15), varying=(1,)),
    Case("Permute", {"dims": (3, 1, 2)}, IMAGE, expected=lambda x: x.transpose(0, 3, 1, 2), varying=(1, 2, 3)),
    Case("RepeatVector", {"n": 4}, expected=lambda x: np.stack([x] * 4, 1), varying=(1,)),
    Case("Dropout", {"rate": 0.5, "seed": 3}, expected=lambda x: x),
    Case("Dropout", {"rate": 0.5, "seed": 3}, training=True, differentiable=False),
    Case("Dropout", {"rate": 0.0}, training=True, expected=lambda x: x),
    Case("Conv1D", {"filters": 4, "kernel_size": 3}, SEQUENCE, ((3, 3, 4), (4,)), varying=(1,)),
    Case("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal"}, SEQUENCE, ((3, 3, 4), (4,)), varying=(1,)),
    Case("Conv2D", {"filters": 4, "kernel_size": (3, 2)}, IMAGE, ((3, 2, 3, 4), (4,)), varying=(1, 2)),
    Case(
        "Conv2D",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "groups": 3, "use_bias": False},
        IMAGE,
        ((3, 3, 1, 3),),
        varying=(1, 2),
    ),
    Case("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, IMAGE, ((3, 3, 3, 2), (6,)), varying=(1, 2)),
    Case(
        "SeparableConv2D",
        {"filters": 2, "kernel_size": 3, "padding": "same"},
        IMAGE,
        ((3, 3, 3, 1), (1, 1, 3, 2), (2,)),
        varying=(1, 2),
    ),
    Case(
        "ZeroPadding2D",
        {"padding": ((1, 0), (0, 2))},
        IMAGE,
        expected=lambda x: np.pad(x, ((0, 0), (1, 0), (0, 2), (0, 0))),
        varying=(1, 2),
    ),
    Case(
        "MaxPooling1D",
        {},
        SEQUENCE,
        expected=lambda x: np.maximum(x[:, 0:6:2], x[:, 1:6:2]),
        varying=(1,),
    ),
    Case("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE, varying=(1, 2)),
    Case(
        "AveragePooling1D",
        {"pool_size": 3},
        SEQUENCE,
        expected=lambda x: x[:, :6].reshape(2, 2, 3, 3).mean(2),
        varying=(1,),
    ),
    Case("AveragePooling2D", {"pool_size": (2, 3), "padding": "same"}, IMAGE, varying=(1, 2)),
    Case("GlobalAveragePooling1D", {}, SEQUENCE, expected=lambda x: x.mean(1), varying=(1,)),
    Case("GlobalMaxPooling1D", {}, SEQUENCE, expected=lambda x: x.max(1), varying=(1,)),
    Case("GlobalAveragePooling2D", {}, IMAGE, expected=lambda x: x.mean((1, 2)), varying=(1, 2)),
    Case(
        "GlobalMaxPooling2D",
        {"keepdims": True},
        IMAGE,
        expected=lambda x: x.max((1, 2), keepdims=True),
        varying=(1, 2),
    ),
    Case(
        "BatchNormalization",
        {},
        IMAGE,
        ((3,), (3,), (3,), (3,)),
        lambda x, gamma, beta, mean, variance: (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta,
        varying=(1, 2),
    ),
    Case(
        "BatchNormalization",
        {"axis": 1},
        IMAGE,
        ((6,), (6,), (6,), (6,)),
        lambda x, gamma, beta, *_: (
            normalized(x, (0, 2, 3)) * gamma.reshape(6, 1, 1) + beta.reshape(6, 1, 1)
        ),
        training=True,
        varying=(2, 3),
    ),
    Case(
        "LayerNormalization",
        {},
        SEQUENCE,
        ((3,), (3,)),
        lambda x, gamma, beta: normalized(x, 2) * gamma + beta,
        varying=(1,),
    ),
    Case("LayerNormalization", {"axis": (1, 2), "center": False}, SEQUENCE, ((7, 3),)),
    Case(
        "Embedding",
        {"input_dim": 5, "output_dim": 3},
        ((2, 4),),
        ((5, 3),),
        lambda x, embeddings: embeddings[x],
        whole=5,
        varying=(1,),
    ),
    Case("SimpleRNN", {"units": 4}, SEQUENCE, ((3, 4), (4, 4), (4,)), varying=(1,)),
    Case("LSTM", {"units": 2}, SEQUENCE, ((3, 8), (2, 8), (8,)), varying=(1,)),
    Case(
        "LSTM",
        {"units": 2, "return_sequences": True, "go_backwards": True, "recurrent_activation": "hard_sigmoid"},
        SEQUENCE,
        ((3, 8), (2, 8), (8,)),
        varying=(1,),
    ),
    Case("LSTM", {"units": 2}, ((2, 3, 3), (2, 2), (2, 2)), ((3, 8), (2, 8), (8,))),
    Case("LSTM", {"units": 2, "dropout": 0.5, "recurrent_dropout": 0.5, "seed": 3}, SEQUENCE, ((3, 8), (2, 8), (8,)),
         training=True, differentiable=False),
    Case("GRU", {"units": 2, "return_sequences": True}, SEQUENCE, ((3, 6), (2, 6), (2, 6)), varying=(1,)),
    Case("GRU", {"units": 2, "reset_after": False}, SEQUENCE, ((3, 6), (2, 6), (6,)), varying=(1,)),
    Case("GRU", {"units": 2, "use_bias": False}, ((2, 3, 3), (2, 2)), ((3, 6), (2, 6))),
    Case(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 2},
        ((2, 3, 4), (2, 5, 3)),
        ((4, 2, 3), (2, 3), (3, 2, 3), (2, 3), (3, 2, 2), (2, 2), (2, 2, 4), (4,)),
        varying=(1,),
    ),
    Case(
        "MultiHeadAttention",
        {"num_heads": 1, "key_dim": 2, "use_bias": False, "output_shape": 5},
        ((2, 3, 4), (2, 5, 3), (2, 5, 2)),
        ((4, 1, 2), (2, 1, 2), (3, 1, 2), (1, 2, 5)),
    ),
    Case("Add", {}, PAIR, expected=lambda a, b: a + b, varying=(1, 2)),
    Case("Add", {}, ((2, 3, 4), (2, 4)), expected=lambda a, b: a + b[:, None]),
    Case("Subtract", {}, PAIR, expected=lambda a, b: a - b),
    Case("Multiply", {}, (*PAIR, (2, 1, 4)), expected=lambda a, b, c: a * b * c, varying=(2,)),
    Case("Average", {}, (*PAIR, (2, 3, 4)), expected=lambda a, b, c: (a + b + c) / 3),
    Case("Maximum", {}, PAIR, expected=np.maximum),
    Case("Minimum", {}, PAIR, expected=np.minimum),
    Case("Concatenate", {}, ((2, 3, 4), (2, 3, 1)), expected=lambda a, b: np.concatenate([a, b], -1), varying=(1,)),
    Case(
        "Concatenate",
        {"axis": 1},
        ((2, 3, 4), (2, 1, 4)),
        expected=lambda a, b: np.concatenate([a, b], 1),
        varying=(1, 2),
    ),
]  # fmt: skip
