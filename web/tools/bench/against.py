"""The steps of this tree against those of another commit, in turn and on the same machine.

Each commit measures with its own code, in processes of its own: old, new, old, new, … Of each the fastest block counts,
since what slows a block down is the neighbours' work. Nothing is written to `results.json`.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from web.tools.bench.workloads import AGREEMENT, WORKLOADS
from web.tools.failure import StepFailed

ROOT = Path(__file__).resolve().parents[3]
TREES = ROOT / ".cache" / "bench"
ROUNDS = 3
MEASURE = """
import json, sys
from web.tools.bench.cpython import measure_workload
from web.tools.bench.workloads import WORKLOADS
print(json.dumps(measure_workload(sys.argv[1], WORKLOADS[sys.argv[2]])))
"""


def tree_of(commit: str) -> Path:
    """The files of a commit, in a folder of their own."""
    found = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--verify", f"{commit}^{{commit}}"], capture_output=True, text=True
    )
    if found.returncode:
        raise StepFailed(
            "the commit to compare with",
            happened=f"AGAINST={commit}: git knows no such commit",
            remedy="Name one of `git log`, for example AGAINST=HEAD~1.",
        )
    tree = TREES / found.stdout.strip()[:12]
    if not tree.exists():
        archive = subprocess.run(
            ["git", "-C", ROOT, "archive", commit], capture_output=True, check=True
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(tree, filter="data")
    return tree


def measure_tree(tree: Path, mode: str, workload: str) -> dict[str, Any]:
    """What that tree's own code measures."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, mode, workload],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise StepFailed(
            f"{workload} in {tree.name}",
            happened=done.stderr.strip()[-2000:],
            remedy=f"Try it alone: cd {tree} && ONLY={workload} WHERE=cpython python -m web.tools.bench",
        )
    return json.loads(done.stdout.splitlines()[-1])


def compare(commit: str, modes: list[str], workloads: list[str]) -> bool:
    """Print a row for each mode and workload; returns whether all losses agree."""
    old, agrees = tree_of(commit), True
    print(f"{'':<24} {commit[:12]:>12} {'now':>12}   now/{commit[:7]}   first step")
    for mode in modes:
        for name in workloads:
            rounds = [(measure_tree(old, mode, name), measure_tree(ROOT, mode, name)) for _ in range(ROUNDS)]
            best = [min(min(found["milliseconds"]) for found in side) for side in zip(*rounds, strict=True)]
            first = [min(found["first"] for found in side) for side in zip(*rounds, strict=True)]
            expected = WORKLOADS[name].losses
            same = all(
                abs(loss - wanted) <= AGREEMENT
                for found in rounds[-1]
                for loss, wanted in zip(found["losses"], expected, strict=True)
            )
            agrees &= same
            print(
                f"{mode:<9} {name:<14} {best[0]:>9.4f} ms {best[1]:>9.4f} ms {best[1] / best[0]:>12.3f}"
                f"   {first[0]:.0f} → {first[1]:.0f} ms{'' if same else '   WRONG'}",
                flush=True,
            )
    return agrees
