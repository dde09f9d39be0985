"""What compile makes of losses and metrics: each logged number has a name of its own."""

from __future__ import annotations

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.errors import ArgumentError


def zeros(**settings: object) -> pyengine.Sequential:
    """A model that predicts 0."""
    model = pyengine.Sequential([layers.Dense(1, kernel_initializer="zeros", input_shape=(1,))])
    model.compile("sgd", "mse", **settings)
    return model


def values(model: pyengine.Model) -> dict[str, float]:
    x, y = np.ones((2, 1)), np.array([1.0, 3.0])
    return model.evaluate(x, y, sample_weight=np.array([1.0, 0.0]), return_dict=True)


def test_a_weighted_metric_of_a_plain_ones_name_is_told_apart() -> None:
    logged = values(zeros(metrics=["mse"], weighted_metrics=["mse"]))
    assert logged == {"loss": 0.5, "mse": 5.0, "weighted_mse": 1.0}


def test_metrics_of_one_name_are_numbered() -> None:
    logged = values(zeros(metrics=["mse", "mse"], weighted_metrics=["mse", "mse", "mae"]))
    assert logged == {
        "loss": 0.5,
        "mse": 5.0,
        "mse_1": 5.0,
        "weighted_mse": 1.0,
        "weighted_mse_1": 1.0,
        "mae": 1.0,
    }


def test_with_several_outputs_the_output_comes_first() -> None:
    inputs = layers.Input(shape=(1,))
    outputs = [layers.Dense(1, kernel_initializer="zeros", name=name)(inputs) for name in "ab"]
    model = pyengine.Model(inputs, outputs)
    model.compile("sgd", "mse", metrics={"a": "mse"}, weighted_metrics={"a": "mse", "b": "mse"})
    x, y = np.ones((2, 1)), np.array([1.0, 3.0])
    weights = {"a": np.array([1.0, 0.0])}
    logged = model.evaluate(x, [y, y], sample_weight=weights, return_dict=True)
    assert {name: logged[name] for name in ("a_mse", "a_weighted_mse", "b_mse")} == {
        "a_mse": 5.0,
        "a_weighted_mse": 1.0,
        "b_mse": 5.0,
    }


def test_a_metric_cannot_have_the_losss_name() -> None:
    with pytest.raises(ArgumentError, match="logged as 'loss'") as caught:
        zeros(metrics=[pyengine.metrics.MeanSquaredError(name="loss")])
    error = caught.value
    assert (error.where, error.argument) == ("model.compile", "metrics")
    assert error.expected
    assert error.fix


def test_a_number_is_given_only_where_it_is_free() -> None:
    named = pyengine.metrics.MeanAbsoluteError(name="mse_1")
    assert list(values(zeros(metrics=["mse", named, "mse"]))) == ["loss", "mse", "mse_1", "mse_2"]


def test_accuracy_is_logged_under_keras_name_and_found_under_that_of_tensorflow_js_too():
    model = pyengine.Sequential([pyengine.layers.Dense(2, activation="softmax", input_shape=(3,))])
    for name in ("accuracy", "acc"):
        model.compile("sgd", "categorical_crossentropy", metrics=[name])
        x, y = np.ones((4, 3)), np.eye(2)[[0, 1, 0, 1]]
        history = model.fit(x, y, validation_data=(x, y), verbose=0).history
        assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
        assert history["val_acc"] == history["val_accuracy"]


@pytest.mark.parametrize("name", ["val_loss", "val_mae", "val_acc"])
def test_a_metric_may_not_have_a_name_that_validation_logs(name):
    model = pyengine.Sequential([pyengine.layers.Dense(2, input_shape=(3,))])
    metrics = ["mae", "accuracy", pyengine.metrics.MeanSquaredError(name=name)]
    with pytest.raises(ArgumentError, match=f"^model.compile: metrics expects names .* but got '{name}'"):
        model.compile("sgd", "mse", metrics=metrics)


def test_a_metric_of_a_name_like_those_of_validation_is_logged():
    model = pyengine.Sequential([pyengine.layers.Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse", metrics=[pyengine.metrics.MeanSquaredError(name="val_error")])
    x, y = np.ones((4, 3)), np.ones((4, 2))
    history = model.fit(x, y, validation_data=(x, y), verbose=0).history
    assert list(history) == ["loss", "val_error", "val_loss", "val_val_error"]
