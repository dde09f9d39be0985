"""Matrix products in C, with their epilogues, against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from tests.executors.simd.support import MODES, compare, run

modes = pytest.mark.parametrize("mode", MODES)
many = settings(max_examples=150, deadline=None)
TOLERANCE = 5e-7  # of what the largest sum would be without signs: what comes out may be any amount smaller
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


def agrees(turned, a, b, *last, mode, name="matmul", over=None, **more):
    op = ops.make(name, **turned, **more)
    sums = ops.make("matmul", **turned).evaluate(abs(a), abs(b)) + sum(map(abs, last))
    shown = np.abs(op.evaluate(a, b, *last)).max(initial=0)
    tolerance = TOLERANCE * float(sums.max(initial=0) / shown) if shown else 0
    compare(op, a, b, *last, mode=mode, over=over, tolerance=tolerance)


@modes
@many
@given(case=products())
def test_a_product_agrees_with_the_reference(mode, case):
    turned, a, b = case
    agrees(turned, a, b, mode=mode)


@modes
@many
@given(case=products(), activation=st.sampled_from(["linear", "relu", "relu6"]))
def test_bias_and_activation_come_after_the_last_sum(mode, case, activation):
    turned, a, b = case
    columns = b.shape[-2 if turned["transpose_b"] else -1]
    bias = np.linspace(-3, 3, columns, dtype=np.float32)
    agrees(turned, a, b, bias, mode=mode, name="matmul_bias", activation=activation)


@modes
@many
@given(case=products(), in_place=st.booleans())
def test_a_product_is_added_to_what_is_there(mode, case, in_place):
    turned, a, b = case
    product = ops.make("matmul", **turned).evaluate(a, b)
    added = np.random.default_rng(0).normal(size=product.shape).astype("f4")
    over = 2 if in_place else None
    agrees(turned, a, b, added, mode=mode, name="matmul_add", over=over)


@modes
@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
def test_one_row_or_one_column_of_every_length(mode, turned):
    """These go along K with their vectors; each length has other leftovers."""
    rng = np.random.default_rng(0)
    stored = dict(zip(("transpose_a", "transpose_b"), turned, strict=True))
    for inner in (0, 1, 2, 3, 7, 8, 9, 20, 257):
        for rows, columns in [(1, 1), (1, 2), (1, 5), (1, 19), (2, 1), (5, 1), (19, 1)]:
            a = rng.normal(size=(2, *((inner, rows) if turned[0] else (rows, inner)))).astype("f4")
            b = rng.normal(size=(1, *((columns, inner) if turned[1] else (inner, columns)))).astype("f4")
            added = rng.normal(size=(2, rows, columns)).astype("f4")
            bias = rng.normal(size=columns).astype("f4")
            agrees(stored, a, b, mode=mode)
            agrees(stored, a, b, added, mode=mode, name="matmul_add", over=2)
            for kind in ("linear", "relu"):
                agrees(stored, a, b, bias, mode=mode, name="matmul_bias", activation=kind)


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
