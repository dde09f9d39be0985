"""Messages of the engine as a page shows them: the code in them is JavaScript."""

from __future__ import annotations

import pytest

from pyengine.bridge.failures import failure, message_text
from pyengine.bridge.javascript import code, name, text_for_javascript
from pyengine.errors import ArgumentError, BusyError, ShapeError, describe, unknown_name


@pytest.mark.parametrize(
    ("python", "javascript"),
    [
        ("batch_size=32", "batchSize: 32"),
        ("model.stop_training = True", "model.stopTraining = true"),
        ("fit_dataset(dataset, epochs=5)", "fitDataset(dataset, { epochs: 5 })"),
        ("model.compile(optimizer='adam', loss='mse')", "model.compile({ optimizer: 'adam', loss: 'mse' })"),
        ("layers.Conv2D(8, kernel_size=(3, 3))", "tf.layers.conv2d(8, { kernelSize: [3, 3] })"),
        ("layers.LSTM(4, return_sequences=True)", "tf.layers.lstm(4, { returnSequences: true })"),
        ("losses.MeanSquaredError()", "tf.losses.meanSquaredError()"),
        ("optimizers.RMSprop(0.01)", "tf.train.rmsprop(0.01)"),
        ("ops.expand_dims(x, axis=-1)", "tf.expandDims(x, { axis: -1 })"),
        ("on_epoch_end", "onEpochEnd"),
        ("{'a': None, 'b': [1, 2.5]}", "{ 'a': null, 'b': [1, 2.5] }"),
        ("{}", "{}"),
        ("x[0] / 255", "x[0] / 255"),
        ("None", "null"),
        ("_private", "_private"),
        # What is no Python, or no Python that both languages have, stays.
        ("not code", "not code"),
        ("[x for x in y]", "[x for x in y]"),
        ("f(*x)", "f(*x)"),
        ("a; b", "a; b"),
        ("", ""),
    ],
)
def test_code_is_written_as_javascript_writes_it(python: str, javascript: str) -> None:
    assert code(python) == javascript


@pytest.mark.parametrize(
    ("python", "javascript"),
    [
        ("shape (32, 50)", "shape [32, 50]"),
        ("shape (32,)", "shape [32]"),
        ("(batch, any, 3) and (None, 4)", "[batch, any, 3] and [null, 4]"),
        # Words and calls in parentheses are no shapes.
        ("one (or two) of them (2 of 3)", "one (or two) of them (2 of 3)"),
        ("f(3) stays", "f(3) stays"),
    ],
)
def test_shapes_are_written_in_brackets(python: str, javascript: str) -> None:
    assert text_for_javascript(python) == javascript


def test_names_that_users_gave_stay_as_they_are() -> None:
    assert name("Dense 'my_own_head'") == "Dense 'my_own_head'"
    assert text_for_javascript("Layer 'my_own_head'") == "Layer 'my_own_head'"


def test_every_part_of_an_error_speaks_javascript() -> None:
    error = ArgumentError(
        where="model.fit_dataset",
        argument="validation_data[0]",
        expected="shape (batch, 4), or `validation_split=0.2`",
        got=describe(None),
        fix="Set `model.stop_training = True`.",
    )
    assert message_text(error) == (
        "model.fitDataset: validationData[0] expects shape [batch, 4], or `validationSplit: 0.2`, but got `null`. "
        "Set `model.stopTraining = true`."
    )
    assert str(error).startswith("model.fit_dataset: validation_data[0] expects shape (batch, 4)")


def test_errors_without_parts_keep_their_text_and_notes() -> None:
    error = BusyError("A fit is running. Set `model.stop_training = True`.")
    error.add_note("While calling `on_epoch_end`.")
    assert (
        message_text(error)
        == "A fit is running. Set `model.stopTraining = true`.\nWhile calling `onEpochEnd`."
    )
    assert message_text(ValueError("as `it_is`")) == "as `it_is`"


def test_an_unknown_name_keeps_the_names_that_are_known() -> None:
    assert message_text(unknown_name("loss", "mse_", ["mse", "mean_squared_error"])) == (
        "Unknown loss 'mse_'. Did you mean 'mse'? Known: mean_squared_error, mse."
    )


def test_parts_can_be_rewritten_together() -> None:
    error = ShapeError(where="Dense", expected="rank 2", got="shape (101, 3)")
    changed = error.rewritten(lambda text: text.replace("101", "None"))
    assert type(changed) is ShapeError
    assert (changed.got, str(changed)) == (
        "shape (None, 3)",
        "Dense expects rank 2, but got shape (None, 3).",
    )
    assert str(ShapeError("of 101").rewritten(lambda text: text.replace("101", "None"))) == "of None"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "`nan`"),
        ("x" * 99, f"`'{'x' * 57}…'`"),
        ([1, 2], "`[1, 2]`"),
        (list(range(99)), "a list of length 99"),
        (iter([]), "an iterator (list_iterator)"),
        ((n for n in ()), "a generator"),
        (ArgumentError, "the class ArgumentError"),
        (len, "the function len"),
        (1 + 2j, "a complex: (1+2j)"),
        (object(), "an object"),
    ],
)
def test_what_came_is_described_briefly(value: object, text: str) -> None:
    assert describe(value) == text


def test_an_error_that_is_its_own_cause_crosses() -> None:
    error = ArgumentError(where="model.fit", argument="epochs", expected="a whole number")
    error.__cause__ = error
    assert "model.fit: epochs expects a whole number." in str(failure(error))
