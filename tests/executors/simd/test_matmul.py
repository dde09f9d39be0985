"""Matrix products in C, with their epilogues, against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from tests.executors.simd.support import MODES, compare, run

modes = pytest.mark.parametrize("mode", MODES)
many = settings(max_examples=150, deadline=None)
# Of the largest number in the result. The bound grows with the root of K; here K ≤ 300.
TOLERANCE = 3e-6
lengths = st.integers(0, 5) | st.integers(6, 40) | st.sampled_from([63, 64, 65, 255, 256, 257, 300])


@st.composite
def products(draw):
    """Two arrays that fit, plain or stacked, as they are or transposed."""
    rows, inner, columns = draw(lengths), draw(lengths), draw(lengths)
    lead = draw(
        st.sampled_from([((), ()), ((), ()), ((2, 3), (2, 3)), ((3,), ()), ((1, 2), (3, 1)), ((0,), (0,))])
    )
    if lead[0]:
        rows, inner, columns = (min(length, 20) for length in (rows, inner, columns))
    turned = {"transpose_a": draw(st.booleans()), "transpose_b": draw(st.booleans())}
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    a = rng.normal(size=lead[0] + ((inner, rows) if turned["transpose_a"] else (rows, inner)))
    b = rng.normal(size=lead[1] + ((columns, inner) if turned["transpose_b"] else (inner, columns)))
    return turned, a.astype("f4"), b.astype("f4")


@modes
@many
@given(case=products())
def test_a_product_agrees_with_the_reference(mode, case):
    turned, a, b = case
    compare(ops.make("matmul", **turned), a, b, mode=mode, tolerance=TOLERANCE)


@modes
@many
@given(case=products(), activation=st.sampled_from(["linear", "relu", "relu6"]))
def test_bias_and_activation_come_after_the_last_sum(mode, case, activation):
    turned, a, b = case
    columns = b.shape[-2 if turned["transpose_b"] else -1]
    bias = np.linspace(-3, 3, columns, dtype=np.float32)
    op, linear = (ops.make("matmul_bias", **turned, activation=kind) for kind in (activation, "linear"))
    # The bound is of the largest sum, which an activation may have cut off.
    sums, shown = (np.abs(o.evaluate(a, b, bias)).max(initial=0) for o in (linear, op))
    compare(op, a, b, bias, mode=mode, tolerance=TOLERANCE * float(sums / shown if shown else 1))


@modes
@many
@given(case=products(), in_place=st.booleans())
def test_a_product_is_added_to_what_is_there(mode, case, in_place):
    turned, a, b = case
    product = ops.make("matmul", **turned).evaluate(a, b)
    added = np.random.default_rng(0).normal(size=product.shape).astype("f4")
    over = 2 if in_place else None
    compare(ops.make("matmul_add", **turned), a, b, added, mode=mode, over=over, tolerance=TOLERANCE)


@modes
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_spreads_along_its_row_and_column_only(mode, odd):
    a, b = np.ones((9, 7), np.float32), np.ones((7, 11), np.float32)
    a[4, 3] = odd
    b[2, 5] = odd
    b[3, 1] = 0  # infinity times zero is no number
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(
            run(ops.make("matmul", transpose_a=False, transpose_b=False), a, b, mode=mode), a @ b
        )


def test_the_order_of_sums_is_that_of_the_inner_axis():
    """So strict builds give the same bits whatever the tiles: each number alone is the plain loop."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 300)).astype("f4"), rng.normal(size=(300, 13)).astype("f4")
    expected = np.zeros((7, 13), np.float32)
    for begin in (0, 256):
        part = np.zeros((7, 13), np.float32)
        for k in range(begin, min(begin + 256, 300)):
            part += a[:, k : k + 1] * b[k]
        expected += part
    np.testing.assert_array_equal(
        run(ops.make("matmul", transpose_a=False, transpose_b=False), a, b), expected
    )
