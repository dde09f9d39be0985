"""Symbolic tensors: data to come, known by shape and dtype, and the layer that will make it.

Calling a layer on one records a `Connection`; a model is what lies between some symbolic tensors and others.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pyengine.errors import GraphError, NotANumberYetError, PyEngineError
from pyengine.graph import Graph, Spec
from pyengine.ops import ON_TENSORS
from pyengine.ops.symbolic import Symbolic
from pyengine.structure import leaves, places

AnyShape = tuple[int | None, ...]

# What unknown lengths are taken to be while shapes are worked out. Both divide by 1 … 12, so that a reshape of an
# unknown length works, and are large, so that a pool or a stride never gives the same length for both.
PROBES = (55440, 83160)


class SymbolicTensor(Symbolic):
    """A placeholder for data. `None` stands for an unknown length, such as that of the batch.

    Arguments:
        shape: lengths with the batch first; None where unknown.
        dtype: its dtype; by default "float32".
        name: that of the layer that makes it; by default "tensor".
        history: the connection that makes it, and which of its outputs it is; None: nothing makes it.

    >>> from pyengine import layers
    >>> x = layers.Input(shape=(784,), name="digits")
    >>> x
    SymbolicTensor('digits', shape=(None, 784), dtype=float32)
    >>> layers.Dense(10)(x).shape
    (None, 10)
    """

    __slots__ = ("__weakref__", "dtype", "history", "name", "shape")

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: str = "float32",
        name: str = "tensor",
        history: tuple[Connection, int] | None = None,
    ):
        self.shape: AnyShape = tuple(shape)
        self.dtype = dtype
        self.name = name
        self.history = history

    def __eq__(self, other: object) -> bool:
        """Two are equal where they are the same output of the same use of a layer."""
        if self.history is None or not isinstance(other, SymbolicTensor) or other.history is None:
            return self is other
        return self.history[0] is other.history[0] and self.history[1] == other.history[1]

    def __hash__(self) -> int:
        return id(self) if self.history is None else hash((id(self.history[0]), self.history[1]))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def connection(self) -> Connection:
        if self.history is None:
            raise GraphError(f"{self!r} was made by no layer. Start from layers.Input(shape=…).")
        return self.history[0]

    @property
    def layer(self) -> Any:
        """The `Layer` that makes it."""
        return self.connection.layer

    def __iter__(self) -> NoReturn:
        raise self._refusal(
            "to be taken apart by `ops.split`, or by indices such as `h[:, 0]`", "a loop over it"
        )

    def __bool__(self) -> NoReturn:
        raise self._refusal("to be asked by `ops.where`", "`if`, `and` or `not`, which need its numbers now")

    def _refusal(self, expected: str, got: str) -> GraphError:
        fix = "Its numbers come only when the model runs."
        return GraphError(where=repr(self), argument="it", expected=expected, got=got, fix=fix)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        """NumPy's functions that are ops, too: `np.exp(tensor)`, `array * tensor`."""
        name = {"absolute": "abs"}.get(ufunc.__name__, ufunc.__name__)
        if method == "__call__" and not settings and name in ON_TENSORS:
            return self._operate(name, inputs, {})
        return self.__array__()

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise NotANumberYetError(
            where=repr(self),
            argument="use",
            expected="operators, functions of `pyengine.ops`, or layers, as it stands for data to come",
            got="a NumPy function",
            fix="Write, for example, `h + 1`, `h[:, 0]` or `ops.mean(h)`.",
        )

    def __repr__(self) -> str:
        return f"SymbolicTensor({self.name!r}, shape={self.shape}, dtype={self.dtype})"


