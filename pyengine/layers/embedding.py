"""Vectors for indices."""

from __future__ import annotations

from typing import Any

from pyengine import constraints, initializers, ops, regularizers
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape


class Embedding(Layer):
    """A vector of its own for every index.

    Shapes: (batch, …) of whole numbers, 0 ≤ index < input_dim, to (batch, …, output_dim).
    Weights: embeddings (input_dim, output_dim).
    Arguments:
        input_dim: how many indices there are (words of the vocabulary).
        output_dim: length of the vectors.
        embeddings_initializer: how they begin.
        embeddings_regularizer: penalty added to the loss.
        embeddings_constraint: applied after every update.
        input_length: TensorFlow.js's word for input_shape=(input_length,).

    >>> Embedding(3, 2, embeddings_initializer="ones")([[0, 2]]).shape
    (1, 2, 2)

    Agrees with Keras 3.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        *,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        input_length: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.input_dim = check.whole(self, "input_dim", input_dim)
        self.output_dim = check.whole(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        if input_length is not None and self.declared_shape is None:
            self.declared_shape = (None, check.whole(self, "input_length", input_length))

    @property
    def input_dtype(self) -> str:
        return "int32"

    def build(self, shape: AnyShape) -> None:
        self.embeddings = self.add_weight(
            "embeddings",
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, indices: Any) -> Any:
        return ops.gather(self.embeddings, ops.in_dtype(indices, "int32"), axis=0)
