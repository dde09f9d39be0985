"""The table of initializers. One without a row fails `tests/test_initializers.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """An initializer by class name.

    Attributes:
        mean, stddev: of what it draws for a weight of shape (200, 300).
        bound: no number lies further from the mean; None for no bound.
    """

    initializer: str
    config: dict[str, Any] = field(default_factory=dict)
    mean: float = 0.0
    stddev: float = 0.0
    bound: float | None = None

    def __str__(self) -> str:
        return f"{self.initializer} {self.config or ''}".strip()


def uniform(initializer: str, bound: float, **config: Any) -> Case:
    return Case(initializer, config, stddev=bound / math.sqrt(3), bound=bound)


def truncated(initializer: str, stddev: float, **config: Any) -> Case:
    """A normal distribution cut at two deviations, whose own deviation after the cut is `stddev`."""
    return Case(initializer, config, stddev=stddev, bound=2 * stddev / 0.8796)


FAN_IN, FAN_OUT, FAN_AVERAGE = 200, 300, 250

CASES = [
    Case("Zeros", bound=0.0),
    Case("Ones", mean=1.0, bound=0.0),
    Case("Constant", {"value": 0.3}, mean=0.3, bound=1e-7),
    Case("RandomNormal", {"mean": 0.5, "stddev": 0.2}, mean=0.5, stddev=0.2),
    Case("RandomUniform", {"minval": -1.0, "maxval": 3.0}, mean=1.0, stddev=4 / math.sqrt(12), bound=2.0),
    Case("TruncatedNormal", {"mean": 0.5, "stddev": 0.2}, mean=0.5, stddev=0.2 * 0.8796, bound=0.4),
    truncated("VarianceScaling", math.sqrt(1 / FAN_IN)),
    truncated("VarianceScaling", math.sqrt(3 / FAN_OUT), scale=3.0, mode="fan_out"),
    uniform("VarianceScaling", math.sqrt(3 / FAN_AVERAGE), mode="fan_avg", distribution="uniform"),
    Case("VarianceScaling", {"distribution": "untruncated_normal"}, stddev=math.sqrt(1 / FAN_IN)),
    uniform("GlorotUniform", math.sqrt(6 / (FAN_IN + FAN_OUT))),
    truncated("GlorotNormal", math.sqrt(2 / (FAN_IN + FAN_OUT))),
    uniform("HeUniform", math.sqrt(6 / FAN_IN)),
    truncated("HeNormal", math.sqrt(2 / FAN_IN)),
    uniform("LecunUniform", math.sqrt(3 / FAN_IN)),
    truncated("LecunNormal", math.sqrt(1 / FAN_IN)),
    Case("Orthogonal", {"gain": 2.0}, stddev=2 / math.sqrt(FAN_OUT)),
    Case("Identity", {"gain": 3.0}, mean=3 / FAN_OUT, stddev=math.sqrt(9 / FAN_OUT - 9 / FAN_OUT**2)),
]
