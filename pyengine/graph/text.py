"""A graph as text, and text as a graph.

    %0:f32[32,784] = input "x"
    %1:f32[784,10] = read "dense/kernel"
    %2:f32[32,10] = matmul %0 %1 transpose_a=False transpose_b=False
    output "logits" %2

One line a node, in the order in which they are made; a node of several values names them all.
`parse_graph(print_graph(g))` is `g` again.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pyengine.dtypes import LONG
from pyengine.errors import GraphError
from pyengine.graph.graph import Graph, Spec, Value
from pyengine.graph.variable import Variable

INFINITE = re.compile(r"\binf\b")  # the only number whose repr is not a Python literal
SHOWN = 8  # constants of more numbers than this are abbreviated in print


def numbered(graph: Graph) -> dict[Value, str]:
    """The printed name of every value: %0, %1, … in the order of making."""
    values = [*graph.inputs.values(), *graph.constants, *graph.reads.values()]
    values += [value for node in graph.nodes for value in node.outputs]
    return {value: f"%{number}" for number, value in enumerate(values)}


def print_graph(graph: Graph, *, full: bool = False) -> str:
    """The graph as text. `full` writes constants out whatever their size, so that it can be parsed back."""
    name = numbered(graph)
    lines = [f'{name[v]}:{v.spec} = input "{key}"' for key, v in graph.inputs.items()]
    for value, array in graph.constants.items():
        known = full or array.size <= SHOWN
        lines.append(f"{name[value]}:{value.spec} = constant {json.dumps(array.tolist()) if known else '…'}")
    lines += [f'{name[v]}:{v.spec} = read "{variable.name}"' for variable, v in graph.reads.items()]
    for node in graph.nodes:
        words = [node.op.name, *(name[value] for value in node.inputs)]
        words += [f"{key}={setting!r}".replace(" ", "") for key, setting in node.op.settings.items()]
        made = " ".join(f"{name[value]}:{value.spec}" for value in node.outputs)
        lines.append(f"{made} = {' '.join(words)}")
    lines += [f'write "{variable.name}" {name[v]}' for variable, v in graph.writes.items()]
    lines += [f'output "{key}" {name[v]}' for key, v in graph.outputs.items()]
    return "\n".join(lines)


_MADE = re.compile(r"(%\d+:\S+(?: %\d+:\S+)*) = (\S+) ?(.*)")
_VALUE = re.compile(r"(%\d+):(\w+)\[([\d,]*)\]")
_KEPT = re.compile(r'(write|output) "(.*)" (%\d+)')


def parse_graph(
    text: str, make_op: Callable[..., Any], variables: Mapping[str, Variable] | None = None
) -> Graph:
    """The graph that `print_graph(graph, full=True)` wrote.

    Args:
        make_op: called with an op's name and its settings as keywords; `pyengine.ops.make` is one.
        variables: the variables that the text names.
    """
    graph, values = Graph(), dict[str, Value]()
    variables = variables or {}
    for number, line in enumerate(text.strip().splitlines(), 1):
        if kept := _KEPT.fullmatch(line):
            word, key, name = kept.groups()
            if word == "write":
                graph.write(variables[key], values[name])
            else:
                graph.outputs[key] = values[name]
            continue
        made = _MADE.fullmatch(line)
        if not made:
            raise GraphError(f"Line {number} is not of the graph's language: {line!r}.")
        left, word, rest = made.groups()
        names, specs = [], []
        for name, short, lengths in _VALUE.findall(left):
            names.append(name)
            specs.append(Spec(tuple(int(length) for length in lengths.split(",") if length), LONG[short]))
        name, spec = names[0], specs[0]
        if word == "input":
            values[name] = graph.input(rest[1:-1], spec)
        elif word == "constant":
            values[name] = graph.constant(np.array(json.loads(rest), spec.dtype).reshape(spec.shape))
        elif word == "read":
            values[name] = graph.read(variables[rest[1:-1]])
        else:
            words = rest.split()
            settings: dict[str, Any] = {}
            for item in words:
                if "=" in item:
                    key, _, written = item.partition("=")
                    settings[key] = ast.literal_eval(INFINITE.sub("1e999", written))
            inputs = tuple(values[item] for item in words if item.startswith("%"))
            graph.add(make_op(word, **settings), inputs)
            outputs = graph.nodes[-1].outputs
            if len(outputs) != len(names):
                raise GraphError(f"Line {number} names {len(names)} values, but {word} makes {len(outputs)}.")
            values.update(zip(names, outputs, strict=True))
        for name, spec in zip(names, specs, strict=True):
            if values[name].spec != spec:
                raise GraphError(f"Line {number} says {spec}, but {word} makes {values[name].spec}.")
    return graph
