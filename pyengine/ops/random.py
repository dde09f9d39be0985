"""Random numbers inside a step, from a state that the step itself moves on.

A state is three 32-bit words: a key and a step counter. The numbers are those of `pyengine.random` for
`fold_in(key, counter)`: each step draws new numbers; a restored state gives the same ones. Within a layer:

    noise = ops.random_normal(state, shape=x.shape)
    state.assign(ops.next_random_state(state))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyengine import random, shapes
from pyengine.dtypes import canonical, is_float
from pyengine.errors import ArgumentError, DtypeError, ShapeError, describe
from pyengine.graph import Spec
from pyengine.ops.base import Array, Op, apply


def check_state(op: str, state: Spec) -> None:
    if state != Spec((3,), "uint32"):
        raise ShapeError(
            where=f"ops.{op}",
            argument="state",
            expected="a random state of dtype uint32 and shape (3,): two words of a key, a counter",
            got=f"dtype {state.dtype}, shape {state.shape}",
            fix="Layers make one with `add_random_state`.",
        )


class Random(Op):
    """state: (3,) uint32 -> `target`, floats."""

    target: shapes.Shape
    dtype: str

    def shape(self, state: Spec) -> Spec:
        check_state(self.name, state)
        return Spec(self.target, self.dtype)

    def key_of(self, state):
        first, second, counter = state.tolist()
        return random.fold_in((first, second), counter)

    def gradient(self, gradient, output, state):
        return (None,)


class RandomUniform(Random):
    name = "random_uniform"
    low: float
    high: float

    def evaluate(self, state):
        key = self.key_of(state)
        return random.uniform(key, self.target, low=self.low, high=self.high, dtype=self.dtype)


class RandomNormal(Random):
    name = "random_normal"

    def evaluate(self, state):
        return random.normal(self.key_of(state), self.target, dtype=self.dtype)


class NextRandomState(Op):
    """The same key, the counter one further (after 2³² steps it begins again)."""

    name = "next_random_state"
    in_place = (0,)

    def shape(self, state: Spec) -> Spec:
        check_state(self.name, state)
        return state

    def evaluate(self, state):
        return np.add(state, np.array([0, 0, 1], np.uint32))

    def evaluate_into(self, out, state):
        np.add(state, np.array([0, 0, 1], np.uint32), out=out)

    def gradient(self, gradient, output, state):
        return (None,)


def _target(shape: Sequence[int], dtype: str) -> dict[str, Any]:
    dtype = canonical(dtype)
    if not is_float(dtype):
        raise DtypeError(
            where="ops.random_uniform",
            argument="dtype",
            expected="'float32' or 'float64'",
            got=describe(dtype),
            fix="Cast the numbers afterwards.",
        )
    return {"target": tuple(int(length) for length in shape), "dtype": dtype}


def random_uniform(
    state: Array, *, shape: Sequence[int], low: float = 0.0, high: float = 1.0, dtype: str = "float32"
) -> Any:
    """Numbers spread evenly over low ≤ x < high, decided by `state` alone.

    Shapes: state (3,) of uint32 (key, key, counter) -> shape.
    Arguments:
        state: a random state; layers make one with `add_random_state`.
        shape: that of the result.
        low: the least number; default 0.0.
        high: what they stay below; default 1.0.
        dtype: "float32" or "float64"; default "float32".
    Errors: ArgumentError for bounds that are not finite, or low > high; DtypeError for another dtype.

    >>> random_uniform(np.uint32([0, 7, 0]), shape=(2,)).dtype
    dtype('float32')
    """
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ArgumentError(
            where="ops.random_uniform",
            argument="low",
            expected="finite bounds, low ≤ high",
            got=f"{low} and {high}",
            fix="Use, for example, `low=0.0, high=1.0`.",
        )
    return apply(RandomUniform(**_target(shape, dtype), low=float(low), high=float(high)), state)


def random_normal(state: Array, *, shape: Sequence[int], dtype: str = "float32") -> Any:
    """Numbers of the standard normal distribution, decided by `state` alone.

    Shapes: state (3,) of uint32 (key, key, counter) -> shape.
    Arguments:
        state: a random state; layers make one with `add_random_state`.
        shape: that of the result.
        dtype: "float32" or "float64"; default "float32".
    Errors: DtypeError for another dtype, ShapeError for what is no state.

    >>> random_normal(np.uint32([0, 7, 0]), shape=(2, 3)).shape
    (2, 3)
    """
    return apply(RandomNormal(**_target(shape, dtype)), state)


def next_random_state(state: Array) -> Any:
    """The state for the step after this one.

    Shapes: state (3,) of uint32 (key, key, counter) -> the same.

    >>> next_random_state(np.uint32([0, 7, 0]))
    array([0, 7, 1], dtype=uint32)
    """
    return apply(NextRandomState(), state)
