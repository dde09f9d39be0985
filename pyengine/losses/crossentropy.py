"""Losses of predicted probabilities: minus the logarithm of the probability of what is true. They agree with Keras 3.

Probabilities are clipped to [1e-7, 1 - 1e-7]. Where the predictions are the output of a softmax (sigmoid) in the
step that is being traced, its inputs are taken instead: the same number, without clipping and exact where a
probability is 0 or 1 in float32.
"""

from __future__ import annotations

from typing import Any

from pyengine import ops
from pyengine.dtypes import is_float
from pyengine.errors import ArgumentError, ShapeError, describe, require_number
from pyengine.graph import Value
from pyengine.losses.base import EPSILON, Loss, hint, match_shape_and_dtype
from pyengine.ops.base import Array
from pyengine.ops.functions import Sigmoid
from pyengine.ops.normalize import Softmax
from pyengine.ops.structure import Reshape


class BinaryCrossentropy(Loss):
    """The binary cross-entropy, for independent yes/no labels.

    -mean(y_true · log(y_pred) + (1 - y_true) · log(1 - y_pred)).

    Shapes: y_true, y_pred (batch, …, labels) -> (), or (batch, …) with reduction "none".
    Arguments:
        from_logits: whether y_pred are logits, whose sigmoids are the probabilities; default False.
        label_smoothing: s, 0 ≤ s ≤ 1: targets become y_true · (1 - s) + s/2; default 0.0.
        reduction, name: see `Loss`.
    Errors: ArgumentError for a label_smoothing out of range; UnknownNameError for a reduction that does not exist.

    >>> BinaryCrossentropy()([[1.0, 0.0]], [[0.5, 0.5]])
    array(0.6931472, dtype=float32)
    >>> round(float(BinaryCrossentropy(from_logits=True)([[1.0, 0.0]], [[2.0, -2.0]])), 4)
    0.1269

    Source: Keras 3.
    """

    targets = "binary"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
    ):
        super().__init__(reduction, name)
        self.from_logits = from_logits
        self.label_smoothing = smoothing(self, label_smoothing)

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        if self.label_smoothing:
            y_true = ops.add(ops.multiply(y_true, 1 - self.label_smoothing), self.label_smoothing / 2)
        logits = y_pred if self.from_logits else behind(y_pred, Sigmoid)
        if logits is not None:
            return ops.mean(binary_from_logits(y_true, logits), axis=-1)
        y_pred = ops.clip(y_pred, EPSILON, 1 - EPSILON)
        yes = ops.multiply(y_true, ops.log(y_pred))
        no = ops.multiply(ops.subtract(1.0, y_true), ops.log(ops.subtract(1.0, y_pred)))
        return ops.negative(ops.mean(ops.add(yes, no), axis=-1))


class CategoricalCrossentropy(Loss):
    """The cross-entropy of classes, targets one-hot (or any distribution): -Σ y_true · log(y_pred).

    Probabilities are first divided by their sum, as Keras does.

    Shapes: y_true, y_pred (batch, …, classes) -> (), or (batch, …) with reduction "none".
    Arguments:
        from_logits: whether y_pred are scores, whose softmax gives the probabilities; default False.
        label_smoothing: s, 0 ≤ s ≤ 1: targets become y_true · (1 - s) + s / classes; default 0.0.
        axis: the axis of the classes, default -1.
        reduction, name: see `Loss`.
    Errors: ArgumentError for a label_smoothing out of range; UnknownNameError for a reduction that does not exist.

    >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])
    array(0.6931472, dtype=float32)

    Source: Keras 3. Label smoothing: Szegedy et al., "Rethinking the Inception architecture" (2015).
    """

    targets = "probabilities"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
    ):
        super().__init__(reduction, name)
        self.from_logits = from_logits
        self.label_smoothing = smoothing(self, label_smoothing)
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        if self.label_smoothing:
            classes = ops.shape_of(y_pred)[self.axis]
            y_true = ops.add(ops.multiply(y_true, 1 - self.label_smoothing), self.label_smoothing / classes)
        log_likelihood = log_probabilities(y_pred, self.from_logits, self.axis)
        return ops.negative(ops.sum(ops.multiply(y_true, log_likelihood), axis=self.axis))


