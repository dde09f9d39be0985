"""Whole trainings by each optimizer of TensorFlow.js, named or made with arguments by position."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import optimizers
from tests.golden.load import load
from tests.golden_models import build

CLASSES = {
    "sgd": optimizers.SGD,
    "momentum": optimizers.SGD,
    "adam": optimizers.Adam,
    "rmsprop": optimizers.RMSprop,
    "adagrad": optimizers.Adagrad,
    "adadelta": optimizers.Adadelta,
    "adamax": optimizers.Adamax,
}
ROWS = [row for row in load("tfjs_training") if row["name"].startswith("optimizer_")]


def optimizer_of(row):
    words = row["compile"]["optimizer"]
    return words if isinstance(words, str) else CLASSES[words["function"]](*words["arguments"])


def test_the_rows_use_every_optimizer_of_tensorflow_js_by_name_and_by_arguments():
    words = [row["compile"]["optimizer"] for row in ROWS]
    assert {word for word in words if isinstance(word, str)} == set(CLASSES) - {"momentum"}
    assert {word["function"] for word in words if isinstance(word, dict)} == set(CLASSES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_training_gives_the_numbers_of_tensorflow_js(row):
    if reason := row.get("differs_from_keras"):
        pytest.skip(f"here it is as in Keras; {reason}")
    model = build(row["model"])
    model.set_weights(row["weights"])
    model.compile(**{**row["compile"], "optimizer": optimizer_of(row)})
    assert model.optimizer.learning_rate == row["learning_rate"]
    history = model.fit(row["x"], row["y"], verbose=0, **row["fit"])
    np.testing.assert_allclose(history.history["loss"], row["history"]["loss"], rtol=1e-6, atol=1e-6)
    for have, expected in zip(model.get_weights(), row["final_weights"], strict=True):
        np.testing.assert_allclose(have, expected, rtol=1e-6, atol=1e-6)
