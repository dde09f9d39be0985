"""A Chromium to test in: found, or installed if there is none.

Looked for in this order: $CHROMIUM, Playwright's own, the system's. If none of them starts, Playwright's own
is downloaded; where that is not possible, root asks apt-get for the system's package.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from web.tools.failure import StepFailed, run, step
from web.tools.paths import CACHE
from web.tools.stamps import alone

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",  # root in a container may not make a sandbox; only our own pages are opened
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SYSTEM_PACKAGE = "the system's Chromium package"
NEEDED = "a Chromium that starts without a window"
REMEDY = (
    "Install one: `apt-get install chromium`, or\n"
    "`.venv/bin/python -m playwright install --with-deps chromium`.\n"
    "Or name one: `CHROMIUM=path/to/chrome make test`."
)


@contextlib.contextmanager
def launch_browser(*, more_flags: tuple[str, ...] = ()) -> Iterator[Browser]:
    """A headless Chromium, closed at the end of the block."""
    from playwright.sync_api import sync_playwright

    executable = chromium()
    with sync_playwright() as playwright:
        browser = start(playwright, executable, more_flags)
        try:
            yield browser
        finally:
            browser.close()


def start(playwright: Playwright, executable: str, more_flags: tuple[str, ...] = ()) -> Browser:
    """Start a Chromium without a window."""
    return playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *more_flags])


def chromium() -> str:
    """The path of a Chromium that starts. Installs one if need be."""
    if named := os.environ.get("CHROMIUM"):
        if trouble := why_not(named):
            raise StepFailed(NEEDED, happened=f"CHROMIUM={named}: {trouble}", remedy=REMEDY)
        return named
    with alone("browser"):
        remembered = CACHE / "browser"
        if remembered.is_file() and Path(remembered.read_text()).is_file():
            return remembered.read_text()
        executable = find_or_install()
        remembered.write_text(executable)
        return executable


def find_or_install() -> str:
    """The first Chromium that starts, installing one if none does."""
    troubles = []
    for executable in (playwrights_own(), *filter(None, map(shutil.which, SYSTEM_NAMES))):
        if trouble := why_not(executable):
            troubles.append(f"{executable}: {trouble}")
        else:
            return executable
    for install in (install_playwrights_own, install_system_package):
        try:
            executable = install()
        except StepFailed as failure:
            troubles.append(failure.happened)
            continue
        if trouble := why_not(executable):
            troubles.append(f"{executable}: {trouble}")
        else:
            return executable
    raise StepFailed(NEEDED, happened="\n".join(troubles), remedy=REMEDY)


def why_not(executable: str) -> str | None:
    """Why this browser cannot be used; None if it can. It is really started."""
    from playwright.sync_api import Error, sync_playwright

    if not Path(executable).is_file():
        return "no such file"
    try:
        with sync_playwright() as playwright:
            start(playwright, executable).close()
    except Error as error:
        return error.message.splitlines()[0]
    return None


def playwrights_own() -> str:
    """Where Playwright keeps the Chromium it downloads, whether it is there or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def install_playwrights_own() -> str:
    """Download Playwright's Chromium; as root, with the system's libraries that it needs."""
    print("Installing Playwright's Chromium", flush=True)
    libraries = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    command = [sys.executable, "-m", "playwright", "install", *libraries, "chromium"]
    run(command, needed="Playwright's own Chromium", remedy=REMEDY)
    return playwrights_own()


def install_system_package() -> str:
    """Let apt-get install the distribution's Chromium."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        happened = "there is no apt-get here" if apt is None else "apt-get may only be run by root"
        raise StepFailed(SYSTEM_PACKAGE, happened=happened, remedy=REMEDY)
    print("Installing the system's Chromium package", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        run(
            [apt, "--quiet", *words],
            environment=environment,
            needed="the system's Chromium package",
            remedy=REMEDY,
        )
    return shutil.which("chromium") or "chromium"


@step
def main() -> None:
    print(chromium())


if __name__ == "__main__":
    main()
