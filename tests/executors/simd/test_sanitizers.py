"""The tests of this folder once more, on a library built with gcc's address and undefined-behaviour sanitizers.

Any error they see ends the process that runs the tests, and this test fails with what they said.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyengine.executors.simd import build
from pyengine.executors.simd.build import MODES
from pyengine.executors.simd.library import FOLDER
from web.tools.compiler import gcc, sanitizer

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FLAGS = (
    "-fPIC",
    "-shared",
    "-g",
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    # Not fused here even where relaxed: gcc knows no pragmas that except single functions, as clang does.
    "-ffp-contract=off",
    # Its remark that wide vectors change calling conventions is about functions that no other library calls.
    "-Wno-psabi",
    "-Wno-unknown-pragmas",
    # The widest vectors that the CPU has.
    "-march=native",
)
FAMILY = {"strict": (), "relaxed": ("-DPE_RELAXED",)}
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "PYTHONMALLOC": "malloc",
    "OPENBLAS_NUM_THREADS": "1",
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Builds with sanitizers; the environment in which Python takes them."""
    compiler = gcc()
    folder = tmp_path_factory.mktemp("sanitized")
    running = {}
    for mode in MODES:
        flags = (*build.COMMON, *FLAGS, *FAMILY[mode])
        command = [compiler, *flags, *build.sources(), "-o", folder / f"{mode}.made"]
        running[mode] = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    for mode, process in running.items():
        said = process.communicate()[1]
        assert process.returncode == 0, said
        build.deliver(folder / f"{mode}.made", folder / f"{mode}.so", mode)
    return {**os.environ, **OPTIONS, "LD_PRELOAD": sanitizer(compiler), FOLDER: str(folder)}


def python(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
    )


def test_every_kernel_stays_within_its_arrays_and_the_language(libraries: dict[str, str]) -> None:
    about_files = ("test_library.py", Path(__file__).name)
    tests = [str(path) for path in sorted(HERE.glob("test_*.py")) if path.name not in about_files]
    done = python(
        libraries, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", "not are_these", *tests
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert "no tests ran" not in done.stdout


WRONG = """
import ctypes, sys
import numpy as np
from pyengine.executors.simd.library import load
from pyengine.executors.simd.executor import *
library = load(sys.argv[1])
source, target = np.zeros(24, np.uint8), np.zeros(100, np.uint8)
records = np.array([library.kernel("copy"), 0, address(target), address(source), int(sys.argv[2])])
index, workspace = np.zeros(1, np.int64), np.zeros(library.workspace, np.uint8)
control = np.zeros(10, np.int64)
control[[STOP, CALLS]] = 1
control[INDEX], control[RECORDS], control[WORKSPACE] = address(index), address(records), address(workspace)
shift = int(sys.argv[3])
moved = np.zeros(100, np.uint8)
moved[shift : shift + 80] = control.view(np.uint8)
library.run(address(moved) + shift)
"""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("bytes_", "shift", "said"),
    [(24, 0, None), (25, 0, "heap-buffer-overflow"), (24, 1, "misaligned address")],
)
def test_the_sanitizers_see_what_is_wrong(
    libraries: dict[str, str], mode: str, bytes_: int, shift: int, said: str | None
) -> None:
    """Else the test above would show nothing."""
    done = python(libraries, "-c", WRONG, mode, str(bytes_), str(shift))
    if said is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0
        assert said in done.stderr
