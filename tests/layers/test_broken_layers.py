"""Broken calls of layers, losses and compile: each error has all its parts, and its words say what to change."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pyengine import Sequential, layers, losses, metrics, ops
from pyengine.errors import (
    PARTS,
    ArgumentError,
    DataError,
    DtypeError,
    MissingGradientError,
    NotANumberYetError,
    NotBuiltError,
    OutOfRangeError,
    PyEngineError,
    ShapeError,
    UnknownNameError,
)
from pyengine.ops.base import Op, apply

Broken = tuple[Callable[[], object], type[PyEngineError], dict[str, str]]


def row(call: Callable[[], object], kind: type[PyEngineError], **words: str) -> Broken:
    """A broken call, the error's class, and words of its parts."""
    return call, kind, words


def built(layer: Any, *shape: int) -> Any:
    layer(np.zeros(shape, np.float32))
    return layer


def fitted(*stack: Any, loss: Any = "mse", x: Any = None, y: Any = None) -> None:
    x = np.ones((2, 3), np.float32) if x is None else x
    model = Sequential(list(stack))
    model.compile("sgd", loss)
    model.fit(x, np.ones((2, 1)) if y is None else y, epochs=1, verbose=0)


def loss_that(function: Callable[[Any, Any], Any]) -> Callable[[], None]:
    function.__name__ = "my_loss"
    return lambda: fitted(layers.Dense(1), loss=function)


async def later(y_true: Any, y_pred: Any) -> Any:
    return y_pred


class NoGradient(Op):
    name = "test_no_gradient"

    def shape(self, x):
        return x

    def evaluate(self, x):
        return x


class Written(layers.Layer):
    """A layer whose `call` is given."""

    def __init__(self, call: Callable[[Any], Any]):
        super().__init__()
        self.function = call

    def call(self, x: Any) -> Any:
        return self.function(x)


UNKNOWN = layers.SymbolicTensor((None, None))
IMAGES = np.ones((2, 8, 8, 1), np.float32)

