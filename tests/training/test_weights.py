"""class_weight and sample_weight: what names a class is decided by the loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import layers, losses, ops
from pyengine.errors import ArgumentError, DataError, PyEngineError

CLASSES = np.array([0, 1, 2, 1, 0, 2])
STEPS = np.array([[0, 1], [2, 2], [1, 0]])


def model(loss: Any, units: int = 3, activation: str | None = "softmax", steps: int | None = None) -> Any:
    pyengine.set_random_seed(1)
    shape = (4,) if steps is None else (steps, 4)
    made = pyengine.Sequential([layers.Dense(units, activation=activation, input_shape=shape)])
    made.compile("sgd", loss)
    return made


def inputs(count: int, *more: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, *more, 4)).astype("f4")


def same_training(loss: Any, y: np.ndarray, class_weight: Any, weights: np.ndarray, **settings: Any) -> None:
    """Whether a class weight trains as the sample weights do that it stands for."""
    x = inputs(len(y), *([settings["steps"]] if "steps" in settings else []))
    first, second = model(loss, **settings), model(loss, **settings)
    expected = second.train_on_batch(x, y, sample_weight=weights)
    assert first.train_on_batch(x, y, class_weight=class_weight) == expected
    assert expected != model(loss, **settings).train_on_batch(x, y)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


FACTORS = {0: 1.0, 1: 5.0, 2: 0.0}
TABLE = np.array([1.0, 5.0, 0.0])
ONE_HOT = np.eye(3, dtype="f4")


@pytest.mark.parametrize("shape", [(6,), (6, 1)])
def test_class_numbers_of_the_sparse_loss_are_classes(shape: tuple[int, ...]) -> None:
    same_training("sparse_categorical_crossentropy", CLASSES.reshape(shape), FACTORS, TABLE[CLASSES])


def test_class_numbers_per_timestep_weigh_each_timestep() -> None:
    same_training("sparse_categorical_crossentropy", STEPS, FACTORS, TABLE[STEPS], steps=2)
    # As many timesteps as classes: the shape of one-hot rows, but class numbers all the same.
    square = np.array([[0, 1, 0], [2, 2, 1]])
    same_training("sparse_categorical_crossentropy", square, FACTORS, TABLE[square], steps=3)


def test_class_and_sample_weights_multiply_also_per_timestep() -> None:
    x, own = inputs(3, 2), np.array([1.0, 0.5, 2.0])
    first = model("sparse_categorical_crossentropy", steps=2)
    loss = first.train_on_batch(x, STEPS, sample_weight=own, class_weight=FACTORS)
    expected = model("sparse_categorical_crossentropy", steps=2).train_on_batch(
        x, STEPS, sample_weight=TABLE[STEPS] * own[:, None]
    )
    assert loss == expected


def test_one_hot_rows_are_classes_also_per_timestep() -> None:
    same_training("categorical_crossentropy", ONE_HOT[CLASSES], FACTORS, TABLE[CLASSES])
    same_training("categorical_crossentropy", ONE_HOT[STEPS], FACTORS, TABLE[STEPS], steps=2)


def test_zeros_and_ones_of_the_binary_loss_are_classes() -> None:
    y = np.array([[0], [1], [1]], "f4")
    same_training("bce", y, {0: 3.0, 1: 0.5}, np.array([3.0, 0.5, 0.5]), units=1, activation="sigmoid")


def test_signs_of_a_hinge_loss_are_classes() -> None:
    y = np.array([[-1], [1], [1]], "f4")
    same_training("hinge", y, {-1: 3.0, 1: 0.5}, np.array([3.0, 0.5, 0.5]), units=1, activation=None)


def test_an_ignored_class_needs_no_factor() -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    y = np.array([0, -1, 2, 1, -1, 2])
    same_training(loss, y, FACTORS, np.where(y < 0, 1.0, TABLE[y]))


def test_a_loss_of_ones_own_may_say_that_its_targets_are_classes() -> None:
    class Own(losses.Loss):
        targets = "classes"

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return losses.SparseCategoricalCrossentropy().call(y_true, y_pred)

    same_training(Own(), CLASSES, FACTORS, TABLE[CLASSES])


def mean_error(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)


SOFT = np.full((6, 3), 1 / 3, "f4")
SPARSE = {"loss": "sparse_categorical_crossentropy", "y": CLASSES}


@pytest.mark.parametrize(
    ("loss", "y", "class_weight", "error", "argument", "got"),
    [
        ("cce", SOFT, FACTORS, DataError, "class_weight", "in sample 0 of y"),
        ("cce", SOFT * 0, FACTORS, DataError, "class_weight", "`[0.0, 0.0, 0.0]` in sample 0 of y"),
        ("bce", ONE_HOT[CLASSES], FACTORS, ArgumentError, "class_weight", "3 yes-or-no answers per sample"),
        ("mse", SOFT, FACTORS, ArgumentError, "class_weight", "the loss MeanSquaredError"),
        (mean_error, SOFT, FACTORS, ArgumentError, "class_weight", "the loss mean_error"),
        ("scce", CLASSES, {0: -1.0}, ArgumentError, "class_weight", "`-1.0` for class 0"),
        ("scce", CLASSES, {0: np.nan}, ArgumentError, "class_weight", "`nan` for class 0"),
        ("scce", CLASSES, {0: 1e39}, ArgumentError, "class_weight", "`1e+39` for class 0"),
        ("scce", CLASSES, {1: "2"}, ArgumentError, "class_weight", "`'2'` for class 1"),
        ("scce", CLASSES, {0.5: 1.0}, ArgumentError, "class_weight", "`0.5`"),
        ("scce", CLASSES, {"cat": 1.0}, ArgumentError, "class_weight", "`'cat'`"),
        ("scce", CLASSES, {3: 1.0}, DataError, "class_weight", "class 3"),
        ("scce", CLASSES, [1.0, 5.0, 0.0], ArgumentError, "class_weight", "`[1.0, 5.0, 0.0]`"),
        ("scce", CLASSES, {0: 1.0, 1: 2.0}, DataError, "class_weight", "none for class 2"),
    ],
)  # fmt: skip
def test_class_weights_without_meaning_are_refused(
    loss: Any, y: np.ndarray, class_weight: Any, error: type[PyEngineError], argument: str, got: str
) -> None:
    made = model(loss, activation="sigmoid" if loss == "bce" else "softmax")
    before = made.get_weights()
    for train in (made.train_on_batch, made.fit):
        with pytest.raises(error) as raised:
            train(inputs(6), y, class_weight=class_weight)
        assert raised.value.argument == argument
        assert got in raised.value.got
    for a, b in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_that_overflow_together_are_refused() -> None:
    made = model("scce")
    with pytest.raises(
        DataError, match=r"sample_weight · class_weight expects weights .* got `inf` in sample 1"
    ):
        made.train_on_batch(
            inputs(6), CLASSES, sample_weight=np.full(6, 1e30), class_weight={0: 1.0, 1: 1e30, 2: 1.0}
        )


def test_an_output_of_several_has_class_weights_by_name() -> None:
    x = layers.Input((4,))
    made = pyengine.Model(x, [layers.Dense(3, "softmax", name="kind")(x), layers.Dense(1, name="size")(x)])
    made.compile("sgd", ["scce", "mse"])
    y = [CLASSES, np.ones(6)]
    loss = made.test_on_batch(inputs(6), y, sample_weight={"kind": TABLE[CLASSES]})
    assert made.train_on_batch(inputs(6), y, class_weight={"kind": FACTORS}) == loss
    with pytest.raises(
        ArgumentError, match=r"class_weight\['size'\] expects a loss whose targets name one class"
    ):
        made.fit(inputs(6), y, class_weight={"size": FACTORS}, verbose=0)
    with pytest.raises(
        ArgumentError, match="a map by output name, since the model has the outputs kind, size"
    ):
        made.fit(inputs(6), y, class_weight=FACTORS, verbose=0)
