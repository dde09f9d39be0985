"""What a loss is: a value per sample, and how those become one number."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from pyengine import ops, shapes
from pyengine.configurable import Configurable
from pyengine.dtypes import FLOATX, is_float
from pyengine.errors import ArgumentError, PyEngineError, ShapeError, describe, unknown_name
from pyengine.graph import Value, Variable
from pyengine.names import snake
from pyengine.ops.base import Array

EPSILON = 1e-7
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")


class Loss(Configurable):
    """Base of all losses: subclasses give `call`.

    Its value: reduction(sample_weight · call(y_true, y_pred)).

    Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".
    Arguments:
        reduction: how the values, one per sample, become one number. "sum_over_batch_size" (or "mean"): their sum
            divided by their number, whatever the weights; "sum"; "mean_with_sample_weight": divided by the sum of
            the weights; "none" (or None): they stay. Default "sum_over_batch_size".
        name: what logs call it; default the class name in snake_case.
    Attributes:
        targets: what y_true is. "values": numbers, shaped as y_pred; "classes": a class number for each row of
            y_pred; "probabilities": one-hot rows or other distributions over classes; "binary": 0 or 1, or a
            probability; "signs": -1 or 1; "any": only the loss itself knows. Data is checked accordingly, and
            `class_weight` needs to know where the classes are.
    Errors: UnknownNameError for a reduction that does not exist. When it is called: ShapeError where y_true,
        y_pred and sample_weight do not fit together.

    >>> class FourthPower(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.mean(ops.power(ops.subtract(y_pred, y_true), 4.0), axis=-1)
    ...     def valid(self, y_true, y_pred):
    ...         return ops.greater_equal(y_true[..., 0], 0.0)  # a negative target stands for a missing one
    >>> FourthPower()(np.float32([[0.0], [1.0], [-1.0]]), np.float32([[1.0], [3.0], [9.0]]))
    array(8.5, dtype=float32)

    Source: Keras 3.
    """

    reduction: str = "sum_over_batch_size"
    targets: str = "values"

    def __init__(self, reduction: str = "sum_over_batch_size", name: str | None = None):
        reduction = "none" if reduction is None else reduction
        if reduction not in REDUCTIONS:
            raise unknown_name(f"reduction of {type(self).__name__}", reduction, REDUCTIONS)
        self.reduction = reduction
        self.name = name or snake(type(self).__name__)

    def call(self, y_true: Array, y_pred: Array) -> Any:
        """The loss of each sample.

        Shapes: y_true, y_pred (batch, …, values) -> (batch, …), the shape of y_pred without its last axis.
        Arguments:
            y_true: the targets.
            y_pred: the predictions, floating point.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `call(self, y_true, y_pred)`: write one.")

    def valid(self, y_true: Array, y_pred: Array) -> Any:
        """Which values of `call` count, as booleans of its shape; None means that all do, the default.

        The others have loss 0. "sum_over_batch_size" divides by the number of those that count,
        "mean_with_sample_weight" by the sum of their weights.

        Shapes: y_true, y_pred as in `call` -> (batch, …), bool.
        """
        return None

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Any:
        """The loss of a batch. float64 arrays are computed in float32, as in Keras.

        Shapes: y_true, y_pred (batch, …, values) -> (), or (batch, …) with reduction "none".
        Arguments:
            y_true: the targets.
            y_pred: the predictions.
            sample_weight: factor of each sample's loss, (batch,) or one per value of `call`; default None, all 1.
        Errors: ShapeError where they do not fit together; ArgumentError for weights where `call` returns one number
            for the whole batch.
        """
        y_true, y_pred = in_floatx(y_true, y_pred)
        values, valid = self.call(y_true, y_pred), self.valid(y_true, y_pred)
        return reduce(values, sample_weight, self.reduction, self.name, valid)


class LossFunction(Loss):
    """A loss given by a function `(y_true, y_pred)` that is written with ops.

    Its value: reduction(sample_weight · function(y_true, y_pred)).

    Shapes: y_true, y_pred as the function takes them -> (), or (batch, …) with reduction "none".
    Arguments:
        function: returns values of shape (batch, …), or a scalar that is the loss of the whole batch.
        reduction: see `Loss`; default "sum_over_batch_size".
        name: what logs call it; default the function's name.
    Errors: ArgumentError when the function returns something that cannot be trained on.

    >>> largest = LossFunction(lambda y_true, y_pred: ops.max(ops.abs(ops.subtract(y_true, y_pred)), axis=-1))
    >>> largest([[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [3.0, 1.0]])
    array(2.5, dtype=float32)
    """

    targets = "any"

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
    ):
        super().__init__(reduction, name or getattr(function, "__name__", type(function).__name__))
        self.function = function

    def call(self, y_true: Array, y_pred: Array) -> Any:
        return call_user_function("loss", self.name, self.function, y_true, y_pred)


