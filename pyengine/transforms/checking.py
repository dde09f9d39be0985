"""A switch under which every transform checks what it has made, so that a mistake fails under its own name.

The tests turn it on (`tests/conftest.py`); so may anyone who writes a transform: `checking.enabled = True`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from pyengine.errors import GraphError
from pyengine.graph import Graph
from pyengine.graph.check import check

enabled = False

Arguments = ParamSpec("Arguments")


def with_check(transform: Callable[Arguments, Graph]) -> Callable[Arguments, Graph]:
    """The transform, whose graph is checked where that is enabled."""

    @wraps(transform)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Graph:
        graph = transform(*args, **kwargs)
        if enabled:
            try:
                check(graph)
            except GraphError as error:
                raise GraphError(f"{transform.__name__} gives an illegal graph: {error}") from error
        return graph

    return run
