"""Read golden files: `load("keras_layers")` gives its rows with every array made into NumPy.

>>> row = load("keras_layers")[0]
>>> row["layer"], row["inputs"][0].dtype, row["output"].shape == tuple(row["output_shape"])
('Dense', dtype('float32'), True)

Inputs are written down as rules instead of numbers, so that the files stay small. The rules use 32-bit
integer arithmetic and one rounding, so Python and JavaScript (`rules.mjs`) make the same bits.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
Spec = dict[str, Any]


def load(name: str) -> list[dict[str, Any]]:
    """Rows of `tests/golden/<name>.json`; each array spec inside has become a NumPy array."""
    return materialise(read(name)["rows"])


def made_with(name: str) -> dict[str, str]:
    """Names and versions of the libraries that computed a file."""
    return read(name)["made_with"]


def read(name: str) -> dict[str, Any]:
    """A golden file as it stands, arrays still written as rules."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json")))
        raise FileNotFoundError(
            f"no golden file {path.name}; there are {known}. README.md says how to make one."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def materialise(item: Any) -> Any:
    """The same structure with each `{"shape": …, "rule" | "values": …}` replaced by its array."""
    if isinstance(item, dict):
        if "shape" in item and ("rule" in item or "values" in item):
            return make(item)
        return {key: materialise(value) for key, value in item.items()}
    if isinstance(item, list):
        return [materialise(value) for value in item]
    return item


def fractions(count: int, seed: int) -> np.ndarray:
    """`count` float64 numbers in [0, 1), multiples of 2**-24: a 32-bit integer hash of index and seed.

    h = (index + 1) * 2654435761 + seed * 2246822519;  h ^= h >> 15;  h *= 2246822519;
    h ^= h >> 13;  h *= 3266489917;  h ^= h >> 16;  fraction = (h >> 8) / 2**24   (all modulo 2**32)
    """
    index = np.arange(1, count + 1, dtype=np.uint64)
    low_bits = np.uint64(0xFFFFFFFF)
    h = (index * np.uint64(2654435761) + np.uint64(seed) * np.uint64(2246822519)) & low_bits
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2246822519)) & low_bits
    h ^= h >> np.uint64(13)
    h = (h * np.uint64(3266489917)) & low_bits
    h ^= h >> np.uint64(16)
    return (h >> np.uint64(8)).astype(np.float64) / 2.0**24


def make(spec: Spec) -> np.ndarray:
    """The array that a spec describes; README.md lists the rules.

    >>> make({"shape": [4], "rule": "integers", "seed": 3, "low": 0, "high": 5})
    array([2, 3, 1, 1], dtype=int32)
    """
    shape = tuple(spec["shape"])
    count = math.prod(shape)
    rule = spec.get("rule")
    if rule is None:
        values = np.array([float(value) for value in spec["values"]], dtype=np.float64)
        return values.reshape(shape).astype(spec.get("dtype", "float32"))
    if rule == "uniform":
        low, high = float(spec["low"]), float(spec["high"])
        values = low + (high - low) * fractions(count, spec["seed"])
        return values.reshape(shape).astype(spec.get("dtype", "float32"))
    if rule == "integers":
        low, high = int(spec["low"]), int(spec["high"])
        values = low + np.floor((high - low) * fractions(count, spec["seed"]))
        return values.reshape(shape).astype(spec.get("dtype", "int32"))
    if rule == "one_hot":
        labels = np.floor(shape[-1] * fractions(count // shape[-1], spec["seed"])).astype(np.int64)
        return np.eye(shape[-1], dtype=np.float32)[labels].reshape(shape)
    if rule == "distribution":
        weights = 0.05 + 0.95 * fractions(count, spec["seed"]).reshape(shape)
        return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
    raise ValueError(f"unknown rule {rule!r}: known are uniform, integers, one_hot, distribution, or values")
