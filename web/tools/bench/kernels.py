"""Every kernel of the C library by itself: agreement with the reference, time, GFLOP/s or GB/s, share of the peak.

Runs as it is in CPython and in the Python of a page, on what `pyengine` finds there. To add one: a `Row` in `ROWS`.
"""

from __future__ import annotations

import ctypes
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine import executors, ops, optimizers
from pyengine.executors import NumpyExecutor
from pyengine.graph import Graph, Spec, Variable
from pyengine.ops.recurrent import lstm_cell
from pyengine.plan import Program, plan
from pyengine.transforms import fuse, simplify

AGREEMENT = 2e-5  # largest difference from NumPy's float32, relative to the largest number
BLOCK_SECONDS = 0.02
BLOCKS = 5
LARGE = 1 << 20  # numbers: 4 MB, what the bandwidth is measured with


class Inputs:
    """What a row takes: inputs of its graph, with the arrays that are fed to them."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.arrays: dict[str, np.ndarray] = {}
        self.random = np.random.default_rng(1)

    def __call__(self, *shape: int) -> Any:
        """Numbers between -1 and 1."""
        return self.feed(self.random.uniform(-1, 1, shape).astype(np.float32))

    def whole(self, *shape: int, high: int) -> Any:
        """Indices below `high`."""
        return self.feed(self.random.integers(0, high, shape).astype(np.int32))

    def feed(self, array: np.ndarray) -> Any:
        name = f"x{len(self.arrays)}"
        self.arrays[name] = array
        return self.graph.input(name, Spec(array.shape, array.dtype.name))


@dataclass(frozen=True)
class Row:
    """One kernel, or one family of calls.

    Attributes:
        build: from inputs to an output or several; or to None where variables are what it changes.
        operations: multiplications and additions; 0 where bytes are what counts.
    """

    name: str
    build: Callable[[Inputs], Any]
    operations: float = 0

    def program(self, executor: executors.Executor) -> tuple[Program, dict[str, np.ndarray]]:
        graph = Graph()
        with graph:
            inputs = Inputs(graph)
            made = self.build(inputs)
            several = made if isinstance(made, tuple) else () if made is None else (made,)
            graph.outputs = {f"y{number}": value for number, value in enumerate(several)}
        return plan(fuse(simplify(graph), executor)), inputs.arrays

    def run_once(self, executor: Any) -> tuple[Any, list[np.ndarray]]:
        """Its memory after one run, and all that came out."""
        program, arrays = self.program(executor)
        memory = executor.allocate(program)
        for name, array in arrays.items():
            executor.write(memory, name, array)
        executor.run(memory)
        found = [executor.read(memory, name) for name in program.outputs]
        return memory, found + [variable.value.copy() for variable in program.variables]


def product(size: int, *, middle: int = 0, right: int = 0, **settings: bool) -> Row:
    """A matrix product; square, or (size, middle) times (middle, right)."""
    m, k, n = size, middle or size, right or size
    left = (k, m) if settings.get("transpose_a") else (m, k)
    other = (n, k) if settings.get("transpose_b") else (k, n)
    words = f"{m}³" if m == k == n else f"{m}·{k}·{n}"
    letters = "".join(" aᵀ" if key == "transpose_a" else " bᵀ" for key, value in settings.items() if value)
    return Row(
        f"matmul {words}{letters}",
        lambda take: ops.matmul(take(*left), take(*other), **settings),
        2 * m * k * n,
    )


def trace_op(function: Callable[..., Any], *shapes: tuple[int, ...], **settings: Any) -> tuple[Any, tuple]:
    """The op that a function applies to inputs of these shapes, and the shape of its output."""
    graph = Graph()
    with graph:
        made = function(
            *(graph.input(f"x{number}", Spec(shape)) for number, shape in enumerate(shapes)), **settings
        )
    return made.node.op, made.shape


def three(name: str, op: Any, image: tuple, kernel: tuple, out: tuple) -> list[Row]:
    """A convolution, its gradient with respect to the image and that with respect to the kernel."""
    count = 2 * math.prod(out) * math.prod(kernel[:3])
    back = ops.make("conv2d_input_gradient", **op.settings, lengths=image[1:3])
    along = ops.make("conv2d_kernel_gradient", **op.settings, sizes=kernel[:2])
    return [
        Row(name, lambda take: ops.apply(op, take(*image), take(*kernel)), count),
        Row(f"{name}, dx", lambda take: ops.apply(back, take(*out), take(*kernel)), count),
        Row(f"{name}, dk", lambda take: ops.apply(along, take(*image), take(*out)), count),
    ]


def convolution(words: str, image: tuple, filters: int, size: int, **settings: Any) -> list[Row]:
    """A convolution and its two gradients."""
    kernel = (size, size, image[3], filters)
    op, shape = trace_op(ops.conv2d, image, kernel, **settings)
    name = f"conv {size}x{size}{words} {'x'.join(map(str, image[1:]))} to {filters}"
    return three(name, op, image, kernel, shape)


def depthwise(image: tuple, stride: int) -> list[Row]:
    """A depthwise convolution with 3x3 kernels and its two gradients."""
    kernel = (3, 3, 1, image[3])
    op, shape = trace_op(ops.depthwise_conv2d, image, (3, 3, image[3], 1), strides=stride, padding="same")
    return three(f"depthwise 3x3 /{stride} {'x'.join(map(str, image[1:]))}", op, image, kernel, shape)


def pool_gradient(take: Inputs, function: Callable[..., Any]) -> Any:
    """Of a pool by 2: the pooled image, where the rule asks for it, is made beforehand."""
    image = take.random.uniform(-1, 1, (32, 26, 26, 16)).astype(np.float32)
    op, _ = trace_op(function, image.shape, pool_size=2)
    if op.name == "average_pool2d":
        return ops.apply(
            ops.make(f"{op.name}_gradient", **op.settings, lengths=(26, 26)), take(32, 13, 13, 16)
        )
    rule = ops.make(f"{op.name}_gradient", **op.settings)
    return ops.apply(rule, take(32, 13, 13, 16), take.feed(image), take.feed(op.evaluate(image)))


def adam(take: Inputs) -> None:
    weight = Variable(np.ones(LARGE, np.float32), name="weight")
    optimizers.Adam(1e-3).apply([take(LARGE)], [weight])


def momentum(take: Inputs) -> None:
    weight = Variable(np.ones(LARGE, np.float32), name="weight")
    optimizers.SGD(1e-3, momentum=0.9).apply([take(LARGE)], [weight])


def attention(take: Inputs) -> Any:
    """Four heads of 16 over 64 places, batch 16: scores, causal softmax, values."""
    q, k, v = (take(64, 64, 16) for _ in range(3))
    scores = ops.matmul(q, k, transpose_b=True) * 0.25
    late = np.triu(np.full((64, 64), -1e9, np.float32), 1)
    return ops.matmul(ops.softmax(scores + late), v)


def curve(name: str, function: Callable[..., Any], positive: bool = False) -> Row:
    """A function of single numbers, a million of them."""
    return Row(name, lambda take: function(ops.abs(take(LARGE)) + 0.1 if positive else take(LARGE)))


def random(function: Callable[..., Any]) -> Callable[[Inputs], Any]:
    return lambda take: function(take.feed(np.array([0, 7, 0], np.uint32)), shape=(LARGE,))


ROWS = [
    *[product(size) for size in (8, 33, 64, 128, 256, 512)],
    product(256, transpose_a=True),
    product(256, transpose_b=True),
    product(32, middle=784, right=128),
    product(784, middle=32, right=128, transpose_a=True),
    product(32, middle=64, right=256),
    Row("matmul 64 times 64·16·64 bᵀ", lambda take: ops.matmul(take(64, 64, 16), take(64, 64, 16), transpose_b=True),
        2 * 64 * 64 * 16 * 64),
    Row("matmul 256³ + bias, relu",
        lambda take: ops.relu(ops.matmul(take(256, 256), take(256, 256)) + take(256)), 2 * 256**3),
    *convolution("", (32, 28, 28, 1), 16, 3),
    *convolution("", (32, 13, 13, 16), 32, 3),
    *convolution(" same", (8, 28, 28, 64), 64, 3, padding="same"),
    *convolution("", (16, 12, 12, 128), 128, 1),
    *convolution(" /2", (16, 96, 96, 3), 8, 3, strides=2, padding="same"),
    *convolution(" dilated", (8, 28, 28, 16), 16, 3, dilation=2),
    *depthwise((16, 48, 48, 8), 1),
    *depthwise((16, 24, 24, 64), 2),
    Row("max pool 2x2", lambda take: ops.max_pool2d(take(32, 26, 26, 16), pool_size=2)),
    Row("max pool 2x2, dx", lambda take: pool_gradient(take, ops.max_pool2d)),
    Row("average pool 2x2", lambda take: ops.average_pool2d(take(32, 26, 26, 16), pool_size=2)),
    Row("average pool 2x2, dx", lambda take: pool_gradient(take, ops.average_pool2d)),
    Row("add", lambda take: take(LARGE) + take(LARGE)),
    Row("a·b + c, relu", lambda take: ops.relu(take(LARGE) * take(LARGE) + take(LARGE))),
    Row("rows + bias, relu", lambda take: ops.relu(take(1024, 1024) + take(1024))),
    curve("exp", ops.exp),
    curve("log", ops.log, positive=True),
    curve("tanh", ops.tanh),
    curve("sigmoid", ops.sigmoid),
    curve("erf", ops.erf),
    curve("sqrt", ops.sqrt, positive=True),
    Row("sum of all", lambda take: ops.sum(take(1024, 1024))),
    Row("sum of columns", lambda take: ops.sum(take(1024, 1024), axis=0)),
    Row("sum of rows", lambda take: ops.sum(take(1024, 1024), axis=1)),
    Row("max of rows", lambda take: ops.max(take(1024, 1024), axis=1)),
    Row("argmax of rows", lambda take: ops.argmax(take(1024, 1024), axis=1)),
    Row("mean, variance of rows", lambda take: ops.variance(take(1024, 1024), axis=1)),
    Row("softmax of rows of 10", lambda take: ops.softmax(take(32768, 10))),
    Row("softmax of rows of 1024", lambda take: ops.softmax(take(1024, 1024))),
    Row("transpose 1024x1024", lambda take: ops.transpose(take(1024, 1024))),
    Row("transpose heads", lambda take: ops.transpose(take(16, 64, 4, 16), (0, 2, 1, 3))),
    Row("slice", lambda take: ops.slice_(take(1024, 1024), (1, 1), (1022, 1022))),
    Row("concatenate", lambda take: ops.concatenate([take(1024, 256), take(1024, 768)], axis=1)),
    Row("gather rows of 64", lambda take: ops.gather(take(4096, 64), take.whole(16384, high=4096))),
    Row("scatter-add rows of 64", lambda take: ops.scatter_add(take(16384, 64), take.whole(16384, high=4096), 4096)),
    Row("random uniform", random(ops.random_uniform)),
    Row("random normal", random(ops.random_normal)),
    Row("Adam", adam),
    Row("SGD with momentum", momentum),
    Row("LSTM cell 32x64", lambda take: lstm_cell(take(32, 256), take(32, 64))),
    Row("attention 64x64x16 of 64", attention, 2 * 2 * 64 * 64 * 16 * 64),
]  # fmt: skip


def measure_kernel(row: Row, executor: Any, peak: float, bandwidth: float) -> dict[str, Any]:
    """The row's figures, as JSON takes them."""
    _, expected = row.run_once(NumpyExecutor())
    memory, found = row.run_once(executor)
    seconds = best_time(executor, memory)
    arrays = [*memory.inputs.values(), *memory.outputs.values()]
    variables = [variable.value for variable in memory.program.variables]
    moved = sum(array.nbytes for array in [*arrays, *variables, *variables])
    rate, limit = (row.operations, peak) if row.operations else (moved, bandwidth)
    return {
        "name": row.name,
        "difference": float(np.max([difference(*pair) for pair in zip(found, expected, strict=True)])),
        "seconds": seconds,
        "rate": rate / seconds / 1e9,
        "unit": "GFLOP/s" if row.operations else "GB/s",
        "share": rate / seconds / limit,
        "calls": len(memory.program.calls),
        "fallbacks": len(memory.fallbacks),
    }


