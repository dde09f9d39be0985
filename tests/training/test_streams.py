"""fit, evaluate and predict take what comes batch by batch: generators, Datasets, PyDatasets."""

import threading
import time

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.data import Dataset
from pyengine.errors import ArgumentError, DataError
from pyengine.utils import PyDataset

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


def network(built=True):
    pyengine.set_random_seed(2)
    model = pyengine.Sequential([layers.Dense(4, activation="tanh"), layers.Dense(1)])
    if built:
        model.build((None, 3))
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def batches(count=None):
    number = 0
    while count is None or number < count:
        begin = number * 8 % 40
        yield X[begin : begin + 8], Y[begin : begin + 8]
        number += 1


class Batches(PyDataset):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.asked, self.passes, self.threads = [], 0, set()

    def __len__(self):
        return 5

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.current_thread().name)
        return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]

    def on_epoch_end(self):
        self.passes += 1


def whole(model, **arguments):
    return model.fit(X, Y, batch_size=8, shuffle=False, verbose=0, **arguments).history


@pytest.mark.parametrize("built", [True, False])
def test_a_generator_trains_as_the_arrays_do_and_loses_no_batch(built):
    expected = whole(network(), epochs=3)
    history = network(built).fit(batches(), epochs=3, steps_per_epoch=5, verbose=0).history
    assert history == expected


def test_a_generator_that_ends_gives_its_epoch():
    expected = whole(network())
    assert network().fit(batches(5), verbose=0).history == expected


def test_a_dataset_trains_evaluates_and_predicts():
    dataset = Dataset.from_arrays(X, Y).batch(8)
    model, other = network(), network()
    assert model.fit(dataset, epochs=2, validation_data=dataset, verbose=0).history == whole(
        other, epochs=2, validation_data=(X, Y), validation_batch_size=8
    )
    assert model.evaluate(dataset, verbose=0) == other.evaluate(X, Y, batch_size=8, verbose=0)
    np.testing.assert_array_equal(
        model.predict(dataset, verbose=0), other.predict(X, batch_size=8, verbose=0)
    )


def test_predict_takes_inputs_alone_and_a_limit():
    model = network()
    expected = model.predict(X, batch_size=8, verbose=0)
    np.testing.assert_array_equal(model.predict((x for x, _ in batches(5)), verbose=0), expected)
    np.testing.assert_array_equal(model.predict(batches(), steps=2, verbose=0), expected[:16])
    np.testing.assert_array_equal(network(False).predict(batches(5), verbose=0), expected)


@pytest.mark.parametrize("settings", [{}, {"workers": 3}, {"workers": 3, "max_queue_size": 1}])
def test_a_py_dataset_trains_in_order_with_any_number_of_workers(settings):
    dataset = Batches(**settings)
    history = network().fit(dataset, epochs=2, shuffle=False, validation_data=Batches(), verbose=0).history
    assert history == whole(network(), epochs=2, validation_data=(X, Y), validation_batch_size=8)
    assert sorted(dataset.asked) == sorted([*range(5)] * 2)
    assert dataset.passes == 2
    assert all(name.startswith("pyengine-data") for name in dataset.threads) == (settings != {})


def test_a_py_dataset_is_shuffled_by_batches():
    dataset = Batches()
    network().fit(dataset, epochs=2, verbose=0)
    first, second = dataset.asked[:5], dataset.asked[5:]
    assert sorted(first) == sorted(second) == [*range(5)]
    assert first != second


class Slow(Batches):
    def __getitem__(self, index):
        time.sleep(0.05)
        return super().__getitem__(index)


def test_workers_make_batches_at_the_same_time():
    together = Slow(workers=5)
    seen = set()

    class Peek(pyengine.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 0:
                seen.add(len(together.asked))

    network().fit(together, verbose=0, callbacks=[Peek()])
    assert max(seen) > 1, "only one batch was made before the first step"


def test_processes_make_the_same_batches():
    history = (
        network()
        .fit(Batches(workers=2, use_multiprocessing=True), epochs=2, shuffle=False, verbose=0)
        .history
    )
    assert history == whole(network(), epochs=2)


def test_an_endless_py_dataset_needs_steps():
    class Endless(Batches):
        num_batches = None

        def __getitem__(self, index):
            return super().__getitem__(index % 5)

    assert network().fit(Endless(), epochs=2, steps_per_epoch=5, verbose=0).history == whole(
        network(), epochs=2
    )


def test_a_batch_that_fails_says_so_and_frees_the_model():
    class Broken(Batches):
        def __getitem__(self, index):
            if index == 3:
                raise OSError("no such picture")
            return super().__getitem__(index)

    model = network()
    for workers in (1, 3):
        with pytest.raises(OSError, match="no such picture"):
            model.fit(Broken(workers=workers), verbose=0)
    assert model.fit(Batches(), verbose=0).epoch == [0]


@pytest.mark.parametrize("settings", [{"workers": -1}, {"workers": 1.5}, {"max_queue_size": 0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ArgumentError, match="whole number"):
        Batches(**settings)


def test_a_generator_of_something_else_is_refused_with_the_batch():
    with pytest.raises(DataError, match=r"pairs \(x, y\)"):
        network().fit((X for _ in range(2)), verbose=0)
