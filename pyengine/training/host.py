"""The host environment: how training yields control to it. A browser's bridge replaces these functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


class Host:
    """What the loop needs of its surroundings.

    Attributes:
        pause: an async function that lets everything else run once (a page: paint, timers, clicks).
        run_sync: runs a coroutine to its end from blocking code while the world lives on (stack switching in
            Pyodide); None where that cannot be done.
        can_run_sync: whether it can be done just now: it depends on how Python was called.
    """

    def __init__(self) -> None:
        self.pause: Callable[[], Awaitable[Any]] = lambda: asyncio.sleep(0)
        self.run_sync: Callable[[Coroutine[Any, Any, Any]], Any] | None = None
        self.can_run_sync: Callable[[], bool] = lambda: True


host = Host()
