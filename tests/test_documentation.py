"""Docstrings are completed by what bases and signatures know."""

from __future__ import annotations

import inspect
from typing import Any

from pyengine import layers


def test_what_a_base_and_the_signature_know_is_filled_in() -> None:
    class Noise(layers.Layer):
        """Adds noise: y = x + e.

        Shapes: any, unchanged.
        Arguments:
            stddev: of the noise, at least 0.
        """

        gain = layers.Weight("ones")

        def __init__(self, stddev: float = 0.5, **kwargs: Any):
            super().__init__(**kwargs)

    class Louder(Noise):
        """More noise.

        Arguments:
            factor: how much more, above 0.
            …: see `Noise`.

        >>> Louder(2.0)
        Louder(factor=2.0)

        Source: none.
        """

        def __init__(self, factor: float, **kwargs: Any):
            super().__init__(**kwargs)

    assert (Louder.__doc__ or "").split("Errors:")[0] == inspect.cleandoc("""More noise.

        Shapes: any, unchanged.
        Arguments:
            factor: how much more, above 0.
            gain_initializer: how it begins. Default "ones".
            gain_regularizer: its penalty, added to the loss. Default None.
            gain_constraint: what it is brought back to after every update. Default None.
            stddev: of the noise, at least 0. Default 0.5.
            name, trainable, dtype, input_shape, batch_input_shape: see `Layer`.
    """) + "\n"  # fmt: skip
    assert (Louder.__doc__ or "").endswith(">>> Louder(2.0)\nLouder(factor=2.0)\n\nSource: none.\n")


def test_a_class_without_a_docstring_has_none() -> None:
    class Silent(layers.Layer):
        pass

    assert not Silent.__doc__
