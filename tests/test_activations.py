"""Activations: the numbers of Keras and of the formulas, gradients everywhere, names."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from pyengine import activations, ops
from pyengine.activations import ACTIVATIONS
from pyengine.errors import ArgumentError, ShapeError, UnknownNameError
from pyengine.names import camel
from tests.cases.run import execute, finite_differences, gradients, traced
from tests.golden.load import load


@dataclass(frozen=True)
class Case:
    """An activation by name, and its formula on float64."""

    activation: str
    expected: Callable[[np.ndarray], np.ndarray]
    config: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.activation} {self.config or ''}".strip()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


ERF = np.vectorize(math.erf)
CASES = [
    Case("linear", lambda x: x),
    Case("relu", lambda x: np.maximum(x, 0)),
    Case("relu", lambda x: np.minimum(np.maximum(x, 0), 2), {"max_value": 2.0}),
    Case("relu", lambda x: np.where(x > 0, x, 0.1 * x), {"negative_slope": 0.1}),
    Case(
        "relu",
        lambda x: np.where(x >= 2, 2, np.where(x > 0.5, x, 0.1 * (x - 0.5))),
        {"negative_slope": 0.1, "threshold": 0.5, "max_value": 2.0},
    ),
    Case("relu6", lambda x: np.clip(x, 0, 6)),
    Case("leaky_relu", lambda x: np.where(x > 0, x, 0.2 * x)),
    Case("elu", lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)),
    Case("elu", lambda x: np.where(x > 0, x, 0.5 * (np.exp(np.minimum(x, 0)) - 1)), {"alpha": 0.5}),
    Case(
        "selu",
        lambda x: (
            1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(np.minimum(x, 0)) - 1))
        ),
    ),
    Case("celu", lambda x: np.maximum(x, 0) + np.minimum(0, 2 * (np.exp(x / 2) - 1)), {"alpha": 2.0}),
    Case("gelu", lambda x: x * (1 + ERF(x / np.sqrt(2))) / 2),
    Case(
        "gelu",
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        {"approximate": True},
    ),
    Case("silu", lambda x: x * sigmoid(x)),
    Case("sigmoid", sigmoid),
    Case("hard_sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    Case("hard_silu", lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    Case("log_sigmoid", lambda x: np.log(sigmoid(x))),
    Case("softmax", softmax),
    Case("softmax", lambda x: softmax(x, 0), {"axis": 0}),
    Case("log_softmax", lambda x: np.log(softmax(x))),
    Case("softplus", lambda x: np.log1p(np.exp(x))),
    Case("softsign", lambda x: x / (1 + np.abs(x))),
    Case("exponential", np.exp),
    Case("tanh", np.tanh),
    Case("tanh_shrink", lambda x: x - np.tanh(x)),
    Case("hard_tanh", lambda x: np.clip(x, -1, 1)),
    Case("hard_shrink", lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    Case("soft_shrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    Case("threshold", lambda x: np.where(x > 0.7, x, 5), {"threshold": 0.7, "default_value": 5}),
    Case("squareplus", lambda x: (x + np.sqrt(x * x + 4)) / 2),
    Case("sparse_plus", lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))),
    Case("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0, 1)),
    Case("mish", lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    Case("glu", lambda x: x[:, :4] * sigmoid(x[:, 4:])),
]
# No point lies on a corner of any of them.
X = np.linspace(-7.05, 7.03, 32, dtype=np.float32).reshape(4, 8)


def called(case):
    return lambda x: ACTIVATIONS[case.activation](x, **case.config)


def test_every_activation_has_a_row():
    assert {ACTIVATIONS[case.activation] for case in CASES} == set(ACTIVATIONS.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_value_is_that_of_the_formula(case):
    values = called(case)(X)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, case.expected(X.astype("f8")), rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_traced_activation_is_the_activation(case):
    graph = traced(lambda x: {"y": called(case)(x)}, x=X)
    np.testing.assert_array_equal(execute(graph, x=X)["y"], called(case)(X))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_is_that_of_finite_differences(case):
    x = X.astype("f8")
    weights = np.linspace(0.5, 1.5, called(case)(x).size).reshape(called(case)(x).shape)

    def scalar(x):
        return ops.sum(ops.multiply(called(case)(x), weights))

    _, found = gradients(scalar, ["x"], x=x)
    # The sum is rounded, and its rounding divided by the step: exponential's is large.
    rounding = 2 * np.finfo(np.float64).eps * abs(float(scalar(x))) / 1e-6
    np.testing.assert_allclose(found["x"], finite_differences(scalar, x), rtol=1e-6, atol=1e-8 + rounding)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_overflows_far_out(case):
    if case.activation == "exponential":
        pytest.skip("exp(200) is infinite in float32, and should be")
    x = np.float32([[-200, -90, 90, 200]])
    assert np.isfinite(called(case)(x)).all()
    _, found = gradients(lambda x: ops.sum(called(case)(x)), ["x"], x=x)
    assert np.isfinite(found["x"]).all()


GOLDEN = [
    *((row["activation"], row["config"], row) for row in load("keras_activations")),
    *(
        (
            row["config"]["activation"],
            {},
            {**row, "input": row["inputs"][0], "input_gradient": row["input_gradients"][0]},
        )
        for row in load("keras_layers")
        if row["layer"] == "Activation"
    ),
]


@pytest.mark.parametrize(
    ("name", "config", "row"), [pytest.param(*row, id=f"{row[0]} {row[1] or ''}") for row in GOLDEN]
)
def test_the_value_and_the_gradient_are_those_of_keras(name, config, row):
    function = activations.get(name)
    np.testing.assert_allclose(function(row["input"], **config), row["output"], rtol=2e-6, atol=2e-7)
    _, found = gradients(
        lambda x: ops.sum(ops.multiply(function(x, **config), row["cotangent"])), ["x"], x=row["input"]
    )
    np.testing.assert_allclose(found["x"], row["input_gradient"], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_found_by_name_in_every_spelling(name):
    assert activations.get(name) is activations.get(camel(name)) is ACTIVATIONS[name]


def test_none_is_linear_and_a_function_is_itself():
    assert activations.get(None) is activations.linear
    assert activations.get(ops.tanh) is ops.tanh


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(UnknownNameError, match=r"Unknown activation 'reluu'. Did you mean 'relu'"):
        activations.get("reluu")
    with pytest.raises(ArgumentError, match=r"activation expects a name or a function, but got `3`"):
        activations.get(3)
    with pytest.raises(ShapeError, match=r"softmax: x expects an array with an axis to sum over"):
        activations.softmax(3.0)