SETTINGS = [
    row(lambda: layers.Dense(0), ArgumentError, where="Dense 'dense'", argument="units", got="`0`"),
    row(lambda: layers.Dense("10"), ArgumentError, argument="units", expected="whole number", got="'10'"),
    row(lambda: layers.Dense(True), ArgumentError, argument="units", got="`True`", fix="units=3"),
    row(lambda: layers.Dense(3, "rleu"), UnknownNameError, got="rleu", fix="'relu'"),
    row(
        lambda: layers.Dense(3, kernel_initializer="glorot"),
        UnknownNameError,
        where="Dense 'dense'",
        argument="kernel_initializer",
        got="'glorot'",
        fix="'glorot_uniform'",
    ),
    row(
        lambda: layers.LSTM(3, recurrent_regularizer="l3"), UnknownNameError, argument="recurrent_regularizer"
    ),
    row(lambda: layers.Conv1D(3, 3, bias_constraint="maxnrm"), UnknownNameError, fix="'max_norm'"),
    row(lambda: layers.Dense(3, dtype="int32"), ArgumentError, argument="dtype", expected="'float64'"),
    row(lambda: layers.Dense(3, input_shape=5), ArgumentError, argument="input_shape", fix="[28, 28, 1]"),
    row(lambda: layers.Dense(3, input_shape=(-2,)), ArgumentError, got="(-2,)"),
    row(lambda: layers.Dense(3, batch_input_shape="a"), ArgumentError, argument="batch_input_shape"),
    row(lambda: layers.Dropout(1), ArgumentError, argument="rate", expected="less than 1", fix="rate=0.2"),
    row(lambda: layers.Conv2D(3, 3, padding="sam"), ArgumentError, argument="padding", expected="'same'"),
    row(lambda: layers.Conv2D(3, (1, 2, 3)), ArgumentError, argument="kernel_size", expected="a list of 2"),
    row(
        lambda: layers.Conv2D(3, 3, data_format="channels_first"),
        ArgumentError,
        argument="data_format",
        fix="Transpose",
    ),
    row(lambda: layers.Flatten(data_format="channels_first"), ArgumentError, fix="Transpose"),
    row(lambda: layers.ZeroPadding2D(data_format="channels_first"), ArgumentError, fix="Transpose"),
    row(lambda: layers.Conv2D(3, 3, groups=2), ArgumentError, argument="filters", expected="groups=2"),
    row(lambda: layers.MaxPooling2D(strides=0), ArgumentError, argument="strides", expected="at least 1"),
    row(lambda: layers.ZeroPadding2D((1, 2, 3)), ArgumentError, expected="((top, bottom), (left, right))"),
    row(lambda: layers.Permute((1, 3)), ArgumentError, argument="dims", expected="1 … 2 once"),
    row(lambda: layers.Reshape((-1, -1)), ArgumentError, argument="target_shape", expected="one -1"),
    row(lambda: layers.ReLU(max_value=-1), ArgumentError, argument="max_value", got="`-1`"),
    row(lambda: layers.LeakyReLU(alpha=-1), ArgumentError, argument="negative_slope", expected="at least 0"),
    row(lambda: layers.BatchNormalization(epsilon=0), ArgumentError, expected="above 0", got="`0`"),
    row(lambda: layers.BatchNormalization(momentum=2), ArgumentError, expected="from 0 to 1", got="`2`"),
    row(lambda: layers.BatchNormalization(axis=[1, 2]), ArgumentError, argument="axis", got="`[1, 2]`"),
    row(lambda: layers.LayerNormalization(axis="a"), ArgumentError, argument="axis", got="'a'"),
    row(lambda: layers.Softmax(axis="a"), ArgumentError, where="Softmax 'softmax'", argument="axis"),
    row(lambda: layers.Softmax(axis=None), ArgumentError, argument="axis", got="`None`", fix="axis=-1"),
    row(lambda: layers.Concatenate(axis=None), ArgumentError, argument="axis", got="`None`"),
    row(lambda: layers.LSTM(3, stateful=True), ArgumentError, argument="stateful", fix="return_state=True"),
    row(
        lambda: layers.MultiHeadAttention(2, 3, attention_axes=(2,)), ArgumentError, argument="attention_axes"
    ),
    row(lambda: layers.Input(), ArgumentError, where="Input", argument="shape", fix="Input(shape=(784,))"),
    row(lambda: layers.Input((3,), batch_shape=(2, 3)), ArgumentError, got="both"),
]

