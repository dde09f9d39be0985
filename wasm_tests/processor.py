"""How long the tasks of a page's main thread keep the processor busy.

The long tasks of `harness.long_tasks` are measured by the clock on the wall: on a machine with other work to do, a task
of 20 ms may well be seen to take 60. What is asserted of our own code is therefore its processor time, from the
browser's trace; on a quiet machine the two are the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page

CATEGORIES = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]
MAIN_THREAD = "CrRendererMain"


class Tasks(list[float]):
    """Processor time in milliseconds of each task, filled when the block that watches them ends."""

    @property
    def longest(self) -> float:
        """0 if there was none."""
        return max(self, default=0.0)

    def above(self, milliseconds: float) -> list[float]:
        """Those that took longer, the longest first."""
        return sorted((round(one, 1) for one in self if one > milliseconds), reverse=True)


@contextlib.contextmanager
def processor_tasks(page: Page) -> Iterator[Tasks]:
    """Watch the main threads of all pages while the block runs.

    with processor_tasks(engine) as tasks:
        run(engine, "() => model.fit(xs, ys, { epochs: 1 })")
    assert tasks.above(50) == []
    """
    tasks = Tasks()
    events: list[dict[str, Any]] = []
    ended: list[bool] = []
    session = page.context.new_cdp_session(page)
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    configuration = {"includedCategories": CATEGORIES, "excludedCategories": ["*"]}
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": configuration})
    try:
        yield tasks
    finally:
        session.send("Tracing.end")
        while not ended:
            page.wait_for_timeout(10)
        session.detach()
    main_threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == MAIN_THREAD
    }
    tasks.extend(
        event.get("tdur", 0) / 1000
        for event in events
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in main_threads
    )
    assert tasks, "the trace has no task at all: this browser names its events otherwise"
