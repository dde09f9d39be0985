"""Running something awaitable to its end without an event loop.

Every stage of a dataset is an async generator, so one code serves sources that wait and sources that do not.
Where no source waits, each step completes at once and needs no loop; `complete` runs such a step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable
from typing import TypeVar

from pyengine.errors import DataError

Result = TypeVar("Result")


def complete(awaitable: Awaitable[Result]) -> Result:
    """The result of an awaitable that never really waits.

    Arguments:
        awaitable: a coroutine, or anything else that `await` takes.
    Errors: DataError where it waits for something.

    >>> async def double(x):
    ...     return 2 * x
    >>> complete(double(4))
    8
    """
    steps = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as finished:
        return finished.value
    except RuntimeError as error:
        if "no running event loop" not in str(error):
            raise
        raise _waits() from error
    failure = _waits()
    if hasattr(steps, "throw"):
        # Raised where it waits: generators on the way close what they hold, the traceback shows the place.
        with contextlib.suppress(StopIteration):
            steps.throw(failure)
            # It went on waiting, to clean up: no more can be done without a loop.
            with contextlib.suppress(RuntimeError):
                steps.close()
    raise failure


def _waits() -> DataError:
    return DataError(
        "This dataset waits for something (an async generator or function), which a plain loop cannot do. "
        "Use `async for`, `await model.fit_async(...)` or `await dataset.to_list_async()` instead."
    )
