"""Put dist/site together: a static folder that needs no network at run time and no particular server.

index.html demo/ *.js       from web/
pyengine.d.ts               types of the JavaScript face, made of what Python offers
pyodide/                    the runtime, NumPy, the engine's wheel, and the list that names the two
data/mnist/*.gz             the digits
vendor/uplot/               the curves of the demo page
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from web.tools.failure import step
from web.tools.fetch import write_whole
from web.tools.lock import site_lock
from web.tools.mnist import mnist_files
from web.tools.packages import node_package
from web.tools.paths import SITE, WEB, short
from web.tools.runtime import runtime
from web.tools.stamps import alone
from web.tools.types import types
from web.tools.wheel import wheel

# What of web/ a browser asks for; the rest (tools, type declarations, settings of editors) stays at home.
SERVED = {".html", ".css", ".js", ".mjs", ".svg", ".png", ".webp", ".ico", ".webmanifest"}


def site() -> Path:
    """Bring dist/site up to date and return it. Files that are right already are not touched."""
    with alone("site"):
        wanted = {PurePosixPath(name): content for name, content in contents()}
        changed = [name for name, content in wanted.items() if update(SITE / name, content)]
        for file in [path for path in SITE.rglob("*") if path.is_file()]:
            if PurePosixPath(file.relative_to(SITE).as_posix()) not in wanted:
                file.unlink()
        for folder in sorted((path for path in SITE.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
    if changed:
        size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
        print(
            f"Wrote {short(SITE)}: {len(changed)} of {len(wanted)} files, {size / 1e6:.1f} MB in all",
            flush=True,
        )
    return SITE


def contents() -> Iterator[tuple[str, Path | bytes]]:
    """Every file of the site: its name there, and the file it is a copy of or its content."""
    for file in sorted(WEB.rglob("*")):
        inside = file.relative_to(WEB)
        if file.suffix in SERVED and inside.parts[0] != "tools":
            yield inside.as_posix(), file

    yield "pyengine.d.ts", types()

    python, engine = runtime(), wheel()
    for file in [*python.files, engine]:
        yield f"pyodide/{file.name}", file
    yield "pyodide/pyodide-lock.json", site_lock(python.lock, engine)

    for file in mnist_files():
        yield f"data/mnist/{file.name}", file

    uplot = node_package("uplot")
    for name in ("dist/uPlot.esm.js", "dist/uPlot.min.css", "LICENSE"):
        yield f"vendor/uplot/{Path(name).name}", uplot / name


def update(target: Path, content: Path | bytes) -> bool:
    """Make `target` hold the content; False if it did already."""
    new = content if isinstance(content, bytes) else content.read_bytes()
    if target.is_file() and target.stat().st_size == len(new) and target.read_bytes() == new:
        return False
    # A file is replaced, never rewritten: whoever serves an older state through a hard link keeps it whole.
    write_whole(target, new)
    return True


@step
def main() -> None:
    print(f"{short(site())} is up to date")


if __name__ == "__main__":
    main()
