"""Metrics: the numbers of Keras and of plain NumPy, sums that add up over batches, names in logs."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import losses, metrics, ops
from pyengine.errors import ArgumentError, ShapeError, UnknownNameError
from pyengine.graph import Variable
from pyengine.losses import LOSSES
from pyengine.metrics import METRICS, FunctionMetric, LossMetric, MeanMetric, Metric
from pyengine.names import camel
from tests.cases.losses import uniform
from tests.cases.metrics import CASES
from tests.cases.run import execute, traced
from tests.golden.load import load

GOLDEN = load("keras_metrics")
WEIGHT = uniform(12, seed=11, low=0, high=2)


def made(case):
    return getattr(metrics, case.metric)(**case.config)


def truth(case, weight):
    return case.expected(case.y_true.astype("f8"), case.y_pred.astype("f8"), weight.astype("f8"))


def test_every_metric_has_a_row():
    assert {case.metric for case in CASES} == {metric.__name__ for metric in METRICS.values()} | {"Accuracy"}


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['metric']} {row['config'] or ''}")
def test_results_are_those_of_keras_after_every_batch(row):
    metric = getattr(metrics, row["metric"])(**row["config"])
    for update, expected in zip(row["updates"], row["results"], strict=True):
        result = metric(update["y_true"], update["y_pred"], sample_weight=update["sample_weight"])
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_value_is_that_of_the_definition(case):
    result = made(case)(case.y_true, case.y_pred)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, truth(case, np.ones(12)), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weights_count_samples_several_times(case):
    result = made(case)(case.y_true, case.y_pred, sample_weight=WEIGHT)
    np.testing.assert_allclose(result, truth(case, WEIGHT), rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contributions_of_batches_add_up_to_those_of_the_whole(case):
    metric = made(case)
    whole = metric.contributions(case.y_true, case.y_pred, WEIGHT)
    cuts = [slice(0, 5), slice(5, 11), slice(11, 12)]
    parts = [metric.contributions(case.y_true[c], case.y_pred[c], WEIGHT[c]) for c in cuts]
    for total, *pieces in zip(whole, *parts, strict=True):
        assert all(np.shape(piece) == np.shape(total) for piece in pieces)
        np.testing.assert_allclose(sum(pieces), total, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_totals_in_variables_give_the_same_in_a_step(case, weighted):
    metric = made(case)
    given = {"y_true": case.y_true, "y_pred": case.y_pred} | ({"weight": WEIGHT} if weighted else {})
    start = metric.contributions(case.y_true, case.y_pred, WEIGHT if weighted else None)
    totals = [Variable(np.zeros(np.shape(part)), name=f"total_{i}") for i, part in enumerate(start)]

    def step(y_true, y_pred, weight=None):
        parts = metric.contributions(y_true, y_pred, weight)
        now = [total.assign_add(part) for total, part in zip(totals, parts, strict=True)]
        return {"value": metric.compute(*now)}

    outputs = execute(traced(step, **given), **given)
    expected = metric(*given.values())
    assert outputs["value"].shape == expected.shape
    np.testing.assert_allclose(outputs["value"], expected, rtol=1e-6)
    for total, part in zip(totals, start, strict=True):
        np.testing.assert_allclose(total.value, part, rtol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_metric_is_made_again_from_its_config_without_its_state(case):
    metric = made(case)
    first = metric(case.y_true, case.y_pred)
    again = metric.clone()
    assert again.get_config() == metric.get_config()
    assert again.result() == 0
    np.testing.assert_array_equal(again(case.y_true, case.y_pred), first)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_value_of_float64_arrays_is_that_of_float32_as_in_keras(case):
    y_true = case.y_true.astype(np.float64) if case.y_true.dtype.kind == "f" else case.y_true
    result = made(case)(y_true, case.y_pred.astype(np.float64), sample_weight=np.ones(12))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, made(case)(case.y_true, case.y_pred), rtol=1e-6)


def test_reset_forgets_what_was_seen():
    metric = metrics.BinaryAccuracy()
    assert metric([[1]], [[0.1]]) == 0
    metric.reset_state()
    assert metric([[1]], [[0.9]]) == 1


# --- What 'accuracy' means


@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
@pytest.mark.parametrize(
    ("loss", "shape", "kind"),
    [
        ("mse", (None, 1), "BinaryAccuracy"),
        ("sparseCategoricalCrossentropy", (None, 1), "BinaryAccuracy"),
        ("binaryCrossentropy", (None, 4), "BinaryAccuracy"),
        (losses.BinaryCrossentropy(from_logits=True), (None, 4), "BinaryAccuracy"),
        ("scce", (None, 4), "SparseCategoricalAccuracy"),
        ("cce", (None, 4), "CategoricalAccuracy"),
        ("mse", (None, 4), "CategoricalAccuracy"),
        (lambda y_true, y_pred: y_true, (None, 4), "CategoricalAccuracy"),
        (None, None, "CategoricalAccuracy"),
    ],
)
def test_accuracy_is_chosen_by_loss_and_shape_and_logged_as_accuracy(name, loss, shape, kind):
    metric = metrics.get(name, loss=loss, output_shape=shape)
    assert (type(metric).__name__, metric.name) == (kind, "accuracy")


@pytest.mark.parametrize(
    ("loss", "shape", "kind"),
    [
        ("bce", (None, 2), "BinaryCrossentropy"),
        ("scce", (None, 2), "SparseCategoricalCrossentropy"),
        ("cce", (None, 2), "CategoricalCrossentropy"),
    ],
)
def test_crossentropy_is_chosen_in_the_same_way(loss, shape, kind):
    metric = metrics.get("crossentropy", loss=loss, output_shape=shape)
    assert (type(metric).__name__, metric.name) == (kind, "crossentropy")


# --- Names


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_found_in_every_spelling_and_logged_as_it_was_asked_for(name):
    for spelling in (name, camel(name), METRICS[name].__name__):
        metric = metrics.get(spelling)
        assert type(metric) is METRICS[name]
        assert metric.name == spelling


def test_every_loss_is_a_metric():
    for name in LOSSES:
        assert metrics.get(name).name == name
    metric = metrics.get("huber")
    assert isinstance(metric, LossMetric)
    y_true, y_pred = np.float32([[0], [0]]), np.float32([[1], [3]])
    assert metric(y_true, y_pred) == losses.Huber()(y_true, y_pred)


def test_a_metric_may_be_a_config_an_object_a_class_or_a_loss():
    assert metrics.get({"class_name": "Precision", "config": {"name": "precise"}}).name == "precise"
    assert type(metrics.get({"class_name": "Accuracy", "config": {}})) is metrics.Accuracy
    metric = metrics.AUC()
    assert metrics.get(metric) is metric
    assert metrics.get(metrics.Recall).name == "recall"
    assert metrics.get(losses.Huber(name="robust")).name == "robust"


def test_an_unknown_metric_comes_with_the_nearest_names():
    with pytest.raises(UnknownNameError, match=r"Unknown metric 'acuracy'. Did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(ArgumentError, match=r"metric expects a name, an object or a function, but got `7`"):
        metrics.get(7)


# --- Functions


def largest(y_true, y_pred):
    return ops.max(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)


def test_a_function_of_samples_is_averaged_under_its_name():
    metric = metrics.get(largest)
    assert isinstance(metric, FunctionMetric)
    assert metric.name == "largest"
    metric.update_state(np.zeros((2, 2), "f4"), np.float32([[1, 2], [4, 1]]))
    assert metric(np.zeros((1, 2), "f4"), np.float32([[9, 0]])) == 5
    weighted = metrics.get(largest)(
        np.zeros((2, 2), "f4"), np.float32([[1, 2], [4, 1]]), sample_weight=np.float32([3, 1])
    )
    assert weighted == 2.5


def test_a_function_that_gives_one_number_counts_for_each_sample_of_its_batch():
    metric = metrics.get(lambda y_true, y_pred: ops.max(y_pred))
    metric.update_state(np.zeros((3, 1), "f4"), np.float32([[1], [2], [1]]))
    assert metric(np.zeros((1, 1), "f4"), np.float32([[6]])) == (3 * 2 + 6) / 4
    with pytest.raises(ArgumentError, match=r"one number for the whole batch"):
        metric(np.zeros((3, 1), "f4"), np.ones((3, 1), "f4"), sample_weight=np.ones(3, "f4"))


def test_a_class_of_ones_own_needs_only_values():
    class Bias(MeanMetric):
        def values(self, y_true, y_pred):
            return ops.mean(ops.subtract(y_pred, y_true), axis=-1)

    assert Bias().name == "bias"
    assert Bias()(np.zeros((2, 2), "f4"), np.float32([[1, 1], [2, 4]])) == 2


# --- Edges


def test_nothing_positive_gives_zero_and_not_nan():
    nothing = np.zeros((3, 1), "f4")
    for metric in (metrics.Precision(), metrics.Recall(), metrics.AUC(), metrics.AUC(curve="PR")):
        assert metric(nothing, nothing) == 0, metric


def test_weights_of_zero_give_zero():
    assert metrics.MeanSquaredError()([[1.0]], [[3.0]], sample_weight=[0.0]) == 0


def test_the_area_under_the_curve_has_its_lower_and_upper_sums():
    case = next(case for case in CASES if case.metric == "AUC")
    low, middle, high = (
        float(metrics.AUC(20, curve="PR", summation_method=method)(case.y_true, case.y_pred))
        for method in ("minoring", "interpolation", "majoring")
    )
    assert low < middle < high


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: metrics.Precision(thresholds=1.5),
            r"precision: thresholds expects a number from 0 to 1, or a list of them, but got `1.5`",
        ),
        (
            lambda: metrics.TopKCategoricalAccuracy(k=0),
            r"k expects a whole number of at least 1, but got `0`",
        ),
        (
            lambda: metrics.AUC(num_thresholds=1),
            r"num_thresholds expects a whole number of at least 2, but got `1`",
        ),
        (lambda: metrics.AUC(curve="RPC"), r"Unknown curve of AUC 'RPC'. Did you mean"),
    ],
)
def test_settings_out_of_range_are_refused(make, words):
    with pytest.raises((ArgumentError, UnknownNameError), match=words):
        make()


def test_shapes_that_do_not_fit_are_explained():
    with pytest.raises(ShapeError, match=r"accuracy: y_true expects one class number for each row of scores"):
        metrics.get("acc", loss="scce", output_shape=(None, 3))(np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(ShapeError, match=r"accuracy: y_true expects shape .* as y_pred has, .*Class numbers"):
        metrics.get("acc")(np.zeros(4), np.zeros((4, 3)))


def test_what_a_metric_must_give_is_said():
    with pytest.raises(NotImplementedError):
        Metric().contributions([1], [1])


def test_samples_that_a_loss_ignores_do_not_count_in_its_metric() -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    chances = [[0.5, 0.5], [0.5, 0.5], [0.75, 0.25]]
    metric = LossMetric(loss)
    np.testing.assert_allclose(metric([-1, 0, 1], chances), (np.log(2) + np.log(4)) / 2, rtol=1e-6)
    metric.reset_state()
    weights = np.float32([5, 1, 3])
    np.testing.assert_allclose(
        metric([-1, 0, 1], chances, weights), (np.log(2) + 3 * np.log(4)) / 4, rtol=1e-6
    )