CALLS = [
    row(
        lambda: layers.Dense(3)(np.ones(4)),
        ShapeError,
        where="Dense 'dense'",
        expected="rank 2",
        fix="`x[None]`",
    ),
    row(lambda: layers.Dense(3)(UNKNOWN), ShapeError, got="(None, None)", fix="`Input`"),
    row(lambda: layers.Dense(3)(None), DtypeError, where="Dense 'dense'"),
    row(lambda: layers.Dense(3)([["a"]]), DtypeError, where="Dense 'dense'"),
    row(
        lambda: built(layers.Dense(2), 1, 3)(np.ones((2, 4))),
        ShapeError,
        expected="ending in 3, as it was built for",
        got="(2, 4)",
        fix="make a new Dense",
    ),
    row(
        lambda: layers.Conv2D(3, 3)(np.ones((2, 28, 28))),
        ShapeError,
        expected="images (batch, height, width, channels) of rank 4",
        got="(2, 28, 28) of rank 3",
        fix="`x[..., None]`",
    ),
    row(
        lambda: built(layers.Conv2D(2, 3), 1, 8, 8, 3)(np.ones((1, 3, 8, 8))),
        ShapeError,
        got="(1, 3, 8, 8)",
        fix="`ops.transpose(x, (0, 2, 3, 1))`",
    ),
    row(
        lambda: layers.Conv2D(3, 7)(layers.Input((5, 5, 1))),
        ShapeError,
        where="Conv2D 'conv2d'",
        expected="(7, 7)",
        got="(5, 5) (inputs of shape (None, 5, 5, 1))",
        fix="padding='same'",
    ),
    row(lambda: layers.MaxPooling2D(9)(layers.Input((5, 5, 1))), ShapeError, where="MaxPooling2D"),
    row(lambda: layers.GlobalMaxPooling1D()(np.ones((2, 3))), ShapeError, expected="sequences", fix="None]"),
    row(lambda: layers.Conv2D(4, 3, groups=2)(layers.Input((5, 5, 3))), ShapeError, got="3 channels"),
    row(lambda: layers.Conv1D(4, 3)(layers.Input((5,))), ShapeError, expected="sequences (batch, steps"),
    row(
        lambda: layers.Conv2D(4, 3)(layers.Flatten()(layers.Input((5, 5, 3)))),
        ShapeError,
        where="Conv2D 'conv2d'",
        fix="in front of Flatten 'flatten'",
    ),
    row(
        lambda: layers.Reshape((5, 3))(layers.Input((4, 4))),
        ShapeError,
        argument="target_shape",
        expected="16 numbers",
        got="(5, 3), which holds 15",
    ),
    row(lambda: layers.Reshape((-1, 3))(layers.Input((4, 4))), ShapeError, got="a multiple of 3"),
    row(
        lambda: layers.Add()([layers.Input((3,)), layers.Input((4,))]),
        ShapeError,
        where="Add 'add'",
        expected="broadcast",
        got="(None, 3) and (None, 4)",
    ),
    row(
        lambda: layers.Concatenate()([layers.Input((3, 2)), layers.Input((4, 2))]),
        ShapeError,
        expected="every axis but 2",
        got="(None, 3, 2) and (None, 4, 2)",
    ),
    row(lambda: layers.Concatenate(axis=0)([layers.Input((3,))] * 2), ArgumentError, fix="is the batch"),
    row(lambda: layers.Concatenate(axis=9)([np.ones((2, 3))] * 2), ArgumentError, where="Concatenate '"),
    row(lambda: layers.Add()([layers.Input((3,))]), ArgumentError, expected="2 or more inputs", got="1"),
    row(lambda: layers.Subtract()([layers.Input((3,))] * 3), ArgumentError, expected="2 inputs", got="3"),
    row(lambda: layers.Flatten()(layers.Input((3,)), layers.Input((3,))), ArgumentError, expected="1 input"),
    row(lambda: layers.Add()(layers.Input((3,)), np.ones((1, 3))), ArgumentError, got="both", fix="`Input`"),
    row(lambda: layers.Flatten()(np.ones((1, 3)), axis=1), UnknownNameError, where="Flatten '", got="axis"),
    row(lambda: layers.LayerNormalization(axis=0)(layers.Input((3,))), ArgumentError, fix="is the batch"),
    row(lambda: layers.LayerNormalization(axis=5)(np.ones((2, 3))), ArgumentError, where="LayerNorm"),
    row(lambda: layers.LayerNormalization()(UNKNOWN), ShapeError, expected="known lengths"),
    row(
        lambda: layers.Dropout(0.5, noise_shape=(1,))(np.ones((2, 3)), training=True),
        ShapeError,
        argument="noise_shape",
        expected="(2, 3)",
    ),
    row(
        lambda: layers.BatchNormalization(axis=5)(layers.Input((3,))),
        ArgumentError,
        where="BatchNormalization 'batch_normalization'",
        argument="axis",
        expected="from -2 to 1",
        got="`5` (inputs of shape (None, 3))",
    ),
    row(
        lambda: layers.Softmax(axis=9)(np.ones((2, 3))),
        ArgumentError,
        where="Softmax 'softmax'",
        argument="axis",
        expected="from -2 to 1",
        got="`9` (inputs of shape (2, 3))",
    ),
    row(lambda: layers.Softmax(axis=9)(layers.Input((3,))), ArgumentError, where="Softmax 'softmax'"),
    row(lambda: layers.Softmax(axis=(1, 9))(np.ones((2, 3))), ArgumentError, where="Softmax 'softmax'"),
    row(lambda: layers.Softmax(axis=(1, -1))(np.ones((2, 3))), ArgumentError, expected="different axes"),
    row(
        lambda: layers.Embedding(3, 2)(np.array([[0, 5]])),
        DataError,
        where="Embedding 'embedding'",
        argument="index",
        expected="0 to 2",
        got="`5` at `indices[0, 1]`",
    ),
    row(lambda: layers.Embedding(3, 2)(np.array([[-1]])), DataError, got="`-1`", where="Embedding '"),
    row(
        lambda: Sequential([layers.Input((1,)), layers.Embedding(3, 2)]).predict(np.array([[1], [5]])),
        DataError,
        where="Embedding 'embedding'",
        got="5",
    ),
    row(
        lambda: layers.LSTM(2)(layers.GRU(4, name="first")(layers.Input((5, 3)))),
        ShapeError,
        where="LSTM 'lstm'",
        expected="sequences (batch, time, features)",
        got="(None, 4)",
        fix="Give GRU 'first' `return_sequences=True`",
    ),
    row(
        lambda: Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Conv1D(4, 2)]),
        ShapeError,
        where="Conv1D 'conv1d'",
        fix="Give LSTM 'lstm' `return_sequences=True`",
    ),
    row(
        lambda: layers.MultiHeadAttention(2, 3)(*[layers.SimpleRNN(4)(layers.Input((5, 3)))] * 2),
        ShapeError,
        argument="query",
        fix="Give SimpleRNN 'simple_rnn' `return_sequences=True`",
    ),
    row(lambda: layers.LSTM(4)(np.ones((2, 5))), ShapeError, fix="`return_sequences=True`"),
    row(lambda: layers.LSTM(4)(layers.Input((5, None))), ShapeError, fix="`Input`"),
    row(
        lambda: layers.LSTM(4)(np.ones((2, 5, 3)), initial_state=np.ones((2, 4))),
        ShapeError,
        argument="initial_state",
        expected="2 arrays",
        got="1",
    ),
    row(lambda: Written(lambda x: None)(np.ones((2, 3))), ArgumentError, where="Written '", fix="`return`"),
    row(lambda: Written(lambda x: 3)(layers.Input((3,))), ArgumentError, got="`3`", fix="`ops`"),
    row(
        lambda: Written(lambda x: x[:, 9])(layers.Input((3,))),
        OutOfRangeError,
        where="Written 'written'",
        expected="from -3 to 2 on axis 1 of shape (None, 3)",
        got="`9`",
    ),
    row(
        lambda: fitted(
            layers.Dense(2), Written(lambda x: apply(NoGradient(), x)), layers.Dense(1, name="head")
        ),
        MissingGradientError,
        where="Written 'written'",
        expected="gradient",
        got="test_no_gradient",
    ),
    row(
        lambda: Sequential([layers.Input((3,)), Written(lambda x: ops.reshape(x, (7, 7)))]),
        ShapeError,
        where="Written 'written'",
        argument="shape",
    ),
    row(
        lambda: Written(lambda x: layers.Dense(3, name="inner")(x))(np.ones(4)),
        ShapeError,
        where="Dense 'inner'",
    ),
    row(lambda: layers.Dense(3).get_weights(), NotBuiltError, where="Dense 'dense'", fix="layer.build"),
    row(lambda: layers.Dense(3).output, NotBuiltError, expected="a symbolic tensor", fix="layers.Input"),
    row(
        lambda: built(layers.Dense(1), 1, 1).set_weights([np.array([["a"]]), np.zeros(1)]),
        ArgumentError,
        argument="set_weights",
        got="<U1",
    ),
    row(
        lambda: built(layers.Dense(1), 1, 1).set_weights([np.ones((1, 1))]),
        ShapeError,
        expected="2 arrays",
        got="1",
    ),
    row(
        lambda: built(layers.Dense(1), 1, 1).set_weights([np.ones((2, 1)), np.zeros(1)]),
        ShapeError,
        expected="(1, 1) for weight 0, 'dense/kernel'",
        got="(2, 1)",
    ),
]

