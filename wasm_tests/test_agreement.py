"""The same training gives the same numbers in a page as in CPython, within 1e-5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import pyengine
from pyengine import layers, optimizers, regularizers
from wasm_tests import trainings
from wasm_tests.harness import BLANK, opened

TOLERANCE = 1e-5

LOAD_PYTHON = """async (source) => {
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  window.python = await loadPyodide({ indexURL: "/pyodide/" });
  await python.loadPackage("pyengine");
  python.FS.writeFile("trainings.py", source);
  python.runPython("import json, warnings, trainings; warnings.simplefilter('error')");
}"""
TRAIN = "(name) => JSON.parse(python.runPython(`json.dumps(trainings.TRAININGS['${name}']())`))"

TRAIN_IN_JAVASCRIPT = """async ({ x, y }) => {
  tf.setRandomSeed(31);
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 16, activation: "relu", kernelRegularizer: "l1l2", inputShape: [6] }));
  model.add(tf.layers.dropout({ rate: 0.25 }));
  model.add(tf.layers.dense({ units: 3, activation: "softmax", biasInitializer: "ones" }));
  model.compile({ optimizer: tf.train.adam(0.02), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const { history } = await model.fit(x, y, { epochs: 4, batchSize: 20, validationSplit: 0.25 });
  const outputs = await model.predict(tf.tensor2d(x.slice(0, 4))).data();
  return { ...history, outputs: Array.from(outputs) };
}"""


def train_in_python(x: np.ndarray, y: np.ndarray) -> trainings.Numbers:
    """What TRAIN_IN_JAVASCRIPT does, in Python's words."""
    pyengine.set_random_seed(31)
    model = pyengine.Sequential()
    # In JavaScript "l1l2" means 0.01 of each, as in TensorFlow.js.
    penalty = regularizers.L1L2(0.01, 0.01)
    model.add(layers.Dense(16, activation="relu", kernel_regularizer=penalty, input_shape=(6,)))
    model.add(layers.Dropout(0.25))
    model.add(layers.Dense(3, activation="softmax", bias_initializer="ones"))
    model.compile(optimizers.Adam(0.02), "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=4, batch_size=20, validation_split=0.25, verbose=0)
    logged = {name.replace("accuracy", "acc"): values for name, values in history.history.items()}
    return {**logged, "outputs": model.predict(x[:4]).ravel().tolist()}


@pytest.fixture(scope="module")
def python(browser: Browser, site_url: str) -> Iterator[Page]:
    """A page with Python and the wheel in it, without the JavaScript face."""
    with opened(browser, site_url) as (page, complaints):
        page.goto(BLANK)
        page.evaluate(LOAD_PYTHON, Path(trainings.__file__).read_text())
        yield page
        complaints.settle()


def assert_same(there: trainings.Numbers, here: trainings.Numbers) -> None:
    assert sorted(there) == sorted(here)
    for name, numbers in here.items():
        np.testing.assert_allclose(there[name], numbers, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize("name", trainings.TRAININGS)
def test_a_training_gives_the_same_numbers_in_the_pages_python(python: Page, name: str) -> None:
    assert_same(python.evaluate(TRAIN, name), trainings.TRAININGS[name]())


def test_a_training_written_in_javascript_gives_the_same_numbers(engine: Page) -> None:
    x, y = trainings.points()
    there = engine.evaluate(TRAIN_IN_JAVASCRIPT, {"x": x.tolist(), "y": y.tolist()})
    assert_same(there, train_in_python(x, y))


def test_another_seed_gives_other_numbers(engine: Page) -> None:
    """Else the tests above would compare trainings in which no seed had a say."""
    x, y = trainings.points()
    data = {"x": x.tolist(), "y": y.tolist()}
    one = engine.evaluate(TRAIN_IN_JAVASCRIPT, data)
    again = engine.evaluate(TRAIN_IN_JAVASCRIPT, data)
    other = engine.evaluate(TRAIN_IN_JAVASCRIPT.replace("setRandomSeed(31)", "setRandomSeed(32)"), data)
    assert one == again
    assert one["loss"] != other["loss"]
