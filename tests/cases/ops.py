"""The table of ops: one row gives value, shape rule, evaluation in place, gradient, text and every executor.

A row says how an op is called and, independently, what must come out. Every op of `ops.OPS` needs at least one.
To add one: a `Case` in the list of its family. `tests/ops/test_ops.py` does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.ops.attention import masked_softmax
from pyengine.ops.index import add_along_axis
from tests.ops import naive

NAN, INF = math.nan, math.inf


@dataclass(frozen=True, eq=False)
class Case:
    """One call of one op.

    Attributes:
        op: its name in `ops.OPS`; the call must record it.
        call: on arrays or graph values.
        inputs: arrays (float32 where floating).
        expected: the result, or a function of the inputs (floats as float64) that gives it.
        differentiable: positions of the inputs whose gradient is compared with finite differences;
            None means every floating-point one, () none (integers, or points where no derivative exists).
        label: what is special about this row.
        tolerance: relative to the largest expected number.
    """

    op: str
    call: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    expected: Any
    differentiable: tuple[int, ...] | None = None
    label: str = ""
    tolerance: float = 1e-6

    def __str__(self) -> str:
        return f"{self.op}: {self.label}" if self.label else self.op

    def truth(self) -> np.ndarray:
        """What must come out."""
        if not callable(self.expected):
            return np.asarray(self.expected)
        return np.asarray(
            self.expected(*(x.astype(np.float64) if x.dtype.kind == "f" else x for x in self.inputs))
        )

    def positions(self) -> tuple[int, ...]:
        """The inputs whose gradient is checked."""
        if self.differentiable is not None:
            return self.differentiable
        return tuple(i for i, x in enumerate(self.inputs) if x.dtype.kind == "f")


def real(*shape: int, seed: int = 0, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Distinct, evenly spread numbers in random order: no two so near that a finite difference meets a tie."""
    count = math.prod(shape)
    order = np.random.default_rng(seed).permutation(count)
    return (low + (high - low) * (order + 0.37) / max(count, 1)).astype(np.float32).reshape(shape)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    return real(*shape, seed=seed, low=0.2, high=3.0)


def whole(*shape: int, high: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, shape).astype(np.int32)


def floats(*numbers: Any) -> np.ndarray:
    return np.array(numbers, np.float32)


def each(function: Callable[..., float]) -> Callable[..., np.ndarray]:
    """A function of numbers, on arrays: the expectation of an elementwise op, through Python's own math."""
    return np.vectorize(function, otypes=[np.float64])


def truth(function: Callable[..., bool]) -> Callable[..., np.ndarray]:
    return np.vectorize(function, otypes=[bool])


ARITHMETIC = [
    Case("add", ops.add, (real(2, 3), real(2, 3, seed=1)), each(lambda a, b: a + b)),
    Case(
        "add", ops.add, (real(2, 1, 3), real(4, 1, seed=1)), each(lambda a, b: a + b), label="both stretched"
    ),
    Case("add", ops.add, (real(0, 3), real(3, seed=1)), np.zeros((0, 3)), label="empty"),
    Case("add", lambda a: a + 1, (whole(3, high=9),), lambda a: a + 1, label="whole numbers"),
    Case("subtract", ops.subtract, (real(2, 3), real(3, seed=1)), each(lambda a, b: a - b)),
    Case("subtract", lambda a: 1 - a, (real(2, 3),), each(lambda a: 1 - a), label="from a number"),
    Case("multiply", ops.multiply, (real(2, 3), real(2, 1, seed=1)), each(lambda a, b: a * b)),
    Case("multiply", ops.multiply, (real(), real(2, 2, seed=1)), each(lambda a, b: a * b), label="scalar"),
    Case("divide", ops.divide, (real(2, 3), positive(3, seed=1)), each(lambda a, b: a / b)),
    Case(
        "divide",
        ops.divide,
        (floats(1, -1, 0), floats(0, 0, 0)),
        [INF, -INF, NAN],
        differentiable=(),
        label="by zero",
    ),
    Case("power", ops.power, (positive(2, 3), real(3, seed=1)), each(math.pow)),
    Case("power", lambda a: a**3, (real(5),), each(lambda a: a**3), label="negative base, whole exponent"),
    Case("power", ops.power, (floats(0, 0, 0), floats(1, 3, 4)), [0, 0, 0], label="of zero"),
    Case(
        "power",
        ops.power,
        (floats(0, 2), floats(0, 0)),
        [1, 1],
        differentiable=(0,),
        label="of exponent zero",
    ),
    Case("maximum", ops.maximum, (real(2, 3), real(2, 3, seed=1)), each(max)),
    Case(
        "maximum",
        ops.maximum,
        (floats(NAN, 1), floats(1, NAN)),
        [NAN, NAN],
        differentiable=(),
        label="NaN wins",
    ),
    Case("minimum", ops.minimum, (real(2, 3), real(3, seed=1)), each(min)),
    Case(
        "minimum",
        ops.minimum,
        (floats(NAN, 1), floats(1, NAN)),
        [NAN, NAN],
        differentiable=(),
        label="NaN wins",
    ),
    Case(
        "floor_divide",
        ops.floor_divide,
        (floats(7, -7, 7, -7), floats(2, 2, -2, -2)),
        [3, -4, -4, 3],
        differentiable=(),
    ),
    Case("mod", ops.mod, (floats(7, -7, 7.5, -7.5), floats(4, 4, -4, -4)), [3, 1, -0.5, -3.5]),
]

