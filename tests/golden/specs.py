"""Write golden files: arrays as rules or as nine-digit values, one row a line."""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path
from typing import Any

import numpy as np

Spec = dict[str, Any]
FOLDER = Path(__file__).parent


def uniform(shape: tuple[int, ...], seed: int, low: float = -1.0, high: float = 1.0) -> Spec:
    return {"shape": list(shape), "rule": "uniform", "seed": seed, "low": low, "high": high}


def integers(shape: tuple[int, ...], seed: int, low: int, high: int, dtype: str = "int32") -> Spec:
    return {"shape": list(shape), "rule": "integers", "seed": seed, "low": low, "high": high, "dtype": dtype}


def one_hot(shape: tuple[int, ...], seed: int) -> Spec:
    return {"shape": list(shape), "rule": "one_hot", "seed": seed}


def distribution(shape: tuple[int, ...], seed: int) -> Spec:
    return {"shape": list(shape), "rule": "distribution", "seed": seed}


def stored(array: Any, dtype: str | None = None) -> Spec:
    """An array as its values, nine significant digits (enough to get every float32 back)."""
    array = np.asarray(array)
    if dtype is None:
        dtype = str(array.dtype)
    values = [_number(value) for value in array.ravel().tolist()]
    spec: Spec = {"shape": list(array.shape), "values": values}
    return spec if dtype == "float32" else {**spec, "dtype": dtype}


def _number(value: float) -> float | int | str:
    if isinstance(value, int | bool):
        return int(value)
    if not math.isfinite(value):
        return str(value)
    short = float(f"{value:.9g}")
    return int(short) if short.is_integer() and abs(short) < 1e9 else short


def write(name: str, made_with: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Save `<name>.json`: the versions, then one row a line so that a change shows as a small diff."""
    lines = [json.dumps(row, allow_nan=False, separators=(",", ":")) for row in rows]
    versions = json.dumps({**made_with, "python": platform.python_version()})
    text = f'{{"made_with": {versions},\n"rows": [\n' + ",\n".join(lines) + "\n]}\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    print(f"{name}.json: {len(rows)} rows, {len(text) / 1000:.0f} kB")
