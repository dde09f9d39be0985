"""Learning rates that change with the number of updates. All agree with Keras 3.

A schedule is called with the number of updates so far (a whole number, an array, or the optimizer's variable while
a step is traced) and gives the rate of the next one, computed with ops.

To add one: 1. a subclass of `LearningRateSchedule` here 2. its name in SCHEDULES 3. a row in
`tests/cases/optimizers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.configurable import Configurable
from pyengine.errors import ArgumentError, describe, require_number
from pyengine.names import resolve
from pyengine.ops.base import Array


class LearningRateSchedule(Configurable):
    """Base of all schedules: subclasses give `rate`.

    Shapes: step () or any shape -> the same shape.

    >>> class Halving(LearningRateSchedule):
    ...     def rate(self, step):
    ...         return ops.divide(0.1, ops.add(step, 1.0))
    >>> Halving()([0, 1])
    array([0.1 , 0.05], dtype=float32)

    Source: Keras 3.
    """

    def __call__(self, step: Array) -> Any:
        """The learning rate after `step` updates.

        Shapes: step () or any shape -> the same shape, float32.
        Arguments:
            step: number of updates so far, from 0.
        """
        return ops.in_dtype(self.rate(ops.in_dtype(step, "float32")), "float32")

    def rate(self, step: Array) -> Any:
        """The learning rate after `step` updates, from a float32 step.

        Shapes: step () or any shape -> the same shape.
        Arguments:
            step: number of updates so far, from 0, float32.
        """
        raise NotImplementedError


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate · decay_rate^(step / decay_steps).

    Arguments:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of updates after which the rate is multiplied by decay_rate, above 0.
        decay_rate: that factor, above 0.
        staircase: whether the rate changes all at once every decay_steps instead of a little at each step.
    Errors: ArgumentError for values out of range.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    array(0.025, dtype=float32)

    Source: Keras 3.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.decay_rate = positive(self, "decay_rate", decay_rate)
        self.staircase = staircase

    def rate(self, step: Array) -> Any:
        times = ops.divide(step, float(self.decay_steps))
        times = ops.floor(times) if self.staircase else times
        return ops.multiply(self.initial_learning_rate, power(self.decay_rate, times))


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate · step / decay_steps).

    Arguments:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of updates over which the divisor grows by decay_rate, above 0.
        decay_rate: that growth.
        staircase: whether the rate changes all at once every decay_steps instead of a little at each step.
    Errors: ArgumentError for values out of range.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    array(0.05, dtype=float32)

    Source: Keras 3.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase

    def rate(self, step: Array) -> Any:
        times = ops.divide(step, float(self.decay_steps))
        times = ops.floor(times) if self.staircase else times
        return ops.divide(self.initial_learning_rate, ops.add(ops.multiply(times, self.decay_rate), 1.0))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] for step ≤ boundaries[0], values[1] for step ≤ boundaries[1], …, then the last value.

    Arguments:
        boundaries: numbers of updates, rising.
        values: learning rates, one more than boundaries.
    Errors: ArgumentError where boundaries do not rise, or where there is not one value more than boundaries.

    >>> schedule = PiecewiseConstantDecay([100], [0.1, 0.01])
    >>> schedule([100, 101])
    array([0.1 , 0.01], dtype=float32)

    Source: Keras 3.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float]):
        if len(values) != len(boundaries) + 1:
            raise ArgumentError(
                where="PiecewiseConstantDecay",
                argument="values",
                expected="one more than there are boundaries",
                got=f"{len(values)} values for {len(boundaries)} boundaries",
                fix="Give the value before the first boundary, too, and that after the last.",
            )
        if list(boundaries) != sorted(boundaries):
            raise ArgumentError(
                where="PiecewiseConstantDecay",
                argument="boundaries",
                expected="rising numbers of steps",
                got=describe(boundaries),
                fix="Sort them together with the values.",
            )
        self.boundaries = boundaries
        self.values = values

    def rate(self, step: Array) -> Any:
        rate: Any = np.float32(self.values[-1])
        for boundary, value in reversed(list(zip(self.boundaries, self.values, strict=False))):
            rate = ops.where(ops.less_equal(step, float(boundary)), float(value), rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """end_learning_rate + (initial_learning_rate - end_learning_rate) · (1 - step / decay_steps)^power.

    Arguments:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of updates until the end is reached, above 0.
        end_learning_rate: the rate from then on.
        power: 1 for a straight line.
        cycle: whether to begin again from a higher rate instead of staying: decay_steps counts as its next multiple
            that is at least step.
    Errors: ArgumentError for decay_steps of 0 or less.

    >>> PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)
    array(0.05, dtype=float32)

    Source: Keras 3.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle

    def rate(self, step: Array) -> Any:
        steps: Any = np.float32(self.decay_steps)
        if self.cycle:
            times = ops.maximum(ops.ceil(ops.divide(step, steps)), 1.0)
            steps = ops.multiply(steps, times)
        else:
            step = ops.minimum(step, steps)
        left = ops.power(ops.subtract(1.0, ops.divide(step, steps)), float(self.power))
        span = self.initial_learning_rate - self.end_learning_rate
        return ops.add(ops.multiply(left, span), self.end_learning_rate)