COMPARISONS = [
    Case("equal", ops.equal, (floats(1, 2, NAN), floats(1, 3, NAN)), [True, False, False], differentiable=()),
    Case(
        "not_equal",
        ops.not_equal,
        (floats(1, 2, NAN), floats(1, 3, NAN)),
        [False, True, True],
        differentiable=(),
    ),
    Case("greater", ops.greater, (real(2, 3), real(3, seed=1)), truth(lambda a, b: a > b), differentiable=()),
    Case(
        "greater", ops.greater, (floats(NAN, 1), floats(1, 1)), [False, False], differentiable=(), label="NaN"
    ),
    Case(
        "greater_equal",
        ops.greater_equal,
        (floats(1, 2, 3), floats(2)),
        [False, True, True],
        differentiable=(),
    ),
    Case("less", ops.less, (real(2, 3), real(3, seed=1)), truth(lambda a, b: a < b), differentiable=()),
    Case("less_equal", ops.less_equal, (floats(1, 2, 3), floats(2)), [True, True, False], differentiable=()),
    Case(
        "logical_and",
        ops.logical_and,
        (np.array([True, True, False, False]), np.array([True, False, True, False])),
        [True, False, False, False],
    ),
    Case(
        "logical_or",
        ops.logical_or,
        (np.array([True, True, False, False]), np.array([True, False, True, False])),
        [True, True, True, False],
    ),
    Case("logical_not", ops.logical_not, (np.array([True, False]),), [False, True]),
    Case(
        "isfinite", ops.isfinite, (floats(1, NAN, INF, -INF),), [True, False, False, False], differentiable=()
    ),
    Case("isnan", ops.isnan, (floats(1, NAN, INF),), [False, True, False], differentiable=()),
]

CHOICES = [
    Case(
        "where",
        ops.where,
        (np.array([True, False, True]), real(2, 3), real(2, 1, seed=1)),
        each(lambda c, a, b: a if c else b),
    ),
    Case(
        "where",
        ops.where,
        (np.array([True, False]), floats(1, NAN), floats(INF, 2)),
        [1, 2],
        differentiable=(),
        label="the other side does not leak",
    ),
    Case("clip", lambda x: ops.clip(x, 0.5, INF), (real(4),), each(lambda x: max(x, 0.5)), label="one side"),
    Case("clip", lambda x: ops.clip(x, -0.5, 1.0), (real(2, 5),), each(lambda x: min(max(x, -0.5), 1.0))),
    Case(
        "clip",
        lambda x: ops.clip(x, 0.0, 1.0),
        (floats(NAN, INF),),
        [NAN, 1],
        differentiable=(),
        label="NaN stays",
    ),
]

CURVES = [
    Case("negative", ops.negative, (real(2, 3),), each(lambda x: -x)),
    Case("abs", ops.abs, (real(2, 3),), each(abs)),
    Case("sign", ops.sign, (floats(-2, 0, 3, NAN),), [-1, 0, 1, NAN], differentiable=()),
    Case("sign", ops.sign, (real(4),), each(lambda x: math.copysign(1, x)), label="flat"),
    Case("floor", ops.floor, (floats(-1.5, 1.5, 2),), [-2, 1, 2], differentiable=()),
    Case("ceil", ops.ceil, (floats(-1.5, 1.5, 2),), [-1, 2, 2], differentiable=()),
    Case("round", ops.round, (floats(0.5, 1.5, 2.5, -0.5, 2.4),), [0, 2, 2, 0, 2], differentiable=()),
    Case("square", ops.square, (real(2, 3),), each(lambda x: x * x)),
    Case("sqrt", ops.sqrt, (positive(2, 3),), each(math.sqrt)),
    Case("sqrt", ops.sqrt, (floats(0, -1, INF),), [0, NAN, INF], differentiable=(), label="at the edges"),
    Case("rsqrt", ops.rsqrt, (positive(2, 3),), each(lambda x: 1 / math.sqrt(x))),
    Case("exp", ops.exp, (real(2, 3),), each(math.exp)),
    Case("exp", ops.exp, (floats(-INF, 1000),), [0, INF], differentiable=(), label="at the edges"),
    Case("expm1", ops.expm1, (real(2, 3),), each(math.expm1)),
    Case("expm1", ops.expm1, (floats(1e-10, -1e-12),), each(math.expm1), differentiable=(), label="near 0"),
    Case("log", ops.log, (positive(2, 3),), each(math.log)),
    Case("log", ops.log, (floats(0, -1, INF),), [-INF, NAN, INF], differentiable=(), label="at the edges"),
    Case("log1p", ops.log1p, (positive(2, 3),), each(math.log1p)),
    Case("log1p", ops.log1p, (floats(1e-10, -1e-12),), each(math.log1p), differentiable=(), label="near 0"),
    Case("sin", ops.sin, (real(2, 3),), each(math.sin)),
    Case("cos", ops.cos, (real(2, 3),), each(math.cos)),
    Case("tanh", ops.tanh, (real(2, 3),), each(math.tanh)),
    Case("sigmoid", ops.sigmoid, (real(2, 3),), each(lambda x: 1 / (1 + math.exp(-x)))),
    Case(
        "sigmoid",
        ops.sigmoid,
        (floats(-1000, 1000, -80, NAN),),
        [0, 1, math.exp(-80), NAN],
        differentiable=(),
        label="far out",
    ),
    Case("softplus", ops.softplus, (real(2, 3),), each(lambda x: math.log1p(math.exp(x)))),
    Case("softplus", ops.softplus, (floats(-1000, 1000),), [0, 1000], differentiable=(), label="far out"),
    # Abramowitz and Stegun, table 7.1.
    Case("erf", ops.erf, (floats(0, 0.5, 1, -2),), [0, 0.5204998778, 0.8427007929, -0.9953222650]),
    Case("erf", ops.erf, (real(0, 2),), np.zeros((0, 2)), label="empty"),
    Case("relu", ops.relu, (real(2, 3),), each(lambda x: x if x > 0 else 0)),
    Case("relu", ops.relu, (floats(NAN, -INF, INF),), [NAN, 0, INF], differentiable=(), label="at the edges"),
]

