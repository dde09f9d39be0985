"""Small trainings from fixed seeds, run alike by CPython and by the Python in a page (see test_agreement.py).

Each gives its numbers by name. Data come from NumPy's seeded generator, whose bits are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import pyengine
from pyengine import callbacks, layers, optimizers
from pyengine.data import Dataset

Numbers = dict[str, list[float]]
EPOCHS = 4


def points(count: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """(count, 6) points and their class among three, one-hot: (count, 3)."""
    random = np.random.default_rng(11)
    x = random.normal(size=(count, 6)).astype("float32")
    return x, np.eye(3, dtype="float32")[(x @ random.normal(size=(6, 3))).argmax(1)]


def images(count: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """(count, 8, 8, 1) images with a bar that stands or lies, and which: (count,)."""
    random = np.random.default_rng(12)
    x = random.uniform(0, 0.5, (count, 8, 8, 1)).astype("float32")
    lies = random.integers(0, 2, count)
    for image, is_lying, place in zip(x, lies, random.integers(0, 8, count), strict=True):
        image[(place, slice(None)) if is_lying else (slice(None), place)] += 0.5
    return x, lies


def perceptron() -> Numbers:
    """Dropout, shuffling, validation from a split, L2, a metric."""
    x, y = points()
    pyengine.set_random_seed(21)
    model = pyengine.Sequential(
        [
            layers.Dense(16, activation="relu", kernel_regularizer="l2", input_shape=(6,)),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=EPOCHS, batch_size=20, validation_split=0.25, verbose=0)
    return {**history.history, "outputs": model.predict(x[:4]).ravel().tolist()}


def convolutions() -> Numbers:
    """Convolutions, batch normalization with its moving statistics, pooling; momentum; labels as numbers."""
    x, y = images()
    pyengine.set_random_seed(22)
    model = pyengine.Sequential(
        [
            layers.Conv2D(4, 3, padding="same", input_shape=(8, 8, 1)),
            layers.BatchNormalization(momentum=0.8),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.DepthwiseConv2D(2, activation="tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=EPOCHS, batch_size=16, validation_data=(x, y), verbose=0)
    return {**history.history, "moving_mean": model.layers[1].get_weights()[2].tolist()}


def words() -> Numbers:
    """Embeddings, a binary loss, class weights, RMSprop with a schedule of rates."""
    random = np.random.default_rng(13)
    x = random.integers(0, 30, (80, 7))
    y = (x < 8).any(1).astype("float32")
    pyengine.set_random_seed(23)
    model = pyengine.Sequential(
        [
            layers.Embedding(30, 5, input_shape=(7,)),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizers.RMSprop(0.01), "binary_crossentropy", metrics=["accuracy"])
    halving = callbacks.LearningRateScheduler(lambda epoch: 0.01 / 2**epoch)
    history = model.fit(
        x, y, epochs=EPOCHS, batch_size=16, class_weight={0: 1.0, 1: 0.5}, callbacks=halving, verbose=0
    )
    return history.history


def two_outputs() -> Numbers:
    """One trunk, two heads with weighted losses; sample weights; epochs after a first fit."""
    x, y = points()
    size = np.linalg.norm(x, axis=1, keepdims=True)
    pyengine.set_random_seed(24)
    inputs = pyengine.Input((6,), name="point")
    trunk = layers.Dense(12, activation="tanh")(inputs)
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.LayerNormalization()(trunk))
    length = layers.Dense(1, name="length")(layers.Concatenate()([trunk, inputs]))
    model = pyengine.Model(inputs, [kind, length])
    model.compile(
        "nadam",
        {"kind": "categorical_crossentropy", "length": "mse"},
        metrics={"kind": "accuracy", "length": "mae"},
        loss_weights={"kind": 1.0, "length": 0.25},
    )
    targets = {"kind": y, "length": size}
    weights = np.linspace(0.5, 1.5, len(x)).astype("float32")
    model.fit(x, targets, epochs=1, batch_size=32, verbose=0)
    history = model.fit(
        x, targets, epochs=EPOCHS, initial_epoch=1, batch_size=32, sample_weight=weights, verbose=0
    )
    return history.history


def stream() -> Numbers:
    """A shuffled dataset, batched, with early stopping that puts the best weights back."""
    x, y = points()
    pyengine.set_random_seed(25)
    model = pyengine.Sequential(
        [layers.Dense(8, activation="tanh", input_shape=(6,)), layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizers.Adam(0.1), "categorical_crossentropy", metrics=["accuracy"])
    rows = Dataset.from_arrays({"xs": x[:72], "ys": y[:72]}).shuffle(30, seed=3).batch(16)
    stopping = callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    history = model.fit_dataset(
        rows, epochs=6 * EPOCHS, validation_data=(x[72:], y[72:]), callbacks=stopping, verbose=0
    )
    return {**history.history, "weights": np.concatenate([w.ravel() for w in model.get_weights()]).tolist()}


TRAININGS: dict[str, Callable[[], Numbers]] = {
    function.__name__: function for function in (perceptron, convolutions, words, two_outputs, stream)
}
