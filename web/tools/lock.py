"""The site's own pyodide-lock.json: NumPy and the engine, nothing else.

It is what makes `loadPackage("pyengine")` work in the page: names, file names beside it, checksums, and that
the engine needs NumPy (read from the wheel).
"""

from __future__ import annotations

import json
from pathlib import Path

from web.tools.failure import StepFailed


def site_lock(pyodide_lock: Path, wheel: Path) -> bytes:
    """Pyodide's list reduced to NumPy, with the engine's wheel added to it."""
    # Imported here: the packages that come with pyodide-build are not needed to look at this file.
    from pyodide_lock import PyodideLockSpec
    from pyodide_lock.utils import add_wheels_to_spec

    spec = PyodideLockSpec.from_json(pyodide_lock)
    spec.packages = {"numpy": spec.packages["numpy"]}
    try:
        spec = add_wheels_to_spec(spec, [wheel])
    except RuntimeError as error:
        raise StepFailed(
            f"a place for {wheel.name} in the site's package list",
            happened=str(error),
            remedy="In the browser the engine may need NumPy only: give other requirements in pyproject.toml "
            "the marker `; sys_platform != 'emscripten'`.",
        ) from None
    spec.check_wheel_filenames()
    return json.dumps(spec.to_dict(), indent=2, sort_keys=True).encode()