STRUCTURE = [
    Case(
        "reshape",
        lambda x: ops.reshape(x, (3, -1)),
        (real(2, 6),),
        lambda x: [x.flat[0:4], x.flat[4:8], x.flat[8:]],
    ),
    Case("stop_gradient", ops.stop_gradient, (real(2, 3),), lambda x: x, differentiable=()),
    Case("copy", ops.copy, (real(2, 3),), lambda x: x),
    Case(
        "transpose", ops.transpose, (real(2, 3),), lambda x: [[x[j, i] for j in range(2)] for i in range(3)]
    ),
    Case(
        "transpose",
        lambda x: ops.transpose(x, (1, 2, 0)),
        (real(2, 3, 4),),
        lambda x: [[[x[k, i, j] for k in range(2)] for j in range(4)] for i in range(3)],
        label="three axes",
    ),
    Case(
        "broadcast_to",
        lambda x: ops.broadcast_to(x, (2, 3, 2)),
        (real(3, 1),),
        lambda x: [np.hstack([x, x])] * 2,
    ),
    Case("cast", lambda x: ops.cast(x, dtype="int32"), (floats(-1.7, 1.7),), [-1, 1], label="towards 0"),
    Case(
        "cast", lambda x: ops.cast(x, dtype="float32"), (np.array([True, False]),), [1, 0], label="from bool"
    ),
    Case(
        "slice",
        lambda x: ops.slice_(x, (1, 0), (4, 5), (2, 3)),
        (real(5, 5),),
        lambda x: [[x[1, 0], x[1, 3]], [x[3, 0], x[3, 3]]],
    ),
    Case("slice", lambda x: ops.slice_(x, (2,), (2,)), (real(3),), np.zeros(0), label="of nothing"),
    Case(
        "pad",
        lambda x: ops.pad(x, ((1, 0), (0, 2))),
        (real(1, 2),),
        lambda x: [[0, 0, 0, 0], [x[0, 0], x[0, 1], 0, 0]],
    ),
    Case(
        "pad",
        lambda x: ops.apply(ops.make("pad", begin=(1,), steps=(2,), target=(6,)), x),
        (real(3),),
        lambda x: [0, x[0], 0, x[1], 0, x[2]],
        label="spread out",
    ),
    Case("pad", lambda x: ops.pad(x, ((1, 1),)), (real(0),), [0, 0], label="of nothing"),
    Case("reverse", lambda x: ops.reverse(x, axis=1), (real(2, 3),), lambda x: [row[::-1] for row in x]),
    Case(
        "concatenate",
        lambda a, b, c: ops.concatenate([a, b, c], axis=1),
        (real(2, 1), real(2, 3, seed=1), real(2, 0)),
        lambda a, b, c: [[*a[i], *b[i]] for i in range(2)],
    ),
]

REDUCTIONS = [
    Case("sum", ops.sum, (real(2, 3),), lambda x: math.fsum(x.flat)),
    Case(
        "sum",
        lambda x: ops.sum(x, axis=1),
        (real(2, 3),),
        lambda x: [math.fsum(row) for row in x],
        label="axis",
    ),
    Case(
        "sum",
        lambda x: ops.sum(x, axis=(0, -1), keepdims=True),
        (real(2, 3, 2),),
        lambda x: [[[math.fsum(x[:, i].flat)] for i in range(3)]],
        label="axes kept",
    ),
    Case("sum", lambda x: ops.sum(x, axis=0), (real(0, 3),), np.zeros(3), label="of nothing"),
    Case("sum", ops.sum, (np.array([True, False, True]),), 2, label="of truths"),
    Case("max", ops.max, (real(2, 3),), lambda x: sorted(x.flat)[-1]),
    Case(
        "max",
        lambda x: ops.max(x, axis=0),
        (real(3, 2),),
        lambda x: [max(x[:, 0]), max(x[:, 1])],
        label="axis",
    ),
    Case("max", ops.max, (floats(1, NAN, 2),), NAN, differentiable=(), label="NaN wins"),
    Case(
        "min",
        lambda x: ops.min(x, axis=-1, keepdims=True),
        (real(2, 3),),
        lambda x: [[min(row)] for row in x],
    ),
    Case("all", lambda x: ops.all(x, axis=0), (np.array([[True, False], [True, True]]),), [True, False]),
    Case("all", ops.all, (np.zeros(0, bool),), True, label="of nothing"),
    Case("any", lambda x: ops.any(x, axis=1), (np.array([[True, False], [False, False]]),), [True, False]),
    Case("any", ops.any, (np.zeros(0, bool),), False, label="of nothing"),
    Case(
        "argmax",
        ops.argmax,
        (floats([1, 3, 3], [9, 2, 9]),),
        [1, 0],
        differentiable=(),
        label="the first of equals",
    ),
    Case("argmin", lambda x: ops.argmin(x, axis=0), (floats([1, 3], [1, 2]),), [0, 1], differentiable=()),
    Case(
        "cumsum",
        lambda x: ops.cumsum(x, axis=1),
        (real(2, 3),),
        lambda x: [[math.fsum(row[: i + 1]) for i in range(3)] for row in x],
    ),
    Case(
        "cumsum",
        lambda x: ops.cumsum(x, axis=0, reverse=True),
        (real(3),),
        lambda x: [math.fsum(x[i:]) for i in range(3)],
        label="from the end",
    ),
    Case(
        "softmax",
        ops.softmax,
        (real(2, 4),),
        lambda x: [[math.exp(v) / exp_sum(row) for v in row] for row in x],
    ),
    Case(
        "softmax",
        lambda x: ops.softmax(x, axis=0),
        (real(3),),
        lambda x: [math.exp(v) / exp_sum(x) for v in x],
        label="first axis",
    ),
    Case(
        "softmax",
        ops.softmax,
        (floats(1000, 1000, -1000),),
        [0.5, 0.5, 0],
        differentiable=(),
        label="far out",
    ),
    Case("softmax", ops.softmax, (real(0, 4),), np.zeros((0, 4)), label="of nothing"),
    Case(
        "log_softmax",
        ops.log_softmax,
        (real(2, 4),),
        lambda x: [[v - math.log(exp_sum(row)) for v in row] for row in x],
    ),
    Case("log_softmax", ops.log_softmax, (floats(1000, 0),), [0, -1000], differentiable=(), label="far out"),
    Case(
        "logsumexp",
        lambda x: ops.logsumexp(x, axis=1),
        (real(2, 4),),
        lambda x: [math.log(exp_sum(r)) for r in x],
    ),
    Case(
        "logsumexp",
        lambda x: ops.logsumexp(x, keepdims=True),
        (real(2, 3),),
        lambda x: [[math.log(exp_sum(x.flat))]],
    ),
    Case(
        "logsumexp",
        lambda x: ops.logsumexp(x, axis=1),
        (floats([1000, 1000], [-INF, 2], [-INF, -INF], [INF, 0]),),
        [1000 + math.log(2), 2, -INF, INF],
        differentiable=(),
        label="far out",
    ),
]


