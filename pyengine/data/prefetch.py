"""Prefetching: elements are produced ahead of their reader, where sources wait and an event loop can use the time."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any

from pyengine.data.elements import Element

Stage = AsyncGenerator[Element, None]


async def prefetch(upstream: Stage, count: int) -> Stage:
    """Up to `count` elements are made while the reader is busy with earlier ones.

    That needs an event loop and sources that wait; without a loop elements simply pass through.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        async with aclosing(upstream):
            async for element in upstream:
                yield element
        return

    ready: deque[Element] = deque()
    arrived = asyncio.Event()
    ended = False

    async def fill() -> None:
        nonlocal ended
        try:
            while len(ready) < count:
                ready.append(await anext(upstream))
                arrived.set()
        except StopAsyncIteration:
            ended = True
        finally:
            arrived.set()

    async with aclosing(upstream):
        filling = _start(fill())
        try:
            while True:
                while not ready and not filling.done():
                    arrived.clear()
                    await arrived.wait()
                if not ready:
                    filling.result()  # what went wrong upstream goes wrong here, after what came before it
                    if ended:
                        return
                    filling = _start(fill())
                    continue
                element = ready.popleft()
                if filling.done() and filling.exception() is None and not ended:
                    filling = _start(fill())
                yield element
        finally:
            if not filling.done():
                filling.cancel()
                await asyncio.wait([filling])
            if not filling.cancelled():
                filling.exception()  # seen: asyncio need not report it a second time


def _start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that, where Python can, runs at once up to its first real wait (or its end, if none)."""
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)
