"""The table of metrics: what each gives, told with NumPy. A metric without a row fails `tests/test_metrics.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.cases.losses import chances, classes, one_hot, uniform


@dataclass(frozen=True, eq=False)
class Case:
    """A metric by class name.

    Attributes:
        expected: its value from all targets, predictions and one weight per sample, in float64.
    """

    metric: str
    y_true: np.ndarray
    y_pred: np.ndarray
    expected: Callable[[np.ndarray, np.ndarray, np.ndarray], Any]
    config: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.metric} {self.config or ''}".strip()


def mean(per_sample: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., Any]:
    """The weighted mean over samples of what a function gives for each."""
    return lambda t, p, w: (per_sample(t, p) * w).sum() / w.sum()


def counts(t: np.ndarray, p: np.ndarray, w: np.ndarray, limit: float) -> tuple[float, ...]:
    """True positives, false positives, true negatives, false negatives at one threshold."""
    w, yes, said = np.broadcast_to(w[:, None], t.shape), t > 0, p > limit
    return tuple(
        float(w[one & two].sum()) for one, two in ((said, yes), (said, ~yes), (~said, ~yes), (~said, yes))
    )


def ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


def precision(t: np.ndarray, p: np.ndarray, w: np.ndarray, limit: float = 0.5) -> float:
    tp, fp, _, _ = counts(t, p, w, limit)
    return ratio(tp, tp + fp)


def recall(t: np.ndarray, p: np.ndarray, w: np.ndarray, limit: float = 0.5) -> float:
    tp, _, _, fn = counts(t, p, w, limit)
    return ratio(tp, tp + fn)


def roc_area(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    """The chance that a positive scores higher than a negative: what the area under the ROC curve means."""
    t, p, w = t.ravel(), p.ravel(), np.repeat(w, t.shape[1])
    above = (p[:, None] > p[None]) + 0.5 * (p[:, None] == p[None])
    pairs = w[:, None] * w[None] * (t[:, None] > t[None])
    return (above * pairs).sum() / pairs.sum()


def in_top(k: int) -> Callable[..., Any]:
    def per_sample(t: np.ndarray, p: np.ndarray) -> np.ndarray:
        label = t if t.ndim < p.ndim else t.argmax(-1)
        return np.array([row[int(c)] >= np.sort(row)[-k] for row, c in zip(p, label, strict=True)])

    return mean(per_sample)


N = 12
T, P = uniform(N, 3, seed=1), uniform(N, 3, seed=2)
COUNTS, RATES = uniform(N, 3, seed=1, low=0, high=3), uniform(N, 3, seed=2, low=0.2, high=3)
BITS = (uniform(N, 3, seed=7) > 0).astype(np.float32)
CHANCES = uniform(N, 3, seed=8, low=0.02, high=0.98)
TENTHS = (classes(N, 3, count=11, seed=6) / 10).astype(np.float32)
HOT, SCORES, LABELS = one_hot(N, 5), chances(N, 5), classes(N, count=5)


def cosine(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (t * p).sum(-1) / np.linalg.norm(t, axis=-1) / np.linalg.norm(p, axis=-1)


def surprise(t: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -(t * np.log(p)).sum(-1)


CASES = [
    Case("Accuracy", LABELS, classes(N, count=5, seed=9), mean(lambda t, p: t == p)),
    Case("BinaryAccuracy", BITS, CHANCES, mean(lambda t, p: (t == (p > 0.5)).mean(-1))),
    Case("BinaryAccuracy", BITS[:, 0], CHANCES[:, :1], mean(lambda t, p: t == (p[:, 0] > 0.5))),
    Case("BinaryAccuracy", BITS, CHANCES, mean(lambda t, p: (t == (p > 0.3)).mean(-1)), {"threshold": 0.3}),
    Case("CategoricalAccuracy", HOT, SCORES, mean(lambda t, p: t.argmax(-1) == p.argmax(-1))),
    Case("SparseCategoricalAccuracy", LABELS, SCORES, mean(lambda t, p: t == p.argmax(-1))),
    Case("TopKCategoricalAccuracy", HOT, SCORES, in_top(2), {"k": 2}),
    Case("SparseTopKCategoricalAccuracy", LABELS, SCORES, in_top(3), {"k": 3}),
    Case("MeanSquaredError", T, P, mean(lambda t, p: ((t - p) ** 2).mean(-1))),
    Case(
        "RootMeanSquaredError",
        T,
        P,
        lambda t, p, w: np.sqrt((((t - p) ** 2).mean(-1) * w).sum() / w.sum()),
    ),
    Case("MeanAbsoluteError", T, P, mean(lambda t, p: np.abs(t - p).mean(-1))),
    Case("MeanAbsolutePercentageError", RATES, P, mean(lambda t, p: 100 * np.abs((t - p) / t).mean(-1))),
    Case(
        "MeanSquaredLogarithmicError",
        COUNTS,
        RATES,
        mean(lambda t, p: ((np.log1p(t) - np.log1p(p)) ** 2).mean(-1)),
    ),
    Case("LogCoshError", T, P, mean(lambda t, p: np.log(np.cosh(t - p)).mean(-1))),
    Case("CosineSimilarity", T, P, mean(cosine)),
    Case(
        "BinaryCrossentropy",
        BITS,
        CHANCES,
        mean(lambda t, p: -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)),
    ),
    Case("CategoricalCrossentropy", HOT, SCORES, mean(surprise)),
    Case(
        "SparseCategoricalCrossentropy",
        LABELS,
        SCORES,
        mean(lambda t, p: surprise(np.eye(5)[t.astype(int)], p)),
    ),
    Case("KLDivergence", chances(N, 5, seed=9), SCORES, mean(lambda t, p: (t * np.log(t / p)).sum(-1))),
    Case("Poisson", COUNTS, RATES, mean(lambda t, p: (p - t * np.log(p)).mean(-1))),
    Case("Hinge", BITS, P, mean(lambda t, p: np.maximum(0, 1 - (2 * t - 1) * p).mean(-1))),
    Case("SquaredHinge", BITS, P, mean(lambda t, p: (np.maximum(0, 1 - (2 * t - 1) * p) ** 2).mean(-1))),
    Case(
        "CategoricalHinge",
        HOT,
        SCORES,
        mean(lambda t, p: np.maximum(0, 1 + ((1 - t) * p).max(-1) - (t * p).sum(-1))),
    ),
    Case("Precision", BITS, CHANCES, precision),
    Case(
        "Precision",
        BITS,
        CHANCES,
        lambda t, p, w: [precision(t, p, w, limit) for limit in (0.2, 0.8)],
        {"thresholds": [0.2, 0.8]},
    ),
    Case(
        "Precision",
        HOT,
        SCORES,
        lambda t, p, w: precision(t[:, 1:2], (p >= np.sort(p)[:, -2:-1])[:, 1:2], w),
        {"top_k": 2, "class_id": 1},
    ),
    Case("Recall", BITS, CHANCES, recall),
    Case("Recall", BITS, CHANCES, lambda t, p, w: recall(t, p, w, 0.3), {"thresholds": 0.3}),
    Case("Recall", HOT, SCORES, lambda t, p, w: recall(t, p >= np.sort(p)[:, -2:-1], w), {"top_k": 2}),
    Case("TruePositives", BITS, CHANCES, lambda t, p, w: counts(t, p, w, 0.5)[0]),
    Case("FalsePositives", BITS, CHANCES, lambda t, p, w: counts(t, p, w, 0.5)[1]),
    Case("TrueNegatives", BITS, CHANCES, lambda t, p, w: counts(t, p, w, 0.5)[2]),
    Case("FalseNegatives", BITS, CHANCES, lambda t, p, w: counts(t, p, w, 0.5)[3]),
    # Scores in tenths and thresholds between them: no two different scores fall between two thresholds.
    Case("AUC", BITS, TENTHS * 0.98 + 0.011, roc_area, {"num_thresholds": 401}),
]
