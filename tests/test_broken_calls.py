"""Broken calls: each error has all its parts, its words say what came and how to mend it, and nothing has changed.

To add one: a row in the table of its kind. Those of layers are in `tests/layers/test_broken_layers.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import callbacks, layers, losses, metrics, optimizers
from pyengine.data import Dataset
from pyengine.errors import (
    PARTS,
    ArgumentError,
    DataError,
    DtypeError,
    NotCompiledError,
    PyEngineError,
    ShapeError,
    UnknownNameError,
)


@dataclasses.dataclass(frozen=True)
class Broken:
    """A call that is refused.

    Attributes:
        label: what is wrong, as the test's name.
        call: the call, on a compiled model of `model`.
        error: its class.
        words: what parts of the error contain, by part; `argument=""` where it is about none.
        model: of what the model is made.
    """

    label: str
    call: Callable[[Any], object]
    error: type[PyEngineError]
    words: dict[str, str]
    model: Callable[[], Any]


X = np.random.default_rng(0).normal(size=(12, 4)).astype("f4")
CLASSES = np.arange(12) % 3
Y = np.eye(3, dtype="f4")[CLASSES]
PAIRS = Dataset.from_arrays(X, Y).batch(4)


def classifier(loss: Any = "categorical_crossentropy", **settings: Any) -> Any:
    model = pyengine.Sequential([layers.Dense(3, "softmax", input_shape=(4,), name="head")])
    model.compile("adam", loss, **settings)
    return model


def images() -> Any:
    model = pyengine.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def gray() -> Any:
    model = pyengine.Sequential([layers.Flatten(input_shape=(8, 8, 1)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def sequences() -> Any:
    model = pyengine.Sequential([layers.LSTM(2, input_shape=(None, 5)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def words() -> Any:
    inner = [layers.InputLayer(shape=(4,), dtype="int32"), layers.Embedding(7, 2, name="words")]
    model = pyengine.Sequential([*inner, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def sparse() -> Any:
    return classifier("sparse_categorical_crossentropy")


def regression() -> Any:
    return classifier("mse")


def two() -> Any:
    left, right = layers.Input((4,), name="left"), layers.Input((2,), name="right")
    both = layers.Concatenate()([left, right])
    outputs = [layers.Dense(3, "softmax", name="kind")(both), layers.Dense(1, name="size")(both)]
    model = pyengine.Model([left, right], outputs)
    model.compile("sgd", ["categorical_crossentropy", "mse"])
    return model


def uncompiled() -> Any:
    return pyengine.Sequential([layers.Dense(3, input_shape=(4,))])


RIGHT = np.ones((12, 2), "f4")
SIZES = np.ones((12, 1), "f4")


def row(
    label: str,
    call: Callable[[Any], object],
    error: type[PyEngineError],
    model: Any = classifier,
    **words: str,
) -> Broken:
    return Broken(label, call, error, words, model)


def rows_of_numbers() -> Iterator[Any]:
    yield X, Y


DATA = [
    row("x is None", lambda m: m.fit(None, Y), DataError, where="model.fit", argument="x", got="`None`"),
    row(
        "y is None", lambda m: m.fit(X), DataError, argument="y", expected="targets", got="`None`", fix="`y`"
    ),
    row(
        "targets beside an iterator",
        lambda m: m.fit(iter([(X, Y)]), Y),
        ArgumentError,
        argument="y",
        expected="x comes batch by batch",
        fix="Leave it out",
    ),
    row(
        "a batch size for a dataset",
        lambda m: m.fit(PAIRS, batch_size=4),
        ArgumentError,
        where="model.fit",
        argument="batch_size",
        expected="x comes batch by batch",
    ),
    row(
        "a split of a dataset",
        lambda m: m.fit(PAIRS, validation_split=0.5),
        ArgumentError,
        where="model.fit",
        argument="validation_split",
        fix="Leave it out",
    ),
    row(
        "weights beside a dataset to evaluate",
        lambda m: m.evaluate(PAIRS, sample_weight=np.ones(4)),
        ArgumentError,
        where="model.evaluate",
        argument="sample_weight",
    ),
    row(
        "a batch size for a dataset to predict",
        lambda m: m.predict(PAIRS, batch_size=4),
        ArgumentError,
        where="model.predict",
        argument="batch_size",
    ),
    row(
        "an endless dataset to predict",
        lambda m: m.predict(PAIRS.repeat()),
        DataError,
        where="model.predict",
        argument="x",
        fix="`steps=100`",
    ),
    row(
        "a function as data",
        lambda m: m.fit(rows_of_numbers, Y),
        DataError,
        argument="x",
        got="the function rows_of_numbers",
    ),
    row(
        "a number as data",
        lambda m: m.fit(3.5, Y),
        DataError,
        argument="x",
        got="3.5",
        expected="first axis counts",
    ),
    row("a text as data", lambda m: m.fit("images", Y), DataError, argument="x", got="'images'"),
    row(
        "Decimals",
        lambda m: m.fit([[Decimal("0.1")] * 4] * 12, Y),
        DataError,
        argument="x",
        got="Decimal",
        fix="numbers",
    ),
    row(
        "a None in a list",
        lambda m: m.fit([[1.0, 2.0, None, 4.0]] * 12, Y),
        DataError,
        got="`None` at [0][2]",
        fix="missing values",
    ),
    row(
        "text that is a number",
        lambda m: m.fit([["0.2", "1", "2", "3"]] * 12, Y),
        DataError,
        got="'0.2'",
        fix="np.float32(x)",
    ),
    row(
        "text that is none",
        lambda m: m.fit([["cat", "a", "b", "c"]] * 12, Y),
        DataError,
        got="'cat'",
        fix="Encode text",
    ),
    row(
        "dates",
        lambda m: m.fit(np.full((12, 4), "2020-01-01", "M8[D]"), Y),
        DataError,
        argument="x",
        fix="dates",
    ),
    row("complex numbers", lambda m: m.fit(X + 1j, Y), DataError, argument="x", fix="imaginary"),
    row("huge integers", lambda m: m.fit([[10**30] * 4] * 12, Y), DataError, argument="x"),
    row(
        "ragged rows",
        lambda m: m.fit([[1, 2, 3, 4], [1, 2, 3]], Y[:2]),
        ShapeError,
        argument="x",
        got="lengths 4 and 3",
        fix="Pad",
    ),
    row(
        "numbers and lists mixed",
        lambda m: m.fit([[1, 2, 3, 4], 5], Y[:2]),
        ShapeError,
        got="numbers and lists mixed",
    ),
    row("sets", lambda m: m.fit([{1, 2}] * 12, Y), DataError, argument="x", got="{1, 2}"),
    row(
        "a symbolic tensor",
        lambda m: m.predict(layers.Input((4,))),
        DataError,
        argument="x",
        got="SymbolicTensor",
    ),
    row(
        "NaN in x",
        lambda m: m.fit(np.where(X[7, 1] == X, np.nan, X), Y),
        DataError,
        argument="x",
        got="`nan` in sample 7",
    ),
    row(
        "infinity in y",
        lambda m: m.fit(X, np.where(Y > 0, np.inf, Y)),
        DataError,
        argument="y",
        got="`inf` in sample 0",
    ),
    row(
        "too large for float32",
        lambda m: m.fit(X * np.float64(1e300), Y),
        DataError,
        argument="x",
        expected="float32",
    ),
    row("no samples", lambda m: m.fit(X[:0], Y[:0]), DataError, argument="x", expected="at least one sample"),
    row("fewer targets", lambda m: m.fit(X, Y[:9]), DataError, argument="y", got="12 in x, 9 in y"),
    row(
        "fewer features",
        lambda m: m.fit(X[:, :3], Y),
        ShapeError,
        argument="x",
        expected="(batch, 4)",
        got="(12, 3)",
    ),
    row(
        "one sample",
        lambda m: m.predict(X[0]),
        ShapeError,
        where="model.predict",
        got="(4,)",
        fix="`x[None]`",
    ),
    row(
        "one image",
        lambda m: m.predict(np.ones((8, 8, 1))),
        ShapeError,
        gray,
        got="(8, 8, 1)",
        fix="`x[None]`",
    ),
    row(
        "one image without channels",
        lambda m: m.predict(np.ones((8, 8))),
        ShapeError,
        gray,
        got="(8, 8)",
        fix="batch axis",
    ),
    row(
        "channels first",
        lambda m: m.predict(np.ones((5, 3, 8, 8))),
        ShapeError,
        images,
        fix="`np.transpose(x, (0, 2, 3, 1))`",
    ),
    row(
        "flat images",
        lambda m: m.predict(np.ones((5, 192))),
        ShapeError,
        images,
        fix="`np.reshape(x, (-1, 8, 8, 3))`",
    ),
    row(
        "features first", lambda m: m.predict(X.T), ShapeError, got="(4, 12)", fix="`np.transpose(x, (1, 0))`"
    ),
    row(
        "steps last",
        lambda m: m.predict(np.ones((2, 5, 7))),
        ShapeError,
        sequences,
        fix="`np.transpose(x, (0, 2, 1))`",
    ),
    row(
        "too few axes",
        lambda m: m.predict(np.ones((2, 7))),
        ShapeError,
        sequences,
        expected="(batch, any, 5)",
        fix="3 axes",
    ),
    row(
        "class numbers for one-hot",
        lambda m: m.fit(X, CLASSES),
        ShapeError,
        argument="y",
        got="(12,)",
        fix="sparse_categorical_crossentropy",
    ),
    row(
        "one-hot for class numbers",
        lambda m: m.fit(X, Y),
        ShapeError,
        sparse,
        argument="y",
        got="(12, 3)",
        fix="'categorical_crossentropy'",
    ),
    row(
        "a class too many",
        lambda m: m.fit(X, CLASSES + 1),
        DataError,
        sparse,
        argument="y",
        expected="0 to 2",
        got="3 in sample 2",
    ),
    row(
        "a negative class",
        lambda m: m.fit(X, CLASSES - 1),
        DataError,
        sparse,
        argument="y",
        got="-1 in sample 0",
    ),
    row(
        "half a class",
        lambda m: m.fit(X, CLASSES + 0.5),
        DataError,
        sparse,
        argument="y",
        expected="whole numbers",
        got="0.5",
    ),
    row(
        "more than a probability",
        lambda m: m.fit(X, Y * 3),
        DataError,
        argument="y",
        expected="0 to 1",
        got="3 in sample 0",
    ),
    row(
        "targets of another width",
        lambda m: m.fit(X, X),
        ShapeError,
        regression,
        argument="y",
        expected="(batch, 3)",
        got="(12, 4)",
    ),
    row(
        "an index too many",
        lambda m: m.fit(np.full((12, 4), 7), SIZES),
        DataError,
        words,
        where="Embedding 'words'",
        argument="x",
        expected="0 to 6",
        got="7 in sample 0",
    ),
    row(
        "an index in evaluate",
        lambda m: m.evaluate(np.full((12, 4), -1), SIZES),
        DataError,
        words,
        where="Embedding 'words'",
        got="-1",
    ),
    row(
        "an index in predict",
        lambda m: m.predict(np.full((12, 4), 9)),
        DataError,
        words,
        where="Embedding 'words'",
        got="9",
    ),
    row(
        "one array for two inputs",
        lambda m: m.predict(X),
        DataError,
        two,
        argument="x",
        expected="2 arrays, for left, right",
    ),
    row(
        "three arrays for two inputs",
        lambda m: m.predict([X, RIGHT, X]),
        DataError,
        two,
        argument="x",
        got="a list of 3",
    ),
    row(
        "an input missing in a map",
        lambda m: m.predict({"left": X}),
        DataError,
        two,
        argument="x",
        got="none for right",
    ),
    row(
        "an unknown input",
        lambda m: m.predict({"left": X, "rigth": RIGHT}),
        UnknownNameError,
        two,
        where="model.predict",
        got="rigth",
        fix="'right'",
    ),
    row(
        "an input of a wrong shape",
        lambda m: m.predict([X, X]),
        ShapeError,
        two,
        argument="x[1]",
        expected="'right'",
    ),
    row(
        "an output of a wrong shape",
        lambda m: m.fit([X, RIGHT], [Y, Y]),
        ShapeError,
        two,
        argument="y[1]",
        expected="'size'",
    ),
    row(
        "a target missing in a map",
        lambda m: m.fit([X, RIGHT], {"kind": Y}),
        DataError,
        two,
        argument="y",
        got="none for size",
    ),
    row(
        "a list of two arrays for one input",
        lambda m: m.predict([X, X]),
        ShapeError,
        argument="x",
        got="(2, 12, 4)",
    ),
]

ARGUMENTS = [
    row(
        "batch_size 0",
        lambda m: m.fit(X, Y, batch_size=0),
        ArgumentError,
        where="model.fit",
        argument="batch_size",
        got="`0`",
        fix="`batch_size=32`",
    ),
    row(
        "batch_size NaN",
        lambda m: m.fit(X, Y, batch_size=np.nan),
        ArgumentError,
        argument="batch_size",
        got="nan",
    ),
    row(
        "batch_size as text",
        lambda m: m.fit(X, Y, batch_size="32"),
        ArgumentError,
        argument="batch_size",
        got="'32'",
    ),
    row(
        "batch_size a fraction",
        lambda m: m.predict(X, batch_size=2.5),
        ArgumentError,
        where="model.predict",
        got="`2.5`",
    ),
    row(
        "batch_size True",
        lambda m: m.evaluate(X, Y, batch_size=True),
        ArgumentError,
        where="model.evaluate",
        got="`True`",
    ),
    row(
        "epochs NaN",
        lambda m: m.fit(X, Y, epochs=np.nan),
        ArgumentError,
        argument="epochs",
        got="nan",
        fix="`epochs=5`",
    ),
    row("epochs infinite", lambda m: m.fit(X, Y, epochs=np.inf), ArgumentError, argument="epochs", got="inf"),
    row("epochs negative", lambda m: m.fit(X, Y, epochs=-1), ArgumentError, argument="epochs", got="`-1`"),
    row("epochs None", lambda m: m.fit(X, Y, epochs=None), ArgumentError, argument="epochs", got="`None`"),
    row(
        "epochs a Decimal",
        lambda m: m.fit(X, Y, epochs=Decimal(3)),
        ArgumentError,
        argument="epochs",
        got="Decimal",
    ),
    row(
        "epochs missing",
        lambda m: m.fit_dataset(PAIRS),
        ArgumentError,
        where="model.fit_dataset",
        argument="epochs",
        fix="`epochs=5`",
    ),
    row(
        "initial_epoch as text",
        lambda m: m.fit(X, Y, initial_epoch="1"),
        ArgumentError,
        argument="initial_epoch",
        got="'1'",
    ),
    row(
        "steps_per_epoch 0",
        lambda m: m.fit(X, Y, steps_per_epoch=0),
        ArgumentError,
        argument="steps_per_epoch",
        got="`0`",
    ),
    row("steps 0", lambda m: m.evaluate(X, Y, steps=0), ArgumentError, argument="steps", got="`0`"),
    row(
        "validation_split 1",
        lambda m: m.fit(X, Y, validation_split=1.0),
        ArgumentError,
        where="model.fit",
        argument="validation_split",
        got="`1.0`",
    ),
    row(
        "validation_split as text",
        lambda m: m.fit(X, Y, validation_split="0.2"),
        ArgumentError,
        argument="validation_split",
        got="'0.2'",
    ),
    row(
        "validation_split NaN",
        lambda m: m.fit(X, Y, validation_split=np.nan),
        ArgumentError,
        argument="validation_split",
        got="nan",
    ),
    row(
        "validation_split too small",
        lambda m: m.fit(X, Y, validation_split=1e-20),
        DataError,
        argument="validation_split",
        expected="rows for validation",
    ),
    row(
        "validation_data a number",
        lambda m: m.fit(X, Y, validation_data=3),
        ArgumentError,
        argument="validation_data",
        got="`3`",
    ),
    row(
        "validation_data an array",
        lambda m: m.fit(X, Y, validation_data=X),
        ArgumentError,
        argument="validation_data",
        got="(12, 4)",
    ),
    row(
        "validation_data of a wrong shape",
        lambda m: m.fit(X, Y, validation_data=(X[:, :3], Y)),
        ShapeError,
        argument="validation_data[0]",
        got="(12, 3)",
    ),
    row(
        "validation_data with NaN",
        lambda m: m.fit(X, Y, validation_data=(X * np.nan, Y)),
        DataError,
        argument="validation_data[0]",
        got="`nan` in sample 0",
    ),
    row(
        "validation_data with class numbers",
        lambda m: m.fit(X, Y, validation_data=(X, CLASSES)),
        ShapeError,
        argument="validation_data[1]",
        fix="sparse",
    ),
    row(
        "validation_data with fewer targets",
        lambda m: m.fit(X, Y, validation_data=(X, Y[:5])),
        DataError,
        argument="validation_data[1]",
        got="12 in",
    ),
    row(
        "validation_data with bad weights",
        lambda m: m.fit(X, Y, validation_data=(X, Y, -SIZES[:, 0])),
        DataError,
        argument="validation_data[2]",
        got="-1.0",
    ),
    row(
        "validation_freq 0",
        lambda m: m.fit(X, Y, validation_data=(X, Y), validation_freq=0),
        ArgumentError,
        argument="validation_freq",
        got="`0`",
    ),
    row(
        "validation_freq as text",
        lambda m: m.fit(X, Y, validation_data=(X, Y), validation_freq=["one"]),
        ArgumentError,
        argument="validation_freq",
    ),
    row(
        "yield_every unknown",
        lambda m: m.fit(X, Y, yield_every="often"),
        ArgumentError,
        where="model.fit",
        argument="yield_every",
        got="'often'",
    ),
    row(
        "verbose unknown",
        lambda m: m.fit(X, Y, verbose="loud"),
        ArgumentError,
        argument="verbose",
        got="'loud'",
    ),
    row(
        "callbacks a number",
        lambda m: m.fit(X, Y, callbacks=[3]),
        ArgumentError,
        argument="callbacks",
        got="`3`",
    ),
    row(
        "callbacks with an unknown hook",
        lambda m: m.fit(X, Y, callbacks={"on_epoch_en": print}),
        UnknownNameError,
        fix="on_epoch_end",
    ),
    row(
        "an unknown argument",
        lambda m: m.fit(X, Y, epoch=2),
        UnknownNameError,
        where="model.fit",
        got="epoch",
        fix="'epochs'",
    ),
    row(
        "sample_weight too short",
        lambda m: m.fit(X, Y, sample_weight=SIZES[:3, 0]),
        DataError,
        argument="sample_weight",
        expected="(12,)",
        got="(3,)",
    ),
    row(
        "sample_weight negative",
        lambda m: m.evaluate(X, Y, sample_weight=-SIZES[:, 0]),
        DataError,
        where="model.evaluate",
        argument="sample_weight",
        got="`-1.0` in sample 0",
    ),
    row(
        "sample_weight too large",
        lambda m: m.fit(X, Y, sample_weight=np.full(12, 1e39)),
        DataError,
        argument="sample_weight",
        got="1e+39",
    ),
    row(
        "sample_weight of an unknown output",
        lambda m: m.fit([X, RIGHT], [Y, SIZES], sample_weight={"kin": SIZES[:, 0]}),
        UnknownNameError,
        two,
        got="kin",
        fix="'kind'",
    ),
    row(
        "class_weight a list",
        lambda m: m.fit(X, Y, class_weight=[1, 2, 3]),
        ArgumentError,
        argument="class_weight",
        got="[1, 2, 3]",
    ),
    row(
        "class_weight negative",
        lambda m: m.fit(X, Y, class_weight={0: -1}),
        ArgumentError,
        argument="class_weight",
        got="`-1` for class 0",
    ),
    row(
        "class_weight of a class that there is not",
        lambda m: m.fit(X, Y, class_weight={3: 1}),
        DataError,
        argument="class_weight",
        expected="0 to 2",
        got="class 3",
    ),
    row(
        "class_weight for a regression",
        lambda m: m.fit(X, Y, class_weight={0: 1}),
        ArgumentError,
        regression,
        argument="class_weight",
        got="MeanSquaredError",
        fix="sample_weight",
    ),
    row(
        "class_weight for soft labels",
        lambda m: m.train_on_batch(X, Y * 0.5, class_weight={0: 1}),
        DataError,
        where="model.train_on_batch",
        got="0.5",
    ),
    row(
        "fit before compile",
        lambda m: m.fit(X, Y),
        NotCompiledError,
        uncompiled,
        where="model.fit",
        argument="",
        expected="compiled",
        fix="`model.compile(",
    ),
    row(
        "evaluate before compile",
        lambda m: m.evaluate(X, Y),
        NotCompiledError,
        uncompiled,
        where="model.evaluate",
        argument="",
        fix="`model.compile(",
    ),
    row(
        "train_on_batch before compile",
        lambda m: m.train_on_batch(X, Y),
        NotCompiledError,
        uncompiled,
        where="model.train_on_batch",
        argument="",
    ),
    row(
        "one sample in train_on_batch",
        lambda m: m.train_on_batch(X[0], Y[0]),
        ShapeError,
        where="model.train_on_batch",
        fix="`x[None]`",
    ),
    row(
        "one sample in predict_on_batch",
        lambda m: m.predict_on_batch(X[0]),
        ShapeError,
        where="model.predict_on_batch",
        fix="`x[None]`",
    ),
    row(
        "arrays for fit_dataset",
        lambda m: m.fit_dataset(X, epochs=1),
        ArgumentError,
        where="model.fit_dataset",
        argument="dataset",
        fix="`model.fit(",
    ),
    row(
        "a generator for fit_dataset",
        lambda m: m.fit_dataset(rows_of_numbers(), epochs=1),
        ArgumentError,
        argument="dataset",
        got="a generator",
    ),
    row(
        "arrays for evaluate_dataset",
        lambda m: m.evaluate_dataset(X),
        ArgumentError,
        where="model.evaluate_dataset",
        argument="dataset",
    ),
    row(
        "an empty dataset",
        lambda m: m.fit_dataset(Dataset.from_generator(lambda: iter([])), epochs=1),
        DataError,
        argument="dataset",
        expected="at least one batch",
    ),
    row(
        "a dataset without targets",
        lambda m: m.fit_dataset(Dataset.from_arrays(X).batch(4), epochs=1),
        DataError,
        argument="dataset",
        expected="(x, y)",
    ),
    row(
        "a dataset without batches",
        lambda m: m.fit_dataset(Dataset.from_arrays(X, Y), epochs=1),
        ShapeError,
        argument="x of batch 0",
        got="(4,)",
    ),
    row(
        "a dataset that repeats for ever",
        lambda m: m.fit_dataset(PAIRS.repeat(), epochs=1),
        DataError,
        argument="dataset",
        fix="steps_per_epoch",
    ),
    row(
        "a dataset with NaN",
        lambda m: m.fit_dataset(Dataset.from_arrays(X * np.nan, Y).batch(4), epochs=1),
        DataError,
        argument="x of batch 0",
        got="`nan` in sample 0",
    ),
    row(
        "shuffle as text",
        lambda m: m.fit(X, Y, shuffle="batch"),
        ArgumentError,
        where="model.fit",
        argument="shuffle",
        got="'batch'",
    ),
    row("shuffle None", lambda m: m.fit(X, Y, shuffle=None), ArgumentError, argument="shuffle", got="`None`"),
    row(
        "validation_batch_size negative",
        lambda m: m.fit(X, Y, validation_data=(X, Y), validation_batch_size=-1),
        ArgumentError,
        argument="validation_batch_size",
        got="`-1`",
    ),
    row(
        "verbose an array", lambda m: m.fit(X, Y, verbose=X), ArgumentError, argument="verbose", got="(12, 4)"
    ),
    row(
        "yield_every an array",
        lambda m: m.fit(X, Y, yield_every=X),
        ArgumentError,
        argument="yield_every",
        got="(12, 4)",
    ),
    row(
        "masked values",
        lambda m: m.fit(np.ma.masked_less(X, 0), Y),
        DataError,
        argument="x",
        expected="without masked",
        fix="filled",
    ),
    row(
        "a loss that is a class of something else",
        lambda m: m.compile("adam", int),
        ArgumentError,
        where="model.compile",
        argument="loss",
        got="class int",
    ),
    row(
        "an optimizer that is a class of something else",
        lambda m: m.compile(int, "mse"),
        ArgumentError,
        argument="optimizer",
        got="class int",
    ),
]


SETTINGS = [
    row(
        "a negative rate",
        lambda m: optimizers.Adam(-0.1),
        ArgumentError,
        argument="learning_rate",
        got="`-0.1`",
    ),
    row(
        "a rate as text",
        lambda m: optimizers.SGD("fast"),
        ArgumentError,
        argument="learning_rate",
        got="'fast'",
    ),
    row(
        "a rate set to NaN",
        lambda m: setattr(m.optimizer, "learning_rate", np.nan),
        ArgumentError,
        got="`nan`",
    ),
    row(
        "momentum None",
        lambda m: optimizers.SGD(0.1, None),
        ArgumentError,
        where="SGD",
        argument="momentum",
        got="`None`",
    ),
    row(
        "beta_1 of 1",
        lambda m: optimizers.Adam(beta_1=1.0),
        ArgumentError,
        argument="beta_1",
        expected="less than 1",
    ),
    row("rho as text", lambda m: optimizers.RMSprop(rho="0.9"), ArgumentError, argument="rho", got="'0.9'"),
    row(
        "two ways of clipping",
        lambda m: optimizers.SGD(clipnorm=1, clipvalue=2),
        ArgumentError,
        argument="clipnorm",
        got="clipvalue=2",
    ),
    row(
        "clipnorm 0",
        lambda m: optimizers.SGD(clipnorm=0),
        ArgumentError,
        argument="clipnorm",
        expected="above 0",
    ),
    row(
        "an unknown argument of an optimizer",
        lambda m: optimizers.Adam(clip_norm=1),
        UnknownNameError,
        argument="clip_norm",
        fix="'clipnorm'",
    ),
    row(
        "decay_steps 0",
        lambda m: optimizers.schedules.CosineDecay(0.1, 0),
        ArgumentError,
        where="CosineDecay",
        argument="decay_steps",
    ),
    row(
        "values without boundaries",
        lambda m: optimizers.schedules.PiecewiseConstantDecay([1], [0.1]),
        ArgumentError,
        argument="values",
        got="1 values",
    ),
    row(
        "label_smoothing 1.5",
        lambda m: losses.BinaryCrossentropy(label_smoothing=1.5),
        ArgumentError,
        argument="label_smoothing",
        got="`1.5`",
    ),
    row(
        "classes on another axis",
        lambda m: losses.SparseCategoricalCrossentropy(axis=1),
        ArgumentError,
        argument="axis",
        got="`1`",
    ),
    row(
        "an unknown reduction",
        lambda m: losses.MeanSquaredError("average"),
        UnknownNameError,
        where="MeanSquaredError",
        got="average",
    ),
    row(
        "a loss of unequal shapes",
        lambda m: losses.MeanSquaredError()(Y, X),
        ShapeError,
        argument="y_true",
        got="(12, 3)",
    ),
    row(
        "a loss of class numbers",
        lambda m: losses.CategoricalCrossentropy()(CLASSES, Y),
        ShapeError,
        argument="y_true",
        fix="sparse_categorical_crossentropy",
    ),
    row(
        "weights that do not fit a loss",
        lambda m: losses.MeanSquaredError()(Y, Y, SIZES[:5]),
        ShapeError,
        argument="sample_weight",
        got="(5, 1)",
    ),
    row(
        "thresholds above 1",
        lambda m: metrics.Precision(1.5),
        ArgumentError,
        where="precision",
        argument="thresholds",
        got="`1.5`",
    ),
    row(
        "thresholds as text",
        lambda m: metrics.Recall("half"),
        ArgumentError,
        argument="thresholds",
        got="'half'",
    ),
    row("k of 0", lambda m: metrics.TopKCategoricalAccuracy(0), ArgumentError, argument="k", got="`0`"),
    row(
        "one threshold for AUC", lambda m: metrics.AUC(1), ArgumentError, argument="num_thresholds", got="`1`"
    ),
    row(
        "a metric of unequal shapes",
        lambda m: metrics.Accuracy()(Y, X),
        ShapeError,
        argument="y_true",
        got="(12, 3)",
    ),
    row(
        "a negative patience",
        lambda m: callbacks.EarlyStopping(patience=-1),
        ArgumentError,
        argument="patience",
        got="`-1`",
    ),
    row(
        "an unknown mode",
        lambda m: callbacks.EarlyStopping(mode="maximum"),
        UnknownNameError,
        where="EarlyStopping",
        fix="'max'",
    ),
    row(
        "a factor that does not reduce",
        lambda m: callbacks.ReduceLROnPlateau(factor=1.5),
        ArgumentError,
        argument="factor",
        got="`1.5`",
    ),
    row(
        "a schedule that is no function",
        lambda m: callbacks.LearningRateScheduler(0.1),
        ArgumentError,
        argument="schedule",
        got="`0.1`",
    ),
    row(
        "a negative factor of a regularizer",
        lambda m: pyengine.regularizers.L2(-0.1),
        ArgumentError,
        where="L2",
        argument="l2",
        got="`-0.1`",
    ),
    row(
        "a norm of 0",
        lambda m: pyengine.constraints.MaxNorm(0),
        ArgumentError,
        where="MaxNorm",
        argument="max_value",
        got="`0`",
    ),
    row(
        "an order that cannot be",
        lambda m: pyengine.constraints.MinMaxNorm(2, 1),
        ArgumentError,
        argument="max_value",
        got="`1`",
    ),
    row(
        "a scale of 0",
        lambda m: pyengine.initializers.VarianceScaling(0),
        ArgumentError,
        argument="scale",
        got="`0`",
    ),
    row(
        "an orthogonal vector",
        lambda m: pyengine.initializers.Orthogonal()((3,)),
        ShapeError,
        argument="shape",
        got="(3,)",
    ),
    row(
        "an unknown optimizer",
        lambda m: m.compile("adamm", "mse"),
        UnknownNameError,
        where="model.compile",
        got="adamm",
        fix="'adam'",
    ),
    row(
        "an unknown loss",
        lambda m: m.compile("adam", "msee"),
        UnknownNameError,
        where="model.compile",
        got="msee",
        fix="'mse'",
    ),
    row(
        "an unknown metric",
        lambda m: m.compile("adam", "mse", metrics=["acuracy"]),
        UnknownNameError,
        where="model.compile",
        fix="'accuracy'",
    ),
    row(
        "a loss that is a number",
        lambda m: m.compile("adam", 3),
        ArgumentError,
        where="model.compile",
        argument="loss",
        got="`3`",
    ),
    row(
        "an optimizer that is a function",
        lambda m: m.compile(print, "mse"),
        ArgumentError,
        argument="optimizer",
        got="the function print",
    ),
    row(
        "no loss",
        lambda m: m.compile("adam"),
        ArgumentError,
        where="model.compile",
        argument="loss",
        fix="loss='mse'",
    ),
    row(
        "two losses for one output",
        lambda m: m.compile("adam", ["mse", "mae"]),
        ArgumentError,
        where="model.compile",
        argument="loss",
        got="2",
    ),
    row(
        "a loss of an unknown output",
        lambda m: m.compile("adam", {"kin": "mse"}),
        UnknownNameError,
        two,
        got="kin",
        fix="'kind'",
    ),
    row(
        "loss_weights as text",
        lambda m: m.compile("adam", "mse", loss_weights="2"),
        ArgumentError,
        argument="loss_weights",
        got="'2'",
    ),
]


def drained(dataset: Dataset) -> object:
    return dataset.to_list()


OBJECTS = [
    row(
        "no layer on top",
        lambda m: m.add("dense"),
        ArgumentError,
        argument="layer",
        got="'dense'",
        fix="`layers.Dense(10)`",
    ),
    row(
        "an Input on top",
        lambda m: m.add(layers.Input((3,))),
        ArgumentError,
        argument="layer",
        expected="in front",
    ),
    row(
        "a layer twice",
        lambda m: m.add(m.layers[0]),
        ArgumentError,
        argument="layer",
        got="Dense 'head' again",
        fix="`Model`",
    ),
    row(
        "a name twice",
        lambda m: m.add(layers.Dense(3, name="head")),
        ArgumentError,
        argument="layer",
        fix="`name='head_2'`",
    ),
    row(
        "nothing to take off",
        lambda m: pyengine.Sequential().pop(),
        ArgumentError,
        argument="",
        expected="a layer to take off",
    ),
    row(
        "a model of arrays",
        lambda m: pyengine.Model(X, Y),
        ArgumentError,
        where="Model",
        argument="inputs",
        got="(12, 4)",
        fix="`layers.Input(",
    ),
    row(
        "a model of nothing",
        lambda m: pyengine.Model([], []),
        ArgumentError,
        where="Model",
        argument="inputs",
        got="none",
    ),
    row("no such layer", lambda m: m.get_layer("haed"), UnknownNameError, got="haed", fix="'head'"),
    row("no layer at that place", lambda m: m.get_layer(index=9), ArgumentError, argument="index", got="`9`"),
    row("neither name nor index", lambda m: m.get_layer(), ArgumentError, argument="name", got="none"),
    row(
        "layers set", lambda m: setattr(m, "layers", []), ArgumentError, argument="layers", expected="not set"
    ),
    row(
        "a step before training",
        lambda m: m.step,
        NotCompiledError,
        where="model.step",
        argument="",
        fix="`model.fit(",
    ),
    row(
        "a weight of another shape",
        lambda m: m.weights[0].assign(X),
        ShapeError,
        argument="value",
        got="(12, 4)",
    ),
    row(
        "columns of a summary that shrink",
        lambda m: m.summary(positions=[50, 20, 70, 90]),
        ArgumentError,
        where="model.summary",
        argument="positions",
    ),
    row(
        "batches of 0",
        lambda m: PAIRS.batch(0),
        ArgumentError,
        where="Dataset.batch",
        argument="batch_size",
        got="`0`",
    ),
    row(
        "take as text",
        lambda m: PAIRS.take("2"),
        ArgumentError,
        where="Dataset.take",
        argument="count",
        got="'2'",
    ),
    row(
        "a buffer of half a row",
        lambda m: PAIRS.shuffle(0.5),
        ArgumentError,
        where="Dataset.shuffle",
        argument="buffer_size",
        got="`0.5`",
    ),
    row(
        "a dataset of a number",
        lambda m: Dataset.from_iterable(5),
        ArgumentError,
        where="Dataset.from_iterable",
        got="`5`",
    ),
    row(
        "weights without targets",
        lambda m: Dataset.from_arrays(X, sample_weight=SIZES),
        ArgumentError,
        argument="sample_weight",
        fix="`y`",
    ),
    row(
        "arrays of unequal rows",
        lambda m: Dataset.from_arrays(X, Y[:3]),
        DataError,
        where="Dataset.from_arrays",
        got="12",
    ),
    row("zip of a list", lambda m: Dataset.zip(PAIRS, [1]), ArgumentError, where="Dataset.zip", got="`1`"),
    row(
        "zip of nothing",
        lambda m: Dataset.zip(),
        ArgumentError,
        where="Dataset.zip",
        argument="datasets",
        got="`()`",
    ),
    row(
        "concatenate with a list",
        lambda m: PAIRS.concatenate([1]),
        ArgumentError,
        where="Dataset.concatenate",
        got="`[1]`",
    ),
    row(
        "a map without result",
        lambda m: drained(PAIRS.map(lambda element: None)),
        DataError,
        where="Dataset.map",
        argument="function",
        got="`None`",
    ),
    row(
        "an element that is None",
        lambda m: drained(Dataset.from_iterable([(1, None)])),
        DataError,
        argument="[1]",
        got="`None`",
    ),
    row(
        "unbatch of single numbers",
        lambda m: drained(Dataset.from_iterable([5]).unbatch()),
        DataError,
        where="Dataset.unbatch",
        got="`5`",
    ),
    row("a seed below 0", lambda m: pyengine.set_random_seed(-1), ArgumentError, argument="seed", got="`-1`"),
    row("a seed as text", lambda m: pyengine.set_random_seed("7"), ArgumentError, argument="seed", got="'7'"),
    row(
        "half precision drawn",
        lambda m: pyengine.random.normal((0, 0), (2,), dtype="float16"),
        DtypeError,
        argument="dtype",
        got="'float16'",
    ),
    row(
        "integers between nothing",
        lambda m: pyengine.random.integers((0, 0), 2, low=3, high=3),
        ArgumentError,
        argument="high",
        got="high=3",
    ),
]


def snapshot(model: Any) -> list[bytes]:
    """Everything in a model that a call may change: weights, and the optimizer's variables."""
    variables = list(model.weights)
    if model.optimizer is not None:
        variables += model.optimizer.variables
    return [np.asarray(variable.value).tobytes() for variable in variables]


def refusal(broken: Broken) -> PyEngineError:
    model = broken.model()
    before, history = snapshot(model), model.history
    with pytest.raises(broken.error) as raised:
        broken.call(model)
    assert snapshot(model) == before
    assert model.history is history or not model.history.epoch
    assert not model._fitting
    return raised.value


@pytest.mark.parametrize("broken", [*DATA, *ARGUMENTS, *SETTINGS, *OBJECTS], ids=lambda broken: broken.label)
def test_a_broken_call_says_what_is_wrong_and_changes_nothing(broken: Broken) -> None:
    error = refusal(broken)
    for part in PARTS:
        if broken.words.get(part) != "":
            assert getattr(error, part), f"{part} is empty: {error}"
    for part, words in broken.words.items():
        assert words in getattr(error, part), f"{part}: {getattr(error, part)}"
    for part in ("where", "got"):
        assert getattr(error, part) in str(error)


def test_every_broken_call_has_a_label_of_its_own() -> None:
    labels = [broken.label for broken in (*DATA, *ARGUMENTS, *SETTINGS, *OBJECTS)]
    assert len(set(labels)) == len(labels) >= 100
