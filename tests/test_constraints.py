"""Constraints: what weights become, and that they stay there."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import constraints
from pyengine.constraints import CONSTRAINTS, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from pyengine.errors import ArgumentError, UnknownNameError
from tests.cases.losses import uniform
from tests.cases.run import execute, traced

X = uniform(3, 4, seed=2)
KERNEL = uniform(3, 3, 2, 4, seed=3)


def length(x, axis=0):
    return np.sqrt((x.astype("f8") ** 2).sum(axis, keepdims=True))


def scaled(x, wanted, axis=0):
    return x * wanted(length(x, axis)) / length(x, axis)


def name(part):
    return repr(part) if isinstance(part, constraints.Constraint) else ""


CASES = [
    (NonNeg(), X, lambda x: np.maximum(x, 0)),
    (UnitNorm(), X, lambda x: scaled(x, np.ones_like)),
    (UnitNorm(axis=[0, 1, 2]), KERNEL, lambda x: scaled(x, np.ones_like, (0, 1, 2))),
    (MaxNorm(1.5), X, lambda x: scaled(x, lambda n: np.minimum(n, 1.5))),
    (MaxNorm(1.5, axis=1), X, lambda x: scaled(x, lambda n: np.minimum(n, 1.5), 1)),
    (MinMaxNorm(1.5, 2.0), X, lambda x: scaled(x, lambda n: np.clip(n, 1.5, 2))),
    (MinMaxNorm(1.5, 2.0, rate=0.3), X, lambda x: scaled(x, lambda n: 0.3 * np.clip(n, 1.5, 2) + 0.7 * n)),
]


def test_every_constraint_has_a_row():
    assert {type(constraint) for constraint, _, _ in CASES} == set(CONSTRAINTS.values())


@pytest.mark.parametrize(("constraint", "x", "formula"), CASES, ids=name)
def test_weights_become_what_the_formula_says(constraint, x, formula):
    np.testing.assert_allclose(constraint(x), formula(x.astype("f8")), rtol=1e-6, atol=1e-7)
    graph = traced(lambda x: {"y": constraint(x)}, x=x)
    np.testing.assert_array_equal(execute(graph, x=x)["y"], constraint(x))
    again = constraint.clone()
    assert again.get_config() == constraint.get_config()


@pytest.mark.parametrize(
    ("constraint", "x"),
    [(c, x) for c, x, _ in CASES if getattr(c, "rate", 1) == 1],
    ids=name,
)
def test_weights_that_keep_to_it_are_left_alone_for_hundreds_of_steps(constraint, x):
    start = x = constraint(x)
    for _ in range(300):
        x = constraint(x)
    np.testing.assert_allclose(x, start, rtol=2e-6)


def test_weights_of_length_zero_stay_zero():
    for constraint in (UnitNorm(), MaxNorm(), MinMaxNorm(0.5)):
        np.testing.assert_array_equal(constraint(np.zeros((3, 2), "f4")), np.zeros((3, 2)))


def test_names_configs_functions_and_none():
    assert isinstance(constraints.get("nonNeg"), NonNeg)
    assert isinstance(constraints.get("max_norm"), MaxNorm)
    assert constraints.get({"class_name": "MinMaxNorm", "config": {"rate": 0.5}}).rate == 0.5
    assert constraints.get(abs) is abs
    assert constraints.get(None) is None


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(UnknownNameError, match=r"Unknown constraint 'maxnrm'. Did you mean 'max_norm'"):
        constraints.get("maxnrm")
    with pytest.raises(ArgumentError, match=r"MaxNorm: max_value expects a number above 0, but got `-1`"):
        MaxNorm(-1)
    with pytest.raises(
        ArgumentError, match=r"MinMaxNorm: max_value expects a number of at least min_value, 2, but got `1`"
    ):
        MinMaxNorm(2, 1)
    with pytest.raises(
        ArgumentError, match=r"MinMaxNorm: rate expects a number above 0 and at most 1, but got `0`"
    ):
        MinMaxNorm(rate=0)
