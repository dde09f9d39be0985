"""EarlyStopping: ends a training that no longer improves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyengine.callbacks.base import Callback
from pyengine.callbacks.monitor import Monitor
from pyengine.errors import ArgumentError, describe


class EarlyStopping(Callback):
    """Stops when the monitored value has not improved for `patience` epochs.

    An epoch improves when it beats the best one by more than `min_delta`. Each epoch that does not improve
    counts; when `patience` of them have come in a row (with 0: at the first) training stops.

    Arguments:
        monitor: name in the logs, such as "val_loss".
        min_delta: how much more than this counts as better, in units of the monitored value; its absolute value counts.
        patience: number of epochs without improvement, at least 0.
        verbose: 1 prints a line when it stops or restores.
        mode: "min", "max" or "auto": "max" where the name contains acc, auc, precision, recall or f1, else "min".
        baseline: only epochs that also beat it set the count back to 0; default None, all that improve do.
        restore_best_weights: whether to put back the weights of the best epoch when training ends, for whatever reason.
        start_from_epoch: earlier epochs are ignored, at least 0.
    Attributes:
        best, best_epoch: the best value and its epoch (None before the first).
        stopped_epoch: the epoch after which it stopped (None when it did not).
    Errors: ArgumentError for a negative patience; UnknownNameError for another mode.

    >>> EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True)
    EarlyStopping(monitor='val_accuracy', patience=3, restore_best_weights=True)

    Source: Keras 3, except that a NaN never counts as the best.
    """

    wait: int
    best: float | None
    best_epoch: int | None
    best_weights: list[Any] | None
    stopped_epoch: int | None
    _reference: float

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        if patience < 0:
            raise ArgumentError(
                where="EarlyStopping",
                argument="patience",
                expected="a number of epochs, at least 0",
                got=describe(patience),
                fix="Use, for example, `patience=3`.",
            )
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._start()

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._start()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        value = self._monitor.read(logs, self.params)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        improved = self._monitor.better(value, than=self._reference)
        if improved:
            self.best, self.best_epoch, self._reference = value, epoch, value
            if self.baseline is None or self._monitor.better(value, than=self.baseline):
                self.wait = 0
        # Even a first epoch of NaN is something to go back to, as long as nothing better came.
        if self.restore_best_weights and (improved or self.best_weights is None):
            self.best_weights = self.model.get_weights()
        # The very first epoch never stops: it cannot fail to improve, only miss the baseline.
        if 0 < self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if self.stopped_epoch is not None and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping.")
        if self.best_weights is not None:
            if self.verbose and self.best_epoch is not None:
                print(f"Restoring the weights of the best epoch, {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _start(self) -> None:
        self._monitor = Monitor(self.monitor, mode=self.mode, min_delta=self.min_delta, owner="EarlyStopping")
        self._reference = self._monitor.worst
        self.wait = 0
        self.best = self.best_epoch = self.best_weights = self.stopped_epoch = None
