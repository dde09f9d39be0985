"""Sums over the steps of a loop, taken out of it: Σₜ aₜᵀ dₜ is one product of all a and d."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyengine.graph import Graph, Node, Value
from pyengine.ops.arithmetic import Add, add
from pyengine.ops.broadcast import Sum
from pyengine.ops.broadcast import sum as sum_over
from pyengine.ops.matmul import Matmul, matmul
from pyengine.ops.structure import reshape


class Sums:
    """The gradients of constants: what each step adds to them, inside the loop or, where one op can, after it."""

    def __init__(self, graph: Graph, slopes: dict[int, Value]):
        self.slopes = slopes
        self.graph = graph
        self.inside: dict[int, Value] = {}
        self.outside: dict[int, list[Callable]] = {}

    def settle(self, stacked: set[Value]) -> list[Value]:
        """Decide; returns what must be stacked. `stacked`: what is so anyway."""
        terms = {k: split_sum(slope) for k, slope in self.slopes.items()}
        products = [one for parts in terms.values() for term in parts if (one := product_node(term))]
        factors = [factor for node in products for factor in node.inputs]
        stacked = stacked | set(factors)
        for k, parts in terms.items():
            for term in parts:
                node = term.node
                if product := product_node(term):
                    self.outside.setdefault(k, []).append(product_of(*product.inputs))
                elif node is not None and isinstance(node.op, Sum) and node.inputs[0] in stacked:
                    self.outside.setdefault(k, []).append(sum_of(node))
                elif k in self.inside:
                    with self.graph:
                        self.inside[k] = add(self.inside[k], term)
                else:
                    self.inside[k] = term
        return factors


def split_sum(value: Value) -> list[Value]:
    """The terms of a sum of equal shapes."""
    node = value.node
    if (
        node is None
        or not isinstance(node.op, Add)
        or any(operand.spec != value.spec for operand in node.inputs)
    ):
        return [value]
    return [term for operand in node.inputs for term in split_sum(operand)]


def product_node(value: Value) -> Node | None:
    """The product aᵀ d of two matrices that makes it, if one does: the sum over time is one product of all rows."""
    node = value.node
    if (
        node is None
        or not isinstance(node.op, Matmul)
        or any(len(operand.shape) != 2 for operand in node.inputs)
    ):
        return None
    return node if node.op.transpose_a and not node.op.transpose_b else None


def product_of(a: Value, b: Value) -> Callable:
    """Given how to get a value at all times, the product of all rows."""

    def rows(array: Any) -> Any:
        length, count, width = array.shape
        return reshape(array, (length * count, width))

    return lambda all_times: matmul(rows(all_times(a)), rows(all_times(b)), transpose_a=True)


def sum_of(node: Node) -> Callable:
    """Given how to get a value at all times, its sum over time and the axes of this node."""

    def total(all_times: Callable) -> Any:
        axes = (0, *(axis + 1 for axis in node.op.axes))
        return reshape(sum_over(all_times(node.inputs[0]), axis=axes), node.output.shape)

    return total
