"""Long calls run in rounds, and stop between two of them when time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from pyengine import Sequential, layers, ops
from pyengine.errors import PyEngineError
from pyengine.executors import Batches
from pyengine.executors.simd.encode import Encoded, Table, rounds
from pyengine.executors.simd.executor import encode
from pyengine.graph import Graph, Spec
from pyengine.plan import Program, plan
from pyengine.training.step import Planned, Step
from pyengine.transforms import trace
from tests.cases.ops import CASES, Case
from tests.executors.simd.support import MODES, compare, executor
from tests.ops.test_ops import traced

SUMMED_BY_ROUNDS = {"conv2d_kernel_gradient"}  # in an order that depends on the shapes alone
POOL = {"pool_size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
CONVOLUTION = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
PADDED = {"strides": (2, 1), "padding": ((2, 1), (1, 0)), "dilation": (2, 1), "groups": 2}
EACH_CHANNEL = {**CONVOLUTION, "groups": 5}
SHORT = {"host", "batch", "scan", "next_random_state"}  # `batch` looks at the clock by itself


def of(op: str, **settings: Any) -> Callable[..., Any]:
    return lambda *values: ops.apply(ops.make(op, **settings), *values)


def ints(*shape: int) -> Spec:
    return Spec(shape, "int32")


def chained(x: Any, row: Any, column: Any, image: Any) -> Any:
    """Elementwise, with inputs that are stretched along other axes, whole numbers and truths."""
    y = ops.exp(ops.tanh(x * row + column) - 1.0) * image
    return y, ops.greater(y, row), ops.cast(y, dtype="int32")


# For each kernel: an op that it runs, and the shapes (or Specs) of its inputs for `n` rows or images.
Large = tuple[Callable[..., Any], Callable[[int], list[Any]]]
LARGE: dict[str, Large] = {
    "copy": (of("copy"), lambda n: [(n, 40)]),
    "reduce": (of("sum", axes=(1, 3), keepdims=False), lambda n: [(n, 4, 3, 5)]),
    "truth": (of("any", axes=(1,), keepdims=False), lambda n: [Spec((n, 30), "bool")]),
    "argument": (of("argmax", axis=1), lambda n: [(n, 20)]),
    "cumsum": (of("cumsum", axis=1, reverse=True), lambda n: [(n, 5, 3)]),
    "softmax": (of("softmax", axis=1), lambda n: [(n, 10)]),
    "masked_softmax": (
        of("masked_softmax", causal=True),
        lambda n: [(n, 2, 5, 7), Spec((n, 1, 1, 7), "bool")],
    ),
    "softmax_gradient": (of("softmax_gradient"), lambda n: [(n, 33), (n, 33)]),
    "softmax_crossentropy": (of("softmax_crossentropy"), lambda n: [(n, 10), (n, 10), (n, 1)]),
    "sparse_softmax_crossentropy": (
        of("sparse_softmax_crossentropy"),
        lambda n: [(n, 40), Spec((n, 1), "uint8"), ()],
    ),
    "layer_norm": (of("layer_norm", epsilon=1e-3), lambda n: [(n, 20), (20,), (20,)]),
    "layer_norm_gradient": (
        of("layer_norm_gradient", epsilon=1e-3),
        lambda n: [(n, 20), (n, 20), (20,), (n, 1), (n, 1)],
    ),
    "batch_norm": (of("batch_norm", epsilon=1e-3), lambda n: [(n, 30, 7), (7,), (7,)]),
    "batch_norm_gradient": (
        of("batch_norm_gradient", epsilon=1e-3),
        lambda n: [(n, 30, 7), (n, 30, 7), (7,), (7,), (7,)],
    ),
    "strided": (of("transpose", axes=(0, 2, 1)), lambda n: [(n, 6, 9)]),
    "gather": (of("gather", axis=0), lambda n: [(10, 9), ints(n)]),
    "scatter_add": (of("scatter_add", axis=0, length=10), lambda n: [(n, 9), ints(n)]),
    "take_along": (of("take_along_axis", axis=1), lambda n: [(n, 4, 2), ints(n, 3, 2)]),
    "add_along": (of("add_along_axis", axis=1, length=4), lambda n: [(n, 3, 2), ints(n, 3, 2)]),
    "one_hot": (of("one_hot", depth=8, dtype="float32"), lambda n: [ints(n)]),
    "random_uniform": (
        lambda state, like: ops.random_uniform(state, shape=(like.shape[0], 8)),
        lambda n: [Spec((3,), "uint32"), (n,)],
    ),
    "random_normal": (
        lambda state, like: ops.random_normal(state, shape=(like.shape[0], 8)),
        lambda n: [Spec((3,), "uint32"), (n,)],
    ),
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
    "chain": (of("add"), lambda n: [(n, 40), (40,)]),
    "conv2d": (of("conv2d", **CONVOLUTION), lambda n: [(n, 6, 6, 2), (3, 3, 2, 5)]),
    "conv2d_input_gradient": (
        of("conv2d_input_gradient", **CONVOLUTION, lengths=(6, 6)),
        lambda n: [(n, 4, 4, 5), (3, 3, 2, 5)],
    ),
    "conv2d_kernel_gradient": (
        of("conv2d_kernel_gradient", **CONVOLUTION, sizes=(3, 3)),
        lambda n: [(n, 6, 6, 2), (n, 4, 4, 5)],
    ),
    "depthwise": (of("conv2d", **EACH_CHANNEL), lambda n: [(n, 6, 6, 5), (3, 3, 1, 5)]),
    "depthwise_input_gradient": (
        of("conv2d_input_gradient", **EACH_CHANNEL, lengths=(6, 6)),
        lambda n: [(n, 4, 4, 5), (3, 3, 1, 5)],
    ),
    "depthwise_kernel_gradient": (
        of("conv2d_kernel_gradient", **EACH_CHANNEL, sizes=(3, 3)),
        lambda n: [(n, 6, 6, 5), (n, 4, 4, 5)],
    ),
    "matmul": (of("matmul", transpose_a=False, transpose_b=True), lambda n: [(n, 40), (30, 40)]),
    "lstm_cell": (of("lstm_cell"), lambda n: [(n, 20), (n, 5)]),
    "lstm_cell_gradient": (
        of("lstm_cell_gradient"),
        lambda n: [(n, 5), (n, 5), (n, 20), (n, 5), (n, 5)],
    ),
    "gru_cell": (of("gru_cell"), lambda n: [(n, 15), (n, 15), (n, 5)]),
    "gru_cell_gradient": (of("gru_cell_gradient"), lambda n: [(n, 5), (n, 20), (n, 5)]),
}
# Further calls of the same kernels: other ways in which they are divided.
MORE: dict[str, Large] = {
    "chain of many": (chained, lambda n: [(n, 4, 3), (3,), (n, 1, 1), (1, 4, 1)]),
    "chain along the last axis": (of("add"), lambda n: [(2, 5 * n), (2, 1)]),
    "chain of one axis": (of("exp"), lambda n: [(5 * n,)]),
    "truths": (of("greater"), lambda n: [(n, 40), (n, 1)]),
    "conv2d of one image": (of("conv2d", **PADDED), lambda n: [(1, n, 9, 8), (3, 2, 4, 6)]),
    "conv2d_input_gradient of one image": (
        lambda gradient, kernel: ops.apply(
            ops.make("conv2d_input_gradient", **PADDED, lengths=(2 * gradient.shape[1], 9)), gradient, kernel
        ),
        lambda n: [(1, n, 9, 6), (3, 2, 4, 6)],
    ),
    "conv2d_kernel_gradient of one image": (
        of("conv2d_kernel_gradient", **PADDED, sizes=(3, 2)),
        lambda n: [(1, 2 * n, 9, 8), (1, n, 9, 6)],
    ),
    "depthwise of one image": (
        of("conv2d", **PADDED | {"groups": 8}),
        lambda n: [(1, n, 9, 8), (3, 2, 1, 8)],
    ),
    "sum behind the first axes": (of("sum", axes=(0, 2), keepdims=False), lambda n: [(2, n, 30)]),
    "sum of all": (of("sum", axes=(0, 1), keepdims=False), lambda n: [(n, 1100)]),
    "sum of few columns": (of("sum", axes=(0,), keepdims=False), lambda n: [(40 * n, 27)]),
    "sum of many columns": (of("sum", axes=(0,), keepdims=False), lambda n: [(n, 1100)]),
    "largest of columns": (of("max", axes=(0,), keepdims=False), lambda n: [(40 * n, 30)]),
    "sum of ints": (of("sum", axes=(0,), keepdims=False), lambda n: [ints(n * 1000)]),
    "all": (of("all", axes=(0,), keepdims=False), lambda n: [Spec((n, 9), "bool")]),
    "logsumexp": (of("logsumexp", axes=(1,), keepdims=False), lambda n: [(n, 50)]),
    "softmax along the middle": (of("softmax", axis=1), lambda n: [(n, 5, 3)]),
    "masked softmax of queries": (
        of("masked_softmax", causal=False),
        lambda n: [(2, n, 7), Spec((n, 7), "bool")],
    ),
    "classes by short rows": (
        of("sparse_softmax_crossentropy"),
        lambda n: [(n, 3), ints(n, 1), (n, 1)],
    ),
    "batch_norm of some channels": (of("batch_norm", epsilon=1e-3), lambda n: [(n, 30, 31), (31,), (31,)]),
    "batch_norm_gradient of some channels": (
        of("batch_norm_gradient", epsilon=1e-3),
        lambda n: [(n, 30, 31), (n, 30, 31), (31,), (31,), (31,)],
    ),
    "batch_norm of many channels": (of("batch_norm", epsilon=1e-3), lambda n: [(n, 33), (33,), (33,)]),
    "batch_norm_gradient of many channels": (
        of("batch_norm_gradient", epsilon=1e-3),
        lambda n: [(n, 33), (n, 33), (33,), (33,), (33,)],
    ),
    "pad": (lambda x: ops.pad(x, ((1, 2), (0, 3))), lambda n: [(n, 20)]),
    "concatenate": (lambda a, b: ops.concatenate([a, b], axis=1), lambda n: [(n, 20), (n, 3)]),
    "concatenate rows": (lambda a, b: ops.concatenate([a, b], axis=0), lambda n: [(n, 20), (n + 1, 20)]),
    "reverse": (of("reverse", axis=0), lambda n: [(n, 20)]),
    "slice": (lambda x: ops.slice_(x, (1, 3), (x.shape[0] - 1, 9)), lambda n: [(n, 20)]),
    "transpose of a matrix": (of("transpose", axes=(1, 0)), lambda n: [(n, 20)]),
    "transpose to a long one": (of("transpose", axes=(1, 0)), lambda n: [(20, n)]),
    "gather before others": (of("gather", axis=1), lambda n: [(3, 10, 9), ints(n)]),
    "scatter before others": (of("scatter_add", axis=1, length=10), lambda n: [(3, n, 9), ints(n)]),
    "take along the first axis": (of("take_along_axis", axis=0), lambda n: [(4, 9), ints(n, 9)]),
    "add along the first axis": (of("add_along_axis", axis=0, length=4), lambda n: [(n, 9), ints(n, 9)]),
    "products of matrices": (
        of("matmul", transpose_a=False, transpose_b=False),
        lambda n: [(2, n, 40), (40, 30)],
    ),
    "a product of many columns": (
        of("matmul", transpose_a=False, transpose_b=False),
        lambda n: [(9, 40), (40, n)],
    ),
    "a row by many columns": (
        of("matmul", transpose_a=False, transpose_b=True),
        lambda n: [(1, 50), (n, 50)],
    ),
    "sums with many columns": (
        of("matmul_add", transpose_a=True, transpose_b=True),
        lambda n: [(40, 33), (n, 40), (33, n)],
    ),
    "biases of many columns": (
        of("matmul_bias", transpose_a=False, transpose_b=False, activation="relu"),
        lambda n: [(2, 5, 40), (40, n), (n,)],
    ),
    "a product over many": (of("matmul", transpose_a=True, transpose_b=False), lambda n: [(n, 20), (n, 30)]),
    "a product over many, turned": (
        of("matmul", transpose_a=False, transpose_b=True),
        lambda n: [(20, n), (3, n)],
    ),
    "sums over many": (
        of("matmul_add", transpose_a=True, transpose_b=False),
        lambda n: [(n, 70), (n, 300), (70, 300)],
    ),
    "biases over many": (
        of("matmul_bias", transpose_a=False, transpose_b=False, activation="relu"),
        lambda n: [(2, 5, n), (n, 4), (4,)],
    ),
    "products turned": (of("matmul", transpose_a=True, transpose_b=False), lambda n: [(40, n), (40, 30)]),
}
ALL = LARGE | MORE
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


def test_every_kernel_is_in_the_table():
    assert LARGE.keys() | SHORT == executor("strict").library.numbers["kernel"].keys()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("n", [MILLIONS, 8 * 10**6])
def test_no_kernel_is_called_for_long_however_many_rows_there_are(name, n):
    program = planned(ALL[name], n)
    everything = encoded(program)
    assert len(everything) == len(program.calls)
    assert sum(one.nanoseconds for one in everything) > 2 * rounds.LONG  # or nothing is tested
    found = [leaf for one in everything for leaf in leaves(one)]
    assert name in MORE or name in {leaf.kernel for leaf in found}
    for leaf in found:
        assert leaf.nanoseconds <= 2 * rounds.LONG, f"{leaf.kernel}: {leaf.nanoseconds / 1e6:.0f} ms at once"


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
@pytest.mark.parametrize("name", [name for name in ALL if "kernel_gradient" not in name])
@pytest.mark.parametrize("n", [7, 61, 1021, 2039])
def test_rounds_change_no_bit(name, n, mode, monkeypatch):
    program = planned(ALL[name], n)
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


@pytest.mark.parametrize("name", ["gather", "scatter_add", "take_along", "sparse_softmax_crossentropy"])
def test_an_index_out_of_range_in_a_later_round_is_told(name, monkeypatch):
    monkeypatch.setattr(rounds, "LONG", 0)
    program = planned(LARGE[name], 61)
    one = executor("strict")
    memory = one.allocate(program)
    indices = next(key for key, slot in program.inputs.items() if slot.spec.dtype != "float32")
    for array in memory.inputs.values():
        array[...] = 0
    memory.inputs[indices].flat[-1] = 99
    with pytest.raises(PyEngineError, match="99"):
        one.run(memory)
    memory.inputs[indices].flat[-1] = 0  # and the next run begins anew
    expected = bits(program, [memory.inputs[key] for key in program.inputs], at_once=True, mode="strict")
    assert one.run(memory) == memory.length
    assert [one.read(memory, key).tobytes() for key in program.outputs] == expected


@pytest.mark.parametrize("order", [None, np.arange(9)[::-1].copy()])
def test_a_large_batch_is_taken_part_by_part(order):
    data = numbers(9, 100_000)
    program = plan(trace(lambda x: {"y": ops.max(x, axis=1)}, {"x": Spec((4, 100_000))}))
    one = executor("strict")
    memory = one.allocate(program)
    one.bind(memory, Batches({"x": data}, order))
    assert one.run(memory, deadline=0.0) == 0  # in the middle of the batch
    one.bind(memory, Batches({"x": data}, order, first=4))  # which counts no more
    position, stops = 0, 0
    while position < memory.length:
        position = one.run(memory, position, deadline=0.0)
        stops += 1
    assert stops > memory.length
    rows = data if order is None else data[order]
    np.testing.assert_array_equal(one.read(memory, "y"), rows[4:8].max(1))


def test_a_step_that_stands_within_the_taking_of_its_batch_is_not_whole():
    """A batch of many bytes is taken in parts; evaluate and predict go on until their steps have ended."""
    x, y = numbers(5, 300_000), np.ones((5, 2), np.float32)
    model = Sequential([layers.Dense(2)])
    model.compile("sgd", "mse")
    now = model.predict(x, batch_size=2), model.evaluate(x, y, batch_size=2)

    async def slowly():
        return await model.predict_async(x, batch_size=2, yield_every=0), await model.evaluate_async(
            x, y, batch_size=2, yield_every=0
        )

    later = asyncio.run(slowly())
    np.testing.assert_array_equal(later[0], now[0])
    assert later[1] == now[1]


def test_a_step_whose_first_call_is_short_is_not_thought_to_be_short():
    """Else what is left of it would be run without a pause."""
    graph = trace(lambda x: {"y": ops.exp(x @ ops.transpose(x))}, {"x": Spec((2000, 300))})
    step = Step(Planned(executor("strict"), graph, plan(graph), {}))
    step.begin()
    assert [*step.advance(deadline=0.0)] == []
    assert step.position == 1
    assert step.seconds > 0.05  # of 1.2 billion multiplications
