"""Watching one value from epoch to epoch: what early stopping and learning-rate reduction share."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

from pyengine.errors import unknown_name

# Names that contain one of these are better when larger.
_LARGER_IS_BETTER = ("acc", "auc", "precision", "recall", "f1")


class Monitor:
    """The best value so far of one entry of the logs, and whether a new one beats it.

    Arguments:
        name: which entry, e.g. "val_loss"; both names of accuracy serve.
        mode: "min", "max", or "auto": "max" where the name contains acc, auc, precision, recall or f1, else
            "min".
        min_delta: by how much more than this a value must beat the best; its absolute value counts.

    >>> monitor = Monitor("val_accuracy", mode="auto", min_delta=0.01, owner="EarlyStopping")
    >>> monitor.better(0.8, than=monitor.worst), monitor.better(0.805, than=0.8)
    (True, False)
    """

    def __init__(self, name: str, *, mode: str, min_delta: float, owner: str) -> None:
        if mode not in ("auto", "min", "max"):
            raise unknown_name(f"mode of {owner}", mode, ("auto", "min", "max"))
        self.name = name
        self.maximize = mode == "max" or (mode == "auto" and any(part in name for part in _LARGER_IS_BETTER))
        self.min_delta = abs(min_delta)
        self._owner = owner
        self._seen = False
        self._warned = False

    @property
    def worst(self) -> float:
        """What every number beats, and NaN does not."""
        return -math.inf if self.maximize else math.inf

    def better(self, value: float, *, than: float) -> bool:
        """Whether `value` beats `than` by more than min_delta."""
        return value > than + self.min_delta if self.maximize else value < than - self.min_delta

    def read(self, logs: Mapping[str, Any] | None, params: Mapping[str, Any]) -> float | None:
        """The value in these logs; None where it is missing, with one warning that lists what there is."""
        logs = logs or {}
        value = logs.get(self.name)
        if value is not None:
            self._seen = True
            return float(value)
        # Some epochs have no validation: it may run only every few of them, and not after a stop.
        validated = any(name.startswith("val_") for name in logs)
        excused = self._seen or (
            self.name.startswith("val_") and not validated and params.get("do_validation", False)
        )
        if not excused and not self._warned:
            self._warned = True
            hint = " Give validation data, or monitor one of these." if self.name.startswith("val_") else ""
            warnings.warn(
                f"{self._owner} monitors {self.name!r}, which this training does not have. Available: "
                f"{', '.join(logs) or 'nothing'}.{hint}",
                stacklevel=2,
            )
        return None
