"""Make the Keras golden files: `python make_keras.py` makes all, `python make_keras.py losses` one."""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

from makers.jax_random import make_random
from makers.keras_callbacks import make_callbacks
from makers.keras_initializers import make_initializers
from makers.keras_layers import make_layers
from makers.keras_losses import make_losses
from makers.keras_metrics import make_metrics
from makers.keras_optimizers import make_optimizers
from makers.keras_sequences import make_sequences
from makers.keras_training import make_training

MAKERS = {
    "layers": make_layers,
    "sequences": make_sequences,
    "losses": make_losses,
    "metrics": make_metrics,
    "optimizers": make_optimizers,
    "training": make_training,
    "initializers": make_initializers,
    "callbacks": make_callbacks,
    "random": make_random,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name]()
