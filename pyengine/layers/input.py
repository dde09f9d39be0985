"""Where data enters a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyengine.dtypes import canonical
from pyengine.errors import ArgumentError
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import Connection, SymbolicTensor


class InputLayer(Layer):
    """The layer behind `Input`: it hands its data on as it comes.

    Shapes: what comes in goes out.
    Arguments:
        shape: shape of one sample, without the batch; None for a length that varies.
        batch_size: the batch's length, if it is always the same.
        batch_shape: both in one, instead of the other two.
        dtype: of the data; "int32" for indices.
    Errors: ArgumentError unless one of shape and batch_shape is given.

    >>> InputLayer((28, 28, 1)).output.shape
    (None, 28, 28, 1)

    Source: Keras `InputLayer`.
    """

    casts = False

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        *,
        batch_size: int | None = None,
        batch_shape: Sequence[int | None] | None = None,
        dtype: str = "float32",
        name: str | None = None,
    ):
        if (shape is None) == (batch_shape is None):
            raise ArgumentError(
                where="Input",
                argument="shape",
                expected="the shape of one sample, without the batch (or `batch_shape`, with it)",
                got="neither" if shape is None else "both",
                fix="Use, for example, `Input(shape=(784,))`.",
            )
        if isinstance(shape, int):
            shape = (shape,)
        super().__init__(
            name=name,
            dtype=canonical(dtype),
            batch_input_shape=(batch_size, *shape) if shape is not None else batch_shape,
        )
        assert self.declared_shape is not None
        self.build(self.declared_shape)

    def call(self, x: Any) -> Any:
        return x

    @property
    def input(self) -> SymbolicTensor:
        return self.output

    @property
    def output(self) -> SymbolicTensor:
        """The symbolic tensor of the data: the same object as long as there is a reference to it."""
        assert self.declared_shape is not None
        tensor = SymbolicTensor(self.declared_shape, self.dtype, self.name)
        connections = self.connections or [self.connected(Connection(self, (), [tensor]))]
        return connections[0].output(0)

    @property
    def input_shape(self) -> Any:
        return self.declared_shape


def Input(
    shape: Sequence[int | None] | None = None,
    *,
    batch_size: int | None = None,
    batch_shape: Sequence[int | None] | None = None,
    dtype: str = "float32",
    name: str | None = None,
) -> SymbolicTensor:
    """Data to come: where a model begins.

    Shapes: one sample is `shape`; the symbolic tensor has the batch in front.
    Arguments:
        shape: shape of one sample, without the batch; None for a length that may differ. By default None: see
            batch_shape.
        batch_size: the batch's length, if it is always the same; by default None: any.
        batch_shape: both in one, instead of the other two; default None.
        dtype: of the data, default "float32"; "int32" for indices.
        name: what errors, summaries and maps of inputs call it; by default None: "input_layer" and a number.
    Returns: a symbolic tensor.
    Errors: ArgumentError unless one of shape and batch_shape is given.

    >>> Input(shape=(28, 28, 1), name="image")
    SymbolicTensor('image', shape=(None, 28, 28, 1), dtype=float32)

    Source: Keras `Input`.
    """
    layer = InputLayer(shape, batch_size=batch_size, batch_shape=batch_shape, dtype=dtype, name=name)
    return layer.output
