"""Batches of many shapes in turn: planned steps are kept within a memory budget, and share one arena."""

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.executors import NumpyExecutor
from pyengine.training import feeding

LENGTHS = range(24, 4, -1)


def recurrent(executor=None):
    pyengine.set_random_seed(3)
    model = pyengine.Sequential([layers.Input((None, 2)), layers.LSTM(3), layers.Dense(1)])
    model.executor = executor
    model.compile("adam", "mse")
    return model


def batch(length):
    rng = np.random.default_rng(length)
    return rng.normal(size=(4, length, 2)).astype("f4"), rng.normal(size=(4, 1)).astype("f4")


def test_twenty_lengths_in_turn_are_planned_once_each():
    model = recurrent()
    for _ in range(2):
        for length in LENGTHS:
            model.train_on_batch(*batch(length))
    assert model.builds == 20


@pytest.mark.parametrize("executor", [None, NumpyExecutor()], ids=["default", "numpy"])
def test_steps_share_the_largest_arena_and_compute_what_each_computes_alone(executor):
    shared, alone = recurrent(executor), recurrent(executor)
    for length in (9, 7, 5, 9, 7, 5):
        loss = shared.train_on_batch(*batch(length))
        alone.forget_steps()
        assert alone.train_on_batch(*batch(length)) == loss
        np.testing.assert_array_equal(
            shared.predict(batch(length)[0], verbose=0), alone.predict(batch(length)[0], verbose=0)
        )
    (steps,) = shared._steps["train"]
    assert len({id(step.memory.arena) for step in steps.kept.values()}) == 1


def test_the_steps_used_longest_ago_go_first_but_never_the_last_one(monkeypatch):
    model = recurrent()
    for length in (9, 8, 7):
        model.train_on_batch(*batch(length))
    (steps,) = model._steps["train"]
    monkeypatch.setattr(feeding, "KEPT_BYTES", steps.nbytes)
    model.train_on_batch(*batch(9))
    model.train_on_batch(*batch(6))  # length 8 goes
    assert model.builds == 4
    model.train_on_batch(*batch(9))
    assert model.builds == 4
    model.train_on_batch(*batch(8))
    assert model.builds == 5
    monkeypatch.setattr(feeding, "KEPT_BYTES", 0)
    model.train_on_batch(*batch(5))
    assert len(steps.kept) == 1
    model.train_on_batch(*batch(5))
    assert model.builds == 6
