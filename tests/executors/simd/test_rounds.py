"""Long calls run in rounds, and stop between two of them when time is over."""

import numpy as np
import pytest

from pyengine import ops
from pyengine.executors.simd.encode import rounds
from pyengine.executors.simd.executor import encode
from pyengine.graph import Spec
from pyengine.plan import plan
from pyengine.transforms import trace
from tests.executors.simd.support import MODES, compare, executor


@pytest.fixture
def everything_is_long(monkeypatch):
    monkeypatch.setattr(rounds, "LONG", 0)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


SETTINGS = {"strides": (1, 2), "padding": ((1, 1), (0, 1)), "dilation": (1, 1)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("images", [1, 4, 6, 7])
@pytest.mark.parametrize(("groups", "kernel"), [(1, (3, 3, 4, 5)), (2, (3, 2, 2, 6)), (4, (3, 3, 1, 4))])
def test_convolutions_go_on_image_by_image(everything_is_long, mode, images, groups, kernel):
    settings = {**SETTINGS, "groups": groups}
    x, weights = numbers(images, 8, 9, 4), numbers(*kernel, seed=1)
    made = ops.make("conv2d", **settings).evaluate(x, weights)
    compare(ops.make("conv2d", **settings), x, weights, mode=mode, tolerance=2e-6)
    into = ops.make("conv2d_input_gradient", **settings, lengths=(8, 9))
    compare(into, made, weights, mode=mode, tolerance=2e-6)
    of = ops.make("conv2d_kernel_gradient", **settings, sizes=kernel[:2])
    compare(of, x, made, mode=mode, tolerance=2e-6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_products_go_on_by_rows_or_matrices(everything_is_long, mode, turned, lead):
    words = dict(zip(("transpose_a", "transpose_b"), turned, strict=True))
    rows, inner, columns = 96, 11, 13
    a = numbers(*lead, *((inner, rows) if turned[0] else (rows, inner)))
    b = numbers(*lead, *((columns, inner) if turned[1] else (inner, columns)), seed=1)
    compare(ops.make("matmul", **words), a, b, mode=mode, tolerance=2e-6)
    added = numbers(*lead, rows, columns, seed=2)
    compare(ops.make("matmul_add", **words), a, b, added, mode=mode, over=2, tolerance=2e-6)
    biased = ops.make("matmul_bias", **words, activation="relu")
    compare(biased, a, b, numbers(columns, seed=3), mode=mode, tolerance=2e-6)


def test_short_calls_are_single_records_and_long_ones_are_loops():
    def kernels(images, side):
        step = trace(
            lambda x, kernel: {"y": ops.conv2d(x, kernel)},
            {"x": Spec((images, side, side, 64)), "kernel": Spec((3, 3, 64, 64))},
        )
        return [encode(call).kernel for call in plan(step).calls]

    assert kernels(2, 16) == ["conv2d"]
    assert kernels(32, 112) == ["scan"]


def test_a_single_long_convolution_stops_in_the_middle_and_goes_on(everything_is_long):
    x, kernel = numbers(6, 32, 32, 16), numbers(3, 3, 16, 16, seed=1)
    step = trace(
        lambda x, kernel: {"y": ops.conv2d(x, kernel)}, {"x": Spec(x.shape), "kernel": Spec(kernel.shape)}
    )
    one = executor("strict")
    memory = one.allocate(plan(step))
    one.write(memory, "x", x)
    one.write(memory, "kernel", kernel)
    position, stops = 0, 0
    while position < memory.length:
        position = one.run(memory, position, deadline=0.0)
        stops += 1
    assert stops > memory.length  # more often than it has calls: also within the only convolution
    np.testing.assert_allclose(one.read(memory, "y"), ops.conv2d(x, kernel), atol=1e-4)
