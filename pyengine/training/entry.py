"""From a method that describes a piece of work to two public methods: a blocking one and an awaitable one.

`Trainer` defines each call once: its signature, its documentation and its job. The
page reads the same signatures.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from pyengine.errors import ArgumentError, called, unknown_name
from pyengine.training.job import Job, Work, blocking

P = ParamSpec("P")
Self = TypeVar("Self")

JOBS: dict[str, Callable[..., Job]] = {}
"""Name of a call → the function that makes its job."""

EXAMPLES = {"x": "x=images", "dataset": "dataset=batches", "epochs": "epochs=5"}


def blocks(job: Callable[Concatenate[Self, P], Job]) -> Callable[Concatenate[Self, P], Any]:
    """The method that drives the job to its end and returns its result."""
    name = job.__name__
    JOBS[name] = job

    @functools.wraps(job)
    def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        return blocking(self.job(name, *args, **kwargs))

    return method


def awaits(
    method: Callable[Concatenate[Self, P], Any],
) -> Callable[Concatenate[Self, P], Coroutine[Any, Any, Any]]:
    """The same for an event loop, as `<name>_async`."""
    name = method.__name__

    @functools.wraps(method)
    async def waiting(self: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        return await self.job(name, *args, **kwargs).wait()

    waiting.__name__ = f"{name}_async"
    waiting.__qualname__ = f"{method.__qualname__}_async"
    waiting.__doc__ = f"""`{name}` for an event loop, which has its turns as `yield_every` says.

        Use `await model.{name}_async(...)`.

        Arguments: as in `{name}`.
        Returns: as in `{name}`.
        Errors: as in `{name}`.
        """
    return waiting


def make_job(model: Any, name: str, *args: Any, **kwargs: Any) -> Job:
    """The job of a call; an argument that it does not have, or lacks, is named."""
    accepted, where = parameters(name), f"model.{name}"
    for given in kwargs:
        if given not in accepted:
            raise unknown_name(f"argument of {where}", given, accepted)
    for place, parameter in enumerate(accepted.values()):
        if parameter.default is parameter.empty and place >= len(args) and parameter.name not in kwargs:
            raise ArgumentError(
                where=where,
                argument=parameter.name,
                expected="a value",
                got="none",
                fix=f"Give it, for example `{EXAMPLES[parameter.name]}`.",
            )
    with called(where):
        job = JOBS[name](model, *args, **kwargs)
    job.work = name_caller_in_errors(where, job.work)
    return job


def name_caller_in_errors(where: str, work: Work) -> Work:
    """The work, whose errors say what was called."""
    with called(where):
        return (yield from work)


@functools.cache
def parameters(name: str) -> dict[str, inspect.Parameter]:
    """The parameters of a call in order, `self` left out."""
    _, *rest = inspect.signature(JOBS[name]).parameters.items()
    return dict(rest)
