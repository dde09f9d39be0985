"""The generator is Threefry (published vectors), and everything made from its words keeps its promise."""

import itertools
import json
import math
import statistics
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyengine import random
from pyengine.errors import ArgumentError, DtypeError
from pyengine.quantile import normal_quantile

KEY = random.key_from_seed(2024)
ONES = 0xFFFFFFFF
words = st.integers(0, 2**32 - 1)
keys = st.tuples(words, words)


def threefry_in_plain_python(key, counter):
    """The paper's definition, one block at a time with Python's own integers: the second opinion."""
    schedule = [*key, key[0] ^ key[1] ^ 0x1BD11BDA]
    x, y = (counter[0] + key[0]) % 2**32, (counter[1] + key[1]) % 2**32
    for step in range(20):
        x = (x + y) % 2**32
        rotation = (13, 15, 26, 6, 17, 29, 16, 24)[step % 8]
        y = ((y << rotation | y >> (32 - rotation)) % 2**32) ^ x
        if step % 4 == 3:
            injection = step // 4 + 1
            x = (x + schedule[injection % 3]) % 2**32
            y = (y + schedule[(injection + 1) % 3] + injection) % 2**32
    return x, y


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((ONES, ONES), (ONES, ONES), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_the_known_answers_of_random123_come_out(key, counter, expected):
    first, second = random.threefry2x32(*key, *counter)
    assert (int(first), int(second)) == expected


def test_the_mixing_agrees_with_jax():
    golden = json.loads((Path(__file__).parent / "golden" / "jax_random.json").read_text())
    assert len(golden["rows"]) > 50
    for row in golden["rows"]:
        first, second = random.threefry2x32(*row["key"], *row["counter"])
        assert [int(first), int(second)] == row["result"], row


@given(key=keys, counter=keys)
def test_the_mixing_agrees_with_the_definition_in_plain_python(key, counter):
    first, second = random.threefry2x32(*key, *counter)
    assert (int(first), int(second)) == threefry_in_plain_python(key, counter)


def test_arguments_of_the_mixing_broadcast():
    counters = np.arange(6, dtype=np.uint32).reshape(2, 3)
    first, second = random.threefry2x32(np.uint32(1), np.array([[5], [6]], np.uint32), counters, 7)
    assert first.shape == second.shape == (2, 3)
    assert first.dtype == np.uint32
    assert (int(first[1, 2]), int(second[1, 2])) == threefry_in_plain_python((1, 6), (5, 7))


@given(key=keys, start=st.integers(0, 2**64 - 10), count=st.integers(0, 9))
def test_word_number_i_is_output_i_mod_2_of_block_i_div_2(key, start, count):
    expected = []
    for index in range(start, start + count):
        block, output = divmod(index, 2)
        expected.append(threefry_in_plain_python(key, (block % 2**32, block // 2**32))[output])
    assert random.bits(key, count, start).tolist() == expected


def test_a_stream_ends_after_2_to_the_64_words():
    assert len(random.bits(KEY, 4, 2**64 - 4)) == 4
    with pytest.raises(ArgumentError, match=r"count expects .* at least 0 and less than 5, but got `5`"):
        random.bits(KEY, 5, 2**64 - 4)


def test_words_do_not_depend_on_how_many_are_asked_for_at_once():
    count = 4 * random._CHUNK + 5
    together = random.bits(KEY, count)
    cuts = [0, 1, 1000, 2 * random._CHUNK - 1, 3 * random._CHUNK + 7, count]
    apart = [random.bits(KEY, end - begin, begin) for begin, end in itertools.pairwise(cuts)]
    assert np.array_equal(together, np.concatenate(apart))


def test_words_of_the_stream_look_evenly_spread():
    sample = random.bits(KEY, 100_000)
    ones = np.unpackbits(sample.view(np.uint8)).mean()
    assert abs(ones - 0.5) < 4 * 0.5 / math.sqrt(32 * sample.size)
    assert np.unique(sample).size > sample.size - 10  # birthdays: 1.2 pairs are expected


# ---- keys


def test_a_seed_becomes_a_key_of_its_high_and_low_word():
    assert random.key_from_seed(0x1234567890) == (0x12, 0x34567890)
    assert random.key_from_seed(np.int64(5)) == (0, 5)


def test_derived_keys_differ_from_each_other_and_from_the_stream_of_their_parent():
    derived = {random.fold_in(KEY, number) for number in range(1000)}
    stream = random.bits(KEY, 2000).reshape(-1, 2)
    assert len(derived) == 1000
    assert derived.isdisjoint(map(tuple, stream.tolist()))


@given(key=keys, number=st.integers(0, 2**63 - 1))
def test_fold_in_is_the_block_of_the_number_with_the_highest_counter_bit_set(key, number):
    counter = (number % 2**32, number // 2**32 + 2**31)
    assert random.fold_in(key, number) == threefry_in_plain_python(key, counter)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "7", None])
def test_a_seed_that_is_no_64_bit_number_is_refused(seed):
    with pytest.raises(ArgumentError, match=r"random: seed expects .* got"):
        random.key_from_seed(seed)


@pytest.mark.parametrize("key", [3, (1, 2, 3), (1.0, 2.0), (0, 2**32)])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ArgumentError, match=r"random: .*key"):
        random.bits(key, 1)


def test_a_key_may_come_as_an_array():
    assert np.array_equal(random.bits(np.array(KEY, np.uint32), 3), random.bits(KEY, 3))


# ---- streams of keys


def test_the_same_seed_gives_the_same_keys_and_another_seed_others():
    one, same, other = random.Stream(1), random.Stream(1), random.Stream(2)
    first = [one.next_key() for _ in range(5)]
    assert first == [same.next_key() for _ in range(5)]
    assert set(first).isdisjoint(other.next_key() for _ in range(5))


def test_streams_without_a_seed_differ():
    assert random.Stream().next_key() != random.Stream().next_key()


def test_a_stream_goes_on_from_its_saved_state():
    stream = random.Stream(3)
    stream.next_key()
    state = stream.get_state()
    expected = [stream.next_key() for _ in range(3)]
    restored = random.Stream(99)
    restored.set_state(state)
    assert [restored.next_key() for _ in range(3)] == expected
    assert state == {"key": state["key"], "count": 1}
    assert all(type(part) is int for part in state["key"])


@pytest.fixture
def process_stream_put_back():
    state = random.process_stream.get_state()
    yield
    random.process_stream.set_state(state)


@pytest.mark.usefixtures("process_stream_put_back")
def test_set_random_seed_decides_the_keys_of_the_process():
    random.set_random_seed(11)
    first = [random.next_key() for _ in range(3)]
    random.set_random_seed(11)
    assert [random.next_key() for _ in range(3)] == first
    assert len(set(first)) == 3


@pytest.mark.usefixtures("process_stream_put_back")
def test_an_explicit_seed_neither_depends_on_the_process_nor_moves_it():
    random.set_random_seed(11)
    expected = random.next_key()
    random.set_random_seed(11)
    assert random.next_key(5) == random.key_from_seed(5)
    assert random.next_key() == expected != random.key_from_seed(11)


# ---- numbers


def test_uniform_numbers_are_the_upper_24_bits_of_the_words():
    sample = random.uniform(KEY, (3, 4))
    expected = (random.bits(KEY, 12) >> 8).reshape(3, 4) / 2**24
    assert sample.dtype == np.float32
    assert np.array_equal(sample, expected)
    assert np.array_equal(random.uniform(KEY, (3, 4), dtype="float64"), expected)


def test_uniform_numbers_never_reach_one():
    sample = random.uniform(KEY, 1_000_000)
    assert sample.min() >= 0
    assert sample.max() < 1
    assert abs(sample.mean(dtype=np.float64) - 0.5) < 4 * math.sqrt(1 / 12 / sample.size)


def test_uniform_numbers_are_scaled_to_their_range():
    sample = random.uniform(KEY, 10_000, low=-3, high=2)
    assert sample.min() == pytest.approx(-3, abs=0.01)
    assert sample.max() == pytest.approx(2, abs=0.01)
    expected = random.uniform(KEY, 10_000) * np.float32(5) + np.float32(-3)
    assert np.array_equal(sample, expected)


@pytest.mark.parametrize("draw", [random.uniform, random.normal, random.truncated_normal])
def test_element_i_of_a_draw_comes_from_word_start_plus_i(draw):
    assert np.array_equal(draw(KEY, 7, start=3), draw(KEY, 10)[3:])
    assert draw(KEY, (2, 0, 3)).shape == (2, 0, 3)
    assert draw(KEY, ()).shape == ()


@pytest.mark.parametrize("draw", [random.uniform, random.normal, random.truncated_normal])
def test_only_float32_and_float64_are_drawn(draw):
    with pytest.raises(DtypeError, match="float32 or float64, but got 'float16'"):
        draw(KEY, 3, dtype="float16")


def test_the_quantile_agrees_with_pythons_statistics():
    probabilities = np.concatenate([np.linspace(0, 1, 999)[1:-1], 2.0 ** -np.arange(2, 34), [0.075, 0.925]])
    expected = [statistics.NormalDist().inv_cdf(p) for p in probabilities.tolist()]
    assert normal_quantile(probabilities) == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_normal_numbers_have_their_moments():
    sample = random.normal(KEY, 200_000, mean=3, stddev=2, dtype="float64")
    centred = (sample - 3) / 2
    assert centred.mean() == pytest.approx(0, abs=4 / math.sqrt(sample.size))
    assert (centred**2).mean() == pytest.approx(1, abs=4 * math.sqrt(2 / sample.size))
    assert (centred**4).mean() == pytest.approx(3, abs=4 * math.sqrt(96 / sample.size))


def test_normal_numbers_in_float32_are_the_rounded_float64_ones():
    wide = random.normal(KEY, 1000, mean=1, stddev=0.1, dtype="float64")
    assert np.array_equal(random.normal(KEY, 1000, mean=1, stddev=0.1), wide.astype(np.float32))


def test_the_bits_of_normal_numbers_are_these_on_every_platform():
    sample = random.normal((0, 0), 20_000)
    assert sample[:3].view(np.uint32).tolist() == [3193096264, 1048731664, 3203865181]
    assert int(sample.view(np.uint32).sum(dtype=np.uint64)) == 42757522227189


def test_truncated_normal_numbers_stay_within_two_deviations():
    sample = random.truncated_normal(KEY, 200_000, dtype="float64")
    assert np.abs(sample).max() <= 2
    assert np.abs(sample).max() > 1.999
    assert sample.mean() == pytest.approx(0, abs=4 / math.sqrt(sample.size))
    assert sample.std() == pytest.approx(0.87962566103423978, abs=0.005)


@given(low=st.integers(-(2**31), 2**31 - 2), data=st.data())
def test_integers_stay_in_their_range_and_follow_their_formula(low, data):
    high = data.draw(st.integers(low + 1, 2**31 - 1))
    sample = random.integers(KEY, 20, low=low, high=high)
    expected = [low + (word * (high - low) >> 32) for word in random.bits(KEY, 20).tolist()]
    assert sample.dtype == np.int32
    assert sample.tolist() == expected


def test_integers_reach_every_value():
    counts = np.bincount(random.integers(KEY, 60_000, high=6, dtype="uint8"))
    assert counts == pytest.approx(np.full(6, 10_000), abs=4 * math.sqrt(10_000))


def test_integers_refuse_what_cannot_be():
    with pytest.raises(ArgumentError, match="low=3, high=3"):
        random.integers(KEY, 1, low=3, high=3)
    with pytest.raises(ArgumentError, match="holds all of 0 … 256, but got uint8"):
        random.integers(KEY, 1, high=257, dtype="uint8")
    with pytest.raises(DtypeError, match="but got 'float32'"):
        random.integers(KEY, 1, high=3, dtype="float32")


@given(key=keys, count=st.integers(0, 300))
def test_a_permutation_holds_every_number_once(key, count):
    order = random.permutation(key, count)
    assert sorted(order.tolist()) == list(range(count))
    assert order.tolist() == np.argsort(random.bits(key, count), kind="stable").tolist()


@given(derived=st.lists(keys, max_size=4), count=st.integers(0, 50))
def test_permutations_are_those_of_each_key(derived, count):
    orders = random.permutations(derived, count)
    assert orders.tolist() == [random.permutation(key, count).tolist() for key in derived]
    assert orders.shape == (len(derived), count)


def test_permutation_settles_equal_words_by_number(monkeypatch):
    monkeypatch.setattr(random, "bits", lambda key, count: np.array([7, 3, 7, 3, 0], np.uint32))
    assert random.permutation(KEY, 5).tolist() == [4, 1, 3, 0, 2]


def test_the_doctests_of_random_and_quantile_hold():
    import doctest

    import pyengine.quantile

    for module in (random, pyengine.quantile):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0
