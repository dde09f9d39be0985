"""Layers that disturb training on purpose and do nothing afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyengine import ops
from pyengine.layers import check
from pyengine.layers.base import Layer
from pyengine.layers.symbolic import AnyShape


class Dropout(Layer):
    """Lets each number through with probability 1 - rate, in training only: y = x / (1 - rate), or 0.

    So the expected sum stays. Every step draws new numbers; the same seed gives the same numbers.

    Shapes: any, unchanged.
    Arguments:
        rate: fraction of numbers that are set to 0, 0 ≤ rate < 1.
        noise_shape: shape of what is drawn, one length per axis, the batch counted: 1 to drop or keep together
            along that axis, None for the input's own length. By default every number is drawn on its own.
        seed: whole number; by default the process's seed decides.

    >>> Dropout(0.5)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)

    Source: Srivastava et al., "Dropout" (JMLR 2014); scaling as Keras 3.
    """

    def __init__(
        self,
        rate: float,
        *,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.rate = check.fraction(self, "rate", rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed

    def build(self, shape: AnyShape) -> None:
        self.random_state = self.add_random_state(self.seed) if self.rate else None

    def call(self, x: Any, *, training: bool) -> Any:
        if not training or self.random_state is None:
            return x
        noise = ops.random_uniform(self.random_state, shape=self._drawn_shape(x.shape))
        ops.assign(self.random_state, ops.next_random_state(self.random_state))
        kept = ops.greater_equal(noise, self.rate)
        if kept.shape != x.shape:
            kept = ops.broadcast_to(kept, x.shape)
        return ops.where(kept, ops.multiply(x, 1 / (1 - self.rate)), 0.0)

    def _drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the noise for an input's shape."""
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape):
            raise self.shape_error(
                f"one length per axis of inputs of shape {shape}, the batch counted",
                str(self.noise_shape),
                "Use `None` for the axes whose length is the input's.",
                "noise_shape",
            )
        return tuple(
            length if wanted is None else wanted
            for wanted, length in zip(self.noise_shape, shape, strict=True)
        )
