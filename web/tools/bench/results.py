"""The file that holds what the benchmark found, and the README's table that is made from it."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from web.tools.bench import planning
from web.tools.bench.workloads import WORKLOADS
from web.tools.fetch import write_whole
from web.tools.paths import ROOT

Found = dict[str, Any]
FILE = Path(__file__).with_name("results.json")
README = ROOT / "README.md"
BEGIN, END = (
    "<!-- made by `make bench` from web/tools/bench/results.json -->\n",
    "<!-- end of the table -->\n",
)
COLUMNS = [
    "Chromium strict",
    "Chromium relaxed",
    "TensorFlow.js",
    "CPython strict",
    "CPython relaxed",
    "PyTorch",
]
TITLES = {"TensorFlow.js": "TensorFlow.js wasm", "PyTorch": "PyTorch native"}
NONE = "\u2013"
# Kernels worth a line in the README; all of them are in the file.
SHOWN = [
    "matmul 64³", "matmul 256³", "matmul 512³", "conv 3x3 13x13x16 to 32", "conv 3x3 13x13x16 to 32, dx",
    "conv 3x3 13x13x16 to 32, dk", "depthwise 3x3 /1 48x48x8", "max pool 2x2", "a·b + c, relu", "exp", "tanh",
    "sum of rows", "softmax of rows of 10", "random uniform", "Adam", "LSTM cell 32x64",
]  # fmt: skip


def load() -> Found:
    """What was found before; a new run replaces its own rows only."""
    if FILE.exists():
        return json.loads(FILE.read_text())
    return {"places": {}}


def put(file: Found, place: str, kind: str, name: str, row: Found) -> None:
    file["places"].setdefault(place, {}).setdefault(kind, {})[name] = row


def put_limits(file: Found, place: str, limits: Found) -> None:
    file["places"].setdefault(place, {}).update(limits)


def save(file: Found) -> None:
    """Write the file, and the table in the README."""
    file["machine"] = machine()
    write_whole(FILE, (json.dumps(file, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())
    write_whole(README, with_table(README.read_text(), file).encode())


def machine() -> str:
    """The CPU, as its maker calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def with_table(text: str, file: Found) -> str:
    """The README with the table as the file has it."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(file) + END + after


def table(file: Found) -> str:
    """Workloads in milliseconds a step, then single kernels."""
    places = file["places"]
    columns = [place for place in COLUMNS if place in places]
    head = ["", *(TITLES.get(place, place) for place in columns)]
    rows = [[f"**{name}**", *(step(places[place], name) for place in columns)] for name in WORKLOADS]
    planned = [plans(places[place]) for place in columns]
    rows.append(["planning 160 blocks, ms of CPU (times that of 80)", *planned])
    for size in ("64", "256", "512"):
        cells = [product(places[place], size) for place in columns]
        rows.append([f"matMul {size}³ and its result, GFLOP/s", *cells])
    ours = [place for place in columns if "kernels" in places[place]]
    kernels = [[name, *(kernel(places[place], name) for place in ours)] for name in SHOWN]
    limits = [
        f"{place}: {places[place]['peak']:g} GFLOP/s and {places[place]['bandwidth']:g} GB/s"
        for place in ours
    ]
    words = [
        f"Milliseconds of a training step, one thread, on {file.get('machine', 'an unknown machine')}; "
        f"{file.get('chromium', 'Chromium')}, PyTorch {file.get('torch', NONE)}. The losses of the first five steps "
        "agree with PyTorch's. A dash: not supported, or not measured (see the file).",
        "",
        *markdown_table(head, rows),
        "",
        "Single kernels, GFLOP/s or GB/s, and the share of the measured peak (multiplications and "
        f"additions on registers; a copy of 4 MB). {'; '.join(limits)}.",
        "",
        *markdown_table(["", *ours], kernels),
    ]
    return "\n".join(words) + "\n"


def markdown_table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table in Markdown, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def step(place: Found, name: str) -> str:
    row = place.get("workloads", {}).get(name, {})
    return f"{row['ms']:g}" if row.get("agrees") else NONE


def plans(place: Found) -> str:
    row = place.get("planning", {}).get(planning.NAME, {})
    return f"{row['ms']:g} ({row['ratio']:g})" if row.get("agrees") else NONE


def product(place: Found, size: str) -> str:
    rates = place.get("products", {}).get("tf.matMul", {})
    return f"{rates[size]:g}" if size in rates else NONE


def kernel(place: Found, name: str) -> str:
    row = place["kernels"].get(name)
    return f"{row['rate']:g} {row['unit']}, {row['share']:.0%}" if row and row["agrees"] else NONE
