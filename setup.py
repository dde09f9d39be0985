"""What pyproject.toml cannot say: the wheel holds the C library, built for WebAssembly when the wheel is made."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

BUILD = Path(__file__).parent / "pyengine" / "executors" / "simd" / "build.py"


class WithLibrary(build_py):
    """Builds the library where its sources have changed since; an editable install does without."""

    def run(self) -> None:
        if not self.editable_mode:
            # By its path: importing the package needs NumPy, which is not there while a wheel is made.
            spec = importlib.util.spec_from_file_location("build", BUILD)
            build = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(build)
            build.ship()
        super().run()


setup(cmdclass={"build_py": WithLibrary})
