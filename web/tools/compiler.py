"""A C compiler with sanitizers, which ziglang lacks: gcc, found, or installed if there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from web.tools.failure import StepFailed, run
from web.tools.stamps import alone

NEEDED = "a gcc with its address sanitizer, to test the C library with"
REMEDY = (
    "Install it: `apt-get install gcc`, or `dnf install gcc libasan libubsan`.\n"
    "Or name one: `GCC=path/to/gcc make test`."
)


def gcc() -> str:
    """The path of a gcc that has sanitizers. Root on a system with apt-get installs one if need be."""
    command = os.environ.get("GCC", "gcc")
    with alone("compiler"):
        if shutil.which(command) is None and command == "gcc":
            install()
    found = shutil.which(command)
    if found is None:
        raise StepFailed(NEEDED, happened=f"there is no {command} on PATH", remedy=REMEDY)
    if not Path(sanitizer(found)).is_file():
        raise StepFailed(NEEDED, happened=f"{found} has no libasan.so", remedy=REMEDY)
    return found


def sanitizer(compiler: str) -> str:
    """Where a gcc keeps the library that a program must load first; just a name if it has none."""
    asked = [compiler, "-print-file-name=libasan.so"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def install() -> None:
    """Let apt-get install it, with the headers that it needs."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    print("Installing gcc, to test the C library with its sanitizers", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "gcc", "libc6-dev"]):
        run([apt, "--quiet", *words], environment=environment, needed=NEEDED, remedy=REMEDY)
