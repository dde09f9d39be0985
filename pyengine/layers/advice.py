"""What to change in a model whose output has more axes than the targets."""

from __future__ import annotations

from pyengine.layers.embedding import Embedding
from pyengine.layers.recurrent import Recurrent
from pyengine.layers.spatial import Spatial
from pyengine.layers.symbolic import SymbolicTensor


def fewer_axes(output: SymbolicTensor) -> str:
    """Where a model keeps places (pixels, steps) that its targets do not have, and how it loses them; else empty.

    >>> from pyengine import layers
    >>> image = layers.Input((8, 8, 1))
    >>> fewer_axes(layers.Dense(2, name="head")(layers.Conv2D(4, 3, name="see")(image)))
    "Conv2D 'see' keeps the places of its input: put `layers.Flatten()` or `layers.GlobalAveragePooling2D()` behind it."
    """
    rank, tensor = len(output.shape), output
    while tensor.history is not None and len(tensor.shape) == rank and tensor.connection.inputs:
        layer = tensor.layer
        if isinstance(layer, Recurrent):
            return f"{layer.label} gives the output of every step: leave `return_sequences=True` out."
        if isinstance(layer, (Spatial, Embedding)):
            pool = f"layers.GlobalAveragePooling{max(rank - 2, 1)}D()"
            return (
                f"{layer.label} keeps the places of its input: put `layers.Flatten()` or `{pool}` behind it."
            )
        tensor = tensor.connection.inputs[0]
    return ""
