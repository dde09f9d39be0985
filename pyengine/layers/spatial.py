"""What layers that look at places have in common: steps of a sequence, pixels of an image."""

from __future__ import annotations

from typing import Any, ClassVar

from pyengine.layers import check
from pyengine.layers.base import Layer


class Spatial(Layer):
    """Base of convolutions and pools, over sequences (one spatial axis) or images (two).

    Arguments:
        data_format: None or "channels_last", the only layout.
    """

    axes: ClassVar[int]
    """How many spatial axes there are."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "axes" in cls.__dict__:
            cls.input_rank = cls.axes + 2
            cls.takes = (
                "sequences (batch, steps, channels)",
                "images (batch, height, width, channels)",
            )[cls.axes - 1]

    def __init__(self, *, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check.channels_last(self, data_format)

    def rank_hint(self) -> str:
        what = ("sequences of numbers", "grey images")[self.axes - 1]
        return f"Give {what} a last axis of length 1, `x[..., None]`, and one sample a batch axis, `x[None]`."
