"""This Python, on the library built for this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyengine
from web.tools.bench import kernels, peak, planning, steps
from web.tools.bench.workloads import Workload

Found = dict[str, Any]


def measure_kernels(mode: str, names: list[str], tell: Callable[[Found], None]) -> Found:
    """Limits of this machine and rows of kernels."""
    pyengine.set_executor("simd", mode=mode)
    library = str(peak.host(mode))
    return json.loads(kernels.everything(library, names, lambda row: tell(json.loads(row))))


def measure_workload(mode: str, workload: Workload) -> Found:
    pyengine.set_executor("simd", mode=mode)
    return steps.measure_workload(workload)


def measure_planning(mode: str) -> Found:
    pyengine.set_executor("simd", mode=mode)
    return planning.measure_planning()
