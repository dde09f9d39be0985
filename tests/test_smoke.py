"""The smoke test: in five seconds, whether anything at all is broken (`make quick`); `make test` begins with it.

Each test goes through every floor: layers, losses, metrics, optimizers, tracing, differentiation, fusion, planning,
the executors, the training loop.
"""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.executors import NumpyExecutor, default

EXECUTORS = ("numpy", "simd")


def images() -> tuple[np.ndarray, np.ndarray]:
    """64 images of 8 x 8 x 1, the upper half (class 0) or the lower half (class 1) brighter."""
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 2, 64)
    x = rng.uniform(0, 0.5, (64, 8, 8, 1)).astype("float32")
    for image, label in zip(x, classes, strict=True):
        image[4 * label : 4 * label + 4] += 0.5
    return x, classes


def convolutional() -> pyengine.Sequential:
    pyengine.set_random_seed(1)
    model = pyengine.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.1),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(pyengine.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def recurrent() -> pyengine.Sequential:
    pyengine.set_random_seed(2)
    model = pyengine.Sequential(
        [layers.LSTM(6, input_shape=(8, 8)), layers.LayerNormalization(), layers.Dense(2)]
    )
    loss = pyengine.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    return model


def test_every_module_can_be_imported() -> None:
    for module in pkgutil.walk_packages(pyengine.__path__, "pyengine."):
        importlib.import_module(module.name)


def test_a_network_learns_evaluates_and_predicts() -> None:
    x, classes = images()
    model = convolutional()
    history = model.fit(x, classes, batch_size=16, epochs=8, validation_split=0.25, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    loss, accuracy = model.evaluate(x, classes)
    probabilities = model.predict(x)
    assert accuracy == pytest.approx(np.mean(probabilities.argmax(-1) == classes))
    assert accuracy > 0.9
    assert loss == pytest.approx(-np.log(probabilities[np.arange(64), classes]).mean(), rel=1e-4)


@pytest.mark.parametrize("build", [convolutional, recurrent])
def test_the_executors_train_alike(build) -> None:
    x, classes = images()
    trained = {}
    for name in EXECUTORS:
        model = build()
        model.executor = NumpyExecutor() if name == "numpy" else default()
        assert model.executor.name == name
        inputs = x if build is convolutional else x[..., 0]
        history = model.fit(inputs, classes, epochs=2, verbose=0)
        trained[name] = (history.history["loss"], model.get_weights())
    assert trained["numpy"][0] == pytest.approx(trained["simd"][0], rel=1e-4)
    for reference, weights in zip(trained["numpy"][1], trained["simd"][1], strict=True):
        np.testing.assert_allclose(weights, reference, rtol=1e-3, atol=1e-4)


def test_the_same_seed_gives_the_same_bits() -> None:
    x, classes = images()
    trained = []
    for _ in range(2):
        model = convolutional()
        model.fit(x, classes, epochs=2, verbose=0)
        trained.append(model.get_weights())
    for first, second in zip(*trained, strict=True):
        np.testing.assert_array_equal(first, second)


def test_what_is_wrong_is_refused_in_words() -> None:
    model = convolutional()
    with pytest.raises(pyengine.errors.ShapeError, match="8, 8, 1"):
        model.predict(np.zeros((2, 5, 5, 1)))
    with pytest.raises(pyengine.errors.UnknownNameError, match="Did you mean 'adam'"):
        model.compile("adamm", "mse")
