"""The table of losses: what each gives, told with NumPy. A loss without a row fails `tests/test_losses.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.golden.load import make


@dataclass(frozen=True, eq=False)
class Case:
    """A loss by class name.

    Attributes:
        expected: the loss of each sample, from targets and predictions in float64.
        smooth: whether its gradient is compared with finite differences.
    """

    loss: str
    y_true: np.ndarray
    y_pred: np.ndarray
    expected: Callable[[np.ndarray, np.ndarray], np.ndarray]
    config: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    def __str__(self) -> str:
        return f"{self.loss} {self.config or ''}".strip()


def uniform(*shape: int, seed: int = 1, low: float = -2, high: float = 2) -> np.ndarray:
    return make({"shape": shape, "rule": "uniform", "seed": seed, "low": low, "high": high})


def one_hot(*shape: int, seed: int = 3) -> np.ndarray:
    return make({"shape": shape, "rule": "one_hot", "seed": seed})


def chances(*shape: int, seed: int = 4) -> np.ndarray:
    return make({"shape": shape, "rule": "distribution", "seed": seed})


def classes(*shape: int, count: int, seed: int = 5) -> np.ndarray:
    return make({"shape": shape, "rule": "integers", "seed": seed, "low": 0, "high": count})


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def binary(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)


def categorical(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -(t * np.log(p)).sum(-1)


def sparse(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    return categorical(np.eye(p.shape[-1])[t.astype(int)], p)


def huber(delta: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def per_sample(t: np.ndarray, p: np.ndarray) -> np.ndarray:
        e = np.abs(t - p)
        return np.where(e <= delta, e * e / 2, delta * e - delta * delta / 2).mean(-1)

    return per_sample


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


T, P = uniform(4, 3, seed=1), uniform(4, 3, seed=2)
COUNTS, RATES = uniform(4, 3, seed=1, low=0, high=3), uniform(4, 3, seed=2, low=0.2, high=3)
BITS = (uniform(4, 3, seed=7) > 0).astype(np.float32)
CHANCES = uniform(4, 3, seed=8, low=0.02, high=0.98)

CASES = [
    Case("MeanSquaredError", T, P, lambda t, p: ((t - p) ** 2).mean(-1)),
    Case("MeanSquaredError", T[:, 0], P[:, :1], lambda t, p: (t - p[:, 0]) ** 2),
    Case("MeanSquaredError", T[:, :1], P[:, 0], lambda t, p: (t[:, 0] - p) ** 2),
    Case("MeanSquaredError", T[:, 0], P[:, 0], lambda t, p: (t - p) ** 2),
    Case(
        "MeanSquaredError",
        T.reshape(2, 2, 3),
        P.reshape(2, 2, 3),
        lambda t, p: ((t - p) ** 2).mean(-1),
    ),
    Case("MeanAbsoluteError", T, P, lambda t, p: np.abs(t - p).mean(-1)),
    Case("MeanAbsolutePercentageError", RATES, P, lambda t, p: 100 * np.abs((t - p) / t).mean(-1)),
    Case(
        "MeanSquaredLogarithmicError", COUNTS, RATES, lambda t, p: ((np.log1p(t) - np.log1p(p)) ** 2).mean(-1)
    ),
    Case("Huber", T, P, huber(1.0)),
    Case("Huber", T, P, huber(0.3), {"delta": 0.3}),
    Case("LogCosh", T, P, lambda t, p: np.log(np.cosh(t - p)).mean(-1)),
    Case("Poisson", COUNTS, RATES, lambda t, p: (p - t * np.log(p)).mean(-1)),
    Case("CosineSimilarity", T, P, lambda t, p: -(unit(t) * unit(p)).sum(-1)),
    Case("BinaryCrossentropy", BITS, CHANCES, binary),
    Case(
        "BinaryCrossentropy", BITS, CHANCES, lambda t, p: binary(t * 0.8 + 0.1, p), {"label_smoothing": 0.2}
    ),
    Case("BinaryCrossentropy", BITS, P, lambda t, p: binary(t, sigmoid(p)), {"from_logits": True}),
    Case("CategoricalCrossentropy", one_hot(4, 3), chances(4, 3), categorical),
    Case("CategoricalCrossentropy", one_hot(2, 3, 4), chances(2, 3, 4), categorical),
    Case(
        "CategoricalCrossentropy",
        one_hot(4, 3),
        P,
        lambda t, p: categorical(t * 0.7 + 0.1, softmax(p)),
        {"from_logits": True, "label_smoothing": 0.3},
    ),
    Case("SparseCategoricalCrossentropy", classes(4, count=3), chances(4, 3), sparse),
    Case(
        "SparseCategoricalCrossentropy",
        classes(4, 1, count=3),
        P,
        lambda t, p: sparse(t[:, 0], softmax(p)),
        {"from_logits": True},
    ),
    Case(
        "SparseCategoricalCrossentropy",
        np.array([0, 255, 2, 255], np.int32),
        chances(4, 3),
        lambda t, p: np.array([-np.log(p[0, 0]), 0, -np.log(p[2, 2]), 0]),
        {"ignore_class": 255},
    ),
    Case("KLDivergence", chances(4, 3), chances(4, 3, seed=9), lambda t, p: (t * np.log(t / p)).sum(-1)),
    Case("Hinge", BITS, P, lambda t, p: np.maximum(0, 1 - (2 * t - 1) * p).mean(-1)),
    Case("Hinge", 2 * BITS - 1, P, lambda t, p: np.maximum(0, 1 - t * p).mean(-1)),
    Case("SquaredHinge", BITS, P, lambda t, p: (np.maximum(0, 1 - (2 * t - 1) * p) ** 2).mean(-1)),
    Case(
        "CategoricalHinge",
        one_hot(4, 3),
        P,
        lambda t, p: np.maximum(0, 1 + ((1 - t) * p).max(-1) - (t * p).sum(-1)),
    ),
]
