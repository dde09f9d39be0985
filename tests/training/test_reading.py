"""An unfinished evaluate or predict reads the weights of the moment when it was begun, whatever changes them."""

from __future__ import annotations

import asyncio
import gc

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.graph.variable import READERS
from tests.executors.apart import ApartExecutor

ROWS, WIDTH = 1003, 16  # the last batch is planned on its own, after the weights have changed


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(ROWS, WIDTH)).astype("float32")


def new_model(seed: int = 1) -> pyengine.Sequential:
    pyengine.set_random_seed(seed)
    model = pyengine.Sequential(
        [
            layers.Dense(32, activation="tanh", input_shape=(WIDTH,)),
            layers.BatchNormalization(),
            layers.Dense(3),
        ]
    )
    model.compile("sgd", "mse")
    return model


def begun(model: pyengine.Sequential, kind: str, *data: np.ndarray) -> pyengine.training.Job:
    """A job that has done some batches, and stands still."""
    job = model.job(kind, *data, batch_size=50, verbose=0, yield_every="batch")
    for _ in range(3):
        assert not job.run(0)
    return job


def train(model: pyengine.Sequential, x: np.ndarray) -> None:
    model.fit(x, np.ones((ROWS, 3)), epochs=1, verbose=0)


def train_on_batch(model: pyengine.Sequential, x: np.ndarray) -> None:
    model.train_on_batch(x[:8], np.ones((8, 3)))


def set_weights(model: pyengine.Sequential, x: np.ndarray) -> None:
    model.set_weights([np.zeros(weight.shape) for weight in model.weights])


def set_variable(model: pyengine.Sequential, x: np.ndarray) -> None:
    model.weights[0].set(np.zeros(model.weights[0].shape))


def train_another_model_of_the_same_layers(model: pyengine.Sequential, x: np.ndarray) -> None:
    other = pyengine.Sequential([model, layers.Dense(3)])
    other.compile("sgd", "mse")
    train(other, x)


CHANGES = [train, train_on_batch, set_weights, set_variable, train_another_model_of_the_same_layers]


@pytest.mark.parametrize("change", CHANGES)
def test_predictions_are_those_of_the_weights_when_predict_was_called(change, x):
    model = new_model()
    expected = model.predict(x, verbose=0)
    job = begun(model, "predict", x)
    change(model, x)
    np.testing.assert_array_equal(job.finish(), expected)
    assert not np.array_equal(model.predict(x, verbose=0), expected)


@pytest.mark.parametrize("change", CHANGES)
def test_an_evaluation_is_that_of_the_weights_when_it_was_called(change, x):
    model, y = new_model(), np.ones((ROWS, 3))
    expected = model.evaluate(x, y, batch_size=50, verbose=0)
    job = begun(model, "evaluate", x, y)
    change(model, x)
    assert job.finish() == expected
    assert model.evaluate(x, y, batch_size=50, verbose=0) != expected


def test_predictions_inside_a_step_go_on_from_there(x):
    model = new_model()
    expected = model.predict(x, batch_size=ROWS, verbose=0)
    job = model.job("predict", x, batch_size=ROWS, verbose=0, yield_every=0)
    (steps,) = model._steps["predict"]
    (step,) = steps.kept.values()
    while step.whole:
        assert not job.run(0)
    set_weights(model, x)
    np.testing.assert_array_equal(job.finish(), expected)


def test_a_prediction_and_a_fit_side_by_side_do_not_mix(x):
    model = new_model()
    expected = model.predict(x, verbose=0)

    async def both() -> np.ndarray:
        predicting = model.predict_async(x, verbose=0, batch_size=10, yield_every="batch")
        training = model.fit_async(x, np.ones((ROWS, 3)), epochs=2, verbose=0, yield_every="batch")
        predictions, _ = await asyncio.gather(predicting, training)
        return predictions

    np.testing.assert_array_equal(asyncio.run(both()), expected)


def test_a_prediction_begun_within_a_fit_reads_the_weights_of_that_moment(x):
    model, seen = new_model(), []

    def begin(batch, logs):
        if batch == 5:
            seen.append((model.predict(x, verbose=0), begun(model, "predict", x)))

    callback = pyengine.callbacks.LambdaCallback(on_train_batch_end=begin)
    model.fit(x, np.ones((ROWS, 3)), epochs=1, verbose=0, callbacks=[callback])
    ((expected, job),) = seen
    np.testing.assert_array_equal(job.finish(), expected)


def test_nothing_is_copied_for_a_model_that_shares_no_weights(x):
    model, other = new_model(), new_model(2)
    job = begun(model, "predict", x)
    train(other, x)
    (reader,) = [reader for reader in READERS if reader.model is model]
    assert not reader.copies
    job.finish()


def test_nothing_is_kept_of_work_that_has_ended(x):
    gc.collect()
    model = new_model()
    job = begun(model, "predict", x)
    train(model, x)
    job.finish()
    assert not [reader for reader in READERS if reader.model is model]
    builds = model.builds
    model.predict(x, batch_size=50, verbose=0)
    assert model.builds > builds, "steps that read copies are not used again"


def test_executors_with_memory_of_their_own_keep_to_it(x):
    model = new_model()
    expected = model.predict(x, verbose=0)
    model.forget_steps()
    model.executor = ApartExecutor()

    async def change_meanwhile() -> np.ndarray:
        predicting = asyncio.ensure_future(
            model.predict_async(x, batch_size=50, verbose=0, yield_every="batch")
        )
        while model.executor.waits < 12:
            await asyncio.sleep(0)
        assert not predicting.done()
        set_weights(model, x)
        return await predicting

    np.testing.assert_allclose(asyncio.run(change_meanwhile()), expected, atol=1e-6)
