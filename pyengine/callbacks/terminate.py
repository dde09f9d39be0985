"""TerminateOnNaN: stops a training that has diverged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pyengine.callbacks.base import Callback


class TerminateOnNaN(Callback):
    """Stops training after the first batch whose loss is NaN or infinite.

    >>> import types
    >>> callback = TerminateOnNaN()
    >>> callback.set_model(types.SimpleNamespace(stop_training=False))
    >>> callback.on_train_batch_end(3, {"loss": math.nan})
    Batch 3: the loss is nan, stopping training.
    >>> callback.model.stop_training
    True

    Source: Keras 3.
    """

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: the loss is {loss}, stopping training.")
            self.model.stop_training = True