LOSSES = [
    row(
        loss_that(lambda y_true, y_pred: 3.0),
        ArgumentError,
        where="loss 'my_loss'",
        got="`3.0`",
        fix="constant",
    ),
    row(loss_that(lambda y_true, y_pred: None), ArgumentError, got="`None`", fix="`return`"),
    row(loss_that(later), ArgumentError, got="a promise", fix="plain function"),
    row(loss_that(lambda y_true, y_pred: [y_pred, y_true]), ArgumentError, got="[Value", fix="`ops.add`"),
    row(loss_that(lambda y_true, y_pred: "mse"), ArgumentError, got="'mse'"),
    row(loss_that(lambda y_true, y_pred: np.ones(2)), ArgumentError, got="an array", fix="constant"),
    row(
        loss_that(lambda y_true, y_pred: y_pred[6]),
        OutOfRangeError,
        where="loss 'my_loss'",
        expected="from -2 to 1 on axis 0 of shape (2, 1), the batch",
        got="`6`",
        fix="`p[:, 0]`",
    ),
    row(loss_that(lambda y_true, y_pred: y_pred[0, 0, 0]), OutOfRangeError, expected="at most 2 indices"),
    row(loss_that(lambda y_true, y_pred: y_pred[y_true]), ArgumentError, fix="`ops.gather`"),
    row(
        loss_that(lambda y_true, y_pred: sum(row for row in y_pred)),
        NotANumberYetError,
        where="my_loss",
        got="a loop over the rows",
        fix="all rows at once",
    ),
    row(loss_that(lambda y_true, y_pred: np.mean(y_pred)), NotANumberYetError, fix="`ops.mean`"),
    row(loss_that(lambda y_true, y_pred: float(y_pred)), NotANumberYetError, got="`float`"),
    row(loss_that(lambda y_true, y_pred: int(y_pred)), NotANumberYetError, got="`int`"),
    row(
        loss_that(lambda y_true, y_pred: y_pred if y_pred > 0 else y_true),
        NotANumberYetError,
        fix="ops.where",
    ),
    row(lambda: losses.get(lambda y_true, y_pred: None)([1.0], [1.0]), ArgumentError, got="`None`"),
    row(lambda: metrics.get(lambda y_true, y_pred: None)([1.0], [1.0]), ArgumentError, where="metric '"),
    row(
        lambda: losses.get(lambda y_true, y_pred: ops.sum(y_pred, axis=7))([[1.0]], [[1.0]]),
        ArgumentError,
        where="loss '",
        argument="axis",
    ),
]


