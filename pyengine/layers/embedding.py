"""Vectors for indices."""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape
from pyengine.layers.weight import Weight


class Embedding(Layer):
    """A vector of its own for every index: y = embeddings[index].

    Shapes: (batch, …) of whole numbers, 0 ≤ index < input_dim, to (batch, …, output_dim).
    Weights: embeddings (input_dim, output_dim).
    Arguments:
        input_dim: how many indices there are (words of the vocabulary).
        output_dim: length of the vectors.
        input_length: TensorFlow.js's word for input_shape=(input_length,).
    Errors: DataError for an index outside 0 … input_dim - 1; else as `Layer`.

    >>> Embedding(3, 2, embeddings_initializer="ones")([[0, 2]]).shape
    (1, 2, 2)

    Agrees with Keras 3.
    """

    embeddings = Weight("uniform")

    def __init__(self, input_dim: int, output_dim: int, *, input_length: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.input_dim = check.whole(self, "input_dim", input_dim)
        self.output_dim = check.whole(self, "output_dim", output_dim)
        if input_length is not None and self.declared_shape is None:
            self.declared_shape = (None, check.whole(self, "input_length", input_length))

    @property
    def input_dtype(self) -> str:
        return "int32"

    def build(self, shape: AnyShape) -> None:
        self.add_weights(embeddings=(self.input_dim, self.output_dim))

    def call(self, indices: Any) -> Any:
        return ops.gather(self.embeddings, ops.in_dtype(indices, "int32"), axis=0)
