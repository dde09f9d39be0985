"""The intermediate representation of a step. See `graph.py`; `check.py` validates a graph, `printing.py` prints it."""

from pyengine.graph.check import check
from pyengine.graph.graph import Graph, Node, Spec, Value, recording
from pyengine.graph.parsing import parse_graph
from pyengine.graph.printing import print_graph
from pyengine.graph.variable import Variable

__all__ = ["Graph", "Node", "Spec", "Value", "Variable", "check", "parse_graph", "print_graph", "recording"]
