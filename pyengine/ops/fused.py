"""Fused ops: several plain ops in one pass over memory. What each of them means is its expansion into plain ops.

Steps are written in plain ops; `transforms/fuse.py` puts these in their place after differentiation.

To add one: 1. a class here with `shape` and `expand`, and with `begins_with` and `candidates`, by which fusing finds it
2. a row in `tests/cases/ops.py`, on which `tests/ops/test_expanded.py` runs too 3. its kernel (see
`executors/simd/encode`); where there is none the expansion runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pyengine import shapes
from pyengine.errors import ShapeError
from pyengine.graph import Spec
from pyengine.ops.arithmetic import add, minimum, multiply, subtract
from pyengine.ops.base import Op, apply, make
from pyengine.ops.broadcast import broadcast_to, sum
from pyengine.ops.conv import Conv2D
from pyengine.ops.expanded import Expanded, Specs
from pyengine.ops.functions import exp, relu
from pyengine.ops.index import add_along_axis, check_indices, take_along_axis
from pyengine.ops.matmul import Matmul
from pyengine.ops.normalize import LogSoftmax, log_softmax

Instruction = tuple[str, tuple[int, ...], tuple[tuple[str, Any], ...]]  # op, operands, its settings' items
ROWS_AT_ONCE = 2**15  # numbers: what NumPy makes on the way stays in the second-level cache


class Chain(Expanded):
    """An expression of elementwise ops and casts, over arrays that broadcast.

    Attributes:
        code: the instructions: an op's name, its operands, its settings as (key, value) pairs. An operand i ≥ 0 is
            the chain's input i, and -1 - k is the result of instruction k.
        outputs: the operands that come out, all in the shape `target` to which everything broadcasts. (A
            `broadcast_to` is no instruction, for every operand is stretched by itself.)

    Any output may lie where an input of its spec lies: all is read before it is written, number by number.

    >>> code = (("multiply", (0, 1), ()), ("relu", (-1,), ()))
    >>> Chain(code=code, outputs=(-1, -2), target=(2,)).evaluate(np.float32([1, -1]), np.float32(3))
    (array([ 3., -3.], dtype=float32), array([3., 0.], dtype=float32))
    """

    name = "chain"
    several = True
    in_place: ClassVar[tuple[int, ...]] = tuple(range(64))
    code: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    target: shapes.Shape

    @cached_property
    def instructions(self) -> list[tuple[Op, tuple[int, ...]]]:
        """The code, with ops in place of their names."""
        return [(make(name, **dict(items)), operands) for name, operands, items in self.code]

    @cached_property
    def dying(self) -> list[tuple[int, ...]]:
        """For each instruction the results that nothing needs after it: NumPy may write over them."""
        last = {i: place for place, (_, operands, _) in enumerate(self.code) for i in operands}
        return [
            tuple(dict.fromkeys(i for i in operands if i < 0 and last[i] == place and i not in self.outputs))
            for place, (_, operands, _) in enumerate(self.code)
        ]

    def shape(self, *specs: Spec) -> tuple[Spec, ...]:
        intermediate: list[Spec] = []
        for op, operands in self.instructions:
            intermediate.append(op.shape(*(specs[i] if i >= 0 else intermediate[-1 - i] for i in operands)))
        for spec in (*specs, *intermediate):
            if shapes.broadcast(spec.shape, self.target) != self.target:
                raise ShapeError(
                    f"chain over {self.target} cannot hold {spec}: it does not broadcast to that shape."
                )
        results = (specs[i] if i >= 0 else intermediate[-1 - i] for i in self.outputs)
        return tuple(Spec(self.target, spec.dtype) for spec in results)

    def settings_text(self) -> str:
        """`multiply(0,1) relu(%0) -> %1`: an input is its number, a result is % and the number of its instruction."""

        def operand(i: int) -> str:
            return str(i) if i >= 0 else f"%{-1 - i}"

        code = [
            f"{name}({','.join([*map(operand, operands), *(f'{key}={value}' for key, value in items)])})"
            for name, operands, items in self.code
        ]
        return f"{' '.join(code)} -> {' '.join(map(operand, self.outputs))}"

    def expand(self, *inputs):
        intermediate: list[Any] = []
        for op, operands in self.instructions:
            intermediate.append(apply(op, *(inputs[i] if i >= 0 else intermediate[-1 - i] for i in operands)))
        results = (inputs[i] if i >= 0 else intermediate[-1 - i] for i in self.outputs)
        return tuple(broadcast_to(value, self.target) for value in results)

    def values(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """The outputs, not yet stretched to the target."""
        intermediate: list[np.ndarray] = []
        for (op, operands), dying in zip(self.instructions, self.dying, strict=True):
            inputs = [arrays[i] if i >= 0 else intermediate[-1 - i] for i in operands]
            intermediate.append(over(op, inputs, [intermediate[-1 - i] for i in dying]))
        return [arrays[i] if i >= 0 else intermediate[-1 - i] for i in self.outputs]

    def evaluate(self, *arrays):
        return tuple(np.broadcast_to(value, self.target).copy() for value in self.values(*arrays))

    def evaluate_into(self, out, *arrays):
        for part in self.parts():
            values = self.values(*(rows(array, part, len(self.target)) for array in arrays))
            if len(values) > 1:  # none may be an input that another one is about to overwrite
                values = [v.copy() if i >= 0 else v for i, v in zip(self.outputs, values, strict=True)]
            for target, value in zip(out, values, strict=True):
                target[part] = value

    def parts(self) -> list[Any]:
        """The target in pieces along its first axis; all of it where that is small or a single row."""
        if shapes.size(self.target) <= ROWS_AT_ONCE or self.target[0] == 1:
            return [...]
        step = max(1, ROWS_AT_ONCE // shapes.size(self.target[1:]))
        return [slice(start, start + step) for start in range(0, self.target[0], step)]


def over(op: Op, inputs: list[np.ndarray], dying: list[np.ndarray]) -> np.ndarray:
    """What the op makes of the inputs, in the memory of one that dies if that is plainly possible."""
    function = getattr(op, "function", None)
    dtype = getattr(op, "dtype", None) or inputs[-1].dtype
    if isinstance(function, np.ufunc):
        for array in dying:
            fits = array.ndim and array.dtype == dtype
            if fits and all(x.shape == array.shape or single(x, array.ndim) for x in inputs):
                return function(*inputs, out=array)
    return np.asarray(op.evaluate(*inputs)).astype(dtype, copy=False)


def single(x: np.ndarray, rank: int) -> bool:
    """Whether it is one number that does not add axes to an array of this rank."""
    return x.size == 1 and x.ndim <= rank


def rows(array: np.ndarray, part: Any, rank: int) -> np.ndarray:
    """Of an array that broadcasts to `rank` axes, what a part of the first of these needs."""
    return array if part is ... or array.ndim < rank or array.shape[0] == 1 else array[part]


ACTIVATIONS = ("linear", "relu", "relu6")  # of products: what is done to a number before it is stored


def activate(x: Any, activation: str) -> Any:
    """x, max(x, 0), or min(max(x, 0), 6)."""
    if activation == "linear":
        return x
    return minimum(relu(x), 6.0) if activation == "relu6" else relu(x)


def check_bias(op: str, bias: Spec, out: Spec) -> Spec:
    """The output's spec, if the bias has one number for each of its last axis."""
    if bias.shape != out.shape[-1:]:
        raise ShapeError(f"{op} into {out} expects a bias of shape {out.shape[-1:]}, but got {bias.shape}.")
    return out


