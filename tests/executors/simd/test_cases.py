"""Every row of the table of ops on the C library, in both builds; and which of them it leaves to NumPy.

A kernel is there for every op but those of WITHOUT_KERNEL; some rows of others (their dtypes, their ranks) are in
LEFT_TO_NUMPY. Both lists may only get shorter: who writes a kernel takes its names off them.
"""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import ops
from pyengine.executors.simd.encode import ENCODERS
from pyengine.plan import Program, plan
from pyengine.transforms import simplify
from tests.cases.ops import CASES, Case
from tests.executors.simd.support import MODES, executor
from tests.ops.test_ops import assert_near, traced

WITHOUT_KERNEL: set[str] = set()
LEFT_TO_NUMPY = {"max_pool2d: whole numbers"}


def planned(case: Case) -> Program:
    return plan(simplify(traced(case)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_library_agrees_with_the_definition(case: Case, mode: str) -> None:
    one = executor(mode)
    memory = one.allocate(planned(case))
    for number, array in enumerate(case.inputs):
        one.write(memory, f"x{number}", array)
    assert one.run(memory) == memory.length
    found, expected = one.read(memory, "y"), case.truth()
    assert found.shape == expected.shape
    if expected.dtype.kind == "b" or found.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
    else:
        assert_near(found, expected.astype(np.float64), case.tolerance)


def test_the_ops_without_a_kernel_are_these() -> None:
    named = {op.name for op in ops.OPS.values() if op.__module__.startswith("pyengine.ops.") and not op.alias}
    assert named - ENCODERS.keys() == WITHOUT_KERNEL


def test_the_rows_that_are_left_to_numpy_are_these() -> None:
    one = executor("strict")
    left = {
        str(case)
        for case in CASES
        for call in planned(case).calls
        if call.op.name in ENCODERS and not one.supports(call)
    }
    assert left == LEFT_TO_NUMPY
