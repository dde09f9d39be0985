"""A weight declared in a class gives its layer's signature, configuration, documentation and what `build` makes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from pyengine import Sequential, errors, layers, ops
from pyengine.bridge import catalogue

COMMON = ["name", "trainable", "dtype", "input_shape", "batch_input_shape"]


def of_weights(*words: str) -> list[str]:
    return [f"{word}_{kind}" for kind in ("initializer", "regularizer", "constraint") for word in words]


WINDOW = ["kernel_size", "strides", "padding"]
RECURRENT = ["dropout", "recurrent_dropout", "seed", "return_sequences", "return_state", "go_backwards"]
MOVING = ["moving_mean_initializer", "moving_variance_initializer"]
NORMALIZED = of_weights("beta", "gamma")

# As in Keras 3, as far as there are such arguments here.
SIGNATURES: list[tuple[type[layers.Layer], list[str]]] = [
    (layers.Dense, ["units", "activation", "use_bias", *of_weights("kernel", "bias")]),
    (layers.Embedding, ["input_dim", "output_dim", *of_weights("embeddings"), "input_length"]),
    (
        layers.Conv2D,
        [
            "filters",
            *WINDOW,
            "data_format",
            "dilation_rate",
            "groups",
            "activation",
            "use_bias",
            *of_weights("kernel", "bias"),
        ],
    ),
    (
        layers.DepthwiseConv2D,
        [
            *WINDOW,
            "depth_multiplier",
            "data_format",
            "dilation_rate",
            "activation",
            "use_bias",
            *of_weights("depthwise", "bias"),
        ],
    ),
    (
        layers.SeparableConv2D,
        [
            "filters",
            *WINDOW,
            "data_format",
            "dilation_rate",
            "depth_multiplier",
            "activation",
            "use_bias",
            *of_weights("depthwise", "pointwise", "bias"),
        ],
    ),
    (
        layers.SimpleRNN,
        [
            "units",
            "activation",
            "use_bias",
            *of_weights("kernel", "recurrent", "bias"),
            *RECURRENT,
            "stateful",
            "unroll",
        ],
    ),
    (
        layers.GRU,
        [
            "units",
            "activation",
            "recurrent_activation",
            "use_bias",
            *of_weights("kernel", "recurrent", "bias"),
            *RECURRENT,
            "stateful",
            "unroll",
            "reset_after",
        ],
    ),
    (
        layers.BatchNormalization,
        ["axis", "momentum", "epsilon", "center", "scale", *NORMALIZED[:2], *MOVING, *NORMALIZED[2:]],
    ),
    (layers.LayerNormalization, ["axis", "epsilon", "center", "scale", *NORMALIZED]),
]

WORDS = {"initializer": "ones", "regularizer": "l2", "constraint": "non_neg"}


@pytest.mark.parametrize(("cls", "expected"), SIGNATURES, ids=[cls.__name__ for cls, _ in SIGNATURES])
def test_the_signature_tells_the_truth_in_keras_order(cls: type[layers.Layer], expected: list[str]) -> None:
    assert [*inspect.signature(cls).parameters] == [*expected, *COMMON]
    assert catalogue.parameters(cls) == [*expected, *COMMON]


def example(cls: type[layers.Layer], **words: Any) -> tuple[layers.Layer, list[Any]]:
    """A layer of a class with weights, and inputs for it."""
    rng = np.random.default_rng(0)
    made = {
        "Dense": ((3,), [(2, 4)]),
        "Embedding": ((5, 3), [(2, 4)]),
        "Conv1D": ((3, 2), [(2, 6, 2)]),
        "Conv2D": ((3, 2), [(2, 6, 6, 2)]),
        "DepthwiseConv2D": ((2,), [(2, 6, 6, 2)]),
        "SeparableConv2D": ((3, 2), [(2, 6, 6, 2)]),
        "MultiHeadAttention": ((2, 3), [(2, 4, 5)] * 2),
        "BatchNormalization": ((), [(2, 4)]),
        "LayerNormalization": ((), [(2, 4)]),
        **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), ((3,), [(2, 4, 5)])),
    }
    arguments, shapes = made[cls.__name__]
    inputs = [
        rng.integers(0, 5, shape) if cls is layers.Embedding else rng.normal(size=shape) for shape in shapes
    ]
    return cls(*arguments, **words), inputs


WEIGHTED = [cls for cls in layers.LAYERS.values() if cls.declared_weights]


def test_every_layer_that_makes_weights_declares_them() -> None:
    found = {cls.__name__ for cls in layers.LAYERS.values() if cls.build is not layers.Layer.build}
    assert {cls.__name__ for cls in WEIGHTED} == found - {"Dropout", "Concatenate"}


@pytest.mark.parametrize("cls", WEIGHTED)
def test_initializers_regularizers_and_constraints_reach_the_weights(cls: type[layers.Layer]) -> None:
    words = {
        name: WORDS[kind]
        for weight in cls.declared_weights.values()
        for kind, name in weight.arguments().items()
    }
    layer, inputs = example(cls, **words)
    layer(*inputs)
    assert {name: layer.get_config()[name] for name in words} == words
    for weight in layer.weights:
        if cls is not layers.LSTM or "bias" not in weight.name:  # whose forget gate begins at 1 in any case
            np.testing.assert_array_equal(weight.numpy(), 1)
        assert (weight.regularizer is not None) == (weight.constraint is not None) == weight.trainable
    again = layer.clone()
    assert again.get_config() == layer.get_config()
    again(*inputs)
    assert [(w.name, w.shape) for w in again.weights] == [(w.name, w.shape) for w in layer.weights]


@pytest.mark.parametrize("cls", WEIGHTED)
def test_the_documentation_names_every_argument_of_the_weights(cls: type[layers.Layer]) -> None:
    for weight in cls.declared_weights.values():
        for name in weight.arguments().values():
            assert name in (cls.__doc__ or ""), name


@pytest.mark.parametrize("cls", [layers.Dense, layers.Conv1D, layers.LSTM, layers.MultiHeadAttention])
def test_a_setting_leaves_a_weight_out(cls: type[layers.Layer]) -> None:
    layer, inputs = example(cls, use_bias=False)
    layer(*inputs)
    assert not [weight.name for weight in layer.weights if "bias" in weight.name]
    assert layer.bias is None


def test_normalization_without_scale_or_center_has_no_such_weight() -> None:
    layer = layers.BatchNormalization(scale=False, center=False)
    layer(np.ones((2, 3)))
    assert [weight.name.split("/")[1] for weight in layer.weights] == ["moving_mean", "moving_variance"]
    assert layer.gamma is layer.beta is None


class Affine(layers.Layer):
    """Numbers scaled and moved.

    Arguments:
        moved: whether they are moved.
    """

    offset = layers.Weight("zeros", when="moved")
    factor = layers.Weight("ones")

    def __init__(self, *, moved: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.moved = moved

    def build(self, shape: Any) -> None:
        self.add_weights(factor=(shape[-1],), offset=(shape[-1],))

    def call(self, x: Any) -> Any:
        x = ops.multiply(x, self.factor)
        return x if self.offset is None else ops.add(x, self.offset)


def test_a_layer_of_ones_own_declares_weights_too() -> None:
    expected = ["moved", *of_weights("offset", "factor"), *COMMON]
    assert [*inspect.signature(Affine).parameters] == expected
    layer = Affine(factor_initializer="zeros", offset_regularizer="l2", name="own")
    assert layer.factor is None
    np.testing.assert_array_equal(layer(np.ones((2, 3))), 0)
    assert [weight.name for weight in layer.weights] == ["own/factor", "own/offset"]
    assert repr(layer) == "Affine(factor_initializer='zeros', offset_regularizer='l2', name='own')"
    assert "offset_constraint, factor_constraint: " in (Affine.__doc__ or "")
    assert Affine(moved=False).clone()(np.ones((2, 3))).shape == (2, 3)


def test_such_a_layer_trains() -> None:
    model = Sequential([Affine(input_shape=(1,))])
    model.compile("sgd", "mse")
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    model.fit(x, 2 * x + 1, epochs=60, batch_size=4, verbose=0)
    np.testing.assert_allclose([w.numpy()[0] for w in model.weights], [2, 1], atol=0.05)


def test_arguments_of_weights_that_there_are_not_are_refused() -> None:
    with pytest.raises(errors.UnknownNameError, match="Did you mean 'factor_initializer'"):
        Affine(factr_initializer="ones")

    class Passing(layers.Layer):
        def __init__(self) -> None:
            super().__init__(factor_initializer="ones")  # it declares no such weight

    with pytest.raises(errors.UnknownNameError, match="Unknown argument of Passing 'factor_initializer'"):
        Passing()
