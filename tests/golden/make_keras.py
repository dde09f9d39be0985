"""Make the Keras golden files: `python make_keras.py` makes all, `python make_keras.py losses` one."""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

from makers.keras_layers import make_layers
from makers.keras_losses import make_losses
from makers.keras_optimizers import make_optimizers

MAKERS = {
    "layers": make_layers,
    "losses": make_losses,
    "optimizers": make_optimizers,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name]()
