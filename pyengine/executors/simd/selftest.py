"""A short test at load: one program with calls of many kinds, each compared with the reference as it runs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from pyengine import ops
from pyengine.executors.simd.executor import SimdExecutor, SimdMemory, encode
from pyengine.executors.simd.library import LibraryError
from pyengine.graph import Graph, Spec
from pyengine.plan import Program, plan

TOLERANCE = 1e-5  # relative to the largest number of a result


def program() -> Program:
    """Odd sizes, so that whole vectors and what is left over are both seen."""
    graph = Graph()
    with graph:
        x = graph.input("x", Spec((3, 7)))
        image = graph.input("image", Spec((1, 5, 6, 3)))
        kernel = graph.input("kernel", Spec((3, 3, 3, 5)))
        product = ops.matmul(x, ops.transpose(x, (1, 0)))
        graph.outputs = {
            "product": product,
            "exponentials": ops.softmax(x),
            "chain": ops.tanh(product * 0.1 + 1.0),
            "sum": ops.sum(image, axis=(0, 1, 2)),
            "largest": ops.argmax(x, axis=-1),
            "convolution": ops.relu(ops.conv2d(image, kernel)),
            "pooled": ops.max_pool2d(image, pool_size=2),
        }
    return plan(graph)


def check(executor: SimdExecutor) -> None:
    """Trust the library, or raise LibraryError with the kernel's name."""
    began = time.perf_counter()
    tested = program()
    memory = SimdMemory(tested, executor.library)  # not counted among the user's programs
    feed(memory)
    first = len(tested.inputs)
    kernels = set()
    for number, call in enumerate(tested.calls):
        encoded = encode(call)
        if encoded is None:
            memory.host(number)
            continue
        kernels.add(encoded.kernel)
        arrays = [memory.blocks.view(slot).copy() for slot in call.inputs]
        executor.run(memory, first + number, stop=first + number + 1)
        found = [memory.blocks.view(slot) for slot in call.outputs]
        expected = call.op.evaluate(*arrays)
        for ours, truth in zip(found, expected if call.op.several else (expected,), strict=True):
            if not near(ours, truth):
                raise LibraryError(
                    f"The self-test of {executor.library.path} failed: its kernel {encoded.kernel!r} gives other "
                    f"numbers than the reference for `{call}`. Please report this with your CPU and system."
                )
    executor.close(memory)
    milliseconds = 1000 * (time.perf_counter() - began)
    executor.library.tested = f"passed: {len(kernels)} kernels in {milliseconds:.0f} ms"


def feed(memory: SimdMemory) -> None:
    """Inputs between -1 and 1 that never repeat."""
    for array in memory.inputs.values():
        array[...] = np.sin(np.arange(1, array.size + 1) * 1.7).reshape(array.shape)


def near(found: np.ndarray, truth: Any) -> bool:
    truth = np.asarray(truth)
    largest = float(np.abs(truth).max(initial=0))
    return bool(np.all(np.abs(found.astype(np.float64) - truth) <= TOLERANCE * largest))
