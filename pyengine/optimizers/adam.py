"""Adam and its relatives: a step is the mean of recent gradients over the root of the mean of their squares."""

from __future__ import annotations

import math
from typing import Any

from pyengine import ops
from pyengine.errors import ArgumentError, describe, require_number
from pyengine.graph import Variable
from pyengine.ops.base import Array
from pyengine.optimizers.base import Optimizer
from pyengine.optimizers.schedules import LearningRateSchedule


class Adam(Optimizer):
    """Steps by a running mean of gradients, divided by the root of a running mean of their squares.

    m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², w ← w - rate · m̂ / (√v̂ + epsilon).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) at update t correct the bias of m and v, which begin at 0. These factors are
    folded into two scalars, so a step costs few passes over the weights.

    Arguments:
        learning_rate: see `Optimizer`.
        beta_1: β₁, 0 ≤ β₁ < 1.
        beta_2: β₂, 0 ≤ β₂ < 1.
        epsilon: keeps the quotient finite; at least 0. Added to √v̂, as in the paper, PyTorch and TensorFlow.js.
        amsgrad: whether v never falls: the greatest so far is used.
        epsilon_hat: whether epsilon is added to the uncorrected √v instead, as in Keras: the paper's ε̂, in the
            formula before its section 2.1. It differs while t is small and epsilon large. Default False.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Adam(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.9, 2.1], dtype=float32)

    Source: Kingma, Ba, "Adam: a method for stochastic optimization" (2014); Reddi, Kale, Kumar, "On the convergence of
        Adam and beyond" (2018) for amsgrad.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        epsilon_hat: bool = False,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(self, "beta_1", beta_1)
        self.beta_2 = fraction(self, "beta_2", beta_2)
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        if not isinstance(epsilon_hat, bool):
            raise ArgumentError(
                where=type(self).__name__,
                argument="epsilon_hat",
                expected="`True` or `False`",
                got=describe(epsilon_hat),
                fix="Give the number itself as `epsilon`.",
            )
        self.epsilon_hat = epsilon_hat

    def slots(self, variable: Variable) -> dict[str, float]:
        names = ("momentum", "velocity", "velocity_hat") if self.amsgrad else ("momentum", "velocity")
        return dict.fromkeys(names, 0.0)

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        rate, floor = self._once(variable.dtype, lambda: self._corrected(rate, variable.dtype))
        momentum = mixed(slots["momentum"], gradient, self.beta_1)
        velocity = mixed(slots["velocity"], ops.square(gradient), self.beta_2)
        if self.amsgrad:
            hat = slots["velocity_hat"]
            velocity = ops.assign(hat, ops.maximum(hat, velocity))
        below = ops.add(ops.sqrt(velocity), floor)
        ops.assign(variable, ops.subtract(variable, ops.divide(ops.multiply(momentum, rate), below)))

    def _corrected(self, rate: Array, dtype: str) -> tuple[Any, Any]:
        """The learning rate and epsilon on the scale of m and √v, instead of m̂ and √v̂."""
        step = self.step_number(dtype)
        root = ops.sqrt(one_minus_power(self.beta_2, step))
        rate = ops.divide(ops.multiply(rate, root), one_minus_power(self.beta_1, step))
        return rate, self.epsilon if self.epsilon_hat else ops.multiply(root, self.epsilon)


class AdamW(Adam):
    """Adam with decoupled weight decay: w ← w - rate · weight_decay · w, then the update of `Adam`.

    Arguments:
        learning_rate: see `Optimizer`.
        weight_decay: fraction of a weight, times the learning rate, that is taken off before each update, at least 0.
        beta_1, beta_2, epsilon, amsgrad, epsilon_hat: see `Adam`.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> AdamW(0.1, weight_decay=0.5).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.85, 2.  ], dtype=float32)

    Source: Loshchilov, Hutter, "Decoupled weight decay regularization" (2017); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        epsilon_hat: bool = False,
        **common: Any,
    ):
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            epsilon_hat=epsilon_hat,
            weight_decay=weight_decay,
            **common,
        )