def call_user_function(
    kind: str, name: str, function: Callable[[Any, Any], Any], y_true: Array, y_pred: Array
) -> Any:
    """Call a user's loss or metric and validate its result; errors within it name it.

    >>> call_user_function("loss", "forgetful", lambda y_true, y_pred: None, [1.0], [2.0])
    Traceback (most recent call last):
    ...
    pyengine.errors.ArgumentError: loss 'forgetful': return expects one value per sample, or one number for the \
batch, computed from y_true and y_pred with `ops`, but got `None`. End the function with `return`.
    """
    where = f"{kind} {name!r}"
    try:
        values = function(y_true, y_pred)
    except PyEngineError as error:
        located = error.inside(where)
        if located is error:
            raise
        raise located from error
    recorded = isinstance(y_pred, Value)
    if isinstance(values, Value) or (not recorded and hasattr(values, "shape")):
        return values
    got, fix = describe(values), "Compute it with `ops`."
    if values is None:
        fix = "End the function with `return`."
    elif inspect.isawaitable(values):
        got, fix = (
            "a promise",
            "Make it a plain function (`def`, not `async def`): its ops are only recorded here.",
        )
        getattr(values, "close", bool)()
    elif isinstance(values, (list, tuple)):
        fix = "Join the parts with `ops`, for example by `ops.add`."
    elif hasattr(values, "shape") or isinstance(values, (int, float)):
        fix = "Compute it from y_true and y_pred with `ops`: a constant cannot be trained on."
    raise ArgumentError(
        where=where,
        argument="return",
        expected="one value per sample, or one number for the batch, computed from y_true and y_pred with `ops`",
        got=got,
        fix=fix,
    )


def reduce(
    values: Array, sample_weight: Array | None, reduction: str, name: str, valid: Array | None = None
) -> Any:
    """Values of samples, weighted and made into what the reduction says; only those that are valid count.

    >>> reduce([1.0, 2.0], [1.0, 0.0], "sum_over_batch_size", "loss")
    array(0.5, dtype=float32)
    """
    shape = ops.shape_of(values)
    weight = None if sample_weight is None else weights_for(sample_weight, values, name)
    if valid is not None:
        counts = ops.cast(valid, dtype=ops.dtype_of(values))
        if reduction in ("sum_over_batch_size", "mean"):
            counts = ops.divide(counts, ops.maximum(ops.mean(counts), EPSILON))
        weight = counts if weight is None else ops.multiply(weight, counts)
    if weight is not None:
        values = ops.multiply(values, weight)
    if reduction == "none" or shape == ():
        return values
    total = ops.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_or_zero(total, ops.sum(ops.broadcast_to(weight, shape)))
    return ops.divide(total, float(max(shapes.size(shape), 1)))


