"""A step that cannot be done says what it needed, what happened and what to do about it."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


class StepFailed(Exception):
    """A step of the build that could not be done.

    >>> print(StepFailed("npm 9 or newer", happened="no npm on PATH", remedy="Install Node 20."))
    needed:   npm 9 or newer
    happened: no npm on PATH
    to do:    Install Node 20.
    """

    def __init__(self, needed: str, *, happened: str, remedy: str) -> None:
        super().__init__(needed, happened, remedy)
        self.needed, self.happened, self.remedy = needed, happened, remedy

    def __str__(self) -> str:
        parts = (("needed:", self.needed), ("happened:", self.happened), ("to do:", self.remedy))
        return "\n".join(f"{label:<9} {text}".replace("\n", "\n" + " " * 10) for label, text in parts)


def step(main: Callable[[], int | None]) -> Callable[[], None]:
    """Make a function the whole of a command: a failed step prints its words and ends with status 1."""

    @functools.wraps(main)
    def command() -> None:
        try:
            sys.exit(main() or 0)
        except StepFailed as failure:
            name = main.__module__ if main.__module__ != "__main__" else Path(sys.argv[0]).stem
            sys.exit(f"\nmake: the step '{name.rpartition('.')[2]}' failed.\n{failure}")
        except KeyboardInterrupt:
            sys.exit(130)

    return command


def run(
    command: Sequence[str | Path],
    *,
    needed: str,
    remedy: str,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    """Run a command and return what it printed; if it fails, its last lines become part of the failure."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise StepFailed(
            needed, happened=f"`{words[0]}` could not be started: {error}", remedy=remedy
        ) from None
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        happened = f"`{' '.join(words)}` ended with status {done.returncode}:\n{tail}"
        raise StepFailed(needed, happened=happened, remedy=remedy)
    return done.stdout
