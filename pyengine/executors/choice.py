"""The choice of the executor: the C library where it loads and passes its self-test, else NumPy with a warning.

The environment variable PYENGINE_EXECUTOR ("numpy", "simd", "simd:strict", "simd:relaxed") and `set_executor` choose
otherwise. A model looks up the executor when it plans a step; a step that is already planned keeps its executor.
"""

from __future__ import annotations

import os
import warnings
from functools import cache

from pyengine.errors import ArgumentError, describe, unknown_name
from pyengine.executors.base import Executor
from pyengine.executors.numpy import NumpyExecutor
from pyengine.executors.simd import LibraryError, SimdExecutor, selftest
from pyengine.executors.simd.library import NotHere
from pyengine.executors.table import EXECUTORS

VARIABLE = "PYENGINE_EXECUTOR"


class Choice:
    """What has been chosen so far.

    Attributes:
        executor: None until it is first needed.
        trouble: why it is not the one that was wanted; empty if it is.
    """

    executor: Executor | None = None
    trouble = ""


chosen = Choice()


def default() -> Executor:
    """The executor of every model that is not given another one; always the same, so that programs may share it."""
    if chosen.executor is None:
        name, mode = name_and_mode(os.environ.get(VARIABLE) or SimdExecutor.name)
        chosen.executor = best(mode) if name == SimdExecutor.name else executor_by_name(name, mode)
    return chosen.executor


def set_executor(name: str, *, mode: str | None = None) -> None:
    """Choose who runs what is planned from now on.

    Arguments:
        name: "simd" for the C library, "numpy" for the reference.
        mode: of "simd" only: "strict" (default) gives the same bits on every machine and in every browser, "relaxed"
            is what this machine does fastest.

    Errors: UnknownNameError, ArgumentError; LibraryError where the library cannot be had, with what to do about it.

    >>> import pyengine
    >>> pyengine.set_executor("numpy")
    >>> pyengine.config()["executor"]
    'numpy'
    >>> pyengine.set_executor("simd", mode="strict")
    """
    chosen.executor = executor_by_name(*name_and_mode(name if mode is None else f"{name}:{mode}"))
    chosen.trouble = ""


def name_and_mode(text: str) -> tuple[str, str]:
    """Name and mode of what an environment variable or a page asks for.

    >>> name_and_mode("simd:relaxed"), name_and_mode("numpy")
    (('simd', 'relaxed'), ('numpy', ''))
    """
    name, colon, mode = text.partition(":")
    if name not in EXECUTORS:
        raise unknown_name("executor", name, EXECUTORS)
    modes = EXECUTORS[name].modes
    if not colon:
        return name, modes[0] if modes else ""
    if not modes:
        raise ArgumentError(
            where=f"The executor {name}",
            argument="mode",
            expected="none, as it has no modes",
            got=describe(mode),
            fix="Leave it out.",
        )
    if mode not in modes:
        raise unknown_name(f"mode of the executor {name}", mode, modes)
    return name, mode


def executor_by_name(name: str, mode: str) -> Executor:
    """The executor of this name; the C library only if it passes its self-test."""
    return tested_library(mode) if name == SimdExecutor.name else EXECUTORS[name]()


def best(mode: str) -> Executor:
    """The library in this mode, or in the strict one, or NumPy: the first that works."""
    executor: Executor = NumpyExecutor()
    meanwhile = "pyengine runs on NumPy, many times slower"
    wanted: LibraryError | None = None
    for attempt in dict.fromkeys((mode, "strict")):
        try:
            executor = tested_library(attempt)
        except LibraryError as failure:
            wanted = wanted or failure
        else:
            meanwhile = f"the {attempt} build runs"
            break
    if wanted:
        chosen.trouble = str(wanted)
        # A browser that lacks an instruction is nothing to mend.
        if not isinstance(wanted, NotHere) or executor.name == "numpy":
            warnings.warn(
                f"pyengine's C library cannot be used: {wanted} Until then {meanwhile}.", stacklevel=3
            )
    return executor


@cache
def tested_library(mode: str) -> SimdExecutor:
    """The C library, loaded and self-tested, once per process."""
    executor = SimdExecutor(mode)
    selftest.check(executor)
    return executor
