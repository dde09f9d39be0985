"""A graph as text.

    %0:f32[32,784] = input "x"
    %1:f32[784,10] = read "dense/kernel"
    %2:f32[32,10] = matmul %0 %1 transpose_a=False transpose_b=False
    output "logits" %2

One line a node, in the order in which they are made; a node of several values names them all. `parsing.py` reads it.
"""

from __future__ import annotations

import json

from pyengine.graph.graph import Graph, Value

SHOWN = 8  # constants of more numbers than this are abbreviated in print


def printed_names(graph: Graph) -> dict[Value, str]:
    """The printed name of every value: %0, %1, … in order of creation."""
    values = [*graph.inputs.values(), *graph.constants, *graph.reads.values()]
    values += [value for node in graph.nodes for value in node.outputs]
    return {value: f"%{number}" for number, value in enumerate(values)}


def print_graph(graph: Graph, *, full: bool = False) -> str:
    """The graph as text. `full` writes constants out whatever their size, so that it can be parsed back."""
    name = printed_names(graph)
    lines = [f'{name[v]}:{v.spec} = input "{key}"' for key, v in graph.inputs.items()]
    for value, array in graph.constants.items():
        known = full or array.size <= SHOWN
        lines.append(f"{name[value]}:{value.spec} = constant {json.dumps(array.tolist()) if known else '…'}")
    lines += [f'{name[v]}:{v.spec} = read "{variable.name}"' for variable, v in graph.reads.items()]
    for node in graph.nodes:
        words = [node.op.name, *(name[value] for value in node.inputs)]
        words += [f"{key}={setting!r}".replace(" ", "") for key, setting in node.op.settings.items()]
        outputs = " ".join(f"{name[value]}:{value.spec}" for value in node.outputs)
        lines.append(f"{outputs} = {' '.join(words)}")
    lines += [f'write "{variable.name}" {name[v]}' for variable, v in graph.writes.items()]
    lines += [f'output "{key}" {name[v]}' for key, v in graph.outputs.items()]
    return "\n".join(lines)


Graph.__str__ = print_graph  # type: ignore[method-assign, assignment]
