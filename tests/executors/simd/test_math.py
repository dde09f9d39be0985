"""Elementary functions: how far they are from the truth over all of float32, and what they give at its edges."""

import math

import numpy as np
import pytest

from pyengine import ops
from tests.executors.simd.support import MODES, run

COUNT = 1 << 20
wide_erf = np.vectorize(math.erf, otypes=[float])


def wide_sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


# The truth in float64, and the bound: distance from it in units of the last place of the nearest float32.
FUNCTIONS = {
    "exp": (np.exp, 1.1),
    "expm1": (np.expm1, 2),
    "log": (np.log, 1),
    "log1p": (np.log1p, 1),
    "sin": (np.sin, 2),
    "cos": (np.cos, 2),
    "tanh": (np.tanh, 6),
    "sigmoid": (wide_sigmoid, 2.5),
    "softplus": (lambda x: np.logaddexp(x, 0.0), 2),
    "erf": (wide_erf, 1.2),
    "sqrt": (np.sqrt, 0.5),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5),
}
EXACT = {"floor": np.floor, "ceil": np.ceil, "round": np.rint}
HUGE, LEAST_NORMAL, LEAST = 3.4e38, 2.0**-126, 2.0**-149
EDGES = np.float32(
    [
        *(0.0, -0.0, math.inf, -math.inf, math.nan, HUGE, -HUGE, LEAST, -LEAST, LEAST_NORMAL),
        *(1, -1, 0.5, -0.5, 1.5, 2.5, 8388607.5, 8388609, 16777216, 6000, 1e6),
        *(88.72283, 88.72284, -87.33655, -88, -103.97, -110),
    ]
)


def everywhere(count: int, seed: int) -> np.ndarray:
    """Numbers of every exponent and sign, the same number of each, and infinities and NaN among them."""
    step = 2**32 // count
    starts = np.arange(0, 2**32, step, dtype=np.uint64)
    return (
        (starts + np.random.default_rng(seed).integers(0, step, count, np.uint64))
        .astype(np.uint32)
        .view("f4")
    )


def joined(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate([part.astype(np.float32, copy=False) for part in parts])


def distance(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """In units of the last place of the nearest float32; 0 where both are NaN or the same infinity."""
    with np.errstate(all="ignore"):
        nearest = truth.astype(np.float32)
        unit = np.spacing(np.abs(nearest)).astype(np.float64)
        apart = np.abs(found.astype(np.float64) - truth) / unit
    same = (np.isnan(found) & np.isnan(nearest)) | (np.isinf(nearest) & (found == nearest))
    return np.where(same, 0, np.nan_to_num(apart, nan=math.inf))


def reference(name: str, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return {**{key: pair[0] for key, pair in FUNCTIONS.items()}, **EXACT}[name](x.astype(np.float64))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_keep_their_bound_over_all_floats(name, mode):
    count = COUNT // 32 if name == "erf" else COUNT  # Python's own erf takes its time
    near = [np.linspace(-a, a, count // 4, dtype=np.float32) for a in (1, 10, 110, 20000)]
    x = np.concatenate([everywhere(count, 1), *near])
    truth = reference(name, x)
    far = distance(run(ops.make(name), x, mode=mode), truth)
    if name == "sigmoid":  # 0 where it is less than 2⁻¹²⁷
        far[truth < 2.0**-126] = 0
    assert far.max() <= FUNCTIONS[name][1], f"{far.max():.2f} at {x[far.argmax()]!r}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [*FUNCTIONS, *EXACT])
def test_special_values_are_those_of_numpy(name, mode):
    truth = reference(name, EDGES)
    found = run(ops.make(name), EDGES, mode=mode)
    with np.errstate(all="ignore"):
        rounded = truth.astype(np.float32)
    special = ~np.isfinite(EDGES) | ~np.isfinite(rounded) | (rounded == 0) | np.isin(truth, [1, -1])
    np.testing.assert_array_equal(found[special], rounded[special])
    zero = special & (rounded == 0)
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(rounded[zero]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EXACT)
def test_rounding_is_exact(name, mode):
    x = np.concatenate([everywhere(COUNT, 2), np.arange(-40, 40, dtype=np.float32) / 4, EDGES])
    found, truth = run(ops.make(name), x, mode=mode), reference(name, x).astype(np.float32)
    np.testing.assert_array_equal(found, truth)
    np.testing.assert_array_equal(np.signbit(found[found == 0]), np.signbit(truth[found == 0]))


@pytest.mark.parametrize("mode", MODES)
def test_tanh_never_leaves_its_range_and_ends_at_one(mode):
    x = np.linspace(5, 12, 100_000).astype(np.float32)
    found = run(ops.make("tanh"), np.concatenate([x, -x]), mode=mode)
    assert np.abs(found).max() == 1
    np.testing.assert_array_equal(np.abs(found[np.abs(np.concatenate([x, -x])) > 9.02]), 1)


@pytest.mark.parametrize("mode", MODES)
def test_powers_keep_their_bound_and_have_numpys_special_values(mode):
    random = np.random.default_rng(3)
    count = COUNT // 4
    positive, any_sign = np.exp(random.normal(0, 3, count)), random.normal(0, 3, count)
    real, whole = random.normal(0, 9, count), random.integers(-5, 6, count)
    a = joined(random.permutation(everywhere(count, 4)), positive, any_sign, np.repeat(EDGES, len(EDGES)))
    b = joined(random.permutation(everywhere(count, 5)), real, whole, np.tile(EDGES, len(EDGES)))
    with np.errstate(all="ignore"):
        truth = np.power(a.astype(np.float64), b.astype(np.float64))
    found = run(ops.make("power"), a, b, mode=mode)
    far = distance(found, truth)
    assert far.max() <= 0.6, f"{far.max():.2f} at {a[far.argmax()]!r}, {b[far.argmax()]!r}"
    zero = found == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(truth[zero]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["floor_divide", "mod"])
def test_quotients_and_remainders_are_those_of_numpy_to_the_bit(name, mode):
    random = np.random.default_rng(6)
    a = joined(random.normal(0, 9, 5000), everywhere(8192, 7), np.repeat(EDGES, len(EDGES)))
    b = joined(random.normal(0, 2, 5000), random.permutation(everywhere(8192, 8)), np.tile(EDGES, len(EDGES)))
    with np.errstate(all="ignore"):
        truth = ops.make(name).evaluate(a, b)
    np.testing.assert_array_equal(run(ops.make(name), a, b, mode=mode), truth)