class SparseCategoricalCrossentropy(Loss):
    """The cross-entropy of classes, targets as class numbers: -log(y_pred[y_true]).

    Probabilities are first divided by their sum, as Keras does.

    Shapes: y_true (batch, …) or (batch, …, 1), whole numbers from 0; y_pred (batch, …, classes) -> (), or (batch, …)
        with reduction "none".
    Arguments:
        from_logits: whether y_pred are scores, whose softmax gives the probabilities; default False.
        ignore_class: a class number whose samples have loss 0 and do not count in a mean, such as padding; default
            None, all count.
        axis: the axis of the classes; only the last, default -1.
        reduction, name: see `Loss`.
    Errors: ArgumentError for another axis; UnknownNameError for a reduction that does not exist.

    >>> SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])
    array(0.6931472, dtype=float32)

    Source: Keras 3.
    """

    targets = "classes"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
    ):
        super().__init__(reduction, name)
        if axis != -1:
            raise ArgumentError(
                where=self.name,
                argument="axis",
                expected="-1: the classes are on the last axis",
                got=describe(axis),
                fix="Permute the model's output.",
            )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = classes_and_scores(y_true, y_pred, self.name)
        log_likelihood = log_probabilities(y_pred, self.from_logits, -1)
        if self.ignore_class is None:
            return ops.negative(pick(log_likelihood, y_true))
        counts = ops.not_equal(y_true, self.ignore_class)
        losses = ops.negative(pick(log_likelihood, ops.where(counts, y_true, 0)))
        return ops.where(counts, losses, 0.0)

    def valid(self, y_true: Array, y_pred: Array) -> Any:
        if self.ignore_class is None:
            return None
        return ops.not_equal(classes_and_scores(y_true, y_pred, self.name)[0], self.ignore_class)


class KLDivergence(Loss):
    """The Kullback-Leibler divergence from the true distribution: Σ y_true · log(y_true / y_pred).

    Both are clipped to [1e-7, 1].

    Shapes: y_true, y_pred (batch, …, classes) -> (), or (batch, …) with reduction "none".

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438

    Source: Kullback, Leibler, "On information and sufficiency" (1951); Keras 3.
    """

    targets = "probabilities"

    def call(self, y_true: Array, y_pred: Array) -> Any:
        y_true, y_pred = match_shape_and_dtype(y_true, y_pred, self.name)
        y_true, y_pred = ops.clip(y_true, EPSILON, 1.0), ops.clip(y_pred, EPSILON, 1.0)
        return ops.sum(ops.multiply(y_true, ops.log(ops.divide(y_true, y_pred))), axis=-1)


def binary_from_logits(y_true: Array, x: Array) -> Any:
    """max(x, 0) - x · y_true + log(1 + exp(-|x|)): exact for every x, and so is its slope."""
    tail = ops.log1p(ops.exp(ops.negative(ops.abs(x))))
    return ops.add(ops.subtract(ops.maximum(x, 0.0), ops.multiply(x, y_true)), tail)


def log_probabilities(y_pred: Array, from_logits: bool, axis: int) -> Any:
    """The logarithms of predicted probabilities, however they are given."""
    logits = y_pred if from_logits else behind(y_pred, Softmax, axis)
    if logits is not None:
        return ops.log_softmax(logits, axis=axis)
    total = ops.sum(y_pred, axis=axis, keepdims=True)
    return ops.log(ops.clip(ops.divide(y_pred, total), EPSILON, 1 - EPSILON))


def behind(y_pred: Array, activation: type[ops.Op], axis: int = -1) -> Value | None:
    """What went into the activation that made a value of the step; None where nothing like that made it.

    A reshape between them is looked through, as long as it keeps what the softmax summed over together.
    """
    if not isinstance(y_pred, Value):
        return None
    output = y_pred
    while output.node is not None and isinstance(output.node.op, Reshape):
        output = output.node.inputs[0]
    if output.node is None or not isinstance(output.node.op, activation):
        return None
    logits = output.node.inputs[0]
    if activation is Softmax and output is not y_pred:
        together = axis == -1 and output.shape[-1:] == y_pred.shape[-1:]
        if not together or output.node.op.settings["axis"] != output.ndim - 1:
            return None
    elif activation is Softmax and output.node.op.settings["axis"] != axis % output.ndim:
        return None
    return ops.reshape(logits, y_pred.shape)


def classes_and_scores(y_true: Array, y_pred: Array, name: str) -> tuple[Any, Any]:
    """Class numbers (batch, …) as int32 and scores (batch, …, classes) in a floating dtype.

    Errors: ShapeError when they do not belong together.
    """
    if not is_float(ops.dtype_of(y_pred)):
        y_pred = ops.in_dtype(y_pred, "float32")
    true_shape, shape = ops.shape_of(y_true), ops.shape_of(y_pred)
    if len(shape) < 1 or true_shape not in (shape[:-1], (*shape[:-1], 1)):
        one_hot = "One-hot targets need categorical_crossentropy (or categorical_accuracy)."
        raise ShapeError(
            where=name,
            argument="y_true",
            expected=f"one class number for each row of scores, shape {shape[:-1]} for y_pred of shape {shape}",
            got=f"shape {true_shape}",
            fix=one_hot if true_shape == shape else hint(true_shape, shape),
        )
    return ops.reshape(ops.in_dtype(y_true, "int32"), shape[:-1]), y_pred


def pick(scores: Array, classes: Array) -> Any:
    """The score of each row's class: (batch, …, classes) and (batch, …) to (batch, …)."""
    picked = ops.take_along_axis(scores, ops.expand_dims(classes, -1), axis=-1)
    return ops.squeeze(picked, -1)


def smoothing(loss: Loss, value: float) -> float:
    """A label smoothing that has been checked."""
    expected = "a number from 0 to 1"
    return require_number(loss.name, "label_smoothing", value, expected, lambda share: 0 <= share <= 1, 0.1)