def weights_for(sample_weight: Array, values: Array, name: str) -> Any:
    """Sample weights in a shape that broadcasts to the values, and in their dtype.

    Arguments:
        sample_weight: (batch,), (batch, 1), or as many leading axes as you like of the values' shape.
        name: whose values they are, for errors.
    Errors: ArgumentError where the values are one scalar for the whole batch; ShapeError.
    """
    have, shape = ops.shape_of(sample_weight), ops.shape_of(values)
    if shape == ():
        raise ArgumentError(
            where=name,
            argument="sample_weight",
            expected="no weights, since the loss is one number for the whole batch",
            got=f"weights of shape {have}",
            fix="Return one value per sample, shape (batch,), or give no sample or class weights.",
        )
    wanted = have[:-1] if len(have) == len(shape) + 1 and have[-1] == 1 else have
    fits = len(wanted) <= len(shape) and all(
        length in (1, full) for length, full in zip(wanted, shape, strict=False)
    )
    if not fits:
        each = "" if len(shape) == 1 else f", or one per value, shape {shape}"
        raise ShapeError(
            where=name,
            argument="sample_weight",
            expected=f"one weight per sample, shape {shape[:1]}{each}",
            got=f"shape {have}",
            fix="Give as many weights as there are samples.",
        )
    wanted = (*wanted, *(1,) * (len(shape) - len(wanted)))
    return ops.reshape(ops.in_dtype(sample_weight, ops.dtype_of(values)), wanted)


def in_floatx(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Targets and predictions, those that are float64 arrays in float32; values of a graph keep their dtype.

    >>> [array.dtype.name for array in in_floatx(np.int64([1]), np.float64([0.5]))]
    ['int64', 'float32']
    """
    if isinstance(y_pred, (Value, Variable)):
        return y_true, y_pred
    y_true, y_pred = (
        ops.in_dtype(array, FLOATX) if ops.dtype_of(array) == "float64" else array
        for array in (y_true, y_pred)
    )
    return y_true, y_pred


def match_shape_and_dtype(y_true: Array, y_pred: Array, name: str) -> tuple[Any, Any]:
    """Both in one shape (rank 2 or more) and in the predictions' dtype.

    A last axis of length 1 may be missing on either side: (batch,) meets (batch, 1).

    Errors: ShapeError when they differ otherwise.
    """
    if not is_float(ops.dtype_of(y_pred)):
        y_pred = ops.in_dtype(y_pred, "float32")
    y_true = ops.in_dtype(y_true, ops.dtype_of(y_pred))
    true_shape, shape = ops.shape_of(y_true), ops.shape_of(y_pred)
    target = shape if len(shape) > 1 else (*shape, 1)
    if true_shape not in (target, (*target, 1)) and not (target[-1] == 1 and true_shape == target[:-1]):
        raise ShapeError(
            where=name,
            argument="y_true",
            expected=f"shape {shape}, as y_pred has",
            got=f"shape {true_shape}",
            fix=hint(true_shape, shape),
        )
    return ops.reshape(y_true, target), ops.reshape(y_pred, target)


def hint(true_shape: shapes.Shape, shape: shapes.Shape) -> str:
    """What two unequal shapes of targets and predictions most likely mean."""
    if len(shape) > 1 and true_shape in (shape[:-1], (*shape[:-1], 1)):
        return (
            "Class numbers as targets need sparse_categorical_crossentropy (sparse_categorical_accuracy). "
            f"Else make them one-hot, shape {shape}."
        )
    if true_shape[1:] == shape[1:]:
        return "There must be one target for each prediction."
    return f"Reshape the targets, or let the model's last layer give {true_shape[1:]} values per sample."


def divide_or_zero(a: Array, b: Array) -> Any:
    """a / b, and 0 where b is 0."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        shape = a.shape if a.shape == b.shape else np.broadcast_shapes(a.shape, b.shape)
        return np.divide(a, b, out=np.zeros(shape, a.dtype), where=b != 0)
    nothing = ops.equal(b, 0.0)
    return ops.where(nothing, 0.0, ops.divide(a, ops.where(nothing, 1.0, b)))
