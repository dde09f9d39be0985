"""Run every test, CPython and browser; arguments go to pytest (`make test TESTS="tests/ops -x"`)."""

from __future__ import annotations

import subprocess
import sys

from web.tools.browser import chromium
from web.tools.failure import step
from web.tools.paths import ROOT
from web.tools.site import site


@step
def main() -> int:
    # Beforehand, so that what is missing is said once and in words, not as errors of a hundred tests.
    site()
    chromium()
    return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT).returncode


if __name__ == "__main__":
    main()
