"""yield_every: when a running job yields control."""

from __future__ import annotations

import time
from typing import Any

from pyengine.errors import ArgumentError, describe

AUTO = 16.0  # milliseconds: one frame of a screen with 60 of them a second


class Pacer:
    """Says when it is time to pause.

    Arguments:
        yield_every: "auto" (every 16 ms, even inside a step), a number of milliseconds ≥ 0, "batch", "epoch" or
            "never".

    >>> Pacer("sometimes")
    Traceback (most recent call last):
    ...
    pyengine.errors.ArgumentError: yield_every expects 'auto', 'batch', 'epoch', 'never' or a number of \
milliseconds, but got `'sometimes'`. Use, for example, `yield_every='auto'`.
    """

    def __init__(self, yield_every: str | float = "auto"):
        self.every: Any = yield_every
        self.interval: float | None = None
        is_mode = isinstance(yield_every, str) and yield_every in ("auto", "batch", "epoch", "never")
        number = isinstance(yield_every, int | float) and not isinstance(yield_every, bool)
        if not is_mode and not (number and yield_every >= 0):  # type: ignore[operator]
            raise ArgumentError(
                argument="yield_every",
                expected="'auto', 'batch', 'epoch', 'never' or a number of milliseconds",
                got=describe(yield_every),
                fix="Use, for example, `yield_every='auto'`.",
            )
        if yield_every == "auto":
            self.interval = AUTO / 1000
        elif not isinstance(yield_every, str):
            self.interval = yield_every / 1000
        self.deadline: float | None = None
        self.restart()

    def restart(self) -> None:
        """Control has just come back: the next stretch begins."""
        self.deadline = None if self.interval is None else time.perf_counter() + self.interval

    @property
    def grace(self) -> float:
        """Seconds by which a stretch may overrun to finish the call that is running."""
        return (self.interval or 0.0) / 4

    def due(self, ahead: float = 0.0) -> bool:
        """Whether the stretch is over, now or so many seconds later."""
        return self.deadline is not None and time.perf_counter() + ahead >= self.deadline

    def after_batch(self) -> bool:
        return self.every == "batch" or self.due()

    def after_epoch(self) -> bool:
        return self.every == "epoch" or self.due()
