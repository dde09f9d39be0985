"""Composite ops, defined by their expansion into others: value, gradient and what runs without a kernel follow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from pyengine.dtypes import canonical
from pyengine.graph import Graph, Spec
from pyengine.ops.backward import gradient_of_expansion
from pyengine.ops.base import Op, make
from pyengine.ops.body import evaluate

Specs = tuple[Spec, ...]


class Expanded(Op):
    """An op whose meaning is what `expand` writes in other ops.

    Attributes:
        begins_with: the first op of the expansion, if fusing shall look for the others behind it.
    """

    begins_with: ClassVar[type[Op] | None] = None

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.evaluated: dict[tuple, Graph] = {}  # by shapes and dtypes of the arrays

    @classmethod
    def candidates(cls, first: Op, inputs: Specs, output: Spec) -> Iterator[tuple[Expanded, Specs]]:
        """Ops that may be found where there is a first op with these inputs, and the specs of their own inputs."""
        return iter(())

    def expand(self, *inputs: Any) -> Any:
        """The output, or a tuple of them where the op has several."""
        raise NotImplementedError

    def results(self, *inputs: Any) -> tuple[Any, ...]:
        """What `expand` gives, as a tuple in any case."""
        outputs = self.expand(*inputs)
        return outputs if self.several else (outputs,)

    def expansion(self, *specs: Spec) -> Graph:
        """`expand` on inputs of these specs as a graph; inputs and outputs are called "0", "1", … Not to be changed."""
        return expansion_of(self.key, specs)

    def expansion_on(self, arrays: tuple[np.ndarray, ...]) -> Graph:
        """The expansion on inputs like these arrays."""
        key = tuple([(array.shape, array.dtype) for array in arrays])
        if key not in self.evaluated:
            specs = (Spec(array.shape, canonical(array.dtype)) for array in arrays)
            self.evaluated[key] = self.expansion(*specs)
        return self.evaluated[key]

    def evaluate(self, *arrays: np.ndarray) -> Any:
        outputs = evaluate(self.expansion_on(arrays), arrays)
        return tuple(outputs) if self.several else outputs[0]

    def evaluate_into(self, out: Any, *arrays: np.ndarray) -> None:
        graph = self.expansion_on(arrays)
        last = graph.nodes[-1]
        if self.several or not last.op.elementwise:
            super().evaluate_into(out, *arrays)
        else:  # it goes number by number, and nothing else is read any more: `out` may be one of the arrays
            last.op.evaluate_into(out, *evaluate(graph, arrays, last.inputs))

    def gradient(self, gradient: Any, output: Any, *inputs: Any) -> tuple[Any, ...]:
        return gradient_of_expansion(self.results, gradient if self.several else (gradient,), inputs)


@lru_cache(maxsize=1024)
def expansion_of(key: tuple, specs: tuple[Spec, ...]) -> Graph:
    """The expansion of the op with these name and settings."""
    name, *settings = key
    op = make(name, **dict(settings))
    assert isinstance(op, Expanded)
    with Graph() as graph:
        outputs = op.results(*(graph.input(str(place), spec) for place, spec in enumerate(specs)))
        graph.outputs = {str(place): value for place, value in enumerate(outputs)}
    return graph