@dataclass(frozen=True)
class Keywords:
    """What one use of a layer is given by name.

    Attributes:
        arrays: the names of those inputs that come last: arrays, or tensors, like the others.
        settings: all else; `training` among them where the call has fixed it.
    """

    arrays: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def split(self, inputs: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Any]]:
        """The inputs by place, and everything by name."""
        count = len(inputs) - len(self.arrays)
        return inputs[:count], {**self.settings, **dict(zip(self.arrays, inputs[count:], strict=True))}

    def in_mode(self, training: bool | None) -> Keywords:
        """The same with a fixed `training`; None leaves it to the model."""
        if training is None:
            return self
        return Keywords(self.arrays, {**self.settings, "training": bool(training)})

    def mode(self, training: bool) -> bool:
        """Whether this call behaves as in training, in a model that is (or is not) being trained."""
        return self.settings.get("training", training)


NONE = Keywords()


class Connection:
    """One use of a layer: what went in, what came out. Calling a layer on a symbolic tensor makes it.

    Shapes: those of `inputs` and `outputs`, the batch first.
    Arguments:
        layer: the layer.
        inputs: the symbolic tensors that it was called on.
        specs: shape and dtype of each output.
        keywords: what the call was given by name; default Keywords(arrays=(), settings={}).

    >>> from pyengine import layers
    >>> layers.Flatten(name="flat")(layers.Input((2, 2))).connection
    Connection((None, 2, 2) -> flat -> [(None, 4)])
    """

    __slots__ = ("__weakref__", "_outputs", "inputs", "keywords", "layer", "specs")

    def __init__(
        self,
        layer: Any,
        inputs: tuple[SymbolicTensor, ...],
        specs: Sequence[SymbolicTensor],
        keywords: Keywords = NONE,
    ):
        self.layer = layer
        self.inputs = inputs
        self.keywords = keywords
        self.specs = specs
        self._outputs: weakref.WeakValueDictionary[int, SymbolicTensor] = weakref.WeakValueDictionary()

    @property
    def outputs(self) -> tuple[SymbolicTensor, ...]:
        """The symbolic tensors that it makes."""
        return tuple(self.output(index) for index in range(len(self.specs)))

    def output(self, index: int) -> SymbolicTensor:
        tensor = self._outputs.get(index)
        if tensor is None:
            spec = self.specs[index]
            tensor = SymbolicTensor(spec.shape, spec.dtype, self.layer.name, (self, index))
            self._outputs[index] = tensor
        return tensor

    def __repr__(self) -> str:
        shapes = " and ".join(str(tensor.shape) for tensor in self.inputs)
        return f"Connection({shapes} -> {self.layer.name} -> {[tensor.shape for tensor in self.specs]})"


def infer(
    layer: Any, inputs: Sequence[SymbolicTensor], keywords: Keywords = NONE
) -> tuple[list[SymbolicTensor], Any]:
    """Shapes and dtypes of a layer's outputs, and their structure: one, or a list, tuple or map of outputs.

    They are found by writing the layer's call down in a graph that is thrown away.

    Where a length is unknown that is done twice, with two different lengths: what differs in the result is unknown.
    """
    unknown = any(None in tensor.shape for tensor in inputs)
    traced = [_trace(layer, inputs, probe, keywords) for probe in (PROBES if unknown else PROBES[:1])]
    outputs = []
    for values in zip(*map(leaves, traced), strict=True):
        lengths = zip(*(value.shape for value in values), strict=True)
        shape = tuple(same[0] if len(set(same)) == 1 else None for same in lengths)
        outputs.append(SymbolicTensor(shape, values[0].dtype, layer.name))
    return outputs, places(traced[0])


def _trace(layer: Any, inputs: Sequence[SymbolicTensor], probe: int, keywords: Keywords) -> Any:
    graph = Graph()
    values = []
    for number, tensor in enumerate(inputs):
        shape = tuple(probe if length is None else length for length in tensor.shape)
        values.append(graph.input(f"input_{number}", Spec(shape, tensor.dtype)))
    try:
        with graph:
            return layer.run(*values, training=False, keywords=keywords)
    except PyEngineError as error:
        # Whoever reads it knows nothing of probes.
        raise error.rewritten(lambda text: re.sub(rf"\b{probe}\b", "None", text)) from error
