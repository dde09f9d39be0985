"""What planning a step costs: in proportion to the model, without the garbage collector, which is on again after it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pyengine.optimizers import Adam, Optimizer
from pyengine.training.feeding import without_garbage_collection
from pyengine.training.job import PAUSE, Work
from web.tools.bench.planning import data, deep


def calls_of_first_step(blocks: int, batch: int, optimizer: Optimizer) -> int:
    """How many calls of Python functions the first step takes, planning included."""
    model, count = deep(blocks), 0
    model.compile(optimizer, "mse")
    x, y = np.ones((batch, 16), np.float32), np.ones((batch, 1), np.float32)

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        model.train_on_batch(x, y)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("batch", [4, 128])  # arrays that are worth keeping apart, and others
@pytest.mark.parametrize("common", [{}, {"global_clipnorm": 1.0}], ids=["", "global_clipnorm"])
def test_planning_twice_the_blocks_takes_little_more_than_twice_the_calls(batch: int, common: Any) -> None:
    def calls(blocks: int) -> int:
        return calls_of_first_step(blocks, batch, Adam(**common))

    calls(2)  # what is computed once
    assert calls(40) < 2.1 * calls(20)


@pytest.fixture
def collector() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if enabled else gc.disable)()


def test_the_collector_rests_while_a_step_is_planned_and_not_between(collector: None) -> None:
    seen = []

    def work() -> Work:
        seen.append(gc.isenabled())
        yield PAUSE
        seen.append(gc.isenabled())
        return 3

    running = without_garbage_collection(work())
    assert next(running) is PAUSE
    assert gc.isenabled()
    with pytest.raises(StopIteration) as end:
        next(running)
    assert (end.value.value, seen, gc.isenabled()) == (3, [False, False], True)


def test_the_collector_works_again_after_planning_fails_or_is_given_up(collector: None) -> None:
    closed = []

    def work(fails: bool) -> Work:
        try:
            if fails:
                raise ValueError("no plan")
            yield PAUSE
        finally:
            closed.append(fails)

    with pytest.raises(ValueError, match="no plan"):
        next(without_garbage_collection(work(True)))
    running = without_garbage_collection(work(False))
    next(running)
    running.close()
    assert (closed, gc.isenabled()) == ([True, False], True)


def test_a_collector_that_the_user_has_stopped_stays_stopped(collector: None) -> None:
    gc.disable()
    model = deep(1)
    model.train_on_batch(*data())
    assert not gc.isenabled()
