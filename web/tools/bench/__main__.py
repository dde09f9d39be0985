"""See the package's docstring."""

from __future__ import annotations

import os

from pyengine.executors.simd.build import MODES
from web.tools.bench import against, planning, results
from web.tools.bench.kernels import AGREEMENT, ROWS
from web.tools.bench.measure import Found, kernel_row, line, planning_row, workload_row
from web.tools.bench.workloads import WORKLOADS
from web.tools.failure import StepFailed, step

PLACES = ["cpython", "browser", "tensorflow", "torch"]
SIZES = [64, 128, 256, 512]
PRODUCTS = "tf.matMul"


def names_from_environment(variable: str, known: list[str], words: str = " ") -> list[str]:
    """The names that an environment variable lists; all if it lists none."""
    names = [name.strip() for name in os.environ.get(variable, "").split(words) if name.strip()] or known
    if unknown := [name for name in names if name not in known]:
        raise StepFailed(
            f"names for {variable}",
            happened=f"{variable}={words.join(names)}; {', '.join(unknown)} is not known",
            remedy=f"Known are: {', '.join(known)}.",
        )
    return names


class Bench:
    """What is asked for, and what has been found; each row is printed and kept as soon as it is there."""

    def __init__(self) -> None:
        self.places = names_from_environment("WHERE", PLACES)
        self.modes = names_from_environment("MODE", list(MODES))
        only = names_from_environment(
            "ONLY", [*WORKLOADS, planning.NAME, PRODUCTS, *(row.name for row in ROWS)], ","
        )
        self.workloads = [WORKLOADS[name] for name in only if name in WORKLOADS]
        self.kernels = [row.name for row in ROWS if row.name in only]
        self.products = PRODUCTS in only
        self.planning = planning.NAME in only
        self.file = results.load()
        self.agrees = True

    def keep(self, place: str, kind: str, name: str, row: Found) -> None:
        print(line(place, name, row), flush=True)
        self.agrees &= row.get("agrees", True)
        results.put(self.file, place, kind, name, row)

    def keep_planning(self, place: str, found: Found) -> None:
        self.keep(place, "planning", planning.NAME, planning_row(found))

    def keep_products(self, place: str, rates: list[float]) -> None:
        found = {str(size): float(f"{rate:.3g}") for size, rate in zip(SIZES, rates, strict=True)}
        print(
            f"{place:<16} {PRODUCTS:<36} " + " · ".join(f"{n}³ {rate} GFLOP/s" for n, rate in found.items())
        )
        results.put(self.file, place, "products", PRODUCTS, found)

    def limits(self, place: str, found: Found) -> None:
        limits = {key: float(f"{found[key]:.3g}") for key in ("peak", "bandwidth")}
        print(f"{place:<16} peak {limits['peak']} GFLOP/s, copying {limits['bandwidth']} GB/s", flush=True)
        results.put_limits(self.file, place, limits)

    def peak(self, place: str) -> float:
        return self.file["places"].get(place, {}).get("peak", 0.0)


def in_cpython(bench: Bench) -> None:
    from web.tools.bench import cpython

    for mode in bench.modes:
        place = f"CPython {mode}"
        if bench.kernels:
            keep = keeper(bench, place)
            bench.limits(place, cpython.measure_kernels(mode, bench.kernels, keep))
        for workload in bench.workloads:
            row = workload_row(workload.name, cpython.measure_workload(mode, workload), bench.peak(place))
            bench.keep(place, "workloads", workload.name, row)
        if bench.planning:
            bench.keep_planning(place, cpython.measure_planning(mode))


def in_the_browser(bench: Bench) -> None:
    from web.tools.bench.page import pages

    with pages(tensorflow="tensorflow" in bench.places) as opened:
        bench.file["chromium"] = opened.version
        for mode in bench.modes if "browser" in bench.places else ():
            place = f"Chromium {mode}"
            if bench.kernels:
                bench.limits(place, opened.measure_kernels(mode, bench.kernels, keeper(bench, place)))
            for workload in bench.workloads:
                row = workload_row(workload.name, opened.measure_workload(mode, workload), bench.peak(place))
                bench.keep(place, "workloads", workload.name, row)
            if bench.planning:
                bench.keep_planning(place, opened.measure_planning(mode))
            if bench.products:
                bench.keep_products(place, opened.measure_products(mode, SIZES))
        if "tensorflow" in bench.places:
            for workload in bench.workloads:
                row = workload_row(workload.name, opened.measure_tensorflow(workload), 0.0)
                bench.keep("TensorFlow.js", "workloads", workload.name, row)
            if bench.products:
                bench.keep_products("TensorFlow.js", opened.measure_products(None, SIZES))


def in_torch(bench: Bench) -> None:
    """Where TORCH names a Python that has PyTorch."""
    from web.tools.bench import torch_native

    if python := os.environ.get("TORCH"):
        for found in torch_native.torch_measurements(python, [one.name for one in bench.workloads], SIZES):
            if "version" in found:
                bench.file["torch"] = found["version"]
            elif "name" in found:
                bench.keep(
                    "PyTorch", "workloads", found["name"], workload_row(found["name"], found["measured"], 0.0)
                )
            elif bench.products:
                bench.keep_products("PyTorch", found["products"])
    elif "WHERE" in os.environ:
        raise StepFailed(
            "PyTorch", happened="TORCH is not set", remedy="TORCH=path/to/python WHERE=torch make bench"
        )


def keeper(bench: Bench, place: str):
    return lambda found: bench.keep(place, "kernels", found["name"], kernel_row(found, AGREEMENT))


@step
def main() -> int:
    bench = Bench()
    if commit := os.environ.get("AGAINST"):
        names = [workload.name for workload in bench.workloads]
        return 0 if against.compare(commit, bench.modes, names) else 1
    if "cpython" in bench.places:
        in_cpython(bench)
    if {"browser", "tensorflow"} & set(bench.places):
        in_the_browser(bench)
    if "torch" in bench.places:
        in_torch(bench)
    results.save(bench.file)
    return 0 if bench.agrees else 1


if __name__ == "__main__":
    main()
