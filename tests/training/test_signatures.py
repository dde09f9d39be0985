"""The calls of a model have the signatures that Keras documents, and say so."""

import asyncio
import inspect

import numpy as np
import pytest

import pyengine
from pyengine.bridge import calls
from pyengine.errors import ArgumentError, UnknownNameError

KERAS = {  # keras 3.15.1, in order
    "fit": "x y batch_size epochs verbose callbacks validation_split validation_data shuffle class_weight "
    "sample_weight initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq",
    "evaluate": "x y batch_size verbose sample_weight steps callbacks return_dict",
    "predict": "x batch_size verbose steps callbacks",
    "train_on_batch": "x y sample_weight class_weight return_dict",
    "test_on_batch": "x y sample_weight return_dict",
    "predict_on_batch": "x",
    "compile": "optimizer loss loss_weights metrics weighted_metrics",
}


def positional(function):
    return [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]


@pytest.fixture
def model():
    model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(2,), name="head")])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


X, Y = np.ones((10, 2), "float32"), np.ones((10, 1), "float32")


@pytest.mark.parametrize("name", KERAS)
def test_the_arguments_come_in_the_order_of_keras(model, name):
    assert positional(getattr(model, name)) == KERAS[name].split()


@pytest.mark.parametrize("name", ["fit", "fit_dataset", "evaluate", "evaluate_dataset", "predict"])
def test_the_call_to_await_has_the_same_signature_and_says_what_it_is(model, name):
    blocking, waiting = getattr(model, name), getattr(model, f"{name}_async")
    assert inspect.signature(waiting).parameters == inspect.signature(blocking).parameters
    assert waiting.__name__ == f"{name}_async"
    assert f"await model.{name}_async" in waiting.__doc__
    assert inspect.iscoroutinefunction(waiting)


def test_arguments_may_stand_in_their_places(model):
    history = model.fit(X, Y, 5, 3, 0)
    assert history.params["batch_size"] == 5
    assert history.epoch == [0, 1, 2]
    assert len(model.evaluate(X, Y, 5, 0)) == 2
    assert model.predict(X, 5, 0, 1).shape == (5, 1)
    assert asyncio.run(model.fit_async(X, Y, 5, 2, 0)).epoch == [0, 1]


def test_an_unknown_argument_is_refused_with_the_nearest_known_one(model):
    with pytest.raises(UnknownNameError, match=r"'epoch'\. Did you mean 'epochs'"):
        model.fit(X, Y, epoch=3)
    with pytest.raises(UnknownNameError, match="Did you mean 'batch_size'"):
        model.predict(X, batchsize=3)


def test_a_missing_argument_is_named(model):
    with pytest.raises(ArgumentError, match=r"model.fit: x expects a value, but got none") as caught:
        model.fit()
    assert "x=" in caught.value.fix
    with pytest.raises(ArgumentError, match="epochs"):
        model.fit_dataset(pyengine.data.Dataset.from_arrays(X, Y).batch(5))


def test_steps_of_predict_are_batches(model):
    np.testing.assert_array_equal(
        model.predict(X, batch_size=3, steps=2, verbose=0), model.predict(X, verbose=0)[:6]
    )


@pytest.mark.parametrize("given", [["accuracy"], "accuracy", [pyengine.metrics.MeanAbsoluteError()]])
def test_metrics_in_the_place_of_loss_weights_are_told_where_they_belong(model, given):
    with pytest.raises(ArgumentError, match="finite number") as caught:
        model.compile("sgd", "mse", given)
    assert "metrics=" in caught.value.fix


@pytest.mark.parametrize("given", [float("nan"), [None, 1.0], {"head": "much"}])
def test_loss_weights_are_finite_numbers_one_for_each_output(model, given):
    with pytest.raises(ArgumentError, match="loss_weights"):
        model.compile("sgd", "mse", loss_weights=given)


def test_javascript_has_the_names_of_tensorflow_js_too():
    given = calls.arguments_of("fit_dataset", {"batchesPerEpoch": 2, "validationBatches": 3})
    assert given == {"verbose": 0, "steps_per_epoch": 2, "validation_steps": 3}
    with pytest.raises(ArgumentError, match="two, the second as `stepsPerEpoch`"):
        calls.arguments_of("fit_dataset", {"batchesPerEpoch": 2, "stepsPerEpoch": 3})
    with pytest.raises(UnknownNameError):
        calls.arguments_of("fit", {"x": 2})
