"""Style and types, Python and JavaScript. Every check is run, then the failed ones are named."""

from __future__ import annotations

import subprocess
import sys

from web.tools.failure import StepFailed, step
from web.tools.packages import node_package
from web.tools.paths import ROOT
from web.tools.types import types


@step
def main() -> None:
    types()  # which the page's code is checked against
    typescript = node_package("typescript") / "bin" / "tsc"
    checks = {
        "ruff check": [sys.executable, "-m", "ruff", "check"],
        "ruff format": [sys.executable, "-m", "ruff", "format", "--check"],
        "mypy": [sys.executable, "-m", "mypy"],
        "tsc": ["node", str(typescript), "--project", "web/jsconfig.json"],
    }
    failed = [name for name, command in checks.items() if subprocess.run(command, cwd=ROOT).returncode]
    if failed:
        raise StepFailed(
            "code without complaints",
            happened=f"{', '.join(failed)} complained, see above",
            remedy="Mend what they name.",
        )


if __name__ == "__main__":
    main()
