"""`training=…` given when a layer is called on symbolic tensors belongs to the model for good."""

from __future__ import annotations

import numpy as np
import pytest

import pyengine
from pyengine import layers


def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, (64, 4)).astype("float32")


def base() -> pyengine.Model:
    i = layers.Input(shape=(4,))
    return pyengine.Model(i, layers.BatchNormalization()(i), name="base")


def transfer(training: bool | None, *, nested: bool = False) -> tuple[pyengine.Model, pyengine.Model]:
    """A model whose base is called in a mode, and the base."""
    inner = base()
    outer = inner
    if nested:
        j = layers.Input(shape=(4,))
        outer = pyengine.Model(j, inner(j), name="outer")
    i = layers.Input(shape=(4,))
    model = pyengine.Model(i, layers.Dense(1)(outer(i, training=training)))
    model.compile("sgd", "mse")
    return model, inner


def trained(model: pyengine.Model) -> None:
    model.fit(inputs(), np.zeros((64, 1)), epochs=2, verbose=0)


def moved(inner: pyengine.Model) -> bool:
    """Whether the moving mean has left its beginning."""
    return bool(np.any(inner.layers[-1].get_weights()[2] != 0))


@pytest.mark.parametrize("nested", [False, True])
def test_a_base_called_in_inference_mode_stays_in_it_also_when_thawed(nested: bool) -> None:
    model, inner = transfer(False, nested=nested)
    inner.trainable = False
    model.compile("sgd", "mse")
    trained(model)
    assert not moved(inner)
    inner.trainable = True
    model.compile("sgd", "mse")
    before = inner.layers[-1].get_weights()
    trained(model)
    gamma, _, mean, variance = inner.layers[-1].get_weights()
    assert np.any(gamma != before[0]), "it is thawed: its weights train"
    np.testing.assert_array_equal(mean, before[2])
    np.testing.assert_array_equal(variance, before[3])


def test_without_a_word_the_model_decides() -> None:
    model, inner = transfer(None)
    trained(model)
    assert moved(inner)


def test_a_layer_called_in_training_mode_draws_in_predict() -> None:
    i = layers.Input(shape=(100,))
    model = pyengine.Model(i, layers.Dropout(0.5, seed=1)(i, training=True))
    x = np.ones((2, 100), "float32")
    first, second = model.predict(x), model.predict(x)
    assert 60 < (first == 0).sum() < 140
    assert np.any(first != second), "each prediction draws anew"
    plain = pyengine.Model(i, layers.Dropout(0.5, seed=1)(i))
    np.testing.assert_array_equal(plain.predict(x), x)


def test_one_layer_may_be_called_in_both_modes() -> None:
    dropout = layers.Dropout(0.5, seed=3)
    i = layers.Input(shape=(50,))
    model = pyengine.Model(i, [dropout(i, training=True), dropout(i, training=False), dropout(i)])
    x = np.ones((1, 50), "float32")
    drawn, fixed, free = model.predict(x)
    assert np.any(drawn == 0)
    np.testing.assert_array_equal(fixed, x)
    np.testing.assert_array_equal(free, x)


def test_the_mode_is_kept_in_configurations() -> None:
    i = layers.Input(shape=(50,))
    model = pyengine.Model(i, layers.Dropout(0.5, seed=3)(i, training=True))
    again = pyengine.Model.from_config(model.get_config())
    assert np.any(again.predict(np.ones((1, 50), "float32")) == 0)


def test_a_layer_whose_call_has_no_mode_takes_the_word() -> None:
    i = layers.Input(shape=(4,))
    model = pyengine.Model(i, layers.Dense(2, kernel_initializer="ones")(i, training=True))
    np.testing.assert_array_equal(model.predict(np.ones((1, 4), "float32")), [[4, 4]])