def with_bias(
    fused: type[Expanded], first: Op, inputs: Specs, output: Spec
) -> Iterator[tuple[Expanded, Specs]]:
    """The fused op with each activation; the one with most in it first."""
    for activation in reversed(ACTIVATIONS):
        yield fused(**first.settings, activation=activation), (*inputs, Spec(output.shape[-1:], output.dtype))


class Product(Expanded):
    """Around a matrix product. a: (…, M, K)  b: (…, K, N)."""

    transpose_a: bool
    transpose_b: bool

    @property
    def product(self) -> Matmul:
        return Matmul(transpose_a=self.transpose_a, transpose_b=self.transpose_b)


class MatmulBias(Product):
    """activation(a · b + bias); settings as of `matmul`, and `activation`.

    a: (…, M, K)  b: (…, K, N)  bias: (N,)  ->  (…, M, N).
    """

    name = "matmul_bias"
    begins_with = Matmul
    activation: str

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        return with_bias(cls, first, inputs, output)

    def shape(self, a: Spec, b: Spec, bias: Spec) -> Spec:
        return check_bias(self.name, bias, self.product.shape(a, b))

    def expand(self, a, b, bias):
        return activate(add(apply(self.product, a, b), bias), self.activation)


class MatmulAdd(Product):
    """c + a · b; settings as of `matmul`.

    a: (…, M, K)  b: (…, K, N)  c and the result: (…, M, N).
    """

    name = "matmul_add"
    in_place = (2,)
    begins_with = Matmul

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        yield cls(**first.settings), (*inputs, output)

    def shape(self, a: Spec, b: Spec, c: Spec) -> Spec:
        out = self.product.shape(a, b)
        if c != out:
            raise ShapeError(f"matmul_add expects c to be {out}, as the product is, but got {c}.")
        return out

    def expand(self, a, b, c):
        return add(c, apply(self.product, a, b))


