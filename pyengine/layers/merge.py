"""Layers that make one array of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, ClassVar

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape
from pyengine.shapes import normalize_axis

BATCH_AXIS = "Axis 0 is the batch: use another one, as `axis=-1`."


class Merge(Layer):
    """Base of layers that combine several arrays number by number. Lengths of 1 are stretched.

    Arrays of a lower rank get axes of length 1 behind the batch, as in Keras.

    Shapes: two or more that broadcast against each other, to their common shape.
    Errors: ShapeError for shapes that do not broadcast; else as `Layer`.
    """

    arity: ClassVar[tuple[int, int | None]] = (2, None)

    def call(self, *inputs: Any) -> Any:
        rank = max(len(x.shape) for x in inputs)
        aligned = [
            ops.reshape(x, (x.shape[0], *(1,) * (rank - len(x.shape)), *x.shape[1:])) if x.shape else x
            for x in inputs
        ]
        return self.merge(aligned)

    def merge(self, inputs: list[Any]) -> Any:
        """Combine arrays of equal rank.

        Arguments:
            inputs: two or more, of one rank.
        Returns: an array of the shape that they broadcast to.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `merge`.")


class Add(Merge):
    """The sum of its inputs: y = a + b + ….

    Shapes: two or more that broadcast against each other, to their common shape.

    >>> import numpy as np
    >>> Add()([np.float32([[1, 4]]), np.float32([[3, 2]])])
    array([[4., 6.]], dtype=float32)

    Agrees with Keras 3.
    """

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.add, inputs)


class Subtract(Merge):
    """The first input minus the second: y = a - b.

    Shapes: two that broadcast against each other, to their common shape.

    >>> import numpy as np
    >>> Subtract()([np.float32([[1, 4]]), np.float32([[3, 2]])])
    array([[-2.,  2.]], dtype=float32)

    Agrees with Keras 3.
    """

    arity = (2, 2)

    def merge(self, inputs: list[Any]) -> Any:
        return ops.subtract(*inputs)


class Multiply(Merge):
    """The product of its inputs, number by number: y = a · b · ….

    Shapes: two or more that broadcast against each other, to their common shape.

    >>> import numpy as np
    >>> Multiply()([np.float32([[1, 4]]), np.float32([[3, 2]])])
    array([[3., 8.]], dtype=float32)

    Agrees with Keras 3.
    """

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.multiply, inputs)


class Average(Merge):
    """The mean of its inputs, number by number: y = (a + b + …) / count.

    Shapes: two or more that broadcast against each other, to their common shape.

    >>> import numpy as np
    >>> Average()([np.float32([[1, 4]]), np.float32([[3, 2]])])
    array([[2., 3.]], dtype=float32)

    Agrees with Keras 3.
    """

    def merge(self, inputs: list[Any]) -> Any:
        return ops.divide(reduce(ops.add, inputs), float(len(inputs)))


class Maximum(Merge):
    """The largest of its inputs, number by number: y = max(a, b, …).

    Shapes: two or more that broadcast against each other, to their common shape.

    >>> import numpy as np
    >>> Maximum()([np.float32([[1, 4]]), np.float32([[3, 2]])])
    array([[3., 4.]], dtype=float32)

    Agrees with Keras 3.
    """

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.maximum, inputs)


class Minimum(Merge):
    """The smallest of its inputs, number by number: y = min(a, b, …).

    Shapes: two or more that broadcast against each other, to their common shape.

    >>> import numpy as np
    >>> Minimum()([np.float32([[1, 4]]), np.float32([[3, 2]])])
    array([[1., 2.]], dtype=float32)

    Agrees with Keras 3.
    """

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.minimum, inputs)


class Concatenate(Layer):
    """Its inputs one after another along an axis.

    Shapes: equal but for `axis`, whose lengths are added.
    Arguments:
        axis: where they are joined; not 0, the batch.
    Errors: ShapeError for shapes that differ elsewhere; ArgumentError for axis 0; else as `Layer`.

    >>> import numpy as np
    >>> Concatenate()([np.ones((1, 2)), np.zeros((1, 1))])
    array([[1., 1., 0.]], dtype=float32)

    Agrees with Keras 3.
    """

    arity = (1, None)

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = check.axis(self, "axis", axis)

    def build(self, *shapes: AnyShape) -> None:
        axis = normalize_axis(self.axis, len(shapes[0]))
        if axis == 0:
            raise self.refusal("axis", "an axis of the samples", self.axis, BATCH_AXIS)
        first = shapes[0]
        for shape in shapes[1:]:
            if len(shape) != len(first) or any(
                a != b and None not in (a, b)
                for i, (a, b) in enumerate(zip(shape, first, strict=True))
                if i not in (0, axis)
            ):
                raise self.shape_error(
                    f"shapes that are equal on every axis but {axis}, along which they are joined",
                    " and ".join(map(str, shapes)),
                    "Make the others equal, or join along another `axis`.",
                )

    def call(self, *inputs: Any) -> Any:
        return ops.concatenate(inputs, axis=self.axis)


# The same as functions


def add(inputs: Sequence[Any], **common: Any) -> Any:
    """The sum of several tensors or arrays: `Add()(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …).
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> add([np.float32([[1, 4]]), np.float32([[3, 2]])]).shape
    (1, 2)

    Source: Keras `layers.add`.
    """
    return Add(**common)(list(inputs))


def subtract(inputs: Sequence[Any], **common: Any) -> Any:
    """The first minus the second: `Subtract()(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …).
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> subtract([np.float32([[1, 4]]), np.float32([[3, 2]])]).shape
    (1, 2)

    Source: Keras `layers.subtract`.
    """
    return Subtract(**common)(list(inputs))


def multiply(inputs: Sequence[Any], **common: Any) -> Any:
    """The product of several: `Multiply()(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …).
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> multiply([np.float32([[1, 4]]), np.float32([[3, 2]])]).shape
    (1, 2)

    Source: Keras `layers.multiply`.
    """
    return Multiply(**common)(list(inputs))


def average(inputs: Sequence[Any], **common: Any) -> Any:
    """The mean of several: `Average()(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …).
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> average([np.float32([[1, 4]]), np.float32([[3, 2]])]).shape
    (1, 2)

    Source: Keras `layers.average`.
    """
    return Average(**common)(list(inputs))


def maximum(inputs: Sequence[Any], **common: Any) -> Any:
    """The largest of several, number by number: `Maximum()(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …).
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> maximum([np.float32([[1, 4]]), np.float32([[3, 2]])]).shape
    (1, 2)

    Source: Keras `layers.maximum`.
    """
    return Maximum(**common)(list(inputs))


def minimum(inputs: Sequence[Any], **common: Any) -> Any:
    """The smallest of several, number by number: `Minimum()(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …).
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> minimum([np.float32([[1, 4]]), np.float32([[3, 2]])]).shape
    (1, 2)

    Source: Keras `layers.minimum`.
    """
    return Minimum(**common)(list(inputs))


def concatenate(inputs: Sequence[Any], axis: int = -1, **common: Any) -> Any:
    """Several behind one another along an axis: `Concatenate(axis)(inputs)`.

    Arguments:
        inputs: a list of symbolic tensors, or of arrays (batch, …), equal in all axes but one.
        axis: along which; default -1, the last.
        common: see `Layer`.

    Returns: what the layer makes of them.

    >>> import numpy as np
    >>> concatenate([np.float32([[1, 4]]), np.float32([[3]])])
    array([[1., 4., 3.]], dtype=float32)

    Source: Keras `layers.concatenate`.
    """
    return Concatenate(axis=axis, **common)(list(inputs))
