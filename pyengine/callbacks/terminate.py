"""TerminateOnNaN: stops a training that has lost its way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pyengine.callbacks.base import Callback


class TerminateOnNaN(Callback):
    """Stops training after the first batch whose loss is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: the loss is {loss}, stopping training.")
            self.model.stop_training = True
