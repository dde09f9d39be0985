"""Asks another Python, one that has PyTorch, for the same steps."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from web.tools.failure import StepFailed
from web.tools.paths import ROOT


def torch_measurements(python: str, workloads: list[str], sizes: list[int]) -> Iterator[dict[str, Any]]:
    """What `torch_steps` prints, line by line."""
    asked = json.dumps({"workloads": workloads, "sizes": sizes})
    command = [python, "-m", "web.tools.bench.torch_steps", asked]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise StepFailed(
            "the steps in PyTorch",
            happened=f"`{python} -m web.tools.bench.torch_steps` ended with status {process.returncode}, see above",
            remedy="Give TORCH a Python with PyTorch and NumPy (`pip install torch numpy`), or leave it out.",
        )
