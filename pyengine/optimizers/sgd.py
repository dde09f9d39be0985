"""Stochastic gradient descent, with or without momentum."""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.errors import require_number
from pyengine.graph import Variable
from pyengine.ops.base import Array
from pyengine.optimizers.base import Optimizer
from pyengine.optimizers.schedules import LearningRateSchedule


class SGD(Optimizer):
    """Stochastic gradient descent: w ← w - rate · g; with momentum v ← momentum · v - rate · g and w ← w + v.

    With nesterov the step looks ahead: w ← w + momentum · v - rate · g, with the new v.

    Arguments:
        learning_rate: see `Optimizer`.
        momentum: fraction of the last step that is added to the next one, 0 ≤ momentum ≤ 1.
        nesterov: whether to use Nesterov's form of momentum.
        common: see `Optimizer`.

    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> SGD(0.1, momentum=0.9).apply([[0.5, -0.5]], [weight])
    >>> weight.numpy().round(4)
    array([0.95, 2.05], dtype=float32)

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013); Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Any,
    ):
        super().__init__(learning_rate, **common)
        expected = "a number from 0 to 1"
        self.momentum = require_number("SGD", "momentum", momentum, expected, lambda m: 0 <= m <= 1, 0.9)
        self.nesterov = nesterov

    def slots(self, variable: Variable) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Any) -> None:
        step = ops.multiply(gradient, rate)
        if not self.momentum:
            ops.assign(variable, ops.subtract(variable, step))
            return
        velocity = ops.subtract(ops.multiply(slots["momentum"], self.momentum), step)
        velocity = ops.assign(slots["momentum"], velocity)
        if self.nesterov:
            velocity = ops.subtract(ops.multiply(velocity, self.momentum), step)
        ops.assign(variable, ops.add(variable, velocity))
