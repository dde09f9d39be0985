"""The target of fusion: the executor that will run the graph says what it can do in one pass."""

from __future__ import annotations

from pyengine.graph import Node, Spec
from pyengine.ops.base import Op


class Target:
    """What fusing asks of an executor. The answers here are those of the reference, which runs every op.

    Attributes:
        chain_instructions, chain_inputs, chain_outputs: bounds of a `Chain`: what it holds at a time shall fit the
            first-level cache.
    """

    chain_instructions, chain_inputs, chain_outputs = 24, 16, 6

    def in_chain(self, op: Op, dtypes: tuple[str, ...]) -> bool:
        """Whether a `Chain` may hold this op on inputs of these dtypes."""
        return op.elementwise

    def has_kernel(self, op: Op, inputs: tuple[Spec, ...]) -> bool:
        """Whether it has a kernel for this op on inputs of these specs; without one `unfuse` looks for others."""
        return True

    def chains(self, node: Node) -> bool:
        """Whether a `Chain` may hold this node."""
        return self.in_chain(node.op, tuple([value.spec.dtype for value in node.inputs]))


REFERENCE = Target()
