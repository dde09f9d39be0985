"""The workload `charlm`: a language model of characters, built with the Python face (in a page, too)."""

from __future__ import annotations

from typing import Any

import numpy as np

import pyengine
from pyengine import layers
from web.tools.bench.workloads import HEADS, HIDDEN, LENGTH, VOCABULARY, WIDTH


class Places(layers.Layer):
    """Adds to each place of a sequence a vector that is learnt."""

    def build(self, shape: tuple) -> None:
        self.table = self.add_weight("table", shape[1:])
        super().build(shape)

    def call(self, x: Any) -> Any:
        return x + self.table


def charlm(weights: list[list[np.ndarray]]) -> Any:
    """The model with these weights, not yet compiled."""
    inputs = pyengine.Input((LENGTH,), dtype="int32")
    x = Places()(layers.Embedding(VOCABULARY, WIDTH)(inputs))
    normed = norm()(x)
    heads = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, use_bias=False)
    x = layers.Add()([x, heads(normed, normed, use_causal_mask=True)])
    hidden = layers.Dense(HIDDEN, activation="relu")(norm()(x))
    x = layers.Add()([x, layers.Dense(WIDTH)(hidden)])
    outputs = layers.Dense(VOCABULARY, use_bias=False)(norm()(x))
    model = pyengine.Model(inputs, outputs)
    set_weights(model, weights)
    return model


def norm() -> Any:
    return layers.LayerNormalization(epsilon=1e-5)


def set_weights(model: Any, weights: list[list[np.ndarray]]) -> None:
    """The drawn arrays where they belong: query, key and value are three thirds of one."""
    tokens, places, joined, out, first, second, head = (array for (array,) in weights)
    kind = {type(layer).__name__: layer for layer in model.layers}
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    kind["Embedding"].set_weights([tokens])
    kind["Places"].set_weights([places])
    split = [part.reshape(WIDTH, HEADS, -1) for part in np.split(joined, 3, 1)]
    kind["MultiHeadAttention"].set_weights([*split, out.reshape(HEADS, -1, WIDTH)])
    dense[0].set_weights([first, np.zeros(HIDDEN, np.float32)])
    dense[1].set_weights([second, np.zeros(WIDTH, np.float32)])
    dense[2].set_weights([head])
