"""Layers of Keras: output, and gradients of sum(output * cotangent) for every input and trainable weight."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from load import make
from specs import Spec, integers, stored, uniform, write

from makers.versions import versions

ACTIVATIONS = [
    "relu", "relu6", "leaky_relu", "elu", "selu", "softplus", "softsign", "sigmoid", "hard_sigmoid", "tanh",
    "exponential", "gelu", "silu", "swish", "softmax", "log_softmax", "linear", "mish",
]  # fmt: skip


def layer_row(
    layer: str,
    shapes: Any,
    config: dict[str, Any] | None = None,
    training: bool | None = None,
    seed: int = 1,
    inputs: list[Spec] | None = None,
) -> dict[str, Any]:
    """One layer, built on inputs of `shapes` (a shape, or a list of shapes for merge layers), run once."""
    config = config or {}
    shapes = shapes if isinstance(shapes, list) else [shapes]
    inputs = inputs or [uniform(shape, seed + i, -2, 2) for i, shape in enumerate(shapes)]
    arrays = [jnp.asarray(make(spec)) for spec in inputs]
    instance = getattr(keras.layers, layer)(**config)
    instance.build([a.shape for a in arrays] if len(arrays) > 1 else arrays[0].shape)
    weights = [weight_spec(weight, seed + 50 + i) for i, weight in enumerate(instance.weights)]
    instance.set_weights([make(spec) for spec in weights])

    trainable = [jnp.asarray(v.value) for v in instance.trainable_variables]
    fixed = [jnp.asarray(v.value) for v in instance.non_trainable_variables]
    cotangent = None

    def run(arrays: list, trainable: list) -> tuple:
        given = arrays if len(arrays) > 1 else arrays[0]
        arguments = {} if training is None else {"training": training}
        output, after = instance.stateless_call(trainable, fixed, given, **arguments)
        return output, after

    output, after = run(arrays, trainable)
    cotangent_spec = uniform(tuple(output.shape), seed + 90, -1, 1)
    cotangent = jnp.asarray(make(cotangent_spec))
    floating = [i for i, a in enumerate(arrays) if jnp.issubdtype(a.dtype, jnp.floating)]

    def objective(chosen: list, trainable: list) -> jax.Array:
        full = list(arrays)
        for i, value in zip(floating, chosen, strict=True):
            full[i] = value
        return jnp.sum(run(full, trainable)[0] * cotangent)

    by_input, by_weight = jax.grad(objective, argnums=(0, 1))([arrays[i] for i in floating], trainable)
    input_gradients: list[Spec | None] = [None] * len(arrays)
    for i, gradient in zip(floating, by_input, strict=True):
        input_gradients[i] = stored(gradient)
    row = {
        "layer": layer,
        "config": config,
        "training": training,
        "inputs": inputs,
        "weights": weights,
        "output_shape": list(output.shape),
        "output": stored(output),
        "cotangent": cotangent_spec,
        "input_gradients": input_gradients,
        "weight_gradients": [stored(gradient) for gradient in by_weight],
    }
    if training and fixed and layer == "BatchNormalization":
        row["non_trainable_after"] = [stored(value) for value in after[: len(fixed)]]
    return row


def weight_spec(weight: Any, seed: int) -> Spec:
    name = weight.path.split("/")[-1]
    low, high = (0.4, 1.6) if name == "moving_variance" else (-1.0, 1.0)
    return {
        "name": name,
        "trainable": bool(weight.trainable),
        **uniform(tuple(weight.shape), seed, low, high),
    }


def activation_rows() -> list[dict[str, Any]]:
    rows = [layer_row("Activation", (3, 5), {"activation": name}, seed=11) for name in ACTIVATIONS]
    # Far from zero, where a careless formula overflows; and at zero, where the smooth ones have a slope.
    far = stored(np.array([[-120.0, -30.0, -8.0], [8.0, 30.0, 80.0]], np.float32))
    rows += [layer_row("Activation", None, {"activation": name}, inputs=[far]) for name in ACTIVATIONS]
    near = stored(np.array([[-1e-4, 0.0, 1e-4]], np.float32))
    smooth = ["softplus", "softsign", "sigmoid", "tanh", "exponential", "gelu", "silu", "softmax", "mish"]
    rows += [layer_row("Activation", None, {"activation": name}, inputs=[near]) for name in smooth]
    rows.append(layer_row("Activation", (2, 3, 4), {"activation": "softmax"}, seed=12))
    for config in [
        {},
        {"max_value": 1.0},
        {"negative_slope": 0.2},
        {"threshold": 0.5},
        {"max_value": 1.2, "negative_slope": 0.1, "threshold": 0.3},
        {"max_value": 6.0, "threshold": 0.1},
    ]:
        rows.append(layer_row("ReLU", (4, 5), config, seed=13))
    rows.append(layer_row("ReLU", (1, 3, 3, 2), {"max_value": 6.0}, seed=14))
    rows += [layer_row("LeakyReLU", (4, 5), config, seed=15) for config in [{}, {"negative_slope": 0.1}]]
    rows += [
        layer_row("Softmax", (2, 3, 4), config, seed=16) for config in [{}, {"axis": 1}, {"axis": [1, 2]}]
    ]
    return rows


def core_rows() -> list[dict[str, Any]]:
    row = layer_row
    return [
        row("Dense", (4, 3), {"units": 5}, seed=1),
        row("Dense", (3, 4), {"units": 2, "use_bias": False}, seed=2),
        row("Dense", (3, 4), {"units": 3, "activation": "tanh"}, seed=3),
        row("Dense", (2, 3, 4), {"units": 2, "activation": "relu"}, seed=4),
        row("Dense", (2, 2, 2, 3), {"units": 4, "activation": "softmax"}, seed=5),
        row("Dense", (1, 1), {"units": 1, "activation": "sigmoid"}, seed=6),
        row("Flatten", (2, 3, 4), {}),
        row("Flatten", (3, 2, 2, 2), {}),
        row("Flatten", (4,), {}),
        row("Reshape", (2, 12), {"target_shape": [3, 4]}),
        row("Reshape", (2, 3, 4), {"target_shape": [-1, 2]}),
        row("Reshape", (2, 3, 2), {"target_shape": [6]}),
        row("Permute", (2, 3, 4), {"dims": [2, 1]}),
        row("Permute", (2, 2, 3, 4), {"dims": [3, 1, 2]}),
        row("Embedding", None, {"input_dim": 7, "output_dim": 3}, inputs=[integers((2, 5), 21, 0, 7)]),
        row("Embedding", None, {"input_dim": 4, "output_dim": 2}, inputs=[integers((3, 2, 2), 22, 0, 4)]),
        row("Embedding", None, {"input_dim": 5, "output_dim": 4}, inputs=[integers((6,), 23, 0, 5)]),
        row("Add", [(2, 3), (2, 3)], seed=31),
        row("Add", [(2, 3, 2), (2, 3, 2), (2, 3, 2)], seed=32),
        row("Add", [(2, 3, 4), (2, 1, 4)], seed=33),
        row("Multiply", [(2, 3), (2, 3)], seed=34),
        row("Multiply", [(2, 2, 3), (2, 2, 3), (2, 2, 3)], seed=35),
        row("Multiply", [(2, 3, 3, 2), (2, 1, 1, 2)], seed=36),
        row("Concatenate", [(2, 3), (2, 2)], seed=37),
        row("Concatenate", [(2, 1, 3), (2, 4, 3), (2, 2, 3)], {"axis": 1}, seed=38),
        row("Concatenate", [(1, 2, 3, 2), (1, 2, 3, 1)], {"axis": -1}, seed=39),
    ]


def convolution_rows() -> list[dict[str, Any]]:
    rows = []
    for shape, config in [
        ((2, 7, 2), {"filters": 3, "kernel_size": 3}),
        ((2, 6, 2), {"filters": 2, "kernel_size": 3, "padding": "same"}),
        ((1, 8, 2), {"filters": 2, "kernel_size": 2, "padding": "same", "strides": 2}),
        ((1, 7, 3), {"filters": 2, "kernel_size": 4, "padding": "same", "strides": 3}),
        ((1, 9, 2), {"filters": 2, "kernel_size": 3, "dilation_rate": 2}),
        ((1, 6, 2), {"filters": 2, "kernel_size": 3, "padding": "same", "dilation_rate": 3}),
        ((2, 6, 2), {"filters": 2, "kernel_size": 3, "padding": "causal"}),
        ((1, 7, 2), {"filters": 2, "kernel_size": 2, "padding": "causal", "dilation_rate": 2}),
        ((1, 7, 2), {"filters": 2, "kernel_size": 3, "padding": "causal", "strides": 2}),
        ((1, 5, 4), {"filters": 6, "kernel_size": 2, "groups": 2, "use_bias": False}),
        ((1, 5, 1), {"filters": 1, "kernel_size": 1, "activation": "relu"}),
    ]:
        rows.append(layer_row("Conv1D", shape, config, seed=41))
    for shape, config in [
        ((1, 5, 5, 1), {"filters": 2, "kernel_size": 3}),
        ((2, 4, 5, 2), {"filters": 3, "kernel_size": [2, 3]}),
        ((1, 5, 4, 2), {"filters": 2, "kernel_size": 3, "padding": "same"}),
        ((1, 6, 5, 2), {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ((1, 7, 7, 1), {"filters": 2, "kernel_size": 3, "strides": 2}),
        ((1, 6, 6, 1), {"filters": 2, "kernel_size": 2, "strides": [2, 1], "padding": "same"}),
        ((1, 7, 6, 1), {"filters": 1, "kernel_size": 3, "dilation_rate": 2}),
        ((1, 6, 6, 2), {"filters": 1, "kernel_size": [3, 2], "dilation_rate": [1, 2], "padding": "same"}),
        ((2, 3, 3, 3), {"filters": 4, "kernel_size": 1, "use_bias": False}),
        ((1, 5, 5, 3), {"filters": 2, "kernel_size": 1, "strides": 2}),
        ((1, 4, 4, 4), {"filters": 4, "kernel_size": 3, "groups": 2}),
        ((1, 4, 4, 4), {"filters": 8, "kernel_size": 2, "groups": 4, "use_bias": False, "padding": "same"}),
        ((2, 4, 4, 1), {"filters": 2, "kernel_size": 3, "activation": "relu", "padding": "same"}),
        ((1, 3, 3, 2), {"filters": 2, "kernel_size": 5, "padding": "same", "strides": 2}),
    ]:
        rows.append(layer_row("Conv2D", shape, config, seed=42))
    for shape, config in [
        ((1, 5, 5, 2), {"kernel_size": 3}),
        ((2, 4, 5, 3), {"kernel_size": [2, 3], "padding": "same"}),
        ((1, 6, 6, 2), {"kernel_size": 3, "strides": 2, "padding": "same"}),
        ((1, 7, 7, 2), {"kernel_size": 3, "strides": 2, "use_bias": False}),
        ((1, 5, 5, 2), {"kernel_size": 2, "depth_multiplier": 3}),
        ((1, 6, 5, 2), {"kernel_size": 3, "depth_multiplier": 2, "padding": "same", "activation": "relu6"}),
        ((1, 6, 6, 2), {"kernel_size": 2, "dilation_rate": 2}),
        ((1, 6, 5, 1), {"kernel_size": 3, "dilation_rate": 2, "padding": "same"}),
    ]:
        rows.append(layer_row("DepthwiseConv2D", shape, config, seed=43))
    for shape, config in [
        ((1, 5, 5, 2), {"filters": 3, "kernel_size": 3}),
        ((2, 4, 5, 3), {"filters": 2, "kernel_size": [2, 3], "padding": "same"}),
        (
            (1, 6, 6, 2),
            {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2},
        ),
        ((1, 6, 6, 2), {"filters": 1, "kernel_size": 2, "dilation_rate": 2, "use_bias": False}),
        ((1, 5, 5, 2), {"filters": 2, "kernel_size": 3, "strides": 2, "activation": "relu"}),
    ]:
        rows.append(layer_row("SeparableConv2D", shape, config, seed=44))
    for shape, config in [
        ((1, 2, 3, 2), {}),
        ((1, 3, 2, 1), {"padding": 2}),
        ((1, 2, 2, 2), {"padding": [1, 2]}),
        ((2, 2, 2, 1), {"padding": [[0, 1], [2, 0]]}),
    ]:
        rows.append(layer_row("ZeroPadding2D", shape, config, seed=45))
    return rows


def pooling_rows() -> list[dict[str, Any]]:
    rows = []
    for kind in ("Max", "Average"):
        for shape, config in [
            ((2, 6, 2), {"pool_size": 2}),
            ((1, 7, 3), {"pool_size": 3, "strides": 2}),
            ((1, 7, 2), {"pool_size": 3, "strides": 2, "padding": "same"}),
            ((2, 5, 1), {"pool_size": 2, "padding": "same"}),
            ((1, 6, 2), {"pool_size": 3, "strides": 1, "padding": "same"}),
            ((1, 7, 1), {"pool_size": 2, "strides": 3}),
        ]:
            rows.append(layer_row(f"{kind}Pooling1D", shape, config, seed=51))
        for shape, config in [
            ((2, 4, 4, 2), {"pool_size": 2}),
            ((1, 5, 7, 2), {"pool_size": [2, 2]}),
            ((1, 5, 5, 2), {"pool_size": 2, "padding": "same"}),
            ((1, 6, 7, 1), {"pool_size": 3, "strides": 2}),
            ((1, 6, 7, 1), {"pool_size": 3, "strides": 2, "padding": "same"}),
            ((1, 6, 5, 2), {"pool_size": [2, 3], "strides": [1, 2]}),
            ((1, 4, 5, 1), {"pool_size": 3, "strides": 1, "padding": "same"}),
        ]:
            rows.append(layer_row(f"{kind}Pooling2D", shape, config, seed=52))
    for kind in ("Max", "Average"):
        for config in [{}, {"keepdims": True}]:
            rows.append(layer_row(f"Global{kind}Pooling1D", (2, 5, 3), config, seed=53))
            rows.append(layer_row(f"Global{kind}Pooling2D", (2, 3, 4, 2), config, seed=54))
    return rows


def normalization_rows() -> list[dict[str, Any]]:
    rows = []
    for shape, config in [
        ((6, 3), {}),
        ((5, 4), {"momentum": 0.9, "epsilon": 1e-5}),
        ((5, 3), {"center": False}),
        ((5, 3), {"scale": False}),
        ((4, 2), {"center": False, "scale": False}),
        ((3, 4, 3), {"axis": 1}),
        ((2, 3, 3, 2), {}),
        ((2, 2, 3, 4), {"axis": 1, "momentum": 0.5}),
    ]:
        rows += [layer_row("BatchNormalization", shape, config, t, seed=61) for t in (True, False)]
    for shape, config in [
        ((4, 5), {}),
        ((2, 3, 4), {"epsilon": 1e-6}),
        ((2, 3, 4), {"axis": [1, 2]}),
        ((2, 3, 4), {"axis": 1}),
        ((3, 4), {"center": False}),
        ((3, 4), {"scale": False}),
        ((2, 2, 2, 3), {"axis": -1}),
    ]:
        rows.append(layer_row("LayerNormalization", shape, config, seed=62))
    return rows


def make_layers() -> None:
    rows = core_rows() + activation_rows() + convolution_rows() + pooling_rows() + normalization_rows()
    write("keras_layers", versions("keras", "jax", "jaxlib", "numpy"), rows)
    write("keras_activations", versions("keras", "jax", "jaxlib", "numpy"), function_rows())


SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("gelu", {"approximate": True}),
    ("gelu", {"approximate": False}),
    ("elu", {"alpha": 0.5}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("relu", {"negative_slope": 0.1, "max_value": 1.0, "threshold": 0.2}),
    ("relu", {"max_value": 1.5}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
    ("softmax", {"axis": [0, 1]}),
]
BENDS: list[dict[str, Any]] = [
    {"threshold": 1.0},
    {"threshold": 1.0, "max_value": 2.5},
    {"threshold": 1.0, "negative_slope": 0.25},
    {"threshold": 1.0, "negative_slope": 0.25, "max_value": 2.0},
    {"threshold": 2.0, "max_value": 1.0},
    {"threshold": -1.5},
    {"threshold": -1.5, "max_value": 2.5},
    {"max_value": 2.0},
]


def function_rows() -> list[dict[str, Any]]:
    """Activation functions with settings of their own: value and gradient of sum(output * cotangent)."""
    spec, cotangent = uniform((4, 6), 71, -3, 3), uniform((4, 6), 72)
    # Beside the drawn inputs, those on both sides of a bend and on it.
    bend, pull = stored(np.array([-2, -1, 0, 0.5, 1, 1.5, 2, 3], np.float32)), uniform((8,), 73)
    rows = []
    for name, config, spec, cotangent in [
        *((name, config, spec, cotangent) for name, config in SETTINGS),
        *(("relu", config, bend, pull) for config in BENDS),
    ]:
        function = getattr(keras.activations, name)
        x = jnp.asarray(make(spec))
        weights = make(cotangent)
        gradient = jax.grad(lambda x, f=function, c=config, w=weights: jnp.sum(f(x, **c) * w))(x)
        rows.append(
            {
                "activation": name,
                "config": config,
                "input": spec,
                "output": stored(function(x, **config)),
                "cotangent": cotangent,
                "input_gradient": stored(gradient),
            }
        )
    return rows
