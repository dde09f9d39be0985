"""The benchmark's own rules: what it counts, what it calls agreement, and a README that says what its file says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pyengine.executors import NumpyExecutor
from web.tools.bench import kernels, results, steps
from web.tools.bench.measure import kernel_row, line, planning_row, workload_row
from web.tools.bench.workloads import WORKLOADS


def test_the_table_of_the_readme_is_the_one_of_the_file() -> None:
    text = results.README.read_text()
    assert text.count(results.BEGIN) == text.count(results.END) == 1
    assert results.with_table(text, results.load()) == text, "run `make bench`, which writes both"


def test_a_new_figure_changes_the_table() -> None:
    file = json.loads(json.dumps(results.load()))
    before = results.table(file)
    results.put(file, "PyTorch", "workloads", "cnn", {"ms": 123.0, "agrees": True})
    results.put(file, "TensorFlow.js", "workloads", "cnn", {"error": "no such kernel"})
    after = results.table(file)
    assert "| 123 |" in after
    assert after != before


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_first_losses_of_a_workload_are_pytorchs(name: str) -> None:
    workload = WORKLOADS[name]
    x, y = workload.data()
    model = steps.build(workload)
    losses = [steps.loss_of(model, x, y) for _ in workload.losses]
    np.testing.assert_allclose(losses, workload.losses, atol=5e-6)


def test_operations_are_those_that_one_counts_by_hand() -> None:
    assert WORKLOADS["mlp32"].operations() == 2 * 32 * (2 * 784 * 128 + 3 * 128 * 10)
    inward, across = 16 * 256, 64 * 256
    assert WORKLOADS["lstm"].operations() == 2 * 32 * (40 * (2 * inward + 3 * across) + 3 * 64)
    # Nothing before the last layer is trained: the rest counts once.
    transfer = WORKLOADS["transfer"]
    assert transfer.operations() < 2 * 16 * 8e6
    assert sum(array.size for arrays in transfer.weights() for array in arrays) == 221_114


@pytest.mark.parametrize("row", kernels.ROWS, ids=lambda row: row.name)
def test_a_row_of_kernels_is_one_that_the_reference_runs(row: kernels.Row) -> None:
    program, arrays = row.program(NumpyExecutor())
    assert program.calls
    assert set(arrays) == set(program.inputs)


def test_a_kernel_that_disagrees_is_wrong_in_capitals() -> None:
    row = kernels.Row("sum", lambda take: kernels.ops.sum(take(30)))
    found = kernels.measure_kernel(row, NumpyExecutor(), 1e9, 1e9)
    assert found["difference"] == 0
    assert "ok 0e+00" in line("here", "sum", kernel_row(found, kernels.AGREEMENT))
    found["difference"] = 1e-3
    assert "WRONG by 1.0e-03" in line("here", "sum", kernel_row(found, kernels.AGREEMENT))


def test_a_workload_with_other_losses_is_wrong() -> None:
    losses = list(WORKLOADS["mlp32"].losses)
    measured = {"losses": losses, "first": 1.0, "milliseconds": [1.0, 2.0, 3.0]}
    row = workload_row("mlp32", measured, 100.0)
    assert row["agrees"]
    assert (row["ms"], row["samples"], row["rate"], row["share"]) == (2.0, 16_000, 6.55, 0.0655)
    losses[4] += 0.01
    assert not workload_row("mlp32", measured, 100.0)["agrees"]
    losses[4] = float("nan")
    assert not workload_row("mlp32", measured, 100.0)["agrees"]
    assert "cannot: no kernel" in line("there", "cnn", workload_row("cnn", {"error": "no kernel"}, 0.0))


def test_planning_is_judged_by_the_loss_and_told_with_its_ratio() -> None:
    measured = {"losses": [1.0, 1.0], "milliseconds": [300.0, 615.0], "calls": 2088}
    row = planning_row(measured)
    assert (row["agrees"], row["ms"], row["ratio"]) == (True, 615.0, 2.05)
    assert "615.0 ms of CPU · twice the blocks: 2.05 times" in line("here", "planning", row)
    assert not planning_row({**measured, "losses": [1.0, 1.1]})["agrees"]
    assert not planning_row({**measured, "losses": [float("nan"), 1.0]})["agrees"]
