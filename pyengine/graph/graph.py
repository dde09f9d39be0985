"""The intermediate representation of a step: Spec, Value, Node, Graph.

A graph is in single-assignment form: every value is made once, by one node, or is an input, a constant or the
value a variable has at the beginning. What a variable shall hold at the end stands in `writes`. Nothing here
knows what an op means; a node merely holds its op. A graph holds its nodes, a node its values; these refer back weakly,
so an unused graph is freed by reference counting.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from pyengine.dtypes import SHORT, canonical, itemsize
from pyengine.errors import GraphError, NotANumberYetError
from pyengine.graph.variable import Variable
from pyengine.shapes import Shape, size

ONLY_INSIDE = "Values live only inside the function that is being traced."


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of an array before it exists: its shape and dtype."""

    shape: Shape
    dtype: str = "float32"

    @property
    def size(self) -> int:
        return size(self.shape)

    @property
    def nbytes(self) -> int:
        return bytes_of(self.shape, self.dtype)

    def __str__(self) -> str:
        return f"{SHORT[self.dtype]}[{','.join(map(str, self.shape))}]"


@lru_cache(4096)  # asked of every node, many times
def bytes_of(shape: Shape, dtype: str) -> int:
    return size(shape) * itemsize(dtype)


class Value:
    """One array of a graph: known by shape and dtype, not yet by content. It means something as long as its graph."""

    __slots__ = ("_graph", "_node", "spec")
    __array_ufunc__ = None  # so that `ndarray + value` asks the value

    def __init__(self, spec: Spec, graph: Graph, node: Node | None = None):
        self.spec = spec
        self._graph = weakref.ref(graph)
        self._node = None if node is None else weakref.ref(node)

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        graph = self._graph()
        if graph is None:
            raise GraphError(f"{self!r} belongs to a graph that is gone. {ONLY_INSIDE}")
        return graph

    @property
    def node(self) -> Node | None:
        """The node that makes it; None for inputs, constants and what is read from variables."""
        return None if self._node is None else self._node()

    @property
    def shape(self) -> Shape:
        return self.spec.shape

    @property
    def dtype(self) -> str:
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        return len(self.spec.shape)

    def __len__(self) -> int:
        return self.spec.shape[0]

    def _no_number_yet(self, used_as: str, fix: str) -> NoReturn:
        raise NotANumberYetError(
            where=self.graph.layer,
            argument="value",
            expected="`ops` only, as it has no numbers while the step is recorded",
            got=f"{used_as} of one of shape {self.shape}",
            fix=fix,
        )

    def __bool__(self) -> bool:
        self._no_number_yet("`if` or `bool`", "Use `ops.where(condition, a, b)` instead of `if`.")

    def __float__(self) -> float:
        self._no_number_yet("`float`", "Compute with `ops`; the number is known when the step runs.")

    def __int__(self) -> int:
        self._no_number_yet("`int`", "Compute with `ops`; the number is known when the step runs.")

    def __iter__(self) -> Iterator[Value]:
        self._no_number_yet(
            "a loop over the rows",
            "Compute with `ops` on all rows at once: axis 0 is the batch, and `ops.split` takes axes apart.",
        )

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        self._no_number_yet("a NumPy function", "Use the function of the same name in `ops`, as `ops.mean`.")

    def __repr__(self) -> str:
        return f"Value({self.spec})"


class Node:
    """One application of an op: its inputs and the values it makes (one for nearly all ops).

    The op is an object with `name`, `settings` and a `shape` rule; what else it can do is no matter of the graph.
    `layer` is the label of the layer that recorded it ("Dense 'head'"), for errors; empty outside of any.
    """

    __slots__ = ("__weakref__", "inputs", "layer", "op", "outputs")

    def __init__(self, op: Any, inputs: tuple[Value, ...], graph: Graph, specs: tuple[Spec, ...]):
        self.op = op
        self.inputs = inputs
        self.layer = graph.layer
        self.outputs = tuple([Value(spec, graph, self) for spec in specs])

    @property
    def output(self) -> Value:
        """The only output, or the first."""
        return self.outputs[0]

    def __repr__(self) -> str:
        return f"Node({self.op.name}, {', '.join(str(value.spec) for value in self.outputs)})"


