"""The base class of ops, and `apply`, through which every op is called.

An op has three rules side by side: `shape` (what comes out), `evaluate` (what it means, in NumPy: the truth that
every executor must agree with) and `gradient` (said in ops). Called on arrays it evaluates at once; called on
graph values, or on variables while a graph is being recorded, it records a node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from pyengine import memory
from pyengine.dtypes import canonical, of_scalar
from pyengine.errors import DtypeError, GraphError, describe, out_of_memory
from pyengine.graph import Spec, Value, Variable, recording

Array = Any  # np.ndarray, Value, Variable, or what np.asarray takes

OPS: dict[str, type[Op]] = {}

# Set by who can do some ops on arrays better than NumPy: gives a result, or None where NumPy shall find it.
accelerate: Callable[[Op, tuple[Array, ...]], Any] | None = None


class Op:
    """Base of all ops. Subclasses give `name` and the rules below; settings are keywords, all hashable.

    Attributes:
        name: what graphs, kernels and tables call it.
        alias: the output is the input's memory seen in another shape (reshape): costs nothing.
        in_place: the inputs, by position, whose memory the output may take over when they have the same size:
            the op reads each element of them before it writes that element, and never again.
        several: the op makes a tuple of values: `shape` and `evaluate` return tuples, `evaluate_into` gets one, and
            `gradient` gets tuples (None for an output without a gradient).
        elementwise: each number of the output is made of those at its place in the inputs, which broadcast to it: a
            Chain can hold the op.
        cheap: takes no longer than to read its output from memory, so it is computed again rather than kept.
        neutral: (position of one of two inputs, the number there with which the result is the other input to the bit).
        commutative: its two inputs may change places.
        own_inverse: applied twice it changes nothing.
        rearranges: the output holds every number of the input, and no other.
        body: a graph that the op runs again and again (a loop's), or None; `with_body` puts another in its place.
    """

    name: ClassVar[str]
    alias: ClassVar[bool] = False
    in_place: ClassVar[tuple[int, ...]] = ()
    several: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    cheap: ClassVar[bool] = False
    neutral: ClassVar[tuple[tuple[int, float], ...]] = ()
    commutative: ClassVar[bool] = False
    own_inverse: ClassVar[bool] = False
    rearranges: ClassVar[bool] = False
    body: Any = None

    def __init_subclass__(cls) -> None:
        if "name" in cls.__dict__:
            OPS[cls.name] = cls

    def __init__(self, **settings: Any):
        self.settings = settings
        for name, value in settings.items():
            setattr(self, name, value)

    def shape(self, *specs: Spec) -> Any:
        """The output's spec from the inputs'; raises ShapeError when they do not fit."""
        raise NotImplementedError

    def evaluate(self, *arrays: np.ndarray) -> Any:
        """The reference implementation, in NumPy."""
        raise NotImplementedError

    def evaluate_into(self, out: Any, *arrays: np.ndarray) -> None:
        """`evaluate`, written to `out`. Ops that NumPy can write in place override it; the value is the same."""
        if self.several:
            for target, result in zip(out, self.evaluate(*arrays), strict=True):
                target[...] = result
        else:
            out[...] = self.evaluate(*arrays)

    def gradient(self, gradient: Any, output: Any, *inputs: Value) -> tuple[Value | None, ...]:
        """For each input, the gradient of a scalar whose gradient with respect to `output` is `gradient`."""
        raise NotImplementedError(f"{self.name} has no gradient.")

    def differentiable(self) -> tuple[Op, tuple[int, ...]] | None:
        """The op that makes what the gradient needs, too, and which of its outputs are this one's; None: this one."""
        return None

    def with_body(self, body: Any) -> Op:
        """The op that runs another graph of the same inputs and outputs."""
        raise NotImplementedError(f"{self.name} has no body.")

    def narrowed(self, used: tuple[bool, ...]) -> tuple[Op, tuple[int, ...], tuple[int, ...]] | None:
        """The op that makes only what is used, which inputs it takes and which outputs it makes; None: this one."""
        return None

    def loop(self) -> Any:
        """One round of the body as a step: what it is given and what it makes are read and written like variables."""
        raise NotImplementedError(f"{self.name} has no body.")

    def replaces(self, place: int, output: int) -> bool:
        """Whether this output, by number, may lie where this input of the same spec lies."""
        return place in self.in_place

    def entries(self, *specs: Spec) -> int | None:
        """How many entries the indices, its second input, choose from; None where there are no indices."""
        return None

    def scratch(self, *specs: Spec) -> int:
        """Bytes of memory that a kernel needs while it runs, beside its inputs and outputs; the plan finds room."""
        return 0

    @property
    def key(self) -> tuple:
        """Equal for ops that do the same."""
        return (self.name, *self.settings.items())

    def settings_text(self) -> str:
        """The settings of the op as they are printed in the listing of a program."""
        return " ".join(f"{key}={value!r}".replace(" ", "") for key, value in self.settings.items())

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.settings.items())})"


