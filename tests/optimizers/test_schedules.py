"""Learning-rate schedules: the numbers of Keras and of the formulas, eager and in a step."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine.errors import ArgumentError
from pyengine.optimizers import schedules
from tests.cases.optimizers import SCHEDULES
from tests.cases.run import execute, traced
from tests.golden.load import load

GOLDEN = load("keras_schedules")
STEPS = np.arange(14, dtype=np.int32)


def test_every_schedule_has_a_row_here_and_in_the_golden_file():
    classes = {schedule.__name__ for schedule in schedules.SCHEDULES.values()}
    assert {case.schedule for case in SCHEDULES} == classes
    assert {row["schedule"] for row in GOLDEN} == classes


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['schedule']} {row['config']}")
def test_rates_are_those_of_keras(row):
    schedule = getattr(schedules, row["schedule"])(**row["config"])
    rates = schedule(np.array(row["steps"], np.int32))
    assert rates.dtype == np.float32
    np.testing.assert_allclose(rates, row["rates"], rtol=3e-6, atol=1e-8)


@pytest.mark.parametrize("case", SCHEDULES, ids=str)
def test_rates_are_those_of_the_formula(case):
    schedule = getattr(schedules, case.schedule)(**case.config)
    expected = [case.expected(int(step)) for step in STEPS]
    np.testing.assert_allclose(schedule(STEPS), expected, rtol=2e-6, atol=2e-8)
    assert float(schedule(3)) == pytest.approx(expected[3], rel=2e-6)


@pytest.mark.parametrize("case", SCHEDULES, ids=str)
def test_a_traced_schedule_is_the_schedule(case):
    schedule = getattr(schedules, case.schedule)(**case.config)
    graph = traced(lambda step: {"rate": schedule(step)}, step=STEPS)
    np.testing.assert_array_equal(execute(graph, step=STEPS)["rate"], schedule(STEPS))


@pytest.mark.parametrize("case", SCHEDULES, ids=str)
def test_a_schedule_is_made_again_from_its_config(case):
    schedule = getattr(schedules, case.schedule)(**case.config)
    again = schedules.get({"class_name": case.schedule, "config": schedule.get_config()})
    np.testing.assert_array_equal(again(STEPS), schedule(STEPS))


@pytest.mark.parametrize("growth", [1.5, 2.0, 3.0])
def test_every_restart_comes_in_its_step(growth):
    first = 2**10
    schedule = schedules.CosineDecayRestarts(0.1, first_decay_steps=first, t_mul=growth)
    begin, length = 0.0, float(first)
    for _ in range(8):
        begin, length = begin + length, length * growth
        assert float(schedule(int(np.ceil(begin)))) == pytest.approx(0.1, rel=1e-4)
        assert float(schedule(int(begin) - 8)) < 0.002


def test_warm_up_begins_low_and_reaches_the_target():
    schedule = schedules.CosineDecay(0.0, decay_steps=10, warmup_target=0.2, warmup_steps=4)
    np.testing.assert_allclose(schedule([0, 1, 2, 4, 9, 14, 99]), [0, 0.05, 0.1, 0.2, 0.1, 0, 0], atol=1e-7)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: schedules.CosineDecay(0.1, 0),
            r"CosineDecay: decay_steps expects a number above 0, but got `0`",
        ),
        (
            lambda: schedules.PiecewiseConstantDecay([1], [0.1]),
            r"one more than there are boundaries, but got 1 values",
        ),
        (
            lambda: schedules.PiecewiseConstantDecay([5, 1], [1, 2, 3]),
            r"boundaries expects rising numbers of steps, but got `\[5, 1\]`",
        ),
        (
            lambda: schedules.CosineDecayRestarts(0.1, 5, t_mul=0.5),
            r"t_mul expects a number of at least 1, but got `0.5`",
        ),
        (lambda: schedules.get("cosine"), r"expects a number or a LearningRateSchedule, but got `'cosine'`"),
    ],
)
def test_settings_out_of_range_are_refused(make, words):
    with pytest.raises(ArgumentError, match=words):
        make()