@pytest.fixture(autouse=True)
def fresh_names():
    layers.reset_names()


def named(rows: list[Broken]) -> list[str]:
    return [
        f"{place}-{kind.__name__}-{'-'.join(words.values())[:40]}"
        for place, (_, kind, words) in enumerate(rows)
    ]


def assert_refused(call, kind, words):
    with pytest.raises(PyEngineError) as raised:
        call()
    error = raised.value
    assert type(error) is kind, error
    assert all(getattr(error, part) for part in PARTS), (error, vars(error))
    for part, wanted in words.items():
        assert wanted in getattr(error, part), (part, getattr(error, part))


@pytest.mark.parametrize(("call", "kind", "words"), SETTINGS, ids=named(SETTINGS))
def test_a_constructor_refuses(call, kind, words):
    assert_refused(call, kind, words)


@pytest.mark.parametrize(("call", "kind", "words"), CALLS, ids=named(CALLS))
def test_a_call_refuses(call, kind, words):
    assert_refused(call, kind, words)


@pytest.mark.parametrize(("call", "kind", "words"), LOSSES, ids=named(LOSSES))
def test_a_loss_that_cannot_be_trained_on_says_why(call, kind, words):
    assert_refused(call, kind, words)


CONSTRUCTORS = [
    (lambda: layers.Dense(), "Dense: units expects a value, but got none."),
    (
        lambda: layers.Dense(3, "relu", False),
        "Dense expects 2 arguments by place (units, activation), but got 3. Give the others by name.",
    ),
    (
        lambda: layers.Dense(3, activity_regularizer="l2"),
        "Unknown argument of Dense 'activity_regularizer'. Did you mean",
    ),
    (lambda: layers.Dense(3, dtype="float16"), "float32"),
]


@pytest.mark.parametrize(("make", "text"), CONSTRUCTORS, ids=[text[:60] for _, text in CONSTRUCTORS])
def test_a_constructor_takes_only_its_arguments(make, text):
    with pytest.raises(PyEngineError, match=re.escape(text)):
        make()


def test_an_error_of_python_inside_a_layer_keeps_its_class_and_names_the_layer():
    outer = Sequential([layers.Input((3,)), layers.Dense(2)], name="outer")
    with pytest.raises(ZeroDivisionError) as raised:
        outer.add(Written(lambda x: 1 / 0))
    assert raised.value.__notes__ == ["In Written 'written', called on shape (55440, 2)."]


