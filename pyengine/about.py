"""The configuration in use: versions, the executor, and the calls that it left to NumPy."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from pyengine.executors import choice
from pyengine.executors.simd import SimdExecutor

__version__ = "0.1.0"


def config() -> dict[str, Any]:
    """What the engine runs on, by name: `show_config` in a form for programs.

    >>> import pyengine
    >>> sorted(pyengine.config())[:3]
    ['build', 'executor', 'fallbacks']
    """
    executor = choice.default()
    described: dict[str, Any] = {
        "pyengine": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": where(),
        "executor": executor.name,
        "build": None,
        "lanes": None,
        "library": None,
        "library_bytes": None,
        "kernels": None,
        "self_test": None,
        "programs": None,
        "fallbacks": [],
        "trouble": choice.chosen.trouble or None,
    }
    if isinstance(executor, SimdExecutor):
        library = executor.library
        described |= {
            "build": library.mode,
            "lanes": library.lanes,
            "library": str(library.path),
            "library_bytes": library.path.stat().st_size,
            "kernels": len(library.numbers["kernel"]),
            "self_test": library.tested,
            "programs": executor.programs,
            "fallbacks": [
                words if count == 1 else f"{words} (in each of {count} programs)"
                for words, count in executor.fallbacks.items()
            ],
        }
    return described


def show_config() -> None:
    """Print what the engine runs on: versions, executor, build, self-test, and calls that ran on NumPy instead.

    >>> import pyengine
    >>> pyengine.show_config()  # doctest: +ELLIPSIS
    pyengine   ...
    python     ...
    numpy      ...
    executor   ...
    """
    print(config_lines())


def config_lines() -> str:
    """The lines of `show_config`."""
    found = config()
    lines = {
        "pyengine": found["pyengine"],
        "python": f"{found['python']} on {found['platform']}",
        "numpy": found["numpy"],
        "executor": found["executor"],
    }
    if found["build"]:
        lines["executor"] += (
            f", {found['build']} build, {found['kernels']} kernels on vectors of {found['lanes']}"
        )
        lines["library"] = f"{found['library']} ({found['library_bytes'] / 1000:.0f} kB)"
        lines["self-test"] = found["self_test"]
        lines["programs"] = (
            f"{found['programs']} planned, {'all of them whole' if not found['fallbacks'] else 'but:'}"
        )
    text = [f"{name:<10} {words}" for name, words in lines.items()]
    text += [f"{'':<10} {words}" for words in found["fallbacks"]]
    if found["trouble"]:
        text.append(f"{'trouble':<10} {found['trouble']}")
    return "\n".join(text)


def where() -> str:
    """The system and the kind of CPU; in a page, the browser."""
    return f"{platform.system()} {platform.machine()}"