def make(name: str, **settings: Any) -> Op:
    """An op from its name and settings, as a graph's text gives them."""
    return OPS[name](**settings)


def apply(op: Op, *inputs: Array) -> Any:
    """Evaluate the op now, or record it in the graph that is being traced.

    With only arrays (and no graph being recorded that variables would belong to) the result is an array; with a
    graph value among the inputs, or a variable while a graph is being recorded, it is a value of that graph.

    Shapes: inputs as the op takes them -> as its `shape` says.
    Arguments:
        op: the op, with its settings.
        inputs: arrays, graph values or variables.
    Errors: GraphError for a graph value where no graph is being recorded; those of the op.

    >>> from pyengine.ops.base import make
    >>> apply(make("add"), [1.0], [2.0])
    array([3.], dtype=float32)
    """
    graph = recording()
    if graph is None or not any(isinstance(x, (Value, Variable)) for x in inputs):
        if any(isinstance(x, Value) for x in inputs):
            raise GraphError(
                f"{op.name} got a graph value, but no graph is being written (use `with graph:`)."
            )
        if accelerate is not None and (result := accelerate(op, inputs)) is not None:
            return result
        arrays = [to_array(x) for x in inputs]
        specs = op.shape(*(Spec(array.shape, canonical(array.dtype)) for array in arrays))
        try:
            memory.require(sum(spec.nbytes for spec in (specs if op.several else (specs,))))
            with np.errstate(all="ignore"):
                result = op.evaluate(*arrays)
        except MemoryError as error:
            raise out_of_memory(error, f"ops.{op.name}") from error
        held = [array for x, array in zip(inputs, arrays, strict=True) if isinstance(x, Variable)]
        if op.several:
            return tuple(as_result(m, s.dtype, held) for m, s in zip(result, specs, strict=True))
        return as_result(result, specs.dtype, held)
    return graph.add(op, tuple([to_value(x, graph) for x in inputs]))


def as_result(result: Any, dtype: str, held: Sequence[np.ndarray]) -> np.ndarray:
    """What an op made, as an array that does not change with the buffers of variables."""
    array = np.asarray(result).astype(dtype, copy=False)
    return array.copy() if any(np.may_share_memory(array, buffer) for buffer in held) else array


def to_array(x: Array, dtype: str | None = None) -> np.ndarray:
    """A concrete array. Python floats become float32, whole numbers int32; NumPy arrays keep their dtype."""
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, (bool, int, float)):
        return np.asarray(x, dtype or of_scalar(x))
    if not isinstance(x, (np.ndarray, np.generic)):
        x = np.asarray(x)
        if x.dtype == np.float64:
            x = x.astype(np.float32)
        elif x.dtype == np.int64:
            x = x.astype(np.int32)
        elif x.dtype == object:
            raise DtypeError(
                argument="the inputs",
                expected="an array of numbers",
                got=describe(x.item() if x.ndim == 0 else x),
                fix="Give every row the same length, and numbers only.",
            )
    canonical(x.dtype)
    return np.asarray(x, dtype)


def to_value(x: Array, graph: Any) -> Value:
    """A value of `graph`: a variable is read, an array becomes a constant."""
    if isinstance(x, Value):
        return x
    if isinstance(x, Variable):
        return graph.read(x)
    return graph.constant(to_array(x))


def dtype_of(x: Array) -> str:
    """The dtype of anything that an op takes.

    Shapes: x of any.
    Errors: DtypeError for what is no number.

    >>> dtype_of([1.0])
    'float32'
    """
    if isinstance(x, (Value, Variable)):
        return x.dtype
    return canonical(to_array(x).dtype)


def shape_of(x: Array) -> tuple[int, ...]:
    """The shape of anything that an op takes.

    Shapes: x of any.
    Errors: DtypeError for what is no number.

    >>> shape_of([[1.0, 2.0]])
    (1, 2)
    """
    return x.shape if isinstance(x, (Value, Variable, np.ndarray)) else to_array(x).shape


def method(name: str) -> Callable:
    """Give graph values and variables an operator: `@method("__add__")` above the op's function."""

    def attach(function: Callable) -> Callable:
        for cls in (Value, Variable):
            setattr(cls, name, function)
        return function

    return attach
