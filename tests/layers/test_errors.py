"""What layers refuse, in words: where, what came, what was expected, how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from pyengine import errors, layers

ARGUMENTS: list[tuple[Callable[[], object], str]] = [
    (lambda: layers.Dense(0), "Dense 'dense': units must be a whole number of at least 1, but got 0."),
    (lambda: layers.Dense("10"), "Dense 'dense': units must be a whole number of at least 1, but got '10'."),
    (lambda: layers.Dense(True), "Dense 'dense': units must be a whole number of at least 1, but got True."),
    (lambda: layers.Dense(3, "rleu"), "Unknown activation 'rleu'. Did you mean 'relu'"),
    (lambda: layers.Dense(3, kernel_initializer="glorot"), "Unknown initializer 'glorot'. Did you mean"),
    (lambda: layers.Dense(3, kernel_regularizer="l3"), "Unknown regularizer 'l3'"),
    (
        lambda: layers.Dense(3, kernel_constraint="maxnrm"),
        "Unknown constraint 'maxnrm'. Did you mean 'max_norm'",
    ),
    (
        lambda: layers.Dense(3, dtype="int32"),
        "Dense 'dense': dtype must be 'float32' or 'float64', but got 'int32'.",
    ),
    (lambda: layers.Dense(3, dtype="float16"), "Expected one of the dtypes float32"),
    (
        lambda: layers.Dense(3, input_shape=5),
        "input_shape expects a list of whole numbers (or None), as [28, 28, 1]",
    ),
    (lambda: layers.Dense(3, input_shape=(-2,)), "input_shape expects a list of whole numbers"),
    (lambda: layers.Dense(), "Dense needs the argument 'units'."),
    (
        lambda: layers.Dense(3, "relu", False),
        "Dense takes 2 arguments by place (units, activation), but got 3. Give the others by name.",
    ),
    (
        lambda: layers.Dense(3, activity_regularizer="l2"),
        "Unknown argument of Dense 'activity_regularizer'. Did you mean",
    ),
    (
        lambda: layers.Dropout(1),
        "Dropout 'dropout': rate must be a number at least 0 and less than 1, but got 1.",
    ),
    (
        lambda: layers.Conv2D(3, 3, padding="sam"),
        "Conv2D 'conv2d': padding must be 'valid' or 'same', but got 'sam'.",
    ),
    (
        lambda: layers.Conv2D(3, (1, 2, 3)),
        "Conv2D 'conv2d': kernel_size must be a whole number or a list of 2, but got",
    ),
    (lambda: layers.Conv2D(3, 3, data_format="channels_first"), "Move the channels to the last axis"),
    (lambda: layers.Conv2D(3, 3, groups=2), "Conv2D 'conv2d': filters must be a multiple of groups"),
    (
        lambda: layers.MaxPooling2D(strides=0),
        "MaxPooling2D 'max_pooling2d': strides must be a whole number of at least 1",
    ),
    (
        lambda: layers.ZeroPadding2D((1, 2, 3)),
        "padding must be a whole number, (rows, columns) or ((top, bottom), (left,",
    ),
    (lambda: layers.Permute((1, 3)), "Permute 'permute': dims must hold each of 1 … 2 once"),
    (
        lambda: layers.Reshape((-1, -1)),
        "Reshape 'reshape': only one length of target_shape can be worked out",
    ),
    (
        lambda: layers.ReLU(max_value=-1),
        "ReLU 're_lu': max_value must be a number of at least 0, but got -1.",
    ),
    (
        lambda: layers.LeakyReLU(alpha=-1),
        "LeakyReLU 'leaky_re_lu': negative_slope must be a number of at least 0",
    ),
    (lambda: layers.BatchNormalization(epsilon=0), "epsilon must be a number above 0, but got 0."),
    (lambda: layers.BatchNormalization(momentum=2), "momentum must be a number from 0 to 1, but got 2."),
    (lambda: layers.BatchNormalization(axis=[1, 2]), "axis must be a whole number, but got [1, 2]."),
    (lambda: layers.Input(), "Input expects `shape` (one sample, without the batch), as Input(shape=(784,))"),
]

NO_LENGTH = layers.SymbolicTensor((None, None))

SHAPES: list[tuple[Callable[[], object], str]] = [
    (
        lambda: layers.Dense(3)(np.ones(4)),
        "Dense 'dense' expects inputs of rank 2 or more, (batch, features), but got shape (None,). Give every "
        "sample an axis of features: reshape (batch,) to (batch, 1).",
    ),
    (lambda: layers.Dense(3)(NO_LENGTH), "Dense 'dense' needs to know the length of its input's last axis"),
    (
        lambda: layers.Conv2D(3, 3)(np.ones((2, 28, 28))),
        "Conv2D 'conv2d' expects inputs of rank 4, the batch counted, but got shape (2, 28, 28) of rank 3. Images are "
        "(batch, height, width, channels): give grey images a last axis of length 1.",
    ),
    (
        lambda: layers.Conv2D(3, 7)(layers.Input((5, 5, 1))),
        "Conv2D 'conv2d' got shape (None, 5, 5, 1): conv2d: a window of (7, 7) does not fit into an input of (5, 5)",
    ),
    (
        lambda: layers.MaxPooling2D(9)(layers.Input((5, 5, 1))),
        "MaxPooling2D 'max_pooling2d' got shape (None, 5, 5, 1): max_pool2d: a window of (9, 9) does not fit",
    ),
    (
        lambda: layers.Conv2D(4, 3, groups=2)(layers.Input((5, 5, 3))),
        "the input's 3 channels must be a multiple of groups=2.",
    ),
    (lambda: layers.Conv1D(4, 3)(layers.Input((5,))), "Sequences are (batch, steps, channels)"),
    (
        lambda: layers.Reshape((5, 3))(layers.Input((4, 4))),
        "Reshape 'reshape' got shape (None, 4, 4): a sample has 16 numbers, but target_shape (5, 3) holds 15.",
    ),
    (
        lambda: layers.Reshape((-1, 3))(layers.Input((4, 4))),
        "a sample has 16 numbers, but target_shape (-1, 3) holds a multiple of 3.",
    ),
    (
        lambda: layers.Add()([layers.Input((3,)), layers.Input((4,))]),
        "Add 'add' got shape (None, 3) and (None, 4): Shapes (None, 3) and (None, 4) do not broadcast",
    ),
    (
        lambda: layers.Concatenate()([layers.Input((3, 2)), layers.Input((4, 2))]),
        "Concatenate 'concatenate' joins along axis 2 and expects shapes equal on every other axis, but got "
        "(None, 3, 2) and (None, 4, 2).",
    ),
    (
        lambda: layers.Concatenate(axis=0)([layers.Input((3,)), layers.Input((3,))]),
        "axis 0 is the batch; join along another",
    ),
    (
        lambda: layers.Add()([layers.Input((3,))]),
        "Add 'add' expects 2 or more inputs, but was called with 1.",
    ),
    (
        lambda: layers.Subtract()([layers.Input((3,))] * 3),
        "Subtract 'subtract' expects 2 inputs, but was called with 3.",
    ),
    (
        lambda: layers.Flatten()(layers.Input((3,)), layers.Input((3,))),
        "Flatten 'flatten' expects 1 input, but was called with 2.",
    ),
    (
        lambda: layers.LayerNormalization(axis=0)(layers.Input((3,))),
        "axis 0 is the batch; normalize over other axes.",
    ),
    (
        lambda: layers.Dropout(0.5, noise_shape=(1,))(np.ones((2, 3)), training=True),
        "noise_shape (1,) must have one length per",
    ),
    (
        lambda: layers.BatchNormalization(axis=5)(layers.Input((3,))),
        "Axis 5 does not exist in an array of rank 2",
    ),
]


@pytest.fixture(autouse=True)
def fresh_names():
    layers.reset_names()


@pytest.mark.parametrize(("make", "text"), ARGUMENTS, ids=[text[:60] for _, text in ARGUMENTS])
def test_a_constructor_refuses(make, text):
    with pytest.raises(errors.PyEngineError, match=re.escape(text)):
        make()


@pytest.mark.parametrize(("call", "text"), SHAPES, ids=[text[:60] for _, text in SHAPES])
def test_a_call_refuses(call, text):
    with pytest.raises(errors.PyEngineError, match=re.escape(text)):
        call()


def test_a_length_seen_at_building_must_stay():
    layer = layers.Conv2D(2, 3, name="see")
    layer(np.ones((1, 8, 8, 3)))
    with pytest.raises(errors.ShapeError) as raised:
        layer(np.ones((1, 8, 8, 4)))
    assert str(raised.value) == (
        "Conv2D 'see' expects inputs ending in 3 (it was built so), but got shape (1, 8, 8, 4). "
        "Reshape the input to (1, 8, 8, 3) or rebuild the layer."
    )


def test_a_layer_without_weights_yet_says_so():
    layer = layers.Dense(3, name="head")
    for ask, wish in [
        (layer.get_weights, "give its weights"),
        (layer.count_params, "count its parameters"),
        (lambda: layer.set_weights([]), "take weights"),
    ]:
        with pytest.raises(
            errors.NotBuiltError, match=f"Dense 'head' cannot {wish} before the shape of its input is known"
        ):
            ask()
    with pytest.raises(errors.NotBuiltError, match="Dense 'head' expects to be part of a model when"):
        layer.output  # noqa: B018


def test_weights_that_are_no_numbers_are_refused():
    layer = layers.Dense(1)
    layer(np.ones((1, 1)))
    with pytest.raises(errors.ArgumentError, match="set_weights got <U1 for 'dense/kernel'; give numbers"):
        layer.set_weights([np.array([["a"]]), np.zeros(1)])


def test_a_class_without_call_says_what_to_write():
    class Nothing(layers.Layer):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing has no `call`. Write one: call\(self, x\)"):
        Nothing()(np.ones((1, 1)))
