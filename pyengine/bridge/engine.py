"""The engine about itself, for the page: what it runs on, and the choice of that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pyengine import about, executors
from pyengine.names import camel


def engine_config() -> str:
    """`pyengine.config()` as JSON, with names as JavaScript spells them.

    >>> sorted(json.loads(engine_config()))[:3]
    ['build', 'executor', 'fallbacks']
    """
    return json.dumps({camel(name): value for name, value in about.config().items()})


def set_executor(name: str, mode: str | None = None) -> None:
    executors.set_executor(name, mode=mode)


CALLS: dict[str, Callable[..., Any]] = {
    "engineConfig": engine_config,
    "showConfig": about.config_lines,
    "setExecutor": set_executor,
}
