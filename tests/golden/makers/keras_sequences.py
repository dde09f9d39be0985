"""Layers for sequences of Keras, which take and give several arrays, some by name: outputs and gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from load import make
from specs import Spec, integers, stored, uniform, write

from makers.keras_layers import weight_spec
from makers.versions import versions


def sequence_row(
    layer: str,
    config: dict[str, Any],
    inputs: list[Spec],
    named: dict[str, Spec] | None = None,
    settings: dict[str, Any] | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """One layer, called with arrays by place and by name and with settings.

    Inputs of a recurrent layer beyond the first are its initial state.
    """
    named, settings = named or {}, settings or {}
    arrays = [jnp.asarray(make(spec)) for spec in inputs]
    extra = {name: jnp.asarray(make(spec)) for name, spec in named.items()}
    recurrent = layer in ("SimpleRNN", "LSTM", "GRU")
    instance = getattr(keras.layers, layer)(**config)
    if recurrent:
        instance.build(arrays[0].shape)
    else:
        instance.build(*(array.shape for array in (*arrays, *arrays)[:2]), *(a.shape for a in arrays[2:]))
    weights = [weight_spec(weight, seed + 50 + i) for i, weight in enumerate(instance.weights)]
    for spec, weight in zip(weights, instance.weights, strict=True):
        spec["name"] = "/".join(weight.path.split("/")[-1 if recurrent else -2 :])
    instance.set_weights([make(spec) for spec in weights])
    trainable = [jnp.asarray(v.value) for v in instance.trainable_variables]
    fixed = [jnp.asarray(v.value) for v in instance.non_trainable_variables]

    def run(arrays: list, trainable: list) -> list:
        words: dict[str, Any] = {**extra, **settings}
        given = arrays
        if recurrent:
            given = arrays[:1]
            if len(arrays) > 1:
                words["initial_state"] = arrays[1:] if len(arrays) > 2 else arrays[1]
        output, _ = instance.stateless_call(trainable, fixed, *given, **words)
        return list(output) if isinstance(output, (list, tuple)) else [output]

    outputs = run(arrays, trainable)
    cotangents = [uniform(tuple(o.shape), seed + 90 + i) for i, o in enumerate(outputs)]

    def objective(arrays: list, trainable: list) -> jax.Array:
        pairs = zip(run(arrays, trainable), cotangents, strict=True)
        return sum(jnp.sum(output * jnp.asarray(make(spec))) for output, spec in pairs)

    by_input, by_weight = jax.grad(objective, argnums=(0, 1))(arrays, trainable)
    return {
        "layer": layer,
        "config": config,
        "inputs": inputs,
        "named": named,
        "settings": settings,
        "weights": weights,
        "outputs": [stored(output) for output in outputs],
        "cotangents": cotangents,
        "input_gradients": [stored(gradient) for gradient in by_input],
        "weight_gradients": [stored(gradient) for gradient in by_weight],
    }


def recurrent_rows() -> list[dict[str, Any]]:
    x, h, c = uniform((2, 5, 3), 1, -2, 2), uniform((2, 4), 2), uniform((2, 4), 3)
    rows = []
    for layer in ("SimpleRNN", "LSTM", "GRU"):
        start = [h, c] if layer == "LSTM" else [h]
        rows += [
            sequence_row(layer, {"units": 4}, [x]),
            sequence_row(layer, {"units": 4, "return_sequences": True, "return_state": True}, [x]),
            sequence_row(layer, {"units": 4, "return_state": True, "go_backwards": True}, [x, *start]),
            sequence_row(layer, {"units": 4, "return_sequences": True, "go_backwards": True}, [x]),
            sequence_row(layer, {"units": 2, "use_bias": False, "activation": "softsign"}, [x]),
            sequence_row(layer, {"units": 1, "unroll": True}, [uniform((3, 1, 2), 4)]),
        ]
    hard = {"units": 3, "recurrent_activation": "hard_sigmoid", "activation": "relu"}
    before = {"units": 4, "reset_after": False}
    return [
        *rows,
        sequence_row("LSTM", hard, [x]),
        sequence_row("GRU", hard, [x]),
        sequence_row("GRU", {"units": 4, "use_bias": False}, [x, h]),
        sequence_row("GRU", {**before, "return_sequences": True, "return_state": True}, [x, h]),
        sequence_row("GRU", {**before, "use_bias": False, "go_backwards": True}, [x]),
    ]


def attention_rows() -> list[dict[str, Any]]:
    x, y, z = uniform((2, 5, 6), 11), uniform((2, 4, 3), 12), uniform((2, 4, 2), 13)
    mask = {"attention_mask": integers((2, 5, 4), 24, 0, 2, "bool")}
    small = {"num_heads": 2, "key_dim": 3}
    causal, scores = {"use_causal_mask": True}, {"return_attention_scores": True}
    row = sequence_row
    # No query is left without a key, causal mask included: of such a one Keras makes what rounding leaves.
    assert (make(mask["attention_mask"]) & np.tri(5, 4, dtype=bool)).any(-1).all()
    return [
        row("MultiHeadAttention", small, [x, x]),
        row("MultiHeadAttention", small, [x, x], settings=causal),
        row("MultiHeadAttention", {**small, "use_bias": False}, [x, y], settings=scores),
        # Keras on JAX takes another length for the values only where it shows the scores.
        row("MultiHeadAttention", {**small, "value_dim": 4, "output_shape": 5}, [x, y, z], mask, scores),
        row("MultiHeadAttention", {"num_heads": 1, "key_dim": 2}, [x, y], mask, {**causal, **scores}),
        row("MultiHeadAttention", {**small, "value_dim": 2}, [y, x], settings={**causal, **scores}),
    ]


def make_sequences() -> None:
    rows = recurrent_rows() + attention_rows()
    write("keras_sequences", versions("keras", "jax", "jaxlib", "numpy"), rows)
