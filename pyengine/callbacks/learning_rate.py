"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, MutableMapping
from typing import Any

from pyengine.callbacks.base import Callback
from pyengine.callbacks.monitor import Monitor
from pyengine.errors import ArgumentError, describe


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` after `patience` epochs without improvement.

    The rate of each epoch is added to its logs, so it is in the history as `learning_rate`.

    Arguments:
        monitor: name in the logs, such as "val_loss".
        factor: what the rate is multiplied by, 0 < factor < 1.
        patience: number of epochs without improvement, at least 0.
        verbose: 1 prints a line at each reduction.
        mode: "min", "max" or "auto", see `EarlyStopping`; default "auto".
        min_delta: how much more than this counts as better, in units of the monitored value; its absolute value counts.
        cooldown: number of epochs after a reduction in which nothing is counted, at least 0.
        min_lr: the rate never falls below this.
    Errors: ArgumentError for a factor out of range; UnknownNameError for another mode.

    >>> ReduceLROnPlateau(factor=0.5, patience=3)
    ReduceLROnPlateau(factor=0.5, patience=3)

    Source: Keras 3.
    """

    best: float
    wait: int
    cooling: int

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not 0 < factor < 1:
            raise ArgumentError(
                where="ReduceLROnPlateau",
                argument="factor",
                expected="a number above 0 and below 1",
                got=describe(factor),
                fix="Use, for example, `factor=0.1`.",
            )
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._start()

    def on_train_begin(self, logs: MutableMapping[str, Any] | None = None) -> None:
        self._start()

    def on_epoch_end(self, epoch: int, logs: MutableMapping[str, Any] | None = None) -> None:
        rate = float(self.model.optimizer.learning_rate)
        value = self._monitor.read(logs, self.params)
        if logs is not None:
            logs["learning_rate"] = rate
        if value is None:
            return
        if self.cooling > 0:
            self.cooling -= 1
            self.wait = 0
        if self._monitor.better(value, than=self.best):
            self.best = value
            self.wait = 0
        elif self.cooling == 0:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                reduced = max(rate * self.factor, self.min_lr)
                self.model.optimizer.learning_rate = reduced
                self.cooling = self.cooldown
                self.wait = 0
                if self.verbose:
                    print(f"Epoch {epoch + 1}: learning rate reduced to {reduced:g}.")

    def _start(self) -> None:
        self._monitor = Monitor(
            self.monitor, mode=self.mode, min_delta=self.min_delta, owner="ReduceLROnPlateau"
        )
        self.best = self._monitor.worst
        self.wait = 0
        self.cooling = 0


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch.

    The rate of each epoch is added to its logs, so it is in the history as `learning_rate`.

    Arguments:
        schedule: function of the epoch (from 0) and, if it takes two arguments, the current rate; returns the
            new rate.
        verbose: 1 prints a line per epoch.
    Errors: ArgumentError when the schedule is no function, or returns no finite number of at least 0.

    >>> LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)).verbose
    0

    Source: Keras 3.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentError(
                where="LearningRateScheduler",
                argument="schedule",
                expected="a function of the epoch",
                got=describe(schedule),
                fix="Give a function that returns the rate of an epoch, counted from 0.",
            )
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: MutableMapping[str, Any] | None = None) -> None:
        optimizer = self.model.optimizer
        current = float(optimizer.learning_rate)
        rate = self.schedule(epoch, current) if self._takes_rate else self.schedule(epoch)
        number = float(rate) if hasattr(rate, "__float__") else math.nan
        if not math.isfinite(number) or number < 0:
            raise ArgumentError(
                where="LearningRateScheduler",
                argument="schedule",
                expected="a function that returns a finite number of at least 0",
                got=f"one that returned {describe(rate)} in epoch {epoch}",
                fix="Return the learning rate as a number.",
            )
        optimizer.learning_rate = number
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate set to {number:g}.")

    def on_epoch_end(self, epoch: int, logs: MutableMapping[str, Any] | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with two arguments; one that does not say is given both."""
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
