"""Regularizers: values, gradients, names."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import regularizers
from pyengine.errors import ArgumentError, ShapeError, UnknownNameError
from pyengine.regularizers import L1, L1L2, L2, REGULARIZERS, OrthogonalRegularizer
from tests.cases.losses import uniform
from tests.cases.run import finite_differences, gradients

X = uniform(3, 4, seed=2)


def orthogonality(x):
    rows = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosines = np.abs(rows @ rows.T)[np.triu_indices(len(x), 1)]
    return cosines.mean()


CASES = [
    (L1(0.1), lambda x: 0.1 * np.abs(x).sum()),
    (L2(0.1), lambda x: 0.1 * (x * x).sum()),
    (L1L2(0.1, 0.2), lambda x: 0.1 * np.abs(x).sum() + 0.2 * (x * x).sum()),
    (L1L2(), lambda x: 0.0),
    (OrthogonalRegularizer(0.3), lambda x: 0.3 * orthogonality(x)),
    (OrthogonalRegularizer(0.3, mode="columns"), lambda x: 0.3 * orthogonality(x.T)),
]


def test_every_regularizer_has_a_row():
    assert {type(regularizer) for regularizer, _ in CASES} == set(REGULARIZERS.values())


@pytest.mark.parametrize(("regularizer", "formula"), CASES, ids=lambda case: repr(case))
def test_the_penalty_and_its_gradient_are_those_of_the_formula(regularizer, formula):
    assert float(regularizer(X)) == pytest.approx(formula(X.astype("f8")), rel=1e-6)
    assert regularizer(X).shape == ()
    value, found = gradients(regularizer, ["x"], x=X.astype("f8"))
    assert float(value) == pytest.approx(formula(X.astype("f8")), rel=1e-12)
    np.testing.assert_allclose(found["x"], finite_differences(formula, X.astype("f8")), rtol=1e-6, atol=1e-8)


def test_names_configs_functions_and_none():
    assert regularizers.get("l2").l2 == regularizers.get("L2").l2 == 0.01
    assert isinstance(regularizers.get("l1_l2"), L1L2)
    assert regularizers.get({"class_name": "L1L2", "config": {"l1": 0.5}}).l1 == 0.5
    assert regularizers.get(abs) is abs
    assert regularizers.get(None) is None
    assert repr(L1L2(l2=0.5)) == "L1L2(l2=0.5)"
    assert L2(0.5).clone().l2 == 0.5


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(UnknownNameError, match=r"Unknown regularizer 'l3'. Did you mean 'l[12]' or 'l[12]'"):
        regularizers.get("l3")
    for wrong in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match=r"L2: l2 expects a finite number of at least 0, but got"):
            L2(wrong)
    with pytest.raises(ShapeError, match=r"OrthogonalRegularizer: x expects a matrix, but got shape \(3,\)"):
        OrthogonalRegularizer()(np.ones(3, "f4"))
    with pytest.raises(UnknownNameError, match=r"Unknown mode of OrthogonalRegularizer 'row'"):
        OrthogonalRegularizer(mode="row")