class Conv2DBias(Expanded):
    """activation(conv2d(x, kernel) + bias); settings as of `conv2d`, and `activation`.

    x: (B, H, W, C)  kernel: (KH, KW, C / groups, F)  bias: (F,)  ->  (B, OH, OW, F).
    """

    name = "conv2d_bias"
    begins_with = Conv2D
    activation: str

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        return with_bias(cls, first, inputs, output)

    @property
    def convolution(self) -> Conv2D:
        return Conv2D(**{key: value for key, value in self.settings.items() if key != "activation"})

    def shape(self, x: Spec, kernel: Spec, bias: Spec) -> Spec:
        return check_bias(self.name, bias, self.convolution.shape(x, kernel))

    def expand(self, x, kernel, bias):
        return activate(add(apply(self.convolution, x, kernel), bias), self.activation)


INDEX_DTYPES = ("int32", "int64", "uint8", "uint32")  # of classes, the usual one first


def slopes(first: Op, scores: Spec) -> list[Spec]:
    """Of what shapes the slope may be, if the logarithms are along the last of its axes."""
    if first.settings["axis"] != len(scores.shape) - 1 or scores.shape[-1] < 2:
        return []
    return [Spec((), scores.dtype), Spec((*scores.shape[:-1], 1), scores.dtype)]


class SoftmaxCrossentropy(Expanded):
    """The loss of probabilities against targets, and its gradient, from one pass over each row.

    scores, targets: (…, N)  slope: () or (…, 1), in the scores' dtype
    ->  likelihood: (…, 1), the sums of targets · log_softmax(scores) over the last axis;
        gradient: (…, N), slope · targets - softmax(scores) · (the sum of slope · targets): the gradient of a number
        whose gradient with respect to the likelihood is slope.

    The gradient may lie where the scores or the targets lie: a row is read before it is written.
    """

    name = "softmax_crossentropy"
    several = True
    in_place = (0, 1)
    begins_with = LogSoftmax

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        for slope in slopes(first, output):
            yield cls(), (output, output, slope)

    def shape(self, scores: Spec, targets: Spec, slope: Spec) -> tuple[Spec, Spec]:
        row = (*scores.shape[:-1], 1)
        if targets != scores or slope.shape not in ((), row) or not scores.shape or scores.shape[-1] < 2:
            raise ShapeError(
                f"{self.name} expects scores and targets (…, N) with N ≥ 2 and a slope () or (…, 1), but got "
                f"{scores}, {targets} and {slope}."
            )
        return Spec(row, scores.dtype), scores

    def expand(self, scores, targets, slope):
        logarithms, weighted = log_softmax(scores), multiply(slope, targets)
        total = sum(weighted, axis=-1, keepdims=True)
        likelihood = sum(multiply(targets, logarithms), axis=-1, keepdims=True)
        return likelihood, subtract(weighted, multiply(exp(logarithms), total))


class SparseSoftmaxCrossentropy(Expanded):
    """The same where the targets are numbers of classes.

    scores: (…, N)  classes: (…, 1), whole numbers from 0  slope: () or (…, 1), in the scores' dtype
    ->  likelihood: (…, 1), log_softmax(scores) at the class;
        gradient: (…, N), slope · (1 at the class, else 0) - softmax(scores) · slope.

    The gradient may lie where the scores lie. A class out of range raises DataError.
    """

    name = "sparse_softmax_crossentropy"
    several = True
    in_place = (0,)
    begins_with = LogSoftmax

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        for slope in slopes(first, output):
            for dtype in INDEX_DTYPES:
                yield cls(), (output, Spec((*output.shape[:-1], 1), dtype), slope)

    def shape(self, scores: Spec, classes: Spec, slope: Spec) -> tuple[Spec, Spec]:
        check_indices(self.name, classes)
        row = (*scores.shape[:-1], 1)
        if classes.shape != row or slope.shape not in ((), row) or scores.shape[-1] < 2:
            raise ShapeError(
                f"{self.name} expects scores (…, N) with N ≥ 2, classes (…, 1) and a slope () or (…, 1), but got "
                f"{scores}, {classes} and {slope}."
            )
        return Spec(row, scores.dtype), scores

    def expand(self, scores, classes, slope):
        logarithms = log_softmax(scores)
        weighted = add_along_axis(broadcast_to(slope, classes.shape), classes, scores.shape[-1])
        total = sum(weighted, axis=-1, keepdims=True)
        likelihood = take_along_axis(logarithms, classes)
        return likelihood, subtract(weighted, multiply(exp(logarithms), total))
