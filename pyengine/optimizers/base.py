"""What an optimizer is: variables, gradients, and an update written with ops.

`apply` called while a step is traced records the update in the step's graph; called with arrays it is evaluated at
once. The learning rate and the number of updates are variables, so changing the rate rebuilds nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from pyengine import ops
from pyengine.configurable import Configurable
from pyengine.errors import ArgumentError, ShapeError, describe, require_number
from pyengine.graph import Variable
from pyengine.ops.base import Array
from pyengine.optimizers import schedules
from pyengine.optimizers.schedules import LearningRateSchedule

T = TypeVar("T")


class Optimizer(Configurable):
    """Base of all optimizers: subclasses give `slots` and `update`.

    Every step, in this order: gradients are clipped, weights decayed, weights updated, moving averages
    taken, constraints applied, updates counted.

    Arguments:
        learning_rate: size of a step: a number of at least 0, or a schedule.
        weight_decay: before each update a weight loses this fraction of itself times the learning rate, at least 0;
            default None, nothing.
        clipnorm: greatest norm of a single gradient, above 0; default None, any.
        clipvalue: greatest absolute value in a gradient, above 0; default None, any.
        global_clipnorm: greatest norm of all gradients together, above 0; default None, any. At most one of the three
            clips.
        use_ema: whether to keep a moving average of every weight; `finalize_variable_values` puts it in place.
        ema_momentum: how much of the old average stays at each step, 0 ≤ ema_momentum ≤ 1.
        ema_overwrite_frequency: after every so many steps the weights become their averages; default None, never.
        name: the first part of its variables' names; default the class name in lower case.
    Errors: ArgumentError for values out of range, and for more than one kind of clipping. `apply`: ShapeError where a
        gradient has not its variable's shape.

    >>> class SignDescent(Optimizer):
    ...     def slots(self, variable):
    ...         return {"last": 0.0}
    ...     def update(self, variable, gradient, rate, last):
    ...         ops.assign(variable, ops.subtract(variable, ops.multiply(rate, ops.sign(gradient))))
    ...         ops.assign(last, gradient)
    >>> weight = Variable([1.0, 2.0], name="weight")
    >>> optimizer = SignDescent(0.5, use_ema=True)
    >>> optimizer.build([weight])
    >>> optimizer.exclude_from_weight_decay(["bias"])
    >>> for _ in range(2):
    ...     optimizer.apply([np.float32([3.0, -0.1])], [weight])
    >>> weight.numpy(), int(optimizer.iterations.numpy()), optimizer.step_number("int32")
    (array([0., 3.], dtype=float32), 2, array(3, dtype=int32))
    >>> optimizer.finalize_variable_values([weight])
    >>> weight.numpy().round(3)
    array([0.495, 2.505], dtype=float32)
    >>> float(optimizer.current_rate().numpy())
    0.5

    Source: Keras 3.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        name: str | None = None,
    ):
        self.name = name or type(self).__name__.lower()
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        self._clips = {key: value for key, value in clips.items() if value is not None}
        if len(self._clips) > 1:
            raise ArgumentError(
                where=self._title,
                argument=next(iter(self._clips)),
                expected="to be the only way of clipping",
                got=", ".join(f"`{key}={value!r}`" for key, value in self._clips.items()),
                fix="Choose one.",
            )
        for key, value in self._clips.items():
            require_number(self._title, key, value, "a number above 0", lambda number: number > 0, 1.0)
        between = "a number from 0 to 1"
        require_number(
            self._title, "ema_momentum", ema_momentum, between, lambda number: 0 <= number <= 1, 0.99
        )
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.iterations = Variable(np.int32(0), name=f"{self.name}/iteration", trainable=False)
        rate = schedules.get(learning_rate)
        self._schedule = rate if isinstance(rate, LearningRateSchedule) else None
        start = 0.0 if isinstance(rate, LearningRateSchedule) else self._checked(rate)
        self._rate = Variable(np.float32(start), name=f"{self.name}/learning_rate", trainable=False)
        self._slots: dict[Variable, dict[str, Variable]] = {}
        self._undecayed: list[str | Variable] = []
        self._shared: dict[str, Any] | None = None

    def __init_subclass__(cls) -> None:
        """A subclass names only its own arguments and `**common`; its signature shows all of them."""
        super().__init_subclass__()
        own = list(inspect.signature(cls.__init__).parameters.values())[1:]
        if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD:
            common = inspect.signature(Optimizer.__init__).parameters.values()
            names = {parameter.name for parameter in own}
            keywords = [p for p in common if p.kind is p.KEYWORD_ONLY and p.name not in names]
            cls.__signature__ = inspect.Signature([*own[:-1], *keywords])  # type: ignore[attr-defined]

    # --- What a subclass gives

    def slots(self, variable: Variable) -> dict[str, float]:
        """The variables kept beside each weight: their first values, by name.

        Arguments:
            variable: the weight.
        """
        return {}

    def update(self, variable: Variable, gradient: Array, rate: Array, **slots: Variable) -> None:
        """Update one weight: assign to its slots and to itself.

        Shapes: gradient and slots have the variable's shape; rate ().
        Arguments:
            variable: the weight.
            gradient: of its shape and dtype.
            rate: the learning rate, a scalar of that dtype.
            slots: the variables that `slots` asked for, by name.
        """
        raise NotImplementedError

    # --- The learning rate

    @property
    def learning_rate(self) -> float:
        """The size of the next step. Setting it takes effect with the next step.

        >>> from pyengine.optimizers import SGD
        >>> optimizer = SGD(learning_rate=0.5)
        >>> optimizer.learning_rate = 0.25
        >>> optimizer.learning_rate
        0.25
        """
        if self._schedule:
            return float(self._schedule(self.iterations.value))
        # The shortest number that is this float32: 0.1, not 0.10000000149011612.
        return float(str(self._rate.value[()]))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = schedules.get(value)
        if isinstance(rate, LearningRateSchedule):
            raise ArgumentError(
                where=self._title,
                argument="learning_rate",
                expected="a number, once the optimizer is made",
                got=describe(rate),
                fix=f"Give the schedule to a new {type(self).__name__}.",
            )
        if self._schedule:
            raise ArgumentError(
                where=self._title,
                argument="learning_rate",
                expected=f"to follow its schedule, {self._schedule!r}",
                got=describe(rate),
                fix="Make the optimizer with a number to set it later.",
            )
        self._rate.set(self._checked(rate))

    def _checked(self, rate: float) -> float:
        expected = "a finite number of at least 0"
        return require_number(
            self._title, "learning_rate", rate, expected, lambda number: 0 <= number < math.inf, 0.001
        )

    def current_rate(self) -> Any:
        """The learning rate of the next step as ops see it: a float32 scalar."""
        return self._schedule(self.iterations) if self._schedule else self._rate

    # --- Variables

    def build(self, variables: Iterable[Variable]) -> None:
        """Create the slots of these weights; those that have some keep them.

        Arguments:
            variables: the weights.
        """
        for variable in variables:
            if variable not in self._slots:
                wanted = dict(self.slots(variable))
                if self.use_ema:
                    wanted["average"] = 0.0
                path = variable.name.replace("/", "_")
                self._slots[variable] = {
                    slot: Variable(
                        np.full(variable.shape, start, variable.dtype),
                        name=f"{self.name}/{path}_{slot}",
                        dtype=variable.dtype,
                        trainable=False,
                    )
                    for slot, start in wanted.items()
                }

    @property
    def variables(self) -> list[Variable]:
        """The count of updates, the learning rate, then the slots, weight by weight."""
        return [
            self.iterations,
            self._rate,
            *(slot for slots in self._slots.values() for slot in slots.values()),
        ]

    def exclude_from_weight_decay(self, variables: Iterable[str | Variable]) -> None:
        """Leave weights out of the weight decay.

        Arguments:
            variables: variables, or parts of their names such as "bias".
        """
        self._undecayed.extend(variables)

    # --- A step

    def apply(self, gradients: Sequence[Array | None], variables: Sequence[Variable]) -> None:
        """Update the variables once.

        Shapes: a gradient has its variable's shape.
        Arguments:
            gradients: one per variable; None for a variable that the loss does not depend on, which stays as it is.
            variables: the weights, in the same order.
        Errors: ShapeError where a gradient has not its variable's shape.

        >>> from pyengine.optimizers import SGD
        >>> weight = Variable([1.0, 2.0], name="weight")
        >>> SGD(learning_rate=0.5).apply([np.float32([1.0, 0.0])], [weight])
        >>> weight.numpy()
        array([0.5, 2. ], dtype=float32)
        """
        pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        for gradient, variable in pairs:
            if ops.shape_of(gradient) != variable.shape:
                raise ShapeError(
                    where=self._title,
                    argument="gradients",
                    expected=f"shape {variable.shape}, that of {variable.name!r}",
                    got=f"shape {ops.shape_of(gradient)}",
                    fix="Give the gradients in the order of the variables.",
                )
        self.build(variables)
        updated = [variable for _, variable in pairs]
        clipped = self._clipped([ops.in_dtype(gradient, variable.dtype) for gradient, variable in pairs])
        rate = self.current_rate()
        self._shared = {}
        try:
            for variable, gradient in zip(updated, clipped, strict=True):
                self._update(variable, gradient, ops.in_dtype(rate, variable.dtype))
        finally:
            self._shared = None
        if self.use_ema:
            for variable in updated:
                self._average(variable)
        for variable in updated:
            if variable.constraint is not None:
                ops.assign(variable, variable.constraint(variable))
        ops.assign_add(self.iterations, 1)

    def _update(self, variable: Variable, gradient: Array, rate: Array) -> None:
        """Decay and update of one weight."""
        if self.weight_decay and self._decays(variable):
            decay = self.weight_decay
            kept = self._once(f"kept {variable.dtype}", lambda: ops.subtract(1.0, ops.multiply(rate, decay)))
            ops.assign(variable, ops.multiply(variable, kept))
        slots = {name: slot for name, slot in self._slots[variable].items() if name != "average"}
        self.update(variable, gradient, rate, **slots)

    def _once(self, name: str, compute: Callable[[], T]) -> T:
        """What `compute` gives, computed once in each `apply`: what is the same for all weights of a dtype."""
        if self._shared is None:  # `update` was called by itself
            return compute()
        if name not in self._shared:
            self._shared[name] = compute()
        return self._shared[name]

    def step_number(self, dtype: str) -> Any:
        """The number of the running update, from 1.

        Arguments:
            dtype: of the result.
        """
        return ops.in_dtype(ops.add(self.iterations, 1), dtype)

    def _clipped(self, gradients: list[Array]) -> list[Any]:
        if self.clipvalue is not None:
            return [ops.clip(gradient, -self.clipvalue, self.clipvalue) for gradient in gradients]
        if self.clipnorm is not None:
            return [clip_by_norm([gradient], self.clipnorm)[0] for gradient in gradients]
        if self.global_clipnorm is not None and gradients:
            return clip_by_norm(gradients, self.global_clipnorm)
        return gradients

    def _decays(self, variable: Variable) -> bool:
        return not any(
            excluded is variable or (isinstance(excluded, str) and excluded in variable.name)
            for excluded in self._undecayed
        )

    def _average(self, variable: Variable) -> None:
        """The moving average after an update; the first update gives it its first value."""
        average = self._slots[variable]["average"]
        first = ops.equal(self.iterations, 0)
        mixed = ops.add(
            ops.multiply(average, self.ema_momentum), ops.multiply(variable, 1 - self.ema_momentum)
        )
        value = ops.assign(average, ops.where(first, variable, mixed))
        if self.ema_overwrite_frequency:
            due = ops.equal(ops.mod(ops.add(self.iterations, 1), self.ema_overwrite_frequency), 0)
            ops.assign(variable, ops.where(due, value, variable))

    def finalize_variable_values(self, variables: Iterable[Variable]) -> None:
        """After training: with `use_ema` the weights become their moving averages.

        Arguments:
            variables: the weights.
        """
        if self.use_ema:
            for variable in variables:
                variable.set(self._slots[variable]["average"].value)

    @property
    def _title(self) -> str:
        return f"{type(self).__name__} {self.name!r}"


def clip_by_norm(gradients: Sequence[Array], limit: float) -> list[Any]:
    """Gradients shortened by one factor so that together they are no longer than `limit`.

    >>> clip_by_norm([[3.0, 4.0]], 1.0)
    [array([0.6, 0.8], dtype=float32)]
    """
    square: Any = 0.0
    for gradient in gradients:
        square = ops.add(square, ops.sum(ops.square(gradient)))
    factor = ops.divide(limit, ops.maximum(ops.sqrt(square), limit))
    return [ops.multiply(gradient, ops.in_dtype(factor, ops.dtype_of(gradient))) for gradient in gradients]