def exp_sum(numbers: Any) -> float:
    return math.fsum(map(math.exp, numbers))


MATRICES = [
    Case("matmul", ops.matmul, (real(2, 3), real(3, 4, seed=1)), lambda a, b: np.einsum("mk,kn->mn", a, b)),
    Case(
        "matmul",
        lambda a, b: ops.matmul(a, b, transpose_a=True),
        (real(3, 2), real(3, 4, seed=1)),
        lambda a, b: np.einsum("km,kn->mn", a, b),
        label="first transposed",
    ),
    Case(
        "matmul",
        lambda a, b: ops.matmul(a, b, transpose_b=True),
        (real(2, 3), real(4, 3, seed=1)),
        lambda a, b: np.einsum("mk,nk->mn", a, b),
        label="second transposed",
    ),
    Case(
        "matmul",
        lambda a, b: ops.matmul(a, b, transpose_a=True, transpose_b=True),
        (real(3, 2), real(4, 3, seed=1)),
        lambda a, b: np.einsum("km,nk->mn", a, b),
        label="both transposed",
    ),
    Case(
        "matmul",
        ops.matmul,
        (real(2, 1, 2, 3), real(2, 3, 2, seed=1)),
        lambda a, b: np.einsum("xymk,ykn->xymn", np.repeat(a, 2, 1), b),
        label="batches stretched",
    ),
    Case(
        "matmul",
        ops.matmul,
        (real(2, 2, 3), real(3, 2)),
        lambda a, b: np.einsum("bmk,kn->bmn", a, b),
        label="flat",
    ),
    Case(
        "matmul",
        lambda a, b: ops.matmul(a, b, transpose_a=True),
        (real(2, 3, 2), real(3, 2)),
        lambda a, b: np.einsum("bkm,kn->bmn", a, b),
        label="batch against one",
    ),
    Case("matmul", ops.matmul, (real(2, 0), real(0, 3)), np.zeros((2, 3)), label="over nothing"),
]

INDICES = [
    Case("gather", ops.gather, (real(4, 2), np.int32([3, 0, 3])), lambda x, i: [x[3], x[0], x[3]]),
    Case(
        "gather",
        lambda x, i: ops.gather(x, i, axis=1),
        (real(2, 3, 2), np.int32([[0, 2], [2, 2]])),
        lambda x, i: [[[row[0], row[2]], [row[2], row[2]]] for row in x],
        label="table of indices, middle axis",
    ),
    Case(
        "gather",
        ops.gather,
        (real(4, 2), np.zeros((0, 3), np.int32)),
        np.zeros((0, 3, 2)),
        label="of nothing",
    ),
    Case(
        "scatter_add",
        lambda x, i: ops.scatter_add(x, i, 4),
        (real(3, 2), np.int32([3, 0, 3])),
        lambda x, i: [x[1], [0, 0], [0, 0], x[0] + x[2]],
    ),
    Case(
        "scatter_add",
        lambda x, i: ops.scatter_add(x, i, 3, axis=1),
        (real(2, 2, 2, 2), np.int32([[0, 2], [2, 2]])),
        lambda x, i: [[r[0, 0], [0, 0], r[0, 1] + r[1, 0] + r[1, 1]] for r in x],
        label="table of indices, middle axis",
    ),
    Case(
        "scatter_add",
        lambda x, i: ops.scatter_add(x, i, 2),
        (real(0, 3), np.zeros(0, np.int32)),
        np.zeros((2, 3)),
        label="of nothing",
    ),
    Case("one_hot", lambda i: ops.one_hot(i, 3), (np.int32([[2, 0]]),), [[[0, 0, 1], [1, 0, 0]]]),
    Case(
        "one_hot",
        lambda i: ops.one_hot(i, 2, dtype="int32"),
        (np.int32([-1, 2, 1]),),
        [[0, 0], [0, 0], [0, 1]],
        label="out of range is all zeros",
    ),
    Case(
        "take_along_axis",
        ops.take_along_axis,
        (real(2, 3), np.int32([[2, 2], [0, 1]])),
        lambda x, i: [[x[0, 2], x[0, 2]], [x[1, 0], x[1, 1]]],
    ),
    Case(
        "add_along_axis",
        lambda x, i: add_along_axis(x, i, 3, axis=0),
        (real(2, 2), np.int32([[2, 0], [2, 1]])),
        lambda x, i: [[0, x[0, 1]], [0, x[1, 1]], [x[0, 0] + x[1, 0], 0]],
    ),
]


def primitive(name: str, **settings: Any) -> Callable[..., Any]:
    """An op called by its name: for those that only gradients use."""
    return lambda *inputs: ops.apply(ops.make(name, **settings), *inputs)


