"""Callbacks: what runs at the beginnings and ends of training, epochs and batches.

    train begin, epoch begin, (batch begin, step, batch end)*, validation, epoch end, train end

Every hook may be an async function; the training loop waits for it. Epochs and batches count from 0. A
callback reaches the model only through `get_weights`, `set_weights`, `stop_training` and
`optimizer.learning_rate`.

To add one: 1. a subclass of `Callback` in a file here 2. its name below 3. its tests in
`tests/test_callbacks.py`.
"""

from pyengine.callbacks.base import ABANDONED, HOOKS, Callback, CallbackList, LambdaCallback
from pyengine.callbacks.csv_logger import CSVLogger
from pyengine.callbacks.early_stopping import EarlyStopping
from pyengine.callbacks.history import History
from pyengine.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from pyengine.callbacks.progress import EpochLines, ProgressBar, progress_display
from pyengine.callbacks.terminate import TerminateOnNaN

__all__ = [
    "ABANDONED",
    "HOOKS",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "EpochLines",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
    "progress_display",
]
