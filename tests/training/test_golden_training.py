"""Whole trainings, the same in Keras: history, final weights, evaluate, predict before and after."""

import numpy as np
import pytest

from tests.golden.load import load
from tests.golden_models import build, set_named_weights, words

ROWS = load("keras_training")

# Adam in float32: Keras rounds 1 - beta2**t, which its first steps show (tests/golden/README.md).
TOLERANCE = {"rtol": 2e-5, "atol": 2e-5}


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_training_gives_the_numbers_of_keras(row):
    model = build(row["model"])
    set_named_weights(model, row)
    x, y = row["x"], row["y"]
    assert_outputs(model.predict(x, batch_size=4), row["predict_before"])
    model.compile(**words(row["compile"]))
    history = model.fit(x, y, verbose=0, **row["fit"])
    assert history.epoch == row["epoch"]
    assert set(row["history"]) == set(history.history)
    for name, values in row["history"].items():
        np.testing.assert_allclose(history.history[name], values, **TOLERANCE, err_msg=name)
    for have, expected, weight in zip(model.get_weights(), row["final_weights"], model.weights, strict=True):
        np.testing.assert_allclose(have, expected, **TOLERANCE, err_msg=weight.name)
    values = model.evaluate(x, y, batch_size=4, return_dict=True)
    for name, value in row["evaluate"].items():
        assert values[name] == pytest.approx(value, rel=2e-5, abs=2e-5), name
    assert_outputs(model.predict(x, batch_size=4), row["predict"])


def assert_outputs(have, expected):
    have = have if isinstance(have, list) else [have]
    for one, array in zip(have, expected, strict=True):
        np.testing.assert_allclose(one, array, **TOLERANCE)
