"""Who runs Programs here: the C library where it can be had and trusted; else NumPy, and a warning that says why.

The environment variable PYENGINE_EXECUTOR ("numpy", "simd", "simd:strict", "simd:relaxed") and `set_executor` choose
otherwise. Models ask when they first need to know; what they have planned stays where it is.
"""

from __future__ import annotations

import os
import warnings
from functools import cache

from pyengine.errors import ArgumentError, unknown_name
from pyengine.executors.base import Executor
from pyengine.executors.numpy import NumpyExecutor
from pyengine.executors.simd import LibraryError, SimdExecutor, selftest
from pyengine.executors.simd.library import MODES, NotHere

VARIABLE = "PYENGINE_EXECUTOR"
# Which build is taken where nobody asks for one.
DEFAULT_MODE = "strict"


class Choice:
    """What has been chosen so far.

    Attributes:
        executor: None until somebody needs it.
        trouble: why it is not the one that was wanted; empty if it is.
    """

    executor: Executor | None = None
    trouble = ""


chosen = Choice()


def default() -> Executor:
    """The executor of every model that is not given another one; always the same, so that programs may share it."""
    if chosen.executor is None:
        name, mode = words(os.environ.get(VARIABLE) or "simd")
        chosen.executor = NumpyExecutor() if name == "numpy" else best(mode)
    return chosen.executor


def set_executor(name: str, *, mode: str | None = None) -> None:
    """Choose who runs what is planned from now on.

    Args:
        name: "simd" for the C library, "numpy" for the reference.
        mode: of "simd" only: "strict" gives the same bits on every machine and in every browser, "relaxed" is what
            this machine does fastest. Default: see `DEFAULT_MODE`.

    Errors: UnknownNameError, ArgumentError; LibraryError where the library cannot be had, with what to do about it.

    >>> import pyengine
    >>> pyengine.set_executor("numpy")
    >>> pyengine.config()["executor"]
    'numpy'
    >>> pyengine.set_executor("simd", mode="strict")
    """
    name, mode = words(name if mode is None else f"{name}:{mode}")
    chosen.executor = NumpyExecutor() if name == "numpy" else trusted(mode)
    chosen.trouble = ""


def words(text: str) -> tuple[str, str]:
    """Name and mode of what an environment variable or a page asks for.

    >>> words("simd:relaxed"), words("numpy")
    (('simd', 'relaxed'), ('numpy', ''))
    """
    name, colon, mode = text.partition(":")
    if name not in ("simd", "numpy"):
        raise unknown_name("executor", name, ["simd", "numpy"])
    if name == "numpy":
        if colon:
            raise ArgumentError(f"The executor numpy has no modes, but got mode={mode!r}.")
        return name, ""
    if colon and mode not in MODES:
        raise unknown_name("mode of the executor simd", mode, MODES)
    return name, mode or DEFAULT_MODE


def best(mode: str) -> Executor:
    """The library in this mode, or in the strict one, or NumPy: the first that works."""
    executor: Executor = NumpyExecutor()
    meanwhile = "pyengine runs on NumPy, many times slower"
    wanted: LibraryError | None = None
    for attempt in dict.fromkeys((mode, "strict")):
        try:
            executor = trusted(attempt)
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
def trusted(mode: str) -> SimdExecutor:
    """The library, loaded and tested, once for all that use it."""
    executor = SimdExecutor(mode)
    selftest.check(executor)
    return executor
