"""Long calls run in rounds, and stop between two of them when time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from pyengine import ops
from pyengine.executors.simd.encode import Encoded, Table, rounds
from pyengine.executors.simd.executor import encode
from pyengine.graph import Graph, Spec
from pyengine.plan import Program, plan
from pyengine.transforms import trace
from tests.cases.ops import CASES, Case
from tests.executors.simd.support import MODES, compare, executor
from tests.ops.test_ops import traced

SUMMED_BY_ROUNDS = {"conv2d_kernel_gradient"}  # in an order that depends on the shapes alone
POOL = {"pool_size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}


def of(op: str, **settings: Any) -> Callable[..., Any]:
    return lambda *values: ops.apply(ops.make(op, **settings), *values)


# For each kernel: an op that it runs, and the shapes (or Specs) of its inputs for `n` rows or images.
Large = tuple[Callable[..., Any], Callable[[int], list[Any]]]
LARGE: dict[str, Large] = {
    "max_pool2d": (of("max_pool2d", **POOL), lambda n: [(n, 6, 6, 5)]),
    "max_pool2d_gradient": (
        of("max_pool2d_gradient", **POOL),
        lambda n: [(n, 3, 3, 5), (n, 6, 6, 5), (n, 3, 3, 5)],
    ),
    "max_pool2d_pick": (
        of("max_pool2d_pick", **POOL),
        lambda n: [(n, 6, 6, 5), (n, 6, 6, 5), (n, 3, 3, 5)],
    ),
    "average_pool2d": (of("average_pool2d", **POOL), lambda n: [(n, 6, 6, 5)]),
    "average_pool2d_gradient": (
        of("average_pool2d_gradient", **POOL, lengths=(6, 6)),
        lambda n: [(n, 3, 3, 5)],
    ),
}
MILLIONS = 9_999_991  # a prime number, which nothing divides


def leaves(one: Encoded) -> Iterator[Encoded]:
    """The records that do something, those of loops included."""
    tables = [word for word in one.words if isinstance(word, Table) and word.records is not None]
    if one.kernel != "scan":
        yield one
    for table in tables:
        for record in table.records or ():
            yield from leaves(record)


def planned(large: Large, n: int) -> Program:
    """The only op, without what is recorded around it."""
    function, shapes = large
    graph = Graph()
    with graph:
        specs = [shape if isinstance(shape, Spec) else Spec(shape) for shape in shapes(n)]
        made = function(*(graph.input(f"x{number}", spec) for number, spec in enumerate(specs)))
        several = made if isinstance(made, tuple) else (made,)
        graph.outputs = {f"y{number}": value for number, value in enumerate(several)}
    return plan(graph)


def encoded(program: Program) -> list[Encoded]:
    found = [encode(call) for call in program.calls]
    return [one for one in found if one is not None]


@pytest.mark.parametrize("kernel", LARGE)
@pytest.mark.parametrize("n", [MILLIONS, 8 * 10**6])
def test_no_kernel_is_called_for_long_however_many_rows_there_are(kernel, n):
    everything = encoded(planned(LARGE[kernel], n))
    assert sum(one.nanoseconds for one in everything) > 2 * rounds.LONG  # or nothing is tested
    found = [leaf for one in everything for leaf in leaves(one)]
    assert kernel in {leaf.kernel for leaf in found}
    for leaf in found:
        assert leaf.nanoseconds <= 2 * rounds.LONG, (
            f"{leaf.kernel} takes {leaf.nanoseconds / 1e6:.0f} ms at once"
        )


def bits(program: Program, inputs: Any, *, at_once: bool, mode: str) -> list[bytes]:
    """What comes out of a run at once, or of one that stops wherever it may."""
    one = executor(mode)
    memory = one.allocate(program)
    for name, array in zip(program.inputs, inputs, strict=True):
        one.write(memory, name, array)
    position = 0
    while position < memory.length:
        position = one.run(memory, position, deadline=None if at_once else 0.0)
    return [one.read(memory, name).tobytes() for name in program.outputs]


def same_bits(program: Program, inputs: Any, monkeypatch: Any, mode: str) -> None:
    expected = bits(program, inputs, at_once=True, mode=mode)
    longest = max((one.nanoseconds for one in encoded(program)), default=0)
    for limit in (
        0,
        longest * 2 // 5,
        longest // 7,
    ):  # each for itself, or in parts of which the last is shorter
        monkeypatch.setattr(rounds, "LONG", limit)
        assert bits(program, inputs, at_once=False, mode=mode) == expected
    monkeypatch.undo()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kernel", LARGE)
@pytest.mark.parametrize("n", [7, 61, 1021])
def test_rounds_change_no_bit(kernel, n, mode, monkeypatch):
    program = planned(LARGE[kernel], n)
    rng = np.random.default_rng(n)
    inputs = [
        rng.normal(size=slot.spec.shape)
        if slot.spec.dtype == "float32"
        else rng.integers(0, 3, slot.spec.shape)
        for slot in program.inputs.values()
    ]
    same_bits(program, inputs, monkeypatch, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", [case for case in CASES if case.op not in SUMMED_BY_ROUNDS], ids=str)
def test_rounds_change_no_bit_of_the_table_of_ops(case: Case, mode, monkeypatch):
    same_bits(plan(traced(case)), case.inputs, monkeypatch, mode)


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
