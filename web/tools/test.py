"""Run every test, CPython and browser; arguments go to pytest (`make test TESTS="tests/ops -x"`)."""

from __future__ import annotations

import os
import subprocess
import sys

from web.tools.browser import chromium
from web.tools.compiler import gcc
from web.tools.failure import step
from web.tools.paths import ROOT
from web.tools.site import site


@step
def main() -> int:
    # Beforehand, so that what is missing is said once and in words, not as errors of a hundred tests.
    site()
    chromium()
    gcc()
    # One thread of BLAS: several that wait for each other by spinning take minutes where the machine is shared.
    variables = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, env=variables).returncode


if __name__ == "__main__":
    main()
