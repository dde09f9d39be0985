"""Indices out of range: found before a step runs, with the layer, the sample and the range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import layers, ops
from pyengine.data import Dataset
from pyengine.errors import DataError, PyEngineError

WORDS = np.arange(40).reshape(10, 4) % 7
TARGETS = np.ones((10, 1), "f4")


def words_with(number: float, sample: int, place: int = 2) -> np.ndarray:
    words = WORDS.astype("f4") if isinstance(number, float) else WORDS.copy()
    words[sample, place] = number
    return words


class Table(layers.Layer):
    """A layer of a user's own, with a table of its own."""

    def build(self, shape: Any) -> None:
        self.table = self.add_weight("table", (7, 2), "ones")

    def call(self, x: Any) -> Any:
        return ops.gather(self.table, ops.cast(x, dtype="int32"))


def embedding(*before: Any, dtype: str = "int32") -> Any:
    inner = [*before, layers.Embedding(7, 2, name="words")]
    return [layers.InputLayer(shape=(4,), dtype=dtype), *inner]


def compiled(parts: list[Any]) -> Any:
    model = pyengine.Sequential([*parts, layers.Flatten(), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def nested() -> list[Any]:
    return [layers.InputLayer(shape=(4,), dtype="int32"), pyengine.Sequential(embedding())]


def refused(model: Any, call: Any) -> PyEngineError:
    """The error of a call that changes nothing."""
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(DataError) as raised:
        call()
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert raised.value.fix
    assert int(model.optimizer.iterations) == 0
    return raised.value


@pytest.mark.parametrize("number", [7, -1, 2**32 + 1])
def test_fit_finds_an_index_out_of_range_before_the_first_step(number: int) -> None:
    model = compiled(embedding())
    error = refused(model, lambda: model.fit(words_with(number, 9), TARGETS, batch_size=2, verbose=0))
    assert error.argument == "x"
    assert error.got == f"{number} in sample 9"
    if abs(number) < 2**31:
        assert error.where == "Embedding 'words'"
        assert error.expected == "indices from 0 to 6"
        assert "input_dim" in error.fix


@pytest.mark.parametrize(
    ("parts", "owner"),
    [
        (embedding(layers.Reshape((2, 2))), "Embedding 'words'"),
        (embedding(layers.Permute((1,)), dtype="float32"), "Embedding 'words'"),
        (nested(), "Embedding 'words'"),
        ([layers.InputLayer(shape=(4,), dtype="int32"), Table(name="mine")], "Table 'mine'"),
    ],
    ids=["reshaped", "floats", "in a model", "a layer of ones own"],
)
def test_the_layer_is_named_wherever_it_is(parts: list[Any], owner: str) -> None:
    model = compiled(parts)
    error = refused(model, lambda: model.fit(words_with(7, 9), TARGETS, batch_size=2, verbose=0))
    assert (error.where, error.expected) == (owner, "indices from 0 to 6")


def test_what_a_layer_clips_first_is_no_index() -> None:
    class Clipped(layers.Embedding):
        def call(self, indices: Any) -> Any:
            return super().call(ops.clip(indices, 0, 6))

    model = compiled([layers.InputLayer(shape=(4,), dtype="int32"), Clipped(7, 2)])
    model.fit(words_with(9, 9), TARGETS, verbose=0)


def test_fractions_are_cut_off_as_a_cast_does() -> None:
    model = compiled(embedding(dtype="float32"))
    model.fit(words_with(6.5, 3), TARGETS, verbose=0)
    assert refused(compiled(embedding()), lambda: model.predict(words_with(7.0, 3))).got == "7.0 in sample 3"


def test_validation_data_are_looked_at_before_the_first_step() -> None:
    model = compiled(embedding())
    bad = (words_with(8, 5), TARGETS)
    error = refused(
        model, lambda: model.fit(WORDS, TARGETS, epochs=3, validation_data=bad, validation_freq=3, verbose=0)
    )
    assert error.got == "8 in sample 5"
    error = refused(model, lambda: model.fit(*bad, validation_split=0.5, verbose=0))
    assert error.where == "Embedding 'words'"


def test_evaluate_predict_and_single_batches_look_first() -> None:
    model, x = compiled(embedding()), words_with(9, 8)
    for call in (
        lambda: model.evaluate(x, TARGETS, batch_size=2),
        lambda: model.predict(x, batch_size=2),
        lambda: model.predict_on_batch(x),
        lambda: model.train_on_batch(x, TARGETS),
        lambda: model.test_on_batch(x, TARGETS),
    ):
        error = refused(model, call)
        assert (error.where, error.argument, error.got) == ("Embedding 'words'", "x", "9 in sample 8")


def test_a_stream_names_the_batch_and_the_row_and_keeps_the_weights_of_the_batch_before() -> None:
    model = compiled(embedding())
    kept: list[Any] = []
    batches = Dataset.from_arrays(words_with(8, 7), TARGETS).batch(2)
    with pytest.raises(
        DataError, match="x of batch 3 in epoch 1 expects indices from 0 to 6, but got 8"
    ) as raised:
        model.fit_dataset(
            batches, epochs=3, initial_epoch=1, verbose=0,
            callbacks={"onBatchEnd": lambda batch, logs: kept.append(model.get_weights())},
        )  # fmt: skip
    assert raised.value.where == "Embedding 'words'"
    assert raised.value.got == "8 in sample 1"
    assert len(kept) == 3
    for a, b in zip(kept[-1], model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_stream_names_the_batch_and_the_row_of_other_wrong_numbers() -> None:
    model = compiled(embedding(dtype="float32"))
    batches = Dataset.from_arrays(words_with(np.nan, 4), TARGETS).batch(4)
    with pytest.raises(DataError, match="x of batch 1 expects finite numbers, but got `nan` in sample 0"):
        model.fit_dataset(batches, epochs=1, verbose=0)


def test_the_input_is_named_where_there_are_several() -> None:
    one, other = layers.Input((4,), dtype="int32", name="one"), layers.Input((4,), name="other")
    known = layers.Flatten()(layers.Embedding(7, 2, name="words")(one))
    model = pyengine.Model([other, one], layers.Dense(1)(layers.Concatenate()([known, other])))
    model.compile("sgd", "mse")
    error = refused(model, lambda: model.fit({"one": words_with(7, 1), "other": WORDS}, TARGETS, verbose=0))
    assert (error.argument, error.got) == ("x[1]", "7 in sample 1")


def test_class_numbers_in_a_loss_of_ones_own_are_indices() -> None:
    def surprise(y_true: Any, y_pred: Any) -> Any:
        return ops.negative(ops.log(ops.take_along_axis(y_pred, ops.cast(y_true, dtype="int32"), axis=-1)))

    model = pyengine.Sequential([layers.Dense(3, "softmax", input_shape=(4,))])
    model.compile("sgd", surprise)
    labels = np.arange(10).reshape(10, 1) % 3
    model.fit(WORDS, labels, verbose=0)
    model.compile("sgd", surprise)
    labels[6] = 3
    error = refused(model, lambda: model.fit(WORDS, labels, batch_size=2, verbose=0))
    assert (error.argument, error.expected, error.got) == ("y", "indices from 0 to 2", "3 in sample 6")


def test_predict_takes_no_index_that_int32_cannot_hold() -> None:
    model = compiled(embedding())
    error = refused(model, lambda: model.predict(words_with(2**32 + 1, 9)))
    assert (error.where, error.argument, error.got) == ("model.predict", "x", "4294967297 in sample 9")


def test_predict_takes_numbers_that_are_not_finite_but_none_too_large_for_float32() -> None:
    model = pyengine.Sequential([layers.ReLU(input_shape=(2,))])
    np.testing.assert_array_equal(model.predict([[np.nan, np.inf]], verbose=0), [[np.nan, np.inf]])
    np.testing.assert_array_equal(
        model.predict(np.float64([[np.nan, np.inf]]), verbose=0), [[np.nan, np.inf]]
    )
    model.compile("sgd", "mse")
    assert refused(model, lambda: model.predict(np.float64([[np.nan, 1e39]]))).got == "1e+39 in sample 0"


def test_a_stream_of_validation_data_says_so() -> None:
    model = compiled(embedding())
    good, bad = (Dataset.from_arrays(x, TARGETS).batch(5) for x in (WORDS, words_with(8, 7)))
    with pytest.raises(
        DataError, match=r"x of batch 1 of validation_data expects indices .* got 8 in sample 2"
    ):
        model.fit_dataset(good, epochs=2, verbose=0, validation_data=bad)
