"""Whole trainings of Keras on small fixed data: history, final weights, evaluate and predict afterwards."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from load import make
from specs import Spec, distribution, integers, one_hot, stored, uniform, write

from makers.keras_layers import weight_spec
from makers.versions import versions

Description = dict[str, Any]
L2 = {"class_name": "L2", "config": {"l2": 0.05}}
L1 = {"class_name": "L1", "config": {"l1": 0.02}}


def dense(name: str, units: int, **config: Any) -> Description:
    return {"layer": "Dense", "config": {"name": name, "units": units, **config}}


def sequential(input_shape: tuple[int, ...], *layers: Description, **more: Any) -> Description:
    return {"kind": "sequential", "input_shape": list(input_shape), "layers": list(layers), **more}


def functional(
    inputs: dict[str, Any], layers: list[Description], calls: list[list[Any]], outputs: list[str]
) -> Description:
    """`calls` are [name of the result, name of the layer, [names of its inputs]], in order.

    With a fourth entry, the inputs are given one by one, and these settings by name.
    """
    return {"kind": "functional", "inputs": inputs, "layers": layers, "calls": calls, "outputs": outputs}


def build(description: Description) -> keras.Model:
    """The Keras model of a description; README.md explains the words."""
    layers = [build_layer(layer) for layer in description["layers"]]
    if description["kind"] == "sequential":
        first = keras.Input(tuple(description["input_shape"]), dtype=description.get("dtype", "float32"))
        return keras.Sequential([first, *layers], name=description.get("name"))
    by_name = {layer.name: layer for layer in layers}
    values = {
        name: keras.Input(tuple(spec["shape"]), dtype=spec.get("dtype", "float32"), name=name)
        for name, spec in description["inputs"].items()
    }
    inputs = list(values.values())
    for result, layer, arguments, *settings in description["calls"]:
        given = [values[name] for name in arguments]
        if settings:
            values[result] = by_name[layer](*given, **settings[0])
        else:
            values[result] = by_name[layer](given if len(given) > 1 else given[0])
    outputs = [values[name] for name in description["outputs"]]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])


def build_layer(layer: Description) -> keras.Layer:
    if "kind" in layer:
        return build(layer)
    config = dict(layer["config"])
    for key, value in config.items():
        if isinstance(value, dict):
            module = keras.constraints if key.endswith("constraint") else keras.regularizers
            config[key] = getattr(module, value["class_name"])(**value["config"])
    return getattr(keras.layers, layer["layer"])(**config)


def instantiate(module: Any, item: Any) -> Any:
    """{"class_name", "config"} as an object, through lists and maps; anything else unchanged."""
    if isinstance(item, dict) and "class_name" in item:
        return getattr(module, item["class_name"])(**item["config"])
    if isinstance(item, dict):
        return {key: instantiate(module, value) for key, value in item.items()}
    if isinstance(item, list):
        return [instantiate(module, value) for value in item]
    return item


def arrays(item: Any) -> Any:
    """Specs inside a structure as arrays."""
    if isinstance(item, dict) and "shape" in item:
        return make(item)
    if isinstance(item, dict):
        return {key: arrays(value) for key, value in item.items()}
    if isinstance(item, list):
        return [arrays(value) for value in item]
    return item


def training_row(
    name: str, model: Description, compile: dict[str, Any], x: Any, y: Any, fit: dict[str, Any]
) -> dict[str, Any]:
    keras.utils.clear_session()
    instance = build(model)
    weights = []
    for i, weight in enumerate(instance.weights):
        # Sizes as Glorot would give them, so that trainings behave like real ones.
        spread = 1.0 if len(weight.shape) < 2 else float(np.sqrt(6 / np.sum(weight.shape[-2:])))
        spec = weight_spec(weight, 100 + i)
        if spec["name"] != "moving_variance":
            size = round(spread if len(weight.shape) > 1 else 0.2, 3)
            spec |= {"low": -size, "high": size}
        weights.append({**spec, "name": weight.path})
    instance.set_weights([make(spec) for spec in weights])
    instance.compile(
        optimizer=instantiate(keras.optimizers, compile["optimizer"]),
        loss=instantiate(keras.losses, compile["loss"]),
        metrics=instantiate(keras.metrics, compile.get("metrics")),
        loss_weights=compile.get("loss_weights"),
    )
    settings = {"batch_size": 4, "epochs": 3, "shuffle": False, **fit}
    given = arrays(settings)
    if "class_weight" in given:
        given["class_weight"] = {int(key): value for key, value in given["class_weight"].items()}
    if "validation_data" in given:
        given["validation_data"] = tuple(given["validation_data"])
    before = instance.predict(arrays(x), verbose=0)
    history = instance.fit(arrays(x), arrays(y), verbose=0, **given)
    evaluated = instance.evaluate(arrays(x), arrays(y), batch_size=4, verbose=0, return_dict=True)
    predicted = instance.predict(arrays(x), batch_size=4, verbose=0)
    return {
        "name": name,
        "model": model,
        "weights": weights,
        "compile": compile,
        "x": x,
        "y": y,
        "fit": settings,
        "epoch": history.epoch,
        "history": {
            key: [float(f"{float(v):.9g}") for v in values] for key, values in history.history.items()
        },
        "final_weights": [stored(weight) for weight in instance.get_weights()],
        "evaluate": {key: float(f"{float(v):.9g}") for key, v in evaluated.items()},
        "predict_before": listed(before),
        "predict": listed(predicted),
    }


def listed(outputs: Any) -> list[Spec]:
    return [stored(output) for output in (outputs if isinstance(outputs, list) else [outputs])]


def adam(rate: float = 0.02) -> Description:
    # Keras adds epsilon to the root of v, others to that of v / (1 - beta2**t): one so small makes them one.
    return {"class_name": "Adam", "config": {"learning_rate": rate, "epsilon": 1e-12}}


def dense_rows() -> list[dict[str, Any]]:
    x = uniform((14, 5), 1)
    mlp = sequential((5,), dense("hidden", 6, activation="relu"), dense("head", 3, activation="softmax"))
    linear_head = sequential((5,), dense("hidden", 6, activation="tanh"), dense("head", 3))
    cce = {"optimizer": adam(), "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    sparse = {**cce, "loss": "sparse_categorical_crossentropy"}
    sgd = {"class_name": "SGD", "config": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}}
    regression = sequential(
        (4,),
        dense(
            "hidden",
            5,
            activation="tanh",
            kernel_regularizer=L2,
            bias_regularizer=L1,
            kernel_constraint={"class_name": "MaxNorm", "config": {"max_value": 0.8, "axis": 0}},
        ),
        dense("head", 2, bias_constraint={"class_name": "NonNeg", "config": {}}),
    )
    mse = {"optimizer": sgd, "loss": "mean_squared_error", "metrics": ["mae", "mse"]}
    binary = sequential((4,), dense("hidden", 4, activation="elu"), dense("head", 1, activation="sigmoid"))
    bce = {"optimizer": "rmsprop", "loss": "binary_crossentropy", "metrics": ["accuracy"]}
    bits = integers((13, 1), 7, 0, 2, "float32")
    frozen = sequential(
        (5,), dense("base", 6, activation="relu", trainable=False), dense("head", 3, activation="softmax")
    )
    logits_loss = {
        "class_name": "CategoricalCrossentropy",
        "config": {"from_logits": True, "label_smoothing": 0.1},
    }
    fit_binary = {"epochs": 3, "sample_weight": uniform((13,), 8, 0, 2)}
    validation = [uniform((6, 4), 21), uniform((6, 2), 22)]
    mse_weighted = [*validation, uniform((6,), 23, 0, 2)]
    regress_x, regress_y = uniform((11, 4), 5), uniform((11, 2), 6)
    row = training_row
    return [
        row("mlp_softmax", mlp, cce, x, one_hot((14, 3), 2), {}),
        row("mlp_adam_string", mlp, {**cce, "optimizer": "adam"}, x, one_hot((14, 3), 2), {"batch_size": 32}),
        row("soft_labels", mlp, cce, x, distribution((14, 3), 2), {"batch_size": 5}),
        row("sparse_labels", mlp, sparse, x, integers((14,), 3, 0, 3), {"validation_split": 0.25}),
        row("sparse_labels_column", mlp, sparse, x, integers((14, 1), 3, 0, 3), {}),
        row("logits_label_smoothing", linear_head, {**cce, "loss": logits_loss}, x, one_hot((14, 3), 2), {}),
        row(
            "class_weight_sparse",
            mlp,
            sparse,
            x,
            integers((14,), 3, 0, 3),
            {"class_weight": {"0": 1.0, "1": 2.5, "2": 0.5}},
        ),
        row(
            "class_weight_one_hot",
            mlp,
            cce,
            x,
            one_hot((14, 3), 3),
            {"class_weight": {"0": 0.2, "1": 1.0, "2": 3.0}, "validation_split": 0.2},
        ),
        row("regularized_regression", regression, mse, regress_x, regress_y, {"validation_data": validation}),
        row("weighted_validation", regression, mse, regress_x, regress_y, {"validation_data": mse_weighted}),
        row("sample_weight_binary", binary, bce, uniform((13, 4), 9), bits, fit_binary),
        row(
            "epochs_and_validation_freq",
            binary,
            {**bce, "optimizer": "sgd"},
            uniform((13, 4), 9),
            bits,
            {"initial_epoch": 2, "epochs": 6, "validation_freq": 2, "validation_split": 0.3},
        ),
        row("frozen_base", frozen, cce, x, one_hot((14, 3), 2), {}),
        row(
            "precision_recall",
            binary,
            {**bce, "metrics": ["accuracy", {"class_name": "Precision", "config": {"name": "precision"}},
                                {"class_name": "Recall", "config": {"name": "recall"}}]},
            uniform((13, 4), 9),
            bits,
            {"batch_size": 5},
        ),
    ]  # fmt: skip


def image_rows() -> list[dict[str, Any]]:
    images, labels = uniform((9, 6, 6, 1), 31), integers((9,), 32, 0, 3)

    def layer(kind: str, name: str, **config: Any) -> Description:
        return {"layer": kind, "config": {"name": name, **config}}

    def cnn(**normalization: Any) -> Description:
        return sequential(
            (6, 6, 1),
            layer("Conv2D", "conv", filters=3, kernel_size=3, padding="same", use_bias=False),
            layer("BatchNormalization", "norm", momentum=0.9, **normalization),
            layer("ReLU", "relu"),
            layer("MaxPooling2D", "pool", pool_size=2),
            layer("Conv2D", "second", filters=2, kernel_size=2, activation="relu"),
            layer("Flatten", "flatten"),
            dense("head", 3, activation="softmax"),
        )

    mobile = sequential(
        (6, 6, 2),
        layer("ZeroPadding2D", "pad", padding=[[0, 1], [0, 1]]),
        layer("DepthwiseConv2D", "depthwise", kernel_size=3, strides=2, use_bias=False),
        layer("BatchNormalization", "norm"),
        layer("ReLU", "relu6", max_value=6.0),
        layer("SeparableConv2D", "separable", filters=3, kernel_size=2, padding="same"),
        layer("GlobalAveragePooling2D", "pool"),
        layer("LayerNormalization", "layer_norm"),
        dense("head", 2, activation="softmax"),
    )
    compile = {
        "optimizer": adam(),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    sgd = {"class_name": "SGD", "config": {"learning_rate": 0.1}}
    sequence = sequential(
        (8, 2),
        layer("Conv1D", "conv", filters=3, kernel_size=3, padding="causal", activation="tanh"),
        layer("AveragePooling1D", "pool", pool_size=2),
        layer("Conv1D", "second", filters=2, kernel_size=2, strides=2),
        layer("GlobalMaxPooling1D", "global"),
        dense("head", 1),
    )
    words = sequential(
        (6,),
        layer("Embedding", "embedding", input_dim=9, output_dim=4),
        layer("GlobalAveragePooling1D", "pool"),
        dense("head", 1, activation="sigmoid"),
        dtype="int32",
    )
    row = training_row
    return [
        row("cnn_batch_normalization", cnn(), compile, images, labels, {"validation_split": 0.25}),
        row("cnn_frozen_normalization", cnn(trainable=False), compile, images, labels, {}),
        row(
            "mobile_blocks",
            mobile,
            {**compile, "optimizer": sgd},
            uniform((7, 6, 6, 2), 33),
            integers((7,), 34, 0, 2),
            {"batch_size": 3},
        ),
        row(
            "sequence_convolution",
            sequence,
            {"optimizer": {"class_name": "Nadam", "config": {"learning_rate": 0.02}}, "loss": "huber"},
            uniform((7, 8, 2), 35),
            uniform((7, 1), 36),
            {"batch_size": 3},
        ),
        row(
            "embedding_pool",
            words,
            {"optimizer": adam(), "loss": "binary_crossentropy", "metrics": ["accuracy"]},
            integers((10, 6), 37, 0, 9),
            integers((10, 1), 38, 0, 2, "float32"),
            {},
        ),
    ]


def functional_rows() -> list[dict[str, Any]]:
    momentum = {"class_name": "SGD", "config": {"learning_rate": 0.1, "momentum": 0.9}}
    two_outputs = functional(
        {"x": {"shape": [4]}},
        [dense("trunk", 5, activation="tanh"), dense("value", 1), dense("kind", 3, activation="softmax")],
        [["h", "trunk", ["x"]], ["value", "value", ["h"]], ["kind", "kind", ["h"]]],
        ["value", "kind"],
    )
    compile_two = {
        "optimizer": adam(),
        "loss": {"value": "mean_squared_error", "kind": "categorical_crossentropy"},
        "loss_weights": {"value": 0.3, "kind": 1.7},
        "metrics": {"value": ["mae"], "kind": ["accuracy"]},
    }
    shared = functional(
        {"left": {"shape": [3]}, "right": {"shape": [3]}},
        [
            dense("shared", 4, activation="relu"),
            {"layer": "Add", "config": {"name": "add"}},
            {"layer": "Concatenate", "config": {"name": "concatenate"}},
            {"layer": "Multiply", "config": {"name": "multiply"}},
            dense("head", 1),
        ],
        [
            ["a", "shared", ["left"]],
            ["b", "shared", ["right"]],
            ["sum", "add", ["a", "b"]],
            ["product", "multiply", ["a", "b"]],
            ["all", "concatenate", ["sum", "product"]],
            ["out", "head", ["all"]],
        ],
        ["out"],
    )
    nested = functional(
        {"x": {"shape": [4]}},
        [
            sequential(
                (4,),
                dense("inner", 5, activation="relu", kernel_regularizer=L2),
                {"layer": "BatchNormalization", "config": {"name": "norm"}},
                name="body",
            ),
            dense("head", 2, activation="softmax"),
        ],
        [["h", "body", ["x"]], ["out", "head", ["h"]]],
        ["out"],
    )
    y_two = {"value": uniform((10, 1), 42), "kind": one_hot((10, 3), 43)}
    pair = [uniform((10, 3), 45), uniform((10, 3), 46)]
    row = training_row
    return [
        row("two_outputs", two_outputs, compile_two, uniform((10, 4), 41), y_two, {"validation_split": 0.2}),
        row(
            "two_outputs_one_loss",
            two_outputs,
            {"optimizer": "sgd", "loss": ["mse", "mse"], "metrics": [["mae"], ["mae"]]},
            uniform((10, 4), 41),
            [uniform((10, 1), 42), distribution((10, 3), 43)],
            {},
        ),
        row(
            "shared_layer_two_inputs",
            shared,
            {"optimizer": adam(), "loss": "mse", "metrics": ["mae"]},
            pair,
            uniform((10, 1), 47),
            {"validation_data": [[uniform((4, 3), 48), uniform((4, 3), 49)], uniform((4, 1), 50)]},
        ),
        # Not Adam: a bias before normalization has gradient 0, and Adam would magnify how it is rounded.
        row(
            "model_as_layer",
            nested,
            {"optimizer": momentum, "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
            uniform((10, 4), 51),
            one_hot((10, 2), 52),
            {},
        ),
    ]


def sequence_rows() -> list[dict[str, Any]]:
    def layer(kind: str, name: str, **config: Any) -> Description:
        return {"layer": kind, "config": {"name": name, **config}}

    x, y = uniform((10, 6, 3), 61), uniform((10, 1), 62)
    last = sequential((6, 3), layer("LSTM", "lstm", units=5), dense("head", 1))
    stack = sequential(
        (6, 3),
        layer("GRU", "first", units=4, return_sequences=True, recurrent_regularizer=L2),
        layer("GRU", "second", units=3, reset_after=False, go_backwards=True, return_sequences=True),
        layer("SimpleRNN", "third", units=4, bias_constraint={"class_name": "NonNeg", "config": {}}),
        dense("head", 1),
    )
    block = functional(
        {"x": {"shape": [6], "dtype": "int32"}},
        [
            layer("Embedding", "embedding", input_dim=7, output_dim=4),
            layer("LayerNormalization", "norm"),
            layer("MultiHeadAttention", "attention", num_heads=2, key_dim=3),
            layer("Add", "add"),
            dense("head", 7),
        ],
        [
            ["h", "embedding", ["x"]],
            ["n", "norm", ["h"]],
            ["a", "attention", ["n", "n"], {"use_causal_mask": True}],
            ["s", "add", ["h", "a"]],
            ["out", "head", ["s"]],
        ],
        ["out"],
    )
    mse = {"optimizer": adam(), "loss": "mse", "metrics": ["mae"]}
    sgd = {"class_name": "SGD", "config": {"learning_rate": 0.1, "momentum": 0.9}}
    logits = {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}}
    row = training_row
    return [
        row("lstm_last_step", last, mse, x, y, {"validation_split": 0.3}),
        row("recurrent_stack", stack, {**mse, "optimizer": sgd}, x, y, {"batch_size": 3}),
        # Not Adam: a bias of keys has gradient 0, and Adam would magnify how it is rounded.
        row(
            "causal_attention",
            block,
            {"optimizer": sgd, "loss": logits, "metrics": ["accuracy"]},
            integers((9, 6), 63, 0, 7),
            integers((9, 6), 64, 0, 7),
            {},
        ),
    ]


def make_training() -> None:
    rows = dense_rows() + image_rows() + functional_rows() + sequence_rows()
    write("keras_training", versions("keras", "jax", "jaxlib", "numpy"), rows)