class Nadam(Optimizer):
    """Adam with Nesterov's momentum: m̂ = uₜ₊₁ · m / (1 - u₁…uₜ₊₁) + (1 - uₜ) · g / (1 - u₁…uₜ).

    w ← w - rate · m̂ / (√v̂ + epsilon), with m and v as in `Adam` and the factor uₜ = β₁ · (1 - 0.5 · 0.96ᵗ), which
    warms up.

    Arguments:
        learning_rate: see `Optimizer`.
        beta_1: β₁, 0 ≤ β₁ < 1.
        beta_2: β₂, 0 ≤ β₂ < 1.
        epsilon: keeps the quotient finite.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Nadam(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.8937, 2.1063], dtype=float32)

    Source: Dozat, "Incorporating Nesterov momentum into Adam" (2015); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(self, "beta_1", beta_1)
        self.beta_2 = fraction(self, "beta_2", beta_2)
        self.epsilon = epsilon

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"momentum": 0.0, "velocity": 0.0, "product": 1.0}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        now, following, rate, floor = self._once(
            variable.dtype, lambda: self._corrected(rate, variable.dtype)
        )
        product = ops.assign(slots["product"], ops.multiply(slots["product"], now))
        momentum = mixed(slots["momentum"], gradient, self.beta_1)
        velocity = mixed(slots["velocity"], ops.square(gradient), self.beta_2)
        ahead = ops.divide(following, ops.subtract(1.0, ops.multiply(product, following)))
        new = ops.divide(ops.subtract(1.0, now), ops.subtract(1.0, product))
        hat = ops.add(ops.multiply(momentum, ahead), ops.multiply(gradient, new))
        below = ops.add(ops.sqrt(velocity), floor)
        ops.assign(variable, ops.subtract(variable, ops.divide(ops.multiply(hat, rate), below)))

    def _corrected(self, rate: Array, dtype: str) -> tuple[Any, ...]:
        """uₜ, uₜ₊₁, the learning rate and epsilon, these two on the scale of √v instead of √v̂."""
        step = self.step_number(dtype)
        root = ops.sqrt(one_minus_power(self.beta_2, step))
        warm = self._warm(step), self._warm(ops.add(step, 1.0))
        return *warm, ops.multiply(rate, root), ops.multiply(root, self.epsilon)

    def _warm(self, step: Array) -> Any:
        """uₜ."""
        power = ops.exp(ops.multiply(step, math.log(0.96)))
        return ops.multiply(ops.subtract(1.0, ops.multiply(power, 0.5)), self.beta_1)


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the root mean square.

    m ← β₁ m + (1 - β₁) g, u ← max(β₂ u, |g|), w ← w - rate / (1 - β₁ᵗ) · m / (u + epsilon).

    Arguments:
        learning_rate: see `Optimizer`.
        beta_1: β₁, 0 ≤ β₁ < 1.
        beta_2: β₂, 0 ≤ β₂ < 1.
        epsilon: keeps the quotient finite.
        decay: after n updates the rate is divided by 1 + decay · n, as in TensorFlow.js; at least 0.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Adamax(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.9, 2.1], dtype=float32)

    Source: Kingma, Ba, "Adam: a method for stochastic optimization" (2014), section 7; Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        decay: float = 0.0,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(self, "beta_1", beta_1)
        self.beta_2 = fraction(self, "beta_2", beta_2)
        self.epsilon = epsilon
        expected = "a number of at least 0"
        self.decay = require_number("Adamax", "decay", decay, expected, lambda number: number >= 0, 0.01)

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"momentum": 0.0, "norm": 0.0}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        rate = self._once(variable.dtype, lambda: self._corrected(rate, variable.dtype))
        momentum = mixed(slots["momentum"], gradient, self.beta_1)
        largest = ops.maximum(ops.multiply(slots["norm"], self.beta_2), ops.abs(gradient))
        below = ops.add(ops.assign(slots["norm"], largest), self.epsilon)
        ops.assign(variable, ops.subtract(variable, ops.divide(ops.multiply(momentum, rate), below)))

    def _corrected(self, rate: Array, dtype: str) -> Any:
        """The learning rate on the scale of m instead of m̂, and decayed."""
        step = self.step_number(dtype)
        rate = ops.divide(rate, one_minus_power(self.beta_1, step))
        if not self.decay:
            return rate
        return ops.divide(rate, ops.add(ops.multiply(ops.subtract(step, 1.0), self.decay), 1.0))


class Lion(Optimizer):
    """Steps by the sign of a running mean of gradients: every weight moves by the same length.

    w ← w - rate · sign(β₁ m + (1 - β₁) g), m ← β₂ m + (1 - β₂) g.

    Arguments:
        learning_rate: three to ten times smaller than Adam's; a number of at least 0, or a schedule.
        beta_1: β₁, 0 ≤ β₁ < 1.
        beta_2: β₂, 0 ≤ β₂ < 1.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Lion(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.9, 2.1], dtype=float32)

    Source: Chen et al., "Symbolic discovery of optimization algorithms" (2023); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(self, "beta_1", beta_1)
        self.beta_2 = fraction(self, "beta_2", beta_2)

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"momentum": 0.0}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        momentum = slots["momentum"]
        direction = ops.sign(
            ops.add(ops.multiply(momentum, self.beta_1), ops.multiply(gradient, 1 - self.beta_1))
        )
        ops.assign(variable, ops.subtract(variable, ops.multiply(direction, rate)))
        mixed(momentum, gradient, self.beta_2)


def mixed(slot: Variable, new: Array, keep: float) -> Any:
    """slot ← keep · slot + (1 - keep) · new, assigned."""
    return ops.assign(slot, ops.add(ops.multiply(slot, keep), ops.multiply(new, 1 - keep)))


def one_minus_power(base: float, exponent: Array) -> Any:
    """1 - baseᵗ, exact even where baseᵗ is nearly 1 (1 - 0.999 in float32 is off by 3e-5)."""
    if base == 0:
        return ops.in_dtype(1.0, ops.dtype_of(exponent))
    return ops.negative(ops.expm1(ops.multiply(exponent, math.log(base))))


def fraction(optimizer: Optimizer, name: str, value: float) -> float:
    """A setting that has been checked."""
    expected = "a number of at least 0 and less than 1"
    return require_number(optimizer._title, name, value, expected, lambda number: 0 <= number < 1, 0.9)