def convolutions(label: str, x: tuple[int, ...], kernel: tuple[int, ...], **geometry: Any) -> list[Case]:
    """A convolution and its two gradient ops, whose own gradients are the second derivatives."""
    geometry = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1, **geometry}
    counts = naive.output_shape(
        x[1:3], kernel[:2], geometry["strides"], geometry["padding"], geometry["dilation"]
    )
    image, weights, gradient = real(*x), real(*kernel, seed=1), real(x[0], *counts, kernel[3], seed=2)
    lengths, sizes = x[1:3], kernel[:2]
    return [
        Case(
            "conv2d",
            primitive("conv2d", **geometry),
            (image, weights),
            lambda a, b: naive.conv2d(a, b, **geometry),
            label=label,
            tolerance=2e-6,
        ),
        Case(
            "conv2d_input_gradient",
            primitive("conv2d_input_gradient", **geometry, lengths=lengths),
            (gradient, weights),
            lambda a, b: naive.conv2d_input_gradient(a, b, lengths=lengths, **geometry),
            label=label,
            tolerance=2e-6,
        ),
        Case(
            "conv2d_kernel_gradient",
            primitive("conv2d_kernel_gradient", **geometry, sizes=sizes),
            (image, gradient),
            lambda a, b: naive.conv2d_kernel_gradient(a, b, sizes=sizes, **geometry),
            label=label,
            tolerance=2e-6,
        ),
    ]


CONVOLUTIONS = [
    *convolutions("plain", (2, 4, 5, 2), (3, 2, 2, 3)),
    *convolutions("strided, padded", (1, 5, 4, 2), (3, 3, 2, 2), strides=(2, 1), padding=((1, 0), (1, 2))),
    *convolutions("dilated", (1, 6, 5, 1), (2, 3, 1, 2), dilation=(3, 2)),
    *convolutions("grouped", (2, 3, 3, 4), (2, 2, 2, 4), groups=2, padding=((1, 1), (0, 0))),
    *convolutions(
        "depthwise", (2, 4, 3, 3), (2, 2, 1, 6), groups=3, strides=(2, 1), padding=((0, 1), (1, 1))
    ),
    *convolutions("one by one", (1, 2, 3, 2), (1, 1, 2, 3)),
    *convolutions("padding wider than the window", (1, 2, 2, 1), (1, 2, 1, 1), padding=((2, 2), (0, 3))),
    *convolutions("steps over the end", (1, 6, 7, 1), (2, 2, 1, 1), strides=(3, 4)),
    *convolutions("no images, in groups", (0, 3, 3, 4), (2, 2, 2, 2), groups=2),
    *convolutions("no images", (0, 3, 3, 2), (2, 2, 2, 2)),
    *convolutions("no images, depthwise", (0, 3, 3, 2), (2, 2, 1, 2), groups=2),
]


def pools(label: str, x: tuple[int, ...], image: np.ndarray | None = None, **geometry: Any) -> list[Case]:
    """The pools and the ops of their gradients."""
    geometry = {"pool_size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0)), **geometry}
    ties = image is not None
    image = real(*x) if image is None else image
    largest = naive.max_pool2d(image, **geometry).astype(np.float32)
    gradient, lengths = real(*largest.shape, seed=2), x[1:3]
    values = real(*x, seed=3)
    rows = [
        Case(
            "max_pool2d",
            primitive("max_pool2d", **geometry),
            (image,),
            lambda a: naive.max_pool2d(a, **geometry),
            differentiable=() if ties else None,
            label=label,
        ),
        Case(
            "max_pool2d_gradient",
            primitive("max_pool2d_gradient", **geometry),
            (gradient, image, largest),
            lambda a, b, _: naive.max_pool2d_gradient(a, b, **geometry),
            differentiable=(0,),
            label=label,
        ),
        Case(
            "max_pool2d_pick",
            primitive("max_pool2d_pick", **geometry),
            (values, image, largest),
            lambda a, b, _: naive.max_pool2d_pick(a, b, **geometry),
            differentiable=(0,),
            label=label,
        ),
    ]
    if not ties:
        rows += [
            Case(
                "average_pool2d",
                primitive("average_pool2d", **geometry),
                (image,),
                lambda a: naive.average_pool2d(a, **geometry),
                label=label,
            ),
            Case(
                "average_pool2d_gradient",
                primitive("average_pool2d_gradient", **geometry, lengths=lengths),
                (gradient,),
                lambda a: naive.average_pool2d_gradient(a, lengths=lengths, **geometry),
                label=label,
            ),
        ]
    return rows


POOLS = [
    *pools("side by side", (2, 4, 5, 2)),
    *pools("overlapping", (1, 4, 4, 1), pool_size=(3, 2), strides=(1, 1)),
    *pools("padded", (1, 3, 4, 2), pool_size=(3, 3), strides=(2, 2), padding=((1, 1), (0, 1))),
    *pools("equal numbers", (1, 3, 3, 1), np.ones((1, 3, 3, 1), np.float32), strides=(1, 1)),
    *pools(
        "-inf under padding", (1, 2, 2, 1), np.full((1, 2, 2, 1), -INF, np.float32), padding=((1, 1), (1, 1))
    ),
    *pools("no images", (0, 4, 4, 2)),
    Case(
        "max_pool2d",
        ops.max_pool2d,
        (np.arange(16, dtype=np.int32).reshape(1, 4, 4, 1),),
        [[[[5], [7]], [[13], [15]]]],
        label="whole numbers",
    ),
]

STATE = np.array([3, 4, 5], np.uint32)
RANDOM = [
    # Words 1797259609 and 2579123966 begin the stream of key (0, 0); fold_in's own agreement is in test_random.py.
    Case(
        "random_uniform",
        lambda s: ops.random_uniform(s, shape=(2, 3), low=-1.0, high=3.0),
        (STATE,),
        lambda s: uniform_by_definition(s, 6).reshape(2, 3) * 4 - 1,
    ),
    Case(
        "random_uniform",
        lambda s: ops.random_uniform(s, shape=(0, 3)),
        (STATE,),
        np.zeros((0, 3)),
        label="of nothing",
    ),
    Case(
        "random_normal",
        lambda s: ops.random_normal(s, shape=(2, 3)),
        (STATE,),
        lambda s: normal_by_definition(s, 6).reshape(2, 3),
    ),
    Case("next_random_state", ops.next_random_state, (STATE,), [3, 4, 6]),
    Case(
        "next_random_state",
        ops.next_random_state,
        (np.uint32([1, 2, 2**32 - 1]),),
        [1, 2, 0],
        label="wraps around",
    ),
]


def standardized(x, gamma, beta, axes):
    center, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - center) / np.sqrt(variance + 0.1) * gamma + beta


