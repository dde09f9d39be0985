"""What was measured, in words: agreement first, then time, rate and share of the machine's limit."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from web.tools.bench import planning
from web.tools.bench.workloads import AGREEMENT, WORKLOADS

Found = dict[str, Any]  # as the results file holds it


def workload_row(name: str, measured: Found, peak: float) -> Found:
    """The figures of a workload from what `steps` or `page.js` measured; peak in GFLOP/s, 0 if unknown."""
    workload = WORKLOADS[name]
    if "error" in measured:
        return {"error": measured["error"]}
    difference = float(np.abs(np.subtract(measured["losses"], workload.losses)).max())  # NaN stays NaN
    middle = statistics.median(measured["milliseconds"])
    low, _, high = statistics.quantiles(measured["milliseconds"], n=4)
    rate = workload.operations() / middle / 1e6
    row = {
        "difference": float(f"{difference:.1e}"),
        "agrees": bool(difference <= AGREEMENT),
        "ms": round_to_three_digits(middle),
        "spread": round_to_three_digits((high - low) / 2),
        "first_ms": round_to_three_digits(measured["first"]),
        "samples": round(1000 * workload.batch / middle),
        "rate": round_to_three_digits(rate),
    }
    if peak:
        row["share"] = round_to_three_digits(rate / peak)
    return row | {key: measured[key] for key in ("calls", "fallbacks") if key in measured}


def kernel_row(measured: Found, agreement: float) -> Found:
    """The figures of a kernel from what `kernels` measured."""
    return {
        "difference": float(f"{measured['difference']:.1e}"),
        "agrees": bool(measured["difference"] <= agreement),
        "us": round_to_three_digits(1e6 * measured["seconds"]),
        "rate": round_to_three_digits(measured["rate"]),
        "unit": measured["unit"],
        "share": round_to_three_digits(measured["share"]),
        "fallbacks": measured["fallbacks"],
    }


def planning_row(measured: Found) -> Found:
    """The figures of planning: of the deepest model, and how many times as long it takes as one half as deep."""
    found, expected = measured["losses"]
    half, whole = measured["milliseconds"]
    difference = abs(found - expected) / abs(expected)
    return {
        "difference": float(f"{difference:.1e}"),
        "agrees": bool(difference <= planning.AGREEMENT),
        "ms": round_to_three_digits(whole),
        "ratio": round_to_three_digits(whole / half),
        "calls": measured["calls"],
    }


def round_to_three_digits(number: float) -> float:
    """To three digits: more would be noise."""
    return float(f"{number:.3g}")


def line(place: str, name: str, row: Found) -> str:
    """A row for the terminal."""
    if "error" in row:
        return f"{place:<16} {name:<36} cannot: {row['error']}"
    word = f"ok {row['difference']:.0e}" if row["agrees"] else f"WRONG by {row['difference']:.1e}"
    if "ratio" in row:
        return f"{place:<16} {name:<36} {word} · {row['ms']:8.1f} ms of CPU · twice the blocks: {row['ratio']} times"
    if "us" in row:
        time, unit = f"{row['us']:10.2f} µs", row["unit"]
    else:
        time, unit = f"{row['ms']:8.4f} ms ± {row['spread']:.4f}", "GFLOP/s"
        time += f" (first {row['first_ms']:4.0f}) · {row['samples']:>9,} samples/s"
    limit = "of the peak" if unit == "GFLOP/s" else "of a copy"
    share = f" · {row['share']:5.1%} {limit}" if "share" in row else ""
    missing = f" · {row['fallbacks']} calls on NumPy" if row.get("fallbacks") else ""
    return f"{place:<16} {name:<36} {word} · {time} · {row['rate']:7.2f} {unit:<7}{share}{missing}"
