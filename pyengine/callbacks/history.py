"""History: the record of the values of every epoch."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from pyengine.callbacks.base import Callback
from pyengine.logs import Logs


class History(Callback):
    """The record of a training; `fit` returns it.

    Attributes:
        epoch: numbers of the epochs, from `initial_epoch` on.
        history: one list of plain numbers per name (`loss`, `accuracy`, `val_loss`, `val_accuracy`, …; in
            JavaScript `acc`, `val_acc`); `acc` and `accuracy` find the same list.
        params: facts about the training.
        model: the model that was trained, held by a weak reference.

    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5, "val_accuracy": 0.75})
    >>> history.history["val_acc"], history.epoch
    ([0.75], [0])

    Source: Keras 3.
    """

    def __init__(self) -> None:
        self._model: Callable[[], Any] = lambda: None
        self._start()

    @property
    def model(self) -> Any:  # type: ignore[override]
        """The model that was trained; None once it has been freed."""
        return self._model()

    def set_model(self, model: Any) -> None:
        # The model holds the history of its last training: weakly back, so that both are freed at once.
        self._model = (lambda: None) if model is None else weakref.ref(model)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._start()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            # dict's own: a metric may be recorded under a name that is the alias of another.
            dict.setdefault(self.history, name, []).append(float(value))

    def _start(self) -> None:
        self.epoch: list[int] = []
        self.history = Logs()