def backward(g, x, gamma, center, scale, axes):
    """The gradients of x, gamma, beta, written out term by term: x also acts through mean and variance."""
    count = math.prod(x.shape[axis] for axis in axes)
    others = (
        tuple(axis for axis in range(x.ndim) if axis not in axes)
        if gamma.ndim != x.ndim - len(axes)
        else axes
    )
    h, w = (x - center) * scale, g * gamma
    dx = (count * w - w.sum(axes, keepdims=True) - h * (w * h).sum(axes, keepdims=True)) * scale / count
    return dx, (g * h).sum(others), g.sum(others)


def outputs_of(name: str, show: int) -> Callable[..., Any]:
    return lambda *inputs: ops.apply(ops.make(name, epsilon=0.1), *inputs)[show]


STANDARDIZED = [
    *(
        Case(
            "layer_norm",
            outputs_of("layer_norm", show),
            (real(3, 2, 4), real(*shape, seed=1), real(*shape, seed=2)),
            lambda x, gamma, beta, show=show, axes=axes: [
                standardized(x, gamma, beta, axes),
                x.mean(axes, keepdims=True),
                1 / np.sqrt(x.var(axes, keepdims=True) + 0.1),
            ][show],
            label=f"output {show} over axes {axes}",
        )
        for show in range(3)
        for shape, axes in (((4,), (2,)), ((2, 4), (1, 2)))
    ),
    *(
        Case(
            "layer_norm_gradient",
            outputs_of("layer_norm_gradient", show),
            (
                real(3, 2, 4),
                real(3, 2, 4, seed=1),
                real(*shape, seed=2),
                real(*row, seed=3),
                positive(*row, seed=4),
            ),
            lambda *inputs, show=show, axes=axes: backward(*inputs, axes)[show],
            label=f"output {show} over axes {axes}",
        )
        for show in range(3)
        for shape, row, axes in (((4,), (3, 2, 1), (2,)), ((2, 4), (3, 1, 1), (1, 2)))
    ),
    *(
        Case(
            "batch_norm",
            outputs_of("batch_norm", show),
            (real(3, 2, 4), real(4, seed=1), real(4, seed=2)),
            lambda x, gamma, beta, show=show: [
                standardized(x, gamma, beta, (0, 1)),
                x.mean((0, 1)),
                x.var((0, 1)),
            ][show],
            label=f"output {show}",
        )
        for show in range(3)
    ),
    *(
        Case(
            "batch_norm_gradient",
            outputs_of("batch_norm_gradient", show),
            (real(3, 2, 4), real(3, 2, 4, seed=1), real(4, seed=2), real(4, seed=3), positive(4, seed=4)),
            lambda g, x, gamma, center, variance, show=show: backward(
                g, x, gamma, center, 1 / np.sqrt(variance + 0.1), (0, 1)
            )[show],
            label=f"output {show}",
        )
        for show in range(3)
    ),
]


def chain(code: tuple, outputs: tuple, show: int = 0) -> Callable[..., Any]:
    """One output of a chain over inputs that broadcast."""

    def call(*arrays: Any) -> Any:
        target = np.broadcast_shapes(*map(ops.shape_of, arrays))
        return ops.apply(ops.make("chain", code=code, outputs=outputs, target=target), *arrays)[show]

    return call


