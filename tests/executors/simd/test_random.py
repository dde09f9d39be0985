"""Random numbers: the reference's very bits, in both builds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import ops
from tests.executors.simd.support import MODES, run

few = settings(max_examples=60, deadline=None)
states = st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3).map(np.uint32)
counts = st.one_of(st.integers(0, 70), st.integers(1000, 5000))


def assert_same_bits(op, state, mode):
    found = run(op, state, mode=mode)
    np.testing.assert_array_equal(found.view(np.uint32), op.evaluate(state).view(np.uint32))


@pytest.mark.parametrize("mode", MODES)
@given(
    state=states, count=counts, bounds=st.sampled_from([(0.0, 1.0), (-0.3, 0.7), (0.1, 0.1), (-1e30, 3e-3)])
)
@few
def test_uniform_numbers_have_the_references_bits(mode, state, count, bounds):
    low, high = bounds
    assert_same_bits(
        ops.make("random_uniform", target=(count,), dtype="float32", low=low, high=high), state, mode
    )


@pytest.mark.parametrize("mode", MODES)
@given(state=states, count=counts)
@few
def test_normal_numbers_have_the_references_bits(mode, state, count):
    assert_same_bits(ops.make("random_normal", target=(count,), dtype="float32"), state, mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_million_normal_numbers_with_their_tails_have_the_references_bits(mode):
    assert_same_bits(
        ops.make("random_normal", target=(1000, 1000), dtype="float32"), np.uint32([1, 2, 3]), mode
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("over", [None, 0])
@given(state=states)
@few
def test_the_next_state_is_one_further(mode, over, state):
    op = ops.make("next_random_state")
    np.testing.assert_array_equal(run(op, state, mode=mode, over=over), op.evaluate(state))


def test_the_counter_begins_again_after_its_last():
    last = np.uint32([1, 2, 2**32 - 1])
    np.testing.assert_array_equal(run(ops.make("next_random_state"), last), [1, 2, 0])