def difference(ours: np.ndarray, truth: np.ndarray) -> float:
    """Largest difference, relative to the largest number."""
    apart = float(np.abs(ours.astype(np.float64) - truth).max(initial=0))
    return apart / max(float(np.abs(truth).max(initial=0)), 1e-30)


def best_time(executor: Any, memory: Any) -> float:
    """Seconds of one run: many in one call, the best of some such blocks."""
    times = 1
    while (seconds := clock(executor, memory, times)) < BLOCK_SECONDS:
        times = max(2 * times, round(times * BLOCK_SECONDS / max(seconds, 1e-5)))
    return min(seconds, *(clock(executor, memory, times) for _ in range(BLOCKS - 1))) / times


def clock(executor: Any, memory: Any, times: int) -> float:
    begin = time.perf_counter()
    executor.run(memory, stop=times * memory.length)
    return time.perf_counter() - begin


def peak_of(library: str) -> float:
    """Operations a second of `peak.c`."""
    loaded = ctypes.CDLL(library)
    loaded.peak_operations.restype = loaded.peak_run.restype = ctypes.c_double
    loaded.peak_run.argtypes = [ctypes.c_double] * 3
    rounds, best = 1e6, 0.0
    for _ in range(BLOCKS):
        begin = time.perf_counter()
        loaded.peak_run(rounds, 0.999, 0.001)
        best = max(best, rounds * loaded.peak_operations() / (time.perf_counter() - begin))
    return best


def bandwidth_of(executor: Any) -> float:
    """Bytes a second, read and written, of a copy of 4 MB."""
    memory, _ = Row("copy", lambda take: ops.copy(take(LARGE))).run_once(executor)
    return 8 * LARGE / best_time(executor, memory)


def everything(
    library: str, names: list[str] | None = None, tell: Callable[[str], None] = lambda line: None
) -> str:
    """The place's limits and all rows, as JSON; each is told as soon as it is there."""
    executor = executors.default()
    peak, bandwidth = peak_of(library), bandwidth_of(executor)
    rows = []
    for row in ROWS:
        if not names or row.name in names:
            rows.append(measure_kernel(row, executor, peak, bandwidth))
            tell(json.dumps(rows[-1]))
    return json.dumps({"peak": peak / 1e9, "bandwidth": bandwidth / 1e9, "rows": rows})