class CosineDecay(LearningRateSchedule):
    """Half a cosine from initial_learning_rate down to alpha times it, after an optional warm-up.

    initial_learning_rate · ((1 - alpha) · (1 + cos(π · step / decay_steps)) / 2 + alpha), and its value at decay_steps
    from then on. With warmup_target the rate first rises linearly from initial_learning_rate to warmup_target in
    warmup_steps, and the cosine falls from there.

    Arguments:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of updates that the cosine takes, above 0.
        alpha: the rate at its end, as a fraction of that at its beginning.
        warmup_target: the rate at the end of the warm-up; default None, no warm-up.
        warmup_steps: number of updates that the warm-up takes, at least 0.
    Errors: ArgumentError for decay_steps of 0 or less.

    >>> CosineDecay(0.1, decay_steps=10)(5)
    array(0.05, dtype=float32)

    Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts" (2016); Keras 3.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive(self, "decay_steps", decay_steps)
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def rate(self, step: Array) -> Any:
        warms = self.warmup_target is not None
        top = self.warmup_target if self.warmup_target is not None else self.initial_learning_rate
        since = ops.subtract(step, float(self.warmup_steps)) if warms else step
        done = ops.clip(ops.divide(since, float(self.decay_steps)), 0.0, 1.0)
        rate = ops.multiply(half_cosine(done, self.alpha), top)
        if not warms or self.warmup_steps == 0:
            return rate
        slope = (top - self.initial_learning_rate) / self.warmup_steps
        rise = ops.add(ops.multiply(step, slope), self.initial_learning_rate)
        return ops.where(ops.less(step, float(self.warmup_steps)), rise, rate)


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines one after another, each t_mul times as long and m_mul times as high as the one before.

    initial_learning_rate · ((1 - alpha) · h · (1 + cos(π · s / l)) / 2 + alpha), s steps into a cosine of
    length l = first_decay_steps · t_mulʳ and height h = m_mulʳ, after r restarts.

    Arguments:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: number of updates that the first cosine takes, above 0.
        t_mul: growth factor of the lengths, at least 1.
        m_mul: growth factor of the heights, above 0.
        alpha: the rate at the end of each, as a fraction of initial_learning_rate.
    Errors: ArgumentError for values out of range.

    >>> CosineDecayRestarts(0.1, first_decay_steps=4)([0, 2, 4])
    array([0.1 , 0.05, 0.1 ], dtype=float32)

    Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts" (2016); Keras 3.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ):
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = positive(self, "first_decay_steps", first_decay_steps)
        expected = "a number of at least 1"
        self.t_mul = require_number(
            "CosineDecayRestarts", "t_mul", t_mul, expected, lambda factor: factor >= 1, 2.0
        )
        self.m_mul = positive(self, "m_mul", m_mul)
        self.alpha = alpha

    def rate(self, step: Array) -> Any:
        done = ops.divide(step, float(self.first_decay_steps))
        if self.t_mul == 1:
            restart = ops.floor(done)
            within = ops.subtract(done, restart)
        else:
            # The r-th cosine begins at (t_mulʳ - 1) / (t_mul - 1) first lengths.
            grown = ops.add(ops.multiply(done, self.t_mul - 1), 1.0)
            logarithm = ops.divide(ops.log(grown), math.log(self.t_mul))
            # A restart must not come a step late because log 8 / log 2 is 2.9999998 in float32.
            restart = ops.floor(ops.add(logarithm, 2e-6))
            length = power(self.t_mul, restart)
            begin = ops.divide(ops.subtract(length, 1.0), self.t_mul - 1)
            within = ops.divide(ops.subtract(done, begin), length)
        height = power(self.m_mul, restart)
        return ops.multiply(half_cosine(within, self.alpha, height), self.initial_learning_rate)


def half_cosine(done: Array, alpha: float, height: Array = 1.0) -> Any:
    """From about `height` at 0 down to alpha at 1: (1 - alpha) · height · (1 + cos(π · done)) / 2 + alpha."""
    cosine = ops.multiply(ops.add(ops.cos(ops.multiply(done, math.pi)), 1.0), 0.5)
    cosine = ops.multiply(cosine, height)
    return ops.add(ops.multiply(cosine, 1 - alpha), alpha)


def power(base: float, exponent: Array) -> Any:
    """A number above 0 to the power of an array; its logarithm is taken in double precision."""
    return ops.exp(ops.multiply(exponent, math.log(base)))


def positive(schedule: LearningRateSchedule, name: str, value: float) -> float:
    """A setting that has been checked."""
    where = type(schedule).__name__
    example = 1000 if name.endswith("steps") else 0.9
    return require_number(where, name, value, "a number above 0", lambda number: number > 0, example)


SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    "exponential_decay": ExponentialDecay,
    "inverse_time_decay": InverseTimeDecay,
    "piecewise_constant_decay": PiecewiseConstantDecay,
    "polynomial_decay": PolynomialDecay,
    "cosine_decay": CosineDecay,
    "cosine_decay_restarts": CosineDecayRestarts,
}


def get(identifier: Any) -> float | LearningRateSchedule:
    """The number or the schedule that a learning rate stands for.

    Arguments:
        identifier: a number, a `LearningRateSchedule` or `{"class_name": …, "config": {…}}`.
    Errors: ArgumentError for anything else; UnknownNameError with the nearest known names.

    >>> get(0.1), get({"class_name": "CosineDecay", "config": {"initial_learning_rate": 1, "decay_steps": 9}})
    (0.1, CosineDecay(initial_learning_rate=1, decay_steps=9))
    """
    if isinstance(identifier, LearningRateSchedule):
        return identifier
    if isinstance(identifier, Mapping):
        return resolve("learning rate schedule", identifier, SCHEDULES)
    try:
        return float(identifier)
    except (TypeError, ValueError):
        raise ArgumentError(
            where="An optimizer",
            argument="learning_rate",
            expected="a number or a LearningRateSchedule",
            got=describe(identifier),
            fix="Use, for example, `learning_rate=0.001`.",
        ) from None
