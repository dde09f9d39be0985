"""Jobs: a running fit, evaluate or predict, driven by blocking code or by an event loop.

The work is a generator that stops at its control points: it yields `PAUSE` where the world may have a turn, and
anything awaitable (a callback's, a dataset's) whose result it needs. One generator, three ways to drive it: to the
end in one go, for some milliseconds, or from an event loop.

What is awaited may never come. Setting `model.stop_training` ends a fit also then: what it waits for gets GRACE seconds
more, and is cancelled and answered with ABANDONED if they do not suffice. What begins to wait after that, or has itself
asked for the stop (a hook that saves the model), gets PATIENCE seconds.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Generator
from typing import Any

from pyengine.callbacks import ABANDONED
from pyengine.data import complete
from pyengine.training.host import host
from pyengine.training.pacing import Pacer


class Pause:
    """The control point at which the host may run something else."""

    def __repr__(self) -> str:
        return "PAUSE"


PAUSE = Pause()

Work = Generator[Any, Any, Any]


class Needed:
    """Something to await that a stop does not cut short: work of an executor, which is never left half done."""

    def __init__(self, awaitable: Awaitable[Any]):
        self.awaitable = awaitable


def answer_of(answer: Any) -> Work:
    """What an executor has answered, awaited where it must be."""
    if hasattr(answer, "__await__"):
        answer = yield Needed(answer)
    return answer


GRACE = 1.0  # seconds, as PATIENCE: see above
PATIENCE = 10.0


Wait = tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None, asyncio.Timeout]


class Stop:
    """A request to end a training. Setting it also ends waits, from any thread.

    Attributes:
        requested: whether the training shall end.
    """

    def __init__(self) -> None:
        self._requested = False
        self._wait: Wait | None = None

    @property
    def requested(self) -> bool:
        return self._requested

    @requested.setter
    def requested(self, requested: bool) -> None:
        self._requested = requested
        wait = self._wait
        if requested and wait is not None:
            loop, task, _ = wait
            end = loop.time() + (PATIENCE if current_task() is task else GRACE)
            loop.call_soon_threadsafe(self._shorten, wait, end)

    def _shorten(self, wait: Wait, end: float) -> None:
        """Have a wait end then, if it is still going on and would take longer."""
        timeout = wait[2]
        if self._wait is wait and not timeout.expired() and end < (timeout.when() or math.inf):
            timeout.reschedule(end)

    async def wait_for(self, awaitable: Awaitable[Any] | Needed) -> Any:
        """The result of an awaitable, or ABANDONED where it takes too long after a stop."""
        if isinstance(awaitable, Needed):
            return await awaitable.awaitable
        timeout = asyncio.timeout(PATIENCE if self._requested else None)
        try:
            async with timeout:
                self._wait = asyncio.get_running_loop(), asyncio.current_task(), timeout
                try:
                    return await awaitable
                finally:
                    self._wait = None
        except TimeoutError:
            if timeout.expired():
                return ABANDONED
            raise  # the awaitable's own
        finally:
            del timeout  # which knows the task, which knows its error, which knows this frame


def current_task() -> asyncio.Task[Any] | None:
    """The task that runs here; None outside of an event loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


class Job:
    """Work in progress.

    Arguments:
        stop: ends what the work waits for; by default one that is never requested.
    Attributes:
        done: whether it has ended, well or not.
        result: what it returned, once done.
    """

    def __init__(self, work: Work, pacer: Pacer, stop: Stop | None = None):
        self.work = work
        self.pacer = pacer
        self.stop = stop or Stop()
        self.done = False
        self.result: Any = None
        self._pending: Any = None

    def finish(self) -> Any:
        """Drive it to its end without giving control back; returns the result.

        What really has to be waited for (an async callback) is run in an event loop of its own where there is none.
        """
        self.pacer.interval = self.pacer.deadline = None
        answer, error = None, None
        loop = Loop()
        try:
            while not self.done:
                request = self._next(answer, error)
                answer, error = None, None
                if request is not None and request is not PAUSE:
                    try:
                        answer = loop.wait_for(request, self.stop)
                    except BaseException as failure:
                        error = failure
        finally:
            loop.close()
        return self.result

    def run(self, milliseconds: float) -> bool:
        """Drive it for about so long; True when it has ended. Stops early at what must be awaited."""
        interval, self.pacer.interval = self.pacer.interval, milliseconds / 1000
        self.pacer.restart()
        try:
            while not self.done and self._pending is None:
                request = self._next(None, None)
                if request is PAUSE:
                    break
                self._pending = request
        finally:
            self.pacer.interval = interval
        return self.done

    async def wait(self) -> Any:
        """Drive it from an event loop, which has its turn at every pause; returns the result."""
        self.pacer.restart()
        answer, error = None, None
        while not self.done:
            request = self._next(answer, error)
            answer, error = None, None
            # What is thrown here, a cancellation too, ends the work where it stands: it closes what it has opened.
            try:
                if request is PAUSE:
                    await host.pause()
                    self.pacer.restart()
                elif request is not None:
                    answer = await self.stop.wait_for(request)
            except GeneratorExit:
                self.close()
                raise
            except BaseException as failure:
                error = failure
        return self.result

    def close(self) -> None:
        """End the work where it stands; nothing can be awaited any more."""
        self.done = True
        self.work.close()

    def _next(self, answer: Any, error: BaseException | None) -> Any:
        """On to the next control point; None when the work has ended."""
        if self._pending is not None:
            request, self._pending = self._pending, None
            return request
        try:
            return self.work.throw(error) if error is not None else self.work.send(answer)
        except StopIteration as end:
            self.done, self.result = True, end.value
        except BaseException:
            self.done = True
            raise
        return None


class Loop:
    """An event loop of one's own for blocking code, made when something really asks for one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def wait_for(self, awaitable: Awaitable[Any] | Needed, stop: Stop) -> Any:
        """The result of an awaitable. In a running event loop it must complete without waiting."""
        if self._loop is None:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                self._loop = asyncio.new_event_loop()
            else:
                return complete(awaitable.awaitable if isinstance(awaitable, Needed) else awaitable)
        return self._loop.run_until_complete(stop.wait_for(awaitable))

    def close(self) -> None:
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


def blocking(job: Job) -> Any:
    """How `fit` runs: the page lives on where stack switching allows it, else straight to the end."""
    if host.run_sync is not None and host.can_run_sync():
        return host.run_sync(job.wait())
    return job.finish()