def test_a_class_without_call_says_what_to_write():
    class Nothing(layers.Layer):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing has no `call`. Write one: call\(self, x\)"):
        Nothing()(np.ones((1, 1)))


@pytest.mark.parametrize(
    ("stack", "loss", "fix"),
    [
        ([layers.Conv2D(2, 3), layers.Dense(1)], "mse", "Conv2D 'conv2d' keeps the places"),
        ([layers.MaxPooling2D(2), layers.Dense(1)], "mse", "`layers.Flatten()` or `layers.GlobalAveragePooling2D()`"),
        ([layers.Conv2D(2, 3), layers.Dense(2, "softmax")], "categorical_crossentropy", "`layers.Flatten()`"),
        (
            [layers.Reshape((8, 8)), layers.LSTM(2, return_sequences=True), layers.Dense(1)],
            "mse",
            "leave `return_sequences=True` out",
        ),
        ([layers.Flatten(), layers.Embedding(2, 2), layers.Dense(1)], "mse", "`layers.GlobalAveragePooling1D()`"),
    ],
)  # fmt: skip
def test_targets_with_fewer_axes_than_the_output_say_which_layer_keeps_them(stack, loss, fix):
    units = stack[-1].units
    with pytest.raises(ShapeError, match=re.escape(fix)):
        fitted(
            layers.Input((8, 8, 1)),
            *[one.clone() for one in stack],
            loss=loss,
            x=IMAGES,
            y=np.ones((2, units)),
        )


DOUBTFUL = [
    ([layers.Dense(1)], "categorical_crossentropy", "over a single unit is 0 for ever"),
    ([layers.Dense(1, "softmax")], "sparse_categorical_crossentropy", "is 0 for ever"),
    ([layers.Dense(1, "softmax")], "mse", "softmax over a single unit is always 1"),
    ([layers.Dense(1), layers.Softmax()], "binary_crossentropy", "softmax over a single unit is always 1"),
    ([layers.Dense(3, "softmax")], "binary_crossentropy", "judges each unit alone"),
    ([layers.Dense(3, "sigmoid")], "categorical_crossentropy", "sigmoid judges each unit alone"),
    ([layers.Dense(3), layers.Activation("sigmoid")], "sparse_categorical_crossentropy", "'softmax'"),
    ([layers.Dense(3)], "categorical_crossentropy", "needs probabilities, but the last activation is linear"),
    ([layers.Dense(1)], "binary_crossentropy", "BinaryCrossentropy(from_logits=True)"),
    ([layers.Dense(3)], "kl_divergence", "compares distributions"),
    ([Sequential([layers.Dense(3, input_shape=(3,))])], "categorical_crossentropy", "is linear"),
    ([layers.Dense(1, "sigmoid")], losses.BinaryCrossentropy(from_logits=True), "before the activation"),
]


@pytest.mark.parametrize(("stack", "loss", "text"), DOUBTFUL, ids=[text for *_, text in DOUBTFUL])
def test_a_doubtful_compilation_warns_once(stack, loss, text):
    model = Sequential([layers.Input((3,)), *[one.clone() for one in stack]])
    with pytest.warns(UserWarning, match=re.escape(text)) as caught:
        model.compile("sgd", loss)
    assert len(caught) == 1
    sparse = "sparse" in str(loss)
    y = np.zeros((2, 1) if sparse else (2, model.output_shape[1]))
    model.fit(np.ones((2, 3)), y, epochs=2, verbose=0)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("softmax", "categorical_crossentropy"),
        ("softmax", "sparse_categorical_crossentropy"),
        ("softmax", "mse"),
        ("sigmoid", "binary_crossentropy"),
        (None, losses.CategoricalCrossentropy(from_logits=True)),
        (None, losses.BinaryCrossentropy(from_logits=True)),
        (None, "mse"),
        ("relu", "binary_crossentropy"),
    ],
)
def test_an_ordinary_compilation_warns_of_nothing(activation, loss):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sequential([layers.Dense(3, activation, input_shape=(2,))]).compile("sgd", loss)
