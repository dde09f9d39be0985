"""Whole trainings, the same in TensorFlow.js: defaults of optimizer names, early stopping, epochs, batches."""

import numpy as np
import pytest

from pyengine import callbacks, optimizers
from tests.golden.load import load
from tests.golden_models import build

ROWS = [row for row in load("tfjs_training") if row.get("kind") != "summary"]
# Where TensorFlow.js differs from Keras, Keras is followed; the golden file gives the reasons.
ROWS = [row for row in ROWS if not row.get("differs_from_keras")]
CLASSES = {
    "sgd": optimizers.SGD,
    "momentum": optimizers.SGD,
    "adam": optimizers.Adam,
    "rmsprop": optimizers.RMSprop,
    "adagrad": optimizers.Adagrad,
    "adamax": optimizers.Adamax,
}


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_training_gives_the_numbers_of_tensorflow_js(row):
    model = build(row["model"])
    set_weights_of_tfjs(model, row)
    chosen = dict(row["compile"])
    if isinstance(chosen["optimizer"], dict):
        kind = chosen["optimizer"]["function"]
        chosen["optimizer"] = CLASSES[kind](*chosen["optimizer"]["arguments"])
    model.compile(**chosen)
    assert model.optimizer.learning_rate == pytest.approx(row["learning_rate"])
    fit = dict(row["fit"])
    stopping = fit.pop("early_stopping", None)
    if stopping is not None:
        fit["callbacks"] = callbacks.EarlyStopping(**stopping)
    history = model.fit(row["x"], row["y"], verbose=0, **fit)
    assert history.epoch == row["epoch"]
    for name, values in row["history"].items():
        np.testing.assert_allclose(history.history[name], values, rtol=2e-5, atol=2e-6, err_msg=name)


def set_weights_of_tfjs(model, row):
    """TensorFlow.js lists trainable weights first."""
    for weight, value in zip(
        model.trainable_weights + model.non_trainable_weights, row["weights"], strict=True
    ):
        weight.set(value)
