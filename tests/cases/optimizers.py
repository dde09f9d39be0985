"""The tables of optimizers and schedules. One without a row fails `tests/optimizers/`.

An optimizer's row tells its update in plain NumPy, in float64, for one weight: `update(w, g, t, rate, slots)`
gives the new weight and changes `slots`, where t counts from 1 and slots begin as the optimizer says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Update = Callable[[np.ndarray, np.ndarray, int, float, dict[str, np.ndarray]], np.ndarray]


@dataclass(frozen=True, eq=False)
class Case:
    """An optimizer by class name.

    Attributes:
        config: its arguments.
        update: the formula.
        slots: names of what it keeps beside a weight, in order.
        in_keras: whether Keras has it: then there must be rows in the golden file, too.
    """

    optimizer: str
    config: dict[str, Any]
    update: Update
    slots: tuple[str, ...] = ()
    in_keras: bool = True

    def __str__(self) -> str:
        return f"{self.optimizer} {self.config or ''}".strip()


@dataclass(frozen=True, eq=False)
class ScheduleCase:
    """A schedule by class name; `expected` is the rate after so many updates."""

    schedule: str
    config: dict[str, Any] = field(default_factory=dict)
    expected: Callable[[int], float] = float

    def __str__(self) -> str:
        return self.schedule


def moments(s: dict, g: np.ndarray, b1: float, b2: float) -> tuple[np.ndarray, np.ndarray]:
    s["momentum"] = b1 * s["momentum"] + (1 - b1) * g
    s["velocity"] = b2 * s["velocity"] + (1 - b2) * g * g
    return s["momentum"], s["velocity"]


def sgd(w, g, t, rate, s):
    return w - rate * g


def momentum(w, g, t, rate, s):
    s["momentum"] = 0.9 * s["momentum"] - rate * g
    return w + s["momentum"]


def nesterov(w, g, t, rate, s):
    s["momentum"] = 0.9 * s["momentum"] - rate * g
    return w + 0.9 * s["momentum"] - rate * g


def adam(b1: float = 0.9, b2: float = 0.999, epsilon: float = 1e-7, decay: float = 0.0) -> Update:
    def update(w, g, t, rate, s):
        w = w * (1 - rate * decay)
        m, v = moments(s, g, b1, b2)
        return w - rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + epsilon)

    return update


def adam_epsilon_hat(w, g, t, rate, s):
    m, v = moments(s, g, 0.9, 0.999)
    return w - rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 0.1)


def amsgrad(w, g, t, rate, s):
    m, v = moments(s, g, 0.9, 0.999)
    s["velocity_hat"] = np.maximum(s["velocity_hat"], v)
    return w - rate * (m / (1 - 0.9**t)) / (np.sqrt(s["velocity_hat"] / (1 - 0.999**t)) + 1e-7)


def nadam(w, g, t, rate, s):
    m, v = moments(s, g, 0.9, 0.999)
    u, after = (0.9 * (1 - 0.5 * 0.96**n) for n in (t, t + 1))
    s["product"] = s["product"] * u
    m_hat = after * m / (1 - s["product"] * after) + (1 - u) * g / (1 - s["product"])
    return w - rate * m_hat / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)


def adamax(w, g, t, rate, s):
    s["momentum"] = 0.9 * s["momentum"] + 0.1 * g
    s["norm"] = np.maximum(0.999 * s["norm"], np.abs(g))
    return w - rate / (1 - 0.9**t) * s["momentum"] / (s["norm"] + 1e-7)


def falling_adamax(w, g, t, rate, s):
    return adamax(w, g, t, rate / (1 + 0.5 * (t - 1)), s)


def lion(w, g, t, rate, s):
    direction = np.sign(0.9 * s["momentum"] + 0.1 * g)
    s["momentum"] = 0.99 * s["momentum"] + 0.01 * g
    return w - rate * direction


def rmsprop(w, g, t, rate, s):
    s["velocity"] = 0.9 * s["velocity"] + 0.1 * g * g
    return w - rate * g / np.sqrt(s["velocity"] + 1e-7)


def centered(w, g, t, rate, s):
    s["velocity"] = 0.9 * s["velocity"] + 0.1 * g * g
    s["average_gradient"] = 0.9 * s["average_gradient"] + 0.1 * g
    below = np.sqrt(s["velocity"] - s["average_gradient"] ** 2 + 1e-7)
    s["momentum"] = 0.5 * s["momentum"] + rate * g / below
    return w - s["momentum"]


def adagrad(w, g, t, rate, s):
    s["accumulator"] = s["accumulator"] + g * g
    return w - rate * g / np.sqrt(s["accumulator"] + 1e-7)


def adadelta(w, g, t, rate, s):
    s["accumulated_gradient"] = 0.95 * s["accumulated_gradient"] + 0.05 * g * g
    d = g * np.sqrt((s["accumulated_delta"] + 1e-7) / (s["accumulated_gradient"] + 1e-7))
    s["accumulated_delta"] = 0.95 * s["accumulated_delta"] + 0.05 * d * d
    return w - rate * d


def ftrl(w, g, t, rate, s):
    n = s["accumulator"] + g * g
    s["linear"] = s["linear"] + g - (np.sqrt(n) - np.sqrt(s["accumulator"])) / rate * w
    s["accumulator"] = n
    z, l1, l2 = s["linear"], 0.1, 0.2
    return np.where(np.abs(z) <= l1, 0, (np.sign(z) * l1 - z) / (np.sqrt(n) / rate + 2 * l2))


CASES = [
    Case("SGD", {}, sgd),
    Case("SGD", {"learning_rate": 0.1, "momentum": 0.9}, momentum, ("momentum",)),
    Case("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}, nesterov, ("momentum",)),
    Case("Adam", {}, adam(), ("momentum", "velocity")),
    Case(
        "Adam",
        {"learning_rate": 0.1, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 0.01},
        adam(0.7, 0.9, 0.01),
        ("momentum", "velocity"),
    ),
    Case("Adam", {"beta_1": 0.0}, adam(b1=0.0), ("momentum", "velocity")),
    Case("Adam", {"epsilon": 0.1}, adam(epsilon=0.1), ("momentum", "velocity")),
    Case("Adam", {"epsilon": 0.1, "epsilon_hat": True}, adam_epsilon_hat, ("momentum", "velocity")),
    Case("Adam", {"amsgrad": True}, amsgrad, ("momentum", "velocity", "velocity_hat")),
    Case("AdamW", {"learning_rate": 0.1}, adam(decay=0.004), ("momentum", "velocity")),
    Case("Nadam", {"learning_rate": 0.1}, nadam, ("momentum", "velocity", "product")),
    Case("Adamax", {"learning_rate": 0.1}, adamax, ("momentum", "norm")),
    Case("Adamax", {"decay": 0.5}, falling_adamax, ("momentum", "norm")),
    Case("Lion", {}, lion, ("momentum",)),
    Case("RMSprop", {}, rmsprop, ("velocity",)),
    Case(
        "RMSprop",
        {"momentum": 0.5, "centered": True},
        centered,
        ("velocity", "momentum", "average_gradient"),
    ),
    Case("Adagrad", {"learning_rate": 0.1}, adagrad, ("accumulator",)),
    Case("Adadelta", {"learning_rate": 1.0}, adadelta, ("accumulated_gradient", "accumulated_delta")),
    Case(
        "Ftrl",
        {"learning_rate": 0.1, "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2},
        ftrl,
        ("accumulator", "linear"),
    ),
]

SCHEDULES = [
    ScheduleCase(
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.8},
        lambda step: 0.1 * 0.8 ** (step / 5),
    ),
    ScheduleCase(
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.8},
        lambda step: 0.1 / (1 + 0.8 * step / 5),
    ),
    ScheduleCase(
        "PiecewiseConstantDecay",
        {"boundaries": [3, 8], "values": [0.3, 0.2, 0.1]},
        lambda step: 0.3 if step <= 3 else 0.2 if step <= 8 else 0.1,
    ),
    ScheduleCase(
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 8, "end_learning_rate": 0.02, "power": 2.0},
        lambda step: 0.08 * (1 - min(step, 8) / 8) ** 2 + 0.02,
    ),
    ScheduleCase(
        "CosineDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 8, "alpha": 0.1},
        lambda step: 0.1 * (0.9 * (1 + np.cos(np.pi * min(step, 8) / 8)) / 2 + 0.1),
    ),
    ScheduleCase(
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0},
        lambda step: 0.1 * (1 + np.cos(np.pi * (step % 4) / 4)) / 2,
    ),
]
