"""Margin losses, as support vector machines have them. They agree with Keras 3."""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.losses.base import Loss, match_shape_and_dtype
from pyengine.ops.base import Array


class Hinge(Loss):
    """The hinge loss, mean(max(0, 1 - y_true · y_pred)).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none". Targets are -1 and 1, or 0
        and 1, which then mean -1 and 1.

    >>> Hinge()([[1.0, -1.0]], [[2.0, 0.5]])
    array(0.75, dtype=float32)

    Source: Keras 3.
    """

    targets = "signs"

    def call(self, y_true: Array, y_pred: Array) -> Any:
        return ops.mean(margin(y_true, y_pred, self.name), axis=-1)


class SquaredHinge(Loss):
    """The squared hinge loss, mean(max(0, 1 - y_true · y_pred)²).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none". Targets are -1 and 1, or 0
        and 1, which then mean -1 and 1.

    >>> SquaredHinge()([[1.0, -1.0]], [[2.0, 0.5]])
    array(1.125, dtype=float32)

    Source: Keras 3.
    """

    targets = "signs"

    def call(self, y_true: Array, y_pred: Array) -> Any:
        return ops.mean(ops.square(margin(y_true, y_pred, self.name)), axis=-1)


class CategoricalHinge(Loss):
    """The hinge loss of classes, max(0, 1 + the largest score of a wrong class - the score of the right one).

    Shapes: y_true, one-hot, and y_pred (batch, …, classes) -> (), or (batch, …) with reduction "none".

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])
    array(0.5, dtype=float32)

    Source: Keras 3.
    """

    targets = "probabilities"

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        right = ops.sum(ops.multiply(y_true, y_pred), axis=-1)
        wrong = ops.max(ops.multiply(ops.subtract(1.0, y_true), y_pred), axis=-1)
        return ops.relu(ops.add(ops.subtract(wrong, right), 1.0))


def margin(y_true: Array, y_pred: Array, name: str) -> Any:
    """How much each value lacks to a margin of 1: max(0, 1 - y_true · y_pred)."""
    y_true, y_pred = match_shape_and_dtype(y_true, y_pred, name)
    zero_or_one = ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0))
    signs = ops.where(ops.all(zero_or_one), ops.subtract(ops.multiply(y_true, 2.0), 1.0), y_true)
    return ops.relu(ops.subtract(1.0, ops.multiply(signs, y_pred)))
