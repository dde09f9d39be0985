"""Training runs on executors whose memory is not NumPy's and that must be awaited; every result is the same."""

import asyncio

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.callbacks import Callback, EarlyStopping
from pyengine.executors import NumpyExecutor
from tests.executors.apart import ApartExecutor

X = np.random.default_rng(1).normal(size=(50, 6)).astype("float32")
Y = np.eye(3, dtype="float32")[np.arange(50) % 3]


def network(executor, **compile_arguments):
    pyengine.set_random_seed(3)
    model = pyengine.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.executor = executor
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], **compile_arguments)
    return model


class Ear(Callback):
    """Hears everything, and looks at weights and at the optimizer each time."""

    def __init__(self, *hooks):
        self.heard = []
        for hook in hooks:
            setattr(self, hook, self.listen(hook))

    def listen(self, hook):
        def heard(*arguments):
            weights = [weight.copy() for weight in self.model.get_weights()]
            self.heard.append((hook, arguments[0], weights, int(self.model.optimizer.iterations)))

        return heard


def both(use):
    """What `use` gives on NumPy and on the executor apart."""
    apart = ApartExecutor()
    results = use(network(NumpyExecutor())), use(network(apart))
    assert apart.waits
    assert not apart.running
    return results


def assert_same(expected, got):
    assert type(expected) is type(got)
    if isinstance(expected, (list, tuple)):
        assert len(expected) == len(got)
        for one, other in zip(expected, got, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(expected, got)
    else:
        assert expected == got


def fit(model, **arguments):
    return model.fit(X, Y, batch_size=16, epochs=4, verbose=0, **arguments).history


@pytest.mark.parametrize("how", ["blocking", "awaited", "awaited after each batch"])
def test_a_fit_gives_the_same_history_and_weights(how):
    def use(model):
        if how == "blocking":
            history = fit(model, validation_split=0.2)
        else:
            pause = "auto" if how == "awaited" else "batch"
            history = asyncio.run(
                model.fit_async(
                    X, Y, batch_size=16, epochs=4, verbose=0, validation_split=0.2, yield_every=pause
                )
            ).history
        return [*history.items()], model.get_weights()

    assert_same(*both(use))


@pytest.mark.parametrize(
    "hook",
    ["on_train_batch_begin", "on_train_batch_end", "on_epoch_end", "on_test_end", "on_train_end", "on_yield"],
)
def test_every_hook_sees_the_weights_of_the_step_before_it(hook):
    def use(model):
        ear = Ear(hook)
        fit(model, callbacks=[ear], validation_data=(X, Y), yield_every="batch")
        return ear.heard

    expected, got = both(use)
    assert expected
    assert_same(expected, got)


def test_weights_that_a_hook_sets_are_those_of_the_next_step():
    class Halve(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.set_weights([weight / 2 for weight in self.model.get_weights()])
            self.model.optimizer.learning_rate = 0.01 / (batch + 1)

    def use(model):
        fit(model, callbacks=[Halve()])
        return model.get_weights()

    assert_same(*both(use))


def test_the_best_weights_are_put_back():
    def use(model):
        stop = EarlyStopping(monitor="loss", patience=0, restore_best_weights=True, baseline=0.1)
        history = fit(model, callbacks=[stop])
        return history["loss"], model.get_weights()

    assert_same(*both(use))


def test_evaluate_predict_and_single_batches_follow_a_training():
    def use(model):
        fit(model)
        weights = model.get_weights()
        results = [model.evaluate(X, Y, verbose=0), model.predict(X, batch_size=7, verbose=0)]
        results += [model.train_on_batch(X, Y), model.test_on_batch(X, Y), model.predict_on_batch(X)]
        model.set_weights(weights)
        return [*results, model.evaluate(X, Y, verbose=0)]

    assert_same(*both(use))


def test_a_dataset_trains_too():
    def use(model):
        batches = pyengine.data.Dataset.from_arrays(X, Y).batch(16)
        history = model.fit_dataset(batches, epochs=2, validation_data=batches, verbose=0).history
        return [*history.items()], model.get_weights()

    assert_same(*both(use))


def test_a_stop_leaves_no_run_behind():
    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    def use(model):
        history = fit(model, callbacks=[Stop()])
        return history["loss"], model.get_weights()

    assert_same(*both(use))


def test_a_loss_that_is_no_number_is_reported_where_it_appears():
    def use(model):
        model.optimizer.learning_rate = 1e30
        with pytest.warns(UserWarning, match="The loss became") as caught:
            fit(model)
        return [str(warning.message) for warning in caught]

    with np.errstate(all="ignore"):
        expected, got = both(use)
    assert_same(expected, got)