ADAM_LIKE = (
    ("subtract", (1, 0), ()),
    ("multiply", (-1, 2), ()),
    ("add", (0, -2), ()),
    ("square", (1,), ()),
    ("sqrt", (-4,), ()),
    ("divide", (-3, -5), ()),
)
FUSED = [
    Case(
        "chain",
        chain((("multiply", (0, 1), ()), ("add", (-1, 2), ()), ("relu", (-2,), ())), (-3,)),
        (real(3, 4), real(4, seed=1), real(1, 1, seed=2)),
        lambda x, a, b: np.maximum(x * a + b, 0),
        label="stretched inputs",
    ),
    *(
        Case(
            "chain",
            chain(ADAM_LIKE, (-3, -6, -2), show),
            (real(5, 7), positive(5, 7, seed=1), floats(0.25)),
            lambda m, g, rate, show=show: [m + (g - m) * rate, (m + (g - m) * rate) / g, (g - m) * rate][
                show
            ],
            label=f"output {show} of 3",
        )
        for show in range(3)
    ),
    Case(
        "chain",
        chain((("greater", (0, 1), ()), ("cast", (-1,), (("dtype", "int32"),)), ("add", (-2, 2), ())), (-3,)),
        (floats(1, NAN, 3), floats(0, 0, 5), np.int32([[10], [20]])),
        np.int32([[11, 10, 10], [21, 20, 20]]),
        label="several dtypes",
    ),
    Case(
        "chain",
        chain((("clip", (0,), (("low", -INF), ("high", 6.0))), ("negative", (-1,), ())), (-2, 1)),
        (real(200, 300), real(1, 300, seed=1)),
        lambda x, y: -x,
        (),
        label="large, and an input that leaves as it is",
    ),
    Case(
        "chain",
        chain((("add", (0, 1), ()), ("exp", (-1,), ())), (-2,)),
        (floats(1).reshape(()), floats(-1).reshape(())),
        np.float32(1),
        label="numbers",
    ),
    Case(
        "chain",
        chain((("add", (0, 1), ()),), (-1,)),
        (real(0, 3), real(3)),
        np.zeros((0, 3)),
        label="nothing",
    ),
    *(
        Case(
            "matmul_bias",
            lambda a, b, bias, activation=activation: ops.apply(
                ops.make("matmul_bias", transpose_a=True, transpose_b=False, activation=activation),
                a,
                b,
                bias,
            ),
            (real(4, 3), real(4, 5, seed=1, high=6.0), real(5, seed=2)),
            lambda a, b, bias, top=top, low=low: np.clip(a.T @ b + bias, low, top),
            label=activation,
        )
        for activation, low, top in (("linear", -INF, INF), ("relu", 0, INF), ("relu6", 0, 6))
    ),
    Case(
        "matmul_bias",
        lambda a, b, bias: ops.apply(
            ops.make("matmul_bias", transpose_a=False, transpose_b=True, activation="relu"), a, b, bias
        ),
        (real(2, 3, 4), real(5, 4, seed=1), real(5, seed=2)),
        lambda a, b, bias: np.maximum(a @ b.T + bias, 0),
        label="batched",
    ),
    Case(
        "matmul_add",
        lambda a, b, c: ops.apply(ops.make("matmul_add", transpose_a=False, transpose_b=True), a, b, c),
        (real(6, 3), real(4, 3, seed=1), real(6, 4, seed=2)),
        lambda a, b, c: a @ b.T + c,
    ),
    *(
        Case(
            "conv2d_bias",
            lambda x, kernel, bias, activation=activation, groups=groups: ops.apply(
                ops.make(
                    "conv2d_bias",
                    strides=(2, 1),
                    padding=((1, 0), (1, 1)),
                    dilation=(1, 1),
                    groups=groups,
                    activation=activation,
                ),
                x,
                kernel,
                bias,
            ),
            (real(2, 5, 6, 4), real(3, 2, 4 // groups, 8, seed=1, high=4.0), real(8, seed=2)),
            lambda x, kernel, bias, groups=groups, low=low, top=top: np.clip(
                naive.conv2d(x, kernel, strides=(2, 1), padding=((1, 0), (1, 1)), groups=groups) + bias,
                low,
                top,
            ),
            label=f"{activation}, {groups} groups",
        )
        for activation, groups, low, top in (
            ("linear", 1, -INF, INF),
            ("relu", 2, 0, INF),
            ("relu6", 4, 0, 6),
        )
    ),
    *(
        Case(
            "softmax_crossentropy",
            lambda x, y, slope, show=show: ops.apply(ops.make("softmax_crossentropy"), x, y, slope)[show],
            (real(3, 4), positive(3, 4, seed=1), slope),
            lambda x, y, slope, show=show: crossentropy_by_definition(x, y, slope)[show],
            label=f"output {show}, slope {slope.shape}",
        )
        for show in range(2)
        for slope in (floats(-0.25).reshape(()), real(3, 1, seed=2))
    ),
    *(
        Case(
            "sparse_softmax_crossentropy",
            lambda x, y, slope, show=show: ops.apply(ops.make("sparse_softmax_crossentropy"), x, y, slope)[
                show
            ],
            (real(2, 3, 4), whole(2, 3, 1, high=4), slope),
            lambda x, y, slope, show=show: crossentropy_by_definition(x, np.eye(4)[y[..., 0]], slope)[show],
            label=f"output {show}, slope {slope.shape}",
        )
        for show in range(2)
        for slope in (floats(-0.25).reshape(()), real(2, 3, 1, seed=2))
    ),
]


def crossentropy_by_definition(x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> tuple:
    softmax = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    sums = (slope * y).sum(-1, keepdims=True)
    return (y * np.log(softmax)).sum(-1, keepdims=True), slope * y - softmax * sums


def words_by_definition(state: np.ndarray, count: int) -> list[int]:
    """Words of the stream of fold_in((key0, key1), counter), from the mixing function alone."""
    from pyengine.random import threefry2x32

    key = threefry2x32(state[0], state[1], state[2], 2**31)  # fold_in counts from 2**63: high word 2**31
    return [int(threefry2x32(*key, word // 2, 0)[word % 2]) for word in range(count)]


def uniform_by_definition(state: np.ndarray, count: int) -> np.ndarray:
    return np.array([(word >> 8) / 2**24 for word in words_by_definition(state, count)])


def normal_by_definition(state: np.ndarray, count: int) -> np.ndarray:
    from statistics import NormalDist

    return np.array(
        [NormalDist().inv_cdf((word + 0.5) / 2**32) for word in words_by_definition(state, count)]
    )


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_definition(z, c):
    i, f, g, o = np.split(z, 4, -1)
    new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    gates = np.concatenate([sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)], -1)
    return sigmoid(o) * np.tanh(new), new, gates, np.tanh(new)


def gru_by_definition(x, s, h):
    (xz, xr, xg), (sz, sr, sg) = np.split(x, 3, -1), np.split(s, 3, -1)
    z, r = sigmoid(xz + sz), sigmoid(xr + sr)
    g = np.tanh(xg + r * sg)
    return z * h + (1 - z) * g, np.concatenate([z, r, g, sg], -1)


def slopes_by_differences(function, inputs, arrived):
    """Of Σ arrived · output, for each input, by central differences."""

    def total():
        return sum(np.sum(a * y) for a, y in zip(arrived, function(*inputs), strict=False))

    result = []
    for x in inputs:
        slope = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            kept = x[place]
            x[place] = kept + 1e-6
            above = total()
            x[place] = kept - 1e-6
            slope[place] = (above - total()) / 2e-6
            x[place] = kept
        result.append(slope)
    return result


def masked_by_definition(x, mask, causal=False):
    seen = np.broadcast_to(mask, x.shape) & (np.tri(*x.shape[-2:], dtype=bool) | (not causal))
    e = np.exp(x) * seen
    return e / e.sum(-1, keepdims=True)


def scanned(function, count, **settings):
    """A call of ops.scan on one state, a sequence and a constant; the final state and results, one behind the other."""

    def call(*arrays):
        finals, results = ops.scan(function, arrays[:count], arrays[count:-1], arrays[-1:], **settings)
        return ops.concatenate([ops.reshape(one, (-1,)) for one in (*finals, *results)], axis=0)

    return call


def recurrence(states, slices, constants):
    h = ops.tanh(ops.add(ops.matmul(states[0], constants[0]), slices[0]))
    return (h,), (h, ops.square(h))


def recurrence_by_definition(h, x, kernel, times=slice(None)):
    made = []
    for one in x[times]:
        h = np.tanh(h @ kernel + one)
        made.append(h)
    made = np.array(made)[times] if made else np.zeros((0, *h.shape))
    return np.concatenate([h.ravel(), made.ravel(), (made**2).ravel()])


def polynomial(states, slices, constants):
    """The value of a polynomial, coefficient by coefficient, and the power that has come so far."""
    (value, power), (a,), (x,) = states, slices, constants
    return (ops.add(value, ops.multiply(a, power)), ops.multiply(power, x)), (value,)


def polynomial_by_definition(value, power, a, x):
    values = []
    for one in a:
        values.append(value)
        value, power = value + one * power, power * x
    return np.concatenate([np.ravel(value), np.ravel(power), np.ravel(values)])


LSTM_GRADIENT = (real(2, 3), real(2, 3, seed=1), real(2, 12, seed=2), real(2, 3, seed=3))
SEQUENCES = [
    *(
        Case(
            "lstm_cell",
            lambda z, c, show=show: ops.apply(ops.make("lstm_cell"), z, c)[show],
            (real(2, 12), real(2, 3, seed=1)),
            lambda z, c, show=show: lstm_by_definition(z, c)[show],
            label=f"output {show}",
        )
        for show in range(4)
    ),
    *(
        Case(
            "lstm_cell_gradient",
            lambda dh, dc, z, c, show=show: ops.apply(
                ops.make("lstm_cell_gradient"), dh, dc, *ops.apply(ops.make("lstm_cell"), z, c)[2:], c
            )[show],
            LSTM_GRADIENT,
            lambda dh, dc, z, c, show=show: slopes_by_differences(lstm_by_definition, (z, c), (dh, dc))[show],
            label=f"output {show}",
            tolerance=1e-6,
        )
        for show in range(2)
    ),
    *(
        Case(
            "gru_cell",
            lambda x, s, h, show=show: ops.apply(ops.make("gru_cell"), x, s, h)[show],
            (real(2, 9), real(2, 9, seed=1), real(2, 3, seed=2)),
            lambda x, s, h, show=show: gru_by_definition(x, s, h)[show],
            label=f"output {show}",
        )
        for show in range(2)
    ),
    *(
        Case(
            "gru_cell_gradient",
            lambda dh, x, s, h, show=show: ops.apply(
                ops.make("gru_cell_gradient"), dh, ops.apply(ops.make("gru_cell"), x, s, h)[1], h
            )[show],
            (real(2, 3), real(2, 9, seed=1), real(2, 9, seed=2), real(2, 3, seed=3)),
            lambda dh, x, s, h, show=show: slopes_by_differences(gru_by_definition, (x, s, h), (dh,))[show],
            label=f"output {show}",
        )
        for show in range(3)
    ),
    Case("masked_softmax", masked_softmax, (real(2, 3, 4), whole(3, 4, high=2, seed=4) + np.eye(3, 4) > 0),
         masked_by_definition, label="mask that is stretched"),
    Case("masked_softmax", lambda x: masked_softmax(x, causal=True), (real(2, 3, 4),),
         lambda x: masked_by_definition(x, True, True), label="causal"),
    Case("masked_softmax", lambda x, mask: masked_softmax(x, mask, causal=True),
         (real(2, 2, 3, 3), np.array([[[[True, False, True]]], [[[True, True, False]]]])),
         lambda x, mask: masked_by_definition(x, mask, True), label="both"),
    Case("masked_softmax", masked_softmax, (real(1, 4), np.zeros((1, 4), bool)), [[0.25] * 4],
         label="nothing seen"),
    Case("softmax_gradient", lambda dy, y: ops.apply(ops.make("softmax_gradient"), dy, y),
         (real(2, 5), positive(2, 5, seed=1)), lambda dy, y: y * (dy - (dy * y).sum(-1, keepdims=True))),
    Case("scan", scanned(recurrence, 1), (real(2, 3), real(4, 2, 3, seed=1), real(3, 3, seed=2, low=-1, high=1)),
         recurrence_by_definition),
    Case("scan", scanned(recurrence, 1, reverse=True),
         (real(2, 3), real(4, 2, 3, seed=1), real(3, 3, seed=2, low=-1, high=1)),
         lambda h, x, kernel: recurrence_by_definition(h, x, kernel, slice(None, None, -1)), label="from the end"),
    Case("scan", scanned(recurrence, 1), (real(2, 3), real(0, 2, 3), real(3, 3, seed=2)), recurrence_by_definition,
         label="of no steps"),
    Case("scan", scanned(polynomial, 2), (real(1), positive(1, seed=1), real(4, 1, seed=2), positive(1, seed=3)),
         polynomial_by_definition, label="of two states"),
]  # fmt: skip


CASES: list[Case] = [
    *ARITHMETIC,
    *COMPARISONS,
    *CHOICES,
    *CURVES,
    *STRUCTURE,
    *REDUCTIONS,
    *MATRICES,
    *INDICES,
    *CONVOLUTIONS,
    *POOLS,
    *RANDOM,
    *FUSED,
    *STANDARDIZED,
    *SEQUENCES,
]
