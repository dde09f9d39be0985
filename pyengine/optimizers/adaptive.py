"""Optimizers that give each weight a rate of its own: RMSprop, Adagrad, Adadelta, Ftrl."""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.errors import require_number
from pyengine.graph import Variable
from pyengine.ops.base import Array
from pyengine.optimizers.adam import fraction, mixed
from pyengine.optimizers.base import Optimizer
from pyengine.optimizers.schedules import LearningRateSchedule


class RMSprop(Optimizer):
    """Gradients divided by the root of a running mean of their squares.

    v ← rho · v + (1 - rho) g², w ← w - rate · g / √(v + epsilon).

    Centered takes the square of the mean gradient off v; momentum adds a fraction of the last step, as in SGD.

    Arguments:
        learning_rate: see `Optimizer`.
        rho: how much of the old mean stays, 0 ≤ rho < 1 (TensorFlow.js calls it decay).
        momentum: fraction of the last step that is added to the next one, 0 ≤ momentum < 1.
        epsilon: keeps the quotient finite.
        centered: whether to divide by the variance instead of the mean square.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> RMSprop(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.6838, 2.3162], dtype=float32)

    Source: Hinton, "Neural networks for machine learning", lecture 6 (2012); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.rho = fraction(self, "rho", rho)
        self.momentum = fraction(self, "momentum", momentum)
        self.epsilon = epsilon
        self.centered = centered

    def slots(self, variable: Variable) -> dict[str, float]:
        wanted = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return {name: 0.0 for name, needed in wanted.items() if needed}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        below = mixed(slots["velocity"], ops.square(gradient), self.rho)
        if self.centered:
            below = ops.subtract(below, ops.square(mixed(slots["average_gradient"], gradient, self.rho)))
        step = ops.divide(ops.multiply(gradient, rate), ops.sqrt(ops.add(below, self.epsilon)))
        if self.momentum:
            step = ops.assign(
                slots["momentum"], ops.add(ops.multiply(slots["momentum"], self.momentum), step)
            )
        ops.assign(variable, ops.subtract(variable, step))


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of their squares: rates fall where gradients were large.

    a ← a + g², w ← w - rate · g / √(a + epsilon).

    Arguments:
        learning_rate: see `Optimizer`.
        initial_accumulator_value: the first value of a, at least 0.
        epsilon: keeps the quotient finite.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Adagrad(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.9155, 2.0845], dtype=float32)

    Source: Duchi, Hazan, Singer, "Adaptive subgradient methods" (2011); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = at_least_zero(
            self, "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = epsilon

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        total = ops.assign(slots["accumulator"], ops.add(slots["accumulator"], ops.square(gradient)))
        step = ops.divide(ops.multiply(gradient, rate), ops.sqrt(ops.add(total, self.epsilon)))
        ops.assign(variable, ops.subtract(variable, step))


class Adadelta(Optimizer):
    """Gradients scaled by the ratio of the running root mean squares of steps and gradients.

    v ← rho · v + (1 - rho) g², d = g · √((u + epsilon) / (v + epsilon)), w ← w - rate · d.

    u is the same moving mean of d², so that a step has the weight's own unit.

    Arguments:
        learning_rate: factor of d, at least 0, or a schedule; the paper has 1.
        rho: how much of the old means stays, 0 ≤ rho < 1.
        epsilon: keeps the quotient finite, and the first steps above 0.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Adadelta(1.0, epsilon=0.01).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.6667, 2.3333], dtype=float32)

    Source: Zeiler, "Adadelta: an adaptive learning rate method" (2012); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.rho = fraction(self, "rho", rho)
        self.epsilon = epsilon

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"accumulated_gradient": 0.0, "accumulated_delta": 0.0}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        below = mixed(slots["accumulated_gradient"], ops.square(gradient), self.rho)
        above = ops.add(slots["accumulated_delta"], self.epsilon)
        ratio = ops.divide(above, ops.add(below, self.epsilon))
        delta = ops.multiply(gradient, ops.sqrt(ratio))
        mixed(slots["accumulated_delta"], ops.square(delta), self.rho)
        ops.assign(variable, ops.subtract(variable, ops.multiply(delta, rate)))


class Ftrl(Optimizer):
    """Follow the regularized leader: with l1 it sets weights to exactly 0, for sparse models.

    n ← n + g² and z ← z + g - (nᵖ_new - nᵖ_old) / rate · w, with p = -learning_rate_power; then w is 0 where
    |z| ≤ l1, else (sign(z) · l1 - z) / (nᵖ / rate + 2 · l2 + beta / rate).

    Arguments:
        learning_rate: size of a step: a number above 0, or a schedule.
        learning_rate_power: at most 0; 0 for a rate that does not fall.
        initial_accumulator_value: the first value of n, at least 0.
        l1_regularization_strength: l1, at least 0.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: adds 2 · this · w to the gradient in z, at least 0.
        beta: the paper's β, at least 0.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> Ftrl(0.1).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.381 , 1.0155], dtype=float32)

    Source: McMahan et al., "Ad click prediction: a view from the trenches" (2013); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        self.learning_rate_power = require_number(
            "Ftrl",
            "learning_rate_power",
            learning_rate_power,
            "a number of at most 0",
            lambda power: power <= 0,
            -0.5,
        )
        self.initial_accumulator_value = at_least_zero(
            self, "initial_accumulator_value", initial_accumulator_value
        )
        self.l1_regularization_strength = at_least_zero(
            self, "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = at_least_zero(
            self, "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = at_least_zero(
            self, "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = beta

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        n, z = slots["accumulator"], slots["linear"]
        shrinkage = 2 * self.l2_shrinkage_regularization_strength
        shrunk = ops.add(gradient, ops.multiply(variable, shrinkage)) if shrinkage else gradient
        old = ops.power(n, -self.learning_rate_power)
        new_n = ops.add(n, ops.square(gradient))
        new = ops.power(new_n, -self.learning_rate_power)
        pull = ops.multiply(ops.divide(ops.subtract(new, old), rate), variable)
        z = ops.assign(z, ops.subtract(ops.add(z, shrunk), pull))
        ops.assign(n, new_n)
        below = ops.add(ops.divide(new, rate), 2 * self.l2_regularization_strength)
        below = ops.add(below, ops.divide(self.beta, rate)) if self.beta else below
        l1 = self.l1_regularization_strength
        ops.assign(variable, ops.divide(ops.subtract(ops.clip(z, -l1, l1), z), below))


def at_least_zero(optimizer: Optimizer, name: str, value: float) -> float:
    """A setting that has been checked."""
    expected = "a number of at least 0"
    return require_number(optimizer._title, name, value, expected, lambda number: number >= 0, 0.1)
