"""Make .venv with the best Python on this machine and install the engine and its tools into it.

The engine runs on Python 3.11 and newer, but `pyodide-build`, which the site's package list is made with,
needs 3.12. This file is run by whatever `python3` is at hand (3.11 too), before anything is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from web.tools.failure import StepFailed, run, step
from web.tools.paths import ROOT, VENV, short
from web.tools.stamps import alone, fingerprint, is_fresh, write_stamp

OLDEST = (3, 12)
# The first is the one the tests are run on most; newer ones than these are tried last.
PREFERRED = ((3, 13), (3, 14), (3, 12))
REMEDY = (
    "Install Python 3.13 and run make again: `apt-get install python3.13 python3.13-venv`,\n"
    "`pyenv install 3.13`, `uv python install 3.13` or python.org's installer.\n"
    "Or name one: `make PYTHON=path/to/python3.13 ...`."
)
QUESTION = "import ensurepip, json, sys, venv; print(json.dumps([sys.executable, *sys.version_info[:2]]))"


def ask(command: list[str]) -> tuple[str, tuple[int, int]] | None:
    """The interpreter behind a command and its version; None if it does not work.

    It is really run: a pyenv shim exists for every version that pyenv has, and fails for those not selected.
    """
    try:
        answer = subprocess.run([*command, "-c", QUESTION], capture_output=True, text=True, timeout=60)
        executable, major, minor = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return executable, (major, minor)


def candidates() -> Iterator[list[str]]:
    """Commands that may be a Python."""
    yield [sys.executable]
    for major, minor in PREFERRED:
        if found := shutil.which(f"python{major}.{minor}"):
            yield [found]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for interpreter in sorted(pyenv.glob("versions/3.*/bin/python"), reverse=True):
        yield [str(interpreter)]
    if uv := shutil.which("uv"):
        find = [uv, "python", "find", "--system", "--no-python-downloads", f">={OLDEST[0]}.{OLDEST[1]}"]
        if found := subprocess.run(find, capture_output=True, text=True).stdout.strip():
            yield [found]


def rank(version: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """The smaller, the better."""
    return (PREFERRED.index(version) if version in PREFERRED else len(PREFERRED), version)


def best_python() -> str:
    """The interpreter to make .venv with: the one that runs this if it is new enough, else the best found."""
    found = [answer for command in candidates() if (answer := ask(command))]
    # .venv itself, if it is activated or uv points to it, cannot be what .venv is made with.
    found = [answer for answer in found if not Path(answer[0]).is_relative_to(VENV)]
    suitable = {executable: version for executable, version in found if version >= OLDEST}
    if suitable:
        return min(
            suitable, key=lambda executable: (executable != sys.executable, rank(suitable[executable]))
        )
    if uv := shutil.which("uv"):
        print("No Python 3.12 or newer here; uv fetches one.", flush=True)
        run([uv, "python", "install", "3.13"], needed="Python 3.12 or newer, fetched by uv", remedy=REMEDY)
        return run([uv, "python", "find", "3.13"], needed="the Python that uv fetched", remedy=REMEDY).strip()
    seen = ", ".join(f"{executable} ({major}.{minor})" for executable, (major, minor) in found)
    raise StepFailed(
        "Python 3.12 or newer with the venv and ensurepip modules",
        happened=f"found only {seen}" if seen else "found none that works",
        remedy=REMEDY,
    )


def make_environment() -> Path:
    """The Python of .venv, with everything installed; reused if pyproject.toml has not changed since."""
    python = VENV / "bin" / "python"
    stamp = VENV / ".installed"
    with alone("environment"):
        answer = ask([str(python)])
        if not answer or answer[1] < OLDEST:
            interpreter = best_python()
            print(f"Making {short(VENV)} with {interpreter}", flush=True)
            shutil.rmtree(VENV, ignore_errors=True)
            run([interpreter, "-m", "venv", VENV], needed="a virtual environment in .venv", remedy=REMEDY)
        key = fingerprint([ROOT / "pyproject.toml"], ROOT, ask([str(python)]))
        if not is_fresh(stamp, key, [python]):
            print(f"Installing the engine and its tools into {short(VENV)}", flush=True)
            run(
                [python, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[dev]"],
                needed="the packages that pyproject.toml lists",
                remedy="Check that pip can reach its package index (`pip config list`), then run make again.",
            )
            write_stamp(stamp, key)
    return python


@step
def main() -> None:
    make_environment()


if __name__ == "__main__":
    main()
