"""Progress for terminals: a bar per epoch, or a line per epoch where no bar can move."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

import numpy as np

from pyengine.callbacks.base import Callback
from pyengine.errors import ArgumentError, describe


def progress_display(verbose: int | str = "auto") -> list[Callback]:
    """The callbacks that show what `verbose` asks for.

    Arguments:
        verbose: 0 nothing, 1 or "auto" a bar per epoch, 2 a line per epoch; default "auto". Without a terminal, and
            in the browser, 1 gives lines too.
    Errors: ArgumentError for another value.

    >>> progress_display(0), progress_display(2)
    ([], [EpochLines()])
    """
    level = 1 if isinstance(verbose, str) and verbose == "auto" else verbose
    if not isinstance(level, int | float | np.number) or level not in (0, 1, 2):
        raise ArgumentError(
            argument="verbose",
            expected="0, 1, 2 or 'auto'",
            got=describe(verbose),
            fix="Use, for example, `verbose=1`.",
        )
    if level == 0:
        return []
    bars = level == 1 and sys.platform != "emscripten" and sys.stderr is not None and sys.stderr.isatty()
    return [ProgressBar() if bars else EpochLines()]


class EpochLines(Callback):
    """Prints one line per epoch: `Epoch 3/10 - 1.2s - loss: 0.1234 - acc: 0.9876`.

    Arguments:
        file: open text file to write to; default None, standard output.

    >>> lines = EpochLines()
    >>> lines.set_params({"epochs": 10})
    >>> lines.on_epoch_begin(2)
    >>> lines.on_epoch_end(2, {"loss": 0.25})
    Epoch 3/10 - 0.0s - loss: 0.2500

    Source: Keras 3, `verbose=2`.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        seconds = time.perf_counter() - self._began
        values = "".join(f" - {name}: {_number(value)}" for name, value in (logs or {}).items())
        print(f"{_epoch(epoch, self.params)} - {seconds:.1f}s{values}", file=self.file, flush=True)


class ProgressBar(Callback):
    """A bar per epoch, with the time left and the running values; also in evaluate and predict.

    Arguments:
        file: open text file to write to; default None, standard error.

    >>> import io
    >>> screen = io.StringIO()
    >>> bar = ProgressBar(screen)
    >>> bar.set_params({"epochs": 10, "steps": 1})
    >>> bar.on_epoch_begin(0)
    >>> bar.on_train_batch_end(0, {"loss": 0.25})
    >>> bar.on_epoch_end(0, {"loss": 0.25})
    >>> "Epoch 1/10: 100%" in screen.getvalue(), "loss=0.2500" in screen.getvalue()
    (True, True)

    Source: Keras 3, `verbose=1`; drawn by tqdm.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file
        self._bar: Any = None
        self._training = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._open(_epoch(epoch, self.params), self.params.get("steps"))

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._advance(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._close(logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._training = False
        self._close(None)

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        if not self._training:
            self._open("Evaluate", self.params.get("steps"))

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._training:
            self._advance(logs)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if not self._training:
            self._close(logs)

    def on_predict_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._open("Predict", self.params.get("steps"))

    def on_predict_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._advance(None)

    def on_predict_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._close(None)

    def _open(self, title: str, total: int | None) -> None:
        # Here, not above: the browser has no tqdm, and needs none. It comes without types.
        from tqdm import tqdm  # type: ignore[import-untyped]

        self._close(None)
        self._bar = tqdm(total=total, desc=title, unit="batch", file=self.file, dynamic_ncols=True)

    def _advance(self, logs: Mapping[str, Any] | None) -> None:
        self._show(logs, refresh=False)
        self._bar.update(1)

    def _close(self, logs: Mapping[str, Any] | None) -> None:
        if self._bar is not None:
            self._show(logs, refresh=True)
            self._bar.close()
            self._bar = None

    def _show(self, logs: Mapping[str, Any] | None, *, refresh: bool) -> None:
        values = {name: _number(v) for name, v in (logs or {}).items() if name not in ("batch", "size")}
        if values:
            self._bar.set_postfix(values, refresh=refresh)


def _epoch(epoch: int, params: Mapping[str, Any]) -> str:
    epochs = params.get("epochs")
    return f"Epoch {epoch + 1}/{epochs}" if epochs else f"Epoch {epoch + 1}"


def _number(value: Any) -> str:
    """Four decimals, or four significant digits where those would say nothing."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.3e}"
