"""Losses: the numbers of Keras and of plain NumPy, gradients, weights, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import losses, ops
from pyengine.errors import ArgumentError, ShapeError, UnknownNameError
from pyengine.losses import LOSSES, Loss, LossFunction
from tests.cases.losses import CASES, chances, one_hot
from tests.cases.run import execute, finite_differences, gradients, traced
from tests.golden.load import load

GOLDEN = load("keras_losses")


def golden_name(row):
    return f"{row['loss']} {row['config'] or ''}"


def made(case):
    return getattr(losses, case.loss)(**case.config)


def test_every_loss_has_a_row_here_and_in_the_golden_file():
    classes = {loss.__name__ for loss in LOSSES.values()}
    assert {case.loss for case in CASES} == classes
    assert {row["loss"] for row in GOLDEN} == classes


@pytest.mark.parametrize("row", GOLDEN, ids=golden_name)
def test_the_value_and_the_gradient_are_those_of_keras(row):
    loss = getattr(losses, row["loss"])(**row["config"])
    weight = row["sample_weight"]
    np.testing.assert_allclose(
        loss(row["y_true"], row["y_pred"], sample_weight=weight), row["value"], rtol=2e-6, atol=2e-7
    )
    _, found = gradients(
        lambda y_pred: ops.sum(loss(row["y_true"], y_pred, sample_weight=weight)),
        ["y_pred"],
        y_pred=row["y_pred"],
    )
    np.testing.assert_allclose(found["y_pred"], row["gradient"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_sample_has_the_loss_of_the_formula(case):
    values = made(case).call(case.y_true, case.y_pred)
    expected = case.expected(case.y_true.astype(np.float64), case.y_pred.astype(np.float64))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_traced_loss_is_the_loss(case):
    loss = made(case)
    graph = traced(
        lambda y_true, y_pred: {"loss": loss(y_true, y_pred)}, y_true=case.y_true, y_pred=case.y_pred
    )
    assert graph.outputs["loss"].shape == ()
    step = execute(graph, y_true=case.y_true, y_pred=case.y_pred)
    np.testing.assert_array_equal(step["loss"], loss(case.y_true, case.y_pred))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_is_that_of_finite_differences(case):
    loss, y_pred = made(case), case.y_pred.astype(np.float64)
    _, found = gradients(lambda y_pred: loss(case.y_true, y_pred), ["y_pred"], y_pred=y_pred)
    graph = traced(lambda y_pred: {"loss": loss(case.y_true, y_pred)}, y_pred=y_pred)
    expected = finite_differences(lambda y_pred: execute(graph, y_pred=y_pred)["loss"], y_pred)
    np.testing.assert_allclose(found["y_pred"], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_loss_is_made_again_from_its_config(case):
    again = made(case).clone()
    assert again.get_config() == made(case).get_config()
    np.testing.assert_array_equal(again(case.y_true, case.y_pred), made(case)(case.y_true, case.y_pred))


# --- Names


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_found_by_name_in_every_spelling(name):
    from pyengine.names import camel

    assert type(losses.get(name)) is type(losses.get(camel(name))) is LOSSES[name]
    assert type(losses.get(LOSSES[name].__name__)) is LOSSES[name]
    assert type(losses.get(LOSSES[name])) is LOSSES[name]


def test_a_loss_may_be_a_config_an_object_or_nothing():
    assert losses.get({"class_name": "Huber", "config": {"delta": 0.5}}).delta == 0.5
    loss = losses.Huber()
    assert losses.get(loss) is loss
    assert losses.get(None) is None


def test_an_unknown_loss_comes_with_the_nearest_names():
    with pytest.raises(
        UnknownNameError, match=r"Unknown loss 'mean_sqared_error'. Did you mean 'mean_squared_"
    ):
        losses.get("mean_sqared_error")
    with pytest.raises(UnknownNameError, match=r"Unknown argument of Huber 'delt'. Did you mean 'delta'\?"):
        losses.get({"class_name": "Huber", "config": {"delt": 1}})
    with pytest.raises(UnknownNameError, match=r"Unknown reduction of MeanSquaredError 'average'"):
        losses.MeanSquaredError(reduction="average")
    with pytest.raises(ArgumentError, match=r"loss expects a name, an object or a function, but got `3`"):
        losses.get(3)


# --- Logits behind softmax and sigmoid


def ops_of(graph):
    return [node.op.name for node in graph.nodes]


@pytest.mark.parametrize(
    ("loss", "y_true"),
    [
        (losses.CategoricalCrossentropy(), one_hot(4, 3)),
        (losses.SparseCategoricalCrossentropy(), np.array([0, 1, 2, 0], np.int32)),
    ],
    ids=["categorical", "sparse"],
)
def test_probabilities_from_a_softmax_are_taken_as_logits(loss, y_true):
    x = np.float32([[90, -90, 0], [-60, 0, 60], [0, 0, 0], [1e4, 0, -1e4]])
    graph = traced(lambda x: {"loss": loss(y_true, ops.softmax(x))}, x=x)
    assert "log_softmax" in ops_of(graph)
    assert "clip" not in ops_of(graph)
    with_logits = type(loss)(from_logits=True)
    value, found = gradients(lambda x: loss(y_true, ops.softmax(x)), ["x"], x=x)
    expected_value, expected = gradients(lambda x: with_logits(y_true, x), ["x"], x=x)
    np.testing.assert_array_equal(value, expected_value)
    np.testing.assert_array_equal(found["x"], expected["x"])
    assert np.isfinite(found["x"]).all()


def test_probabilities_from_a_sigmoid_are_taken_as_logits():
    loss, y_true = losses.BinaryCrossentropy(), np.float32([[0, 1], [0, 1], [1, 0], [1, 0]])
    x = np.float32([[-90, 90], [90, -90], [40, -40], [0, 0]])
    value, found = gradients(lambda x: loss(y_true, ops.sigmoid(x)), ["x"], x=x)
    assert float(value) == pytest.approx((0 + 90 + 0 + np.log(2)) / 4, rel=1e-6)
    np.testing.assert_allclose(found["x"], (1 / (1 + np.exp(-x.astype("f8"))) - y_true) / 8, atol=1e-12)


def test_a_reshape_between_softmax_and_loss_is_looked_through():
    y_true, loss = one_hot(2, 2, 3), losses.CategoricalCrossentropy()
    graph = traced(lambda x: {"loss": loss(y_true, ops.reshape(ops.softmax(x), (2, 2, 3)))}, x=chances(4, 3))
    assert "log_softmax" in ops_of(graph)


def test_a_reshape_that_tears_a_softmax_apart_is_not_looked_through():
    y_true, loss = one_hot(2, 2), losses.CategoricalCrossentropy()
    x = chances(1, 4)
    graph = traced(lambda x: {"loss": loss(y_true, ops.reshape(ops.softmax(x), (2, 2)))}, x=x)
    assert "log_softmax" not in ops_of(graph)
    step = execute(graph, x=x)
    np.testing.assert_allclose(step["loss"], loss(y_true, ops.softmax(x).reshape(2, 2)), rtol=1e-6)


def test_a_softmax_over_another_axis_is_not_taken_for_logits():
    graph = traced(
        lambda x: {"loss": losses.CategoricalCrossentropy()(one_hot(4, 3), ops.softmax(x, axis=0))},
        x=chances(4, 3),
    )
    assert "log_softmax" not in ops_of(graph)


def test_a_model_that_ends_in_something_else_is_clipped():
    graph = traced(
        lambda x: {"loss": losses.BinaryCrossentropy()(one_hot(4, 3), ops.multiply(ops.sigmoid(x), 0.5))},
        x=chances(4, 3),
    )
    assert "clip" in ops_of(graph)


# --- Weights and reductions


VALUES = np.float32([1, 2, 3, 4])
WEIGHTS = np.float32([0, 1, 0.5, 2])


def per_sample(y_true, y_pred):
    return ops.subtract(y_pred, y_true)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 11.5 / 4),
        ("mean", 11.5 / 4),
        ("sum", 11.5),
        ("mean_with_sample_weight", 11.5 / 3.5),
        ("none", VALUES * WEIGHTS),
        (None, VALUES * WEIGHTS),
    ],
)
def test_weights_scale_each_sample_and_the_reduction_says_what_divides(reduction, expected):
    loss = LossFunction(per_sample, reduction=reduction)
    np.testing.assert_allclose(loss(np.zeros(4, "f4"), VALUES, sample_weight=WEIGHTS), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1), (2, 3), (2, 3, 1)])
def test_weights_may_come_per_sample_or_per_value(shape):
    y_true, y_pred = np.zeros((2, 3, 4), "f4"), np.ones((2, 3, 4), "f4")
    weight = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    full = np.broadcast_to(weight.reshape(2, -1), (2, 3))
    loss = losses.MeanSquaredError()(y_true, y_pred, sample_weight=weight)
    assert float(loss) == pytest.approx(full.mean())


@pytest.mark.parametrize("shape", [(3,), (4, 2), (4, 1, 2), (4, 1, 1)])
def test_weights_that_do_not_fit_are_refused(shape):
    with pytest.raises(
        ShapeError, match=r"^mean_squared_error: sample_weight .* per sample, shape \(4,\), but"
    ):
        losses.MeanSquaredError()(np.zeros((4, 2)), np.zeros((4, 2)), sample_weight=np.ones(shape))


def test_a_function_that_returns_one_number_is_the_loss_but_cannot_be_weighted():
    loss = losses.get(lambda y_true, y_pred: ops.mean(ops.square(ops.subtract(y_true, y_pred))))
    y_true, y_pred = np.zeros((4, 2), "f4"), np.full((4, 2), 3, "f4")
    assert float(loss(y_true, y_pred)) == 9
    with pytest.raises(ArgumentError, match=r"one number for the whole batch"):
        loss(y_true, y_pred, sample_weight=np.ones(4))


def test_a_function_gives_its_name_to_the_loss():
    assert losses.get(per_sample).name == "per_sample"
    assert LossFunction(per_sample, name="distance").name == "distance"
    assert losses.MeanSquaredError().name == "mean_squared_error"


# --- What is refused


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "words"),
    [
        (
            "mse",
            (4, 3),
            (4, 2),
            r"mean_squared_error: y_true expects shape \(4, 2\), as y_pred has, but got shape \(4, 3\)",
        ),
        ("mse", (5, 2), (4, 2), r"one target for each prediction"),
        ("cce", (4,), (4, 3), r"Class numbers as targets need sparse_categorical_crossentropy"),
        ("cce", (4, 1), (4, 3), r"make them one-hot, shape \(4, 3\)"),
        ("scce", (4, 3), (4, 3), r"One-hot targets need categorical_crossentropy"),
        ("scce", (5,), (4, 3), r"one class number for each row of scores, shape \(4,\)"),
        ("bce", (4, 2), (4, 1), r"let the model's last layer give \(2,\) values per sample"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(loss, y_true, y_pred, words):
    with pytest.raises(ShapeError, match=words):
        losses.get(loss)(np.zeros(y_true, "f4"), np.ones(y_pred, "f4"))


def test_settings_out_of_range_are_refused():
    with pytest.raises(ArgumentError, match=r"label_smoothing expects a number from 0 to 1, but got `1.5`"):
        losses.BinaryCrossentropy(label_smoothing=1.5)
    with pytest.raises(ArgumentError, match=r"the classes are on the last axis"):
        losses.SparseCategoricalCrossentropy(axis=1)


def test_a_class_of_ones_own_needs_only_call():
    class Distance(Loss):
        def call(self, y_true, y_pred):
            return ops.sum(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)

    assert float(losses.get(Distance)(np.zeros((2, 3), "f4"), np.ones((2, 3), "f4"))) == 3
    assert Distance().name == "distance"


def test_whole_number_targets_and_predictions_are_computed_in_floats():
    assert float(losses.MeanSquaredError()([[1]], [[4]])) == 9
    assert losses.MeanAbsoluteError()(np.zeros((2, 1), np.uint8), np.ones((2, 1), np.int64)).dtype == "f4"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_loss_of_float64_arrays_is_that_of_float32_as_in_keras(case):
    y_true = case.y_true.astype(np.float64) if case.y_true.dtype.kind == "f" else case.y_true
    loss = made(case)(y_true, case.y_pred.astype(np.float64), sample_weight=np.ones(len(y_true)))
    assert loss.dtype == np.float32
    np.testing.assert_array_equal(loss, made(case)(case.y_true, case.y_pred))


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum", np.log(2)),
        ("none", [0.0, np.log(2)]),
        ("sum_over_batch_size", np.log(2)),
        ("mean", np.log(2)),
        ("mean_with_sample_weight", np.log(2)),
    ],
)
def test_samples_of_an_ignored_class_do_not_count(reduction: str, expected: object) -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction=reduction)
    np.testing.assert_allclose(loss([-1, 0], [[0.5, 0.5], [0.5, 0.5]]), expected, rtol=1e-6)


def test_weights_of_an_ignored_class_do_not_count() -> None:
    y_true, y_pred = [-1, 0, 1], [[0.5, 0.5], [0.5, 0.5], [0.75, 0.25]]
    weights = np.float32([5, 1, 3])
    values = np.log(2), np.log(4)

    def of(reduction: str) -> object:
        loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction=reduction)
        return loss(y_true, y_pred, weights)

    np.testing.assert_allclose(of("sum"), values[0] + 3 * values[1], rtol=1e-6)
    np.testing.assert_allclose(of("none"), [0, values[0], 3 * values[1]], rtol=1e-6)
    np.testing.assert_allclose(of("mean_with_sample_weight"), (values[0] + 3 * values[1]) / 4, rtol=1e-6)
    # The whole sum over the batch, where those that count stand for the others too: as Keras.
    np.testing.assert_allclose(of("sum_over_batch_size"), (values[0] + 3 * values[1]) / 2, rtol=1e-6)
