"""Initializers: the distributions of Keras, the same numbers for the same seed, names."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import initializers, random
from pyengine.errors import ArgumentError, ShapeError, UnknownNameError
from pyengine.initializers import INITIALIZERS, VarianceScaling, fans
from pyengine.names import camel
from tests.cases.initializers import CASES
from tests.golden.load import load

GOLDEN = load("keras_initializers")
FIXED = ("Zeros", "Ones", "Constant", "Identity")
SHAPE = (200, 300)


def made(case, **more):
    return getattr(initializers, case.initializer)(**case.config, **more)


def test_every_initializer_has_a_row_here_and_in_the_golden_file():
    classes = {initializer.__name__ for initializer in INITIALIZERS.values()}
    assert {case.initializer for case in CASES} == classes
    assert {row["initializer"] for row in GOLDEN} == classes


@pytest.mark.parametrize(
    "row", [row for row in GOLDEN if "drawn" in row], ids=lambda row: f"{row['initializer']} {row['use']}"
)
def test_what_is_drawn_is_what_keras_draws(row, monkeypatch):
    calls = []

    def watch(name, *words):
        real = getattr(random, name)

        def watched(key, shape, **settings):
            given = {"mean": 0.0} | settings
            calls.append((name, *(given[word] for word in words)))
            return real(key, shape, **settings)

        monkeypatch.setattr(random, name, watched)

    watch("uniform", "low", "high")
    watch("normal", "mean", "stddev")
    watch("truncated_normal", "mean", "stddev")
    getattr(initializers, row["initializer"])(**row["config"])(row["weight_shape"])
    method, *numbers = row["drawn"].values()
    ((name, *found),) = calls
    assert name == method
    np.testing.assert_allclose(found, numbers, rtol=1e-6)
    assert fans(tuple(row["weight_shape"])) == (row["fan_in"], row["fan_out"])


@pytest.mark.parametrize(
    "row", [row for row in GOLDEN if "output" in row], ids=lambda row: row["initializer"]
)
def test_fixed_numbers_are_those_of_keras(row):
    made = getattr(initializers, row["initializer"])(**row["config"])(row["weight_shape"])
    np.testing.assert_array_equal(made, row["output"])


@pytest.mark.parametrize(
    "row", [row for row in GOLDEN if "orthogonal" in row], ids=lambda row: str(row["weight_shape"])
)
def test_orthogonal_matrices_are_orthogonal_where_those_of_keras_are(row):
    gain = row["config"]["gain"]
    made = initializers.Orthogonal(gain, seed=3)(row["weight_shape"])
    matrix = made.reshape(-1, made.shape[-1]).astype("f8")
    grams = {"columns": matrix.T @ matrix, "rows": matrix @ matrix.T}
    found = [
        name for name, gram in grams.items() if np.allclose(gram, gain**2 * np.eye(len(gram)), atol=1e-5)
    ]
    assert found == row["orthogonal"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_distribution_has_its_mean_deviation_and_bounds(case):
    values = made(case)(SHAPE, key=(1, 2))
    assert (values.shape, values.dtype) == (SHAPE, np.float32)
    # Five standard errors of 60,000 numbers; the seed is fixed, so this passes always or never.
    slack = 5 / np.sqrt(values.size)
    assert values.mean() == pytest.approx(case.mean, abs=case.stddev * slack + 1e-7)
    assert values.std() == pytest.approx(case.stddev, rel=slack, abs=1e-6)
    if case.bound is not None:
        assert np.abs(values - np.float32(case.mean)).max() <= case.bound * 1.0001


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_key_gives_the_same_bits_and_another_key_others(case):
    initializer = made(case)
    first, again, other = (initializer((20, 20), key=key) for key in ((0, 7), (0, 7), (0, 8)))
    np.testing.assert_array_equal(first, again)
    assert np.array_equal(first, other) == (case.initializer in FIXED)


@pytest.mark.parametrize("case", [case for case in CASES if case.initializer not in FIXED], ids=str)
def test_a_seed_gives_the_same_at_every_call_and_none_new_ones(case):
    seeded, free = made(case, seed=5), made(case)
    np.testing.assert_array_equal(seeded((4, 4)), seeded((4, 4)))
    assert not np.array_equal(free((4, 4)), free((4, 4)))
    random.set_random_seed(11)
    first = free((4, 4))
    random.set_random_seed(11)
    np.testing.assert_array_equal(free((4, 4)), first)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float64_and_clones(case):
    initializer = made(case)
    values = initializer((5, 5), dtype="float64", key=(0, 1))
    assert values.dtype == np.float64
    assert initializer.clone().get_config() == initializer.get_config()
    np.testing.assert_array_equal(initializer.clone()((5, 5), dtype="float64", key=(0, 1)), values)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_is_found_by_name_in_every_spelling(name):
    for spelling in (name, camel(name), INITIALIZERS[name].__name__):
        assert type(initializers.get(spelling)) is INITIALIZERS[name]


def test_configs_objects_functions_and_none():
    assert initializers.get({"class_name": "RandomNormal", "config": {"stddev": 0.5}}).stddev == 0.5
    zeros = initializers.Zeros()
    assert initializers.get(zeros) is zeros
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    assert initializers.get(np.zeros) is np.zeros
    assert initializers.get(None) is None


def test_a_constant_may_be_an_array():
    values = initializers.Constant([1.0, 2.0])((3, 2))
    np.testing.assert_array_equal(values, np.float32([[1, 2]] * 3))
    values[0, 0] = 9  # an array of its own, not a view of the constant
    assert values[1, 0] == 1


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(UnknownNameError, match=r"Unknown initializer 'glorot'.*'glorot_normal'"):
        initializers.get("glorot")
    with pytest.raises(UnknownNameError, match=r"Unknown mode of VarianceScaling 'fan'. Did you mean"):
        VarianceScaling(mode="fan")
    with pytest.raises(ArgumentError, match=r"VarianceScaling: scale expects a number above 0, but got `0`"):
        VarianceScaling(scale=0)
    with pytest.raises(
        ShapeError, match=r"Orthogonal: shape expects a shape of rank 2 or more, but got \(3,\)"
    ):
        initializers.Orthogonal()((3,))
    with pytest.raises(ShapeError, match=r"Identity: shape expects a shape of rank 2, but got \(2, 2, 2\)"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ArgumentError, match=r"initializer expects a name, an object or a function"):
        initializers.get(0.5)
