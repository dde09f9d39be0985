"""Remove what was made: dist, build, the tools' caches. With ALL=1 also what was downloaded and installed."""

from __future__ import annotations

import os
import shutil

from web.tools.failure import step
from web.tools.paths import CACHE, NODE_MODULES, ROOT, VENV, short

MADE = ("dist", "build", "pyengine.egg-info", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")


@step
def main() -> None:
    folders = [ROOT / name for name in MADE]
    for part in ("pyengine", "tests", "wasm_tests", "web"):
        folders += (ROOT / part).rglob("__pycache__")
    if os.environ.get("ALL"):
        folders += [CACHE, NODE_MODULES, VENV]
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
            if folder.name != "__pycache__":
                print(f"removed {short(folder)}")


if __name__ == "__main__":
    main()
