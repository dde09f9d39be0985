"""Known answers of Threefry-2x32 with 20 rounds from JAX, which must agree with the Random123 vectors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32
from load import fractions
from specs import write

from makers.versions import versions

# Lines `threefry2x32 20` of kat_vectors in Random123 (counter, key, result).
RANDOM123 = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]
KEYS = [(0, 0), (0, 1), (1, 0), (0xFFFFFFFF, 0), (0, 0xFFFFFFFF), (42, 1234567), (0xDEADBEEF, 0x12345678)]
COUNTERS = [(0, 0), (1, 0), (0, 1), (2, 3), (0xFFFFFFFF, 0), (0x80000000, 0x7FFFFFFF)]


def block(key: tuple[int, int], counter: tuple[int, int]) -> list[int]:
    result = threefry_2x32(np.array(key, np.uint32), jnp.asarray(np.array(counter, np.uint32)))
    return [int(word) for word in np.asarray(result)]


def make_random() -> None:
    rows: list[dict[str, Any]] = []
    for counter, key, expected in RANDOM123:
        assert block(key, counter) == list(expected), f"JAX and Random123 disagree for key {key}"
        rows.append({"source": "Random123", "key": key, "counter": counter, "result": expected})
    words = [int(word) for word in np.floor(fractions(64, 5) * 2**32)]
    pairs = [(key, counter) for key in KEYS for counter in COUNTERS]
    pairs += [((words[i], words[i + 1]), (words[i + 2], words[i + 3])) for i in range(0, 64, 4)]
    for key, counter in pairs:
        rows.append({"source": "jax", "key": key, "counter": counter, "result": block(key, counter)})
    write("jax_random", versions("jax", "jaxlib", "numpy"), rows)
