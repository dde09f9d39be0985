"""Pauses of Python code that has a page to itself (JupyterLite, PyScript): frames come when they are due."""

from __future__ import annotations

import asyncio
from typing import Any

from pyengine.training.host import host

PATIENCE = 50  # milliseconds that a busy page may keep us waiting


def use_page_turns() -> None:
    """Have pauses give the page its turn as `web/environment.js` does, where that is more than asyncio does.

    In a page that is seen, a pause is a task of the lowest priority, which comes after a frame that is due. In a
    hidden one, in a worker, and where browsers lack such tasks, it is asyncio's own: a message.
    """
    import js
    from pyodide.ffi import create_proxy

    document: Any = getattr(js, "document", None)
    scheduler: Any = getattr(js, "scheduler", None)
    if document is None or not hasattr(scheduler, "postTask"):
        return
    waiting: list[asyncio.Future[None]] = []

    def wake(*_: Any) -> None:
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)
        waiting.clear()

    resume = create_proxy(wake)
    document.addEventListener("visibilitychange", resume)  # a hidden page has no tasks for us

    async def pause() -> None:
        if document.hidden:
            return await asyncio.sleep(0)
        turn = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        timer = js.setTimeout(resume, PATIENCE)
        scheduler.postTask(resume, priority="background")
        try:
            await turn
        finally:
            js.clearTimeout(timer)

    host.pause = pause