class Graph:
    """The recorded operations of a step. `print(graph)` shows it; `pyengine.graph.check` validates it."""

    def __init__(self) -> None:
        self.inputs: dict[str, Value] = {}
        self.constants: dict[Value, np.ndarray] = {}
        self._small_constants: dict[Any, Value] = {}
        self.reads: dict[Variable, Value] = {}
        self.nodes: list[Node] = []
        self.writes: dict[Variable, Value] = {}
        self.outputs: dict[str, Value] = {}
        self.layer = ""  # of the nodes that are added from now on

    def input(self, name: str, spec: Spec) -> Value:
        """A value that is fed from outside, under a name."""
        if name in self.inputs:
            raise GraphError(f"Graph input {name!r} exists already.")
        self.inputs[name] = Value(spec, self)
        return self.inputs[name]

    def constant(self, array: np.ndarray) -> Value:
        """A value whose content is known now; equal small constants are one value."""
        dtype = canonical(array.dtype)
        key = (dtype, array.shape, array.tobytes()) if array.nbytes <= 64 else None
        existing = self._small_constants.get(key)
        if existing is not None and existing in self.constants:
            return existing
        value = Value(Spec(array.shape, dtype), self)
        self.constants[value] = array
        if key is not None:
            self._small_constants[key] = value
        return value

    def read(self, variable: Variable) -> Value:
        """What the variable holds at this point of the step."""
        if variable in self.writes:
            return self.writes[variable]
        if variable not in self.reads:
            self.reads[variable] = Value(Spec(variable.shape, variable.dtype), self)
        return self.reads[variable]

    def write(self, variable: Variable, value: Value) -> None:
        """Assign a variable: what it holds after the step (and for later reads within it)."""
        self.check_ownership(value)
        if (value.shape, value.dtype) != (variable.shape, variable.dtype):
            have = Spec(variable.shape, variable.dtype)
            raise GraphError(f"Variable {variable.name!r} is {have} and cannot be assigned {value.spec}.")
        self.writes[variable] = value

    def add(self, op: Any, inputs: tuple[Value, ...]) -> Any:
        """Apply an op to values of this graph; returns its value, or the tuple of them where the op has several."""
        for value in inputs:
            if value.graph is not self:
                self.check_ownership(value)
        specs = op.shape(*[value.spec for value in inputs])
        several = isinstance(specs, tuple)
        node = Node(op, inputs, self, specs if several else (specs,))
        self.nodes.append(node)
        return node.outputs if several else node.output

    def copy_node(self, node: Node, inputs: tuple[Value, ...]) -> Any:
        """Add a copy of a node of another graph, for inputs of the same specs: its outputs keep their specs, too."""
        outputs = self.append(node.op, inputs, tuple([value.spec for value in node.outputs]), node.layer)
        return outputs if node.op.several else outputs[0]

    def append(
        self, op: Any, inputs: tuple[Value, ...], specs: tuple[Spec, ...], layer: str | None = None
    ) -> tuple[Value, ...]:
        """`add` where the specs of the outputs are known: the op's own rule is not asked."""
        node = Node(op, inputs, self, specs)
        if layer is not None:
            node.layer = layer
        self.nodes.append(node)
        return node.outputs

    def check_ownership(self, value: Value) -> None:
        if value._graph() is not self:
            raise GraphError(f"{value!r} belongs to another graph. {ONLY_INSIDE}")

    def __enter__(self) -> Graph:
        """Within `with graph:` ops on variables and values are recorded here."""
        outer = recording()
        if outer is not None and not self.layer:
            self.layer = outer.layer
        _recording.set((*_recording.get(), self))
        return self

    def __exit__(self, *exception: object) -> None:
        _recording.set(_recording.get()[:-1])


_recording: ContextVar[tuple[Graph, ...]] = ContextVar("recording", default=())


def recording() -> Graph | None:
    """The graph that is being recorded, or None: then ops are evaluated at once."""
    stack = _recording.get()
    return stack[-1] if stack else None
