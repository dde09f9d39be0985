"""How a step is written down. See `graph.py`; `check.py` says whether it is legal, `text.py` prints it."""

from pyengine.graph.check import check
from pyengine.graph.graph import Graph, Node, Spec, Value, recording
from pyengine.graph.text import parse_graph, print_graph
from pyengine.graph.variable import Variable

__all__ = ["Graph", "Node", "Spec", "Value", "Variable", "check", "parse_graph", "print_graph", "recording"]
