"""Text as a graph: `parse_graph(print_graph(g, full=True))` is `g` again. See `printing.py` for the language."""

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
_MADE = re.compile(r"(%\d+:\S+(?: %\d+:\S+)*) = (\S+) ?(.*)")
_VALUE = re.compile(r"(%\d+):(\w+)\[([\d,]*)\]")
_KEPT = re.compile(r'(write|output) "(.*)" (%\d+)')


def parse_graph(
    text: str, make_op: Callable[..., Any], variables: Mapping[str, Variable] | None = None
) -> Graph:
    """The graph that `print_graph(graph, full=True)` wrote.

    Arguments:
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
        assignment = _MADE.fullmatch(line)
        if not assignment:
            raise GraphError(f"Line {number} is not of the graph's language: {line!r}.")
        left, word, rest = assignment.groups()
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
