"""Datasets do to streams what plain Python does to lists: lazily, again in every pass, waiting or not."""

import asyncio
import doctest
import gc
import itertools
import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyengine import random
from pyengine.data import Dataset, arrays, complete, dataset, driving, elements
from pyengine.errors import ArgumentError, DataError, UnknownNameError


def plain(element):
    """Arrays as lists, so that elements compare with ==."""
    if isinstance(element, (tuple, list)):
        return type(element)(plain(part) for part in element)
    if isinstance(element, dict):
        return {name: plain(part) for name, part in element.items()}
    return element.tolist() if isinstance(element, (np.ndarray, np.generic)) else element


def batches_of(items, size, drop):
    cut = [items[i : i + size] for i in range(0, len(items), size)]
    return [batch for batch in cut if len(batch) == size or not drop]


async def waiting(items):
    """A source that really waits."""
    for item in items:
        await asyncio.sleep(0)
        yield item


# One row per transformation: (strategy of its argument, dataset -> dataset, list -> list).
COUNT = st.integers(0, 12)
STAGES = {
    "take": (COUNT, lambda d, n: d.take(n), lambda items, n: items[:n]),
    "skip": (COUNT, lambda d, n: d.skip(n), lambda items, n: items[n:]),
    "repeat": (st.integers(0, 3), lambda d, n: d.repeat(n), lambda items, n: items * n),
    "map": (COUNT, lambda d, n: d.map(lambda i: i * 3 + n), lambda items, n: [i * 3 + n for i in items]),
    "filter": (
        st.integers(1, 4),
        lambda d, n: d.filter(lambda i: i % n == 0),
        lambda items, n: [i for i in items if i % n == 0],
    ),
    "concatenate": (
        COUNT,
        lambda d, n: d.concatenate(Dataset.range(n)),
        lambda items, n: items + list(range(n)),
    ),
    "zip": (
        COUNT,
        lambda d, n: Dataset.zip(d, Dataset.range(n)).map(sum),
        lambda items, n: [a + b for a, b in zip(items, range(n), strict=False)],
    ),
    "batch and back": (
        st.integers(1, 4),
        lambda d, n: d.batch(n).unbatch().map(int),
        lambda items, n: items,
    ),
    "batch, drop and back": (
        st.integers(1, 4),
        lambda d, n: d.batch(n, drop_remainder=True).unbatch().map(int),
        lambda items, n: [i for batch in batches_of(items, n, True) for i in batch],
    ),
    "cache": (COUNT, lambda d, n: d.cache(), lambda items, n: items),
    "prefetch": (st.integers(1, 4), lambda d, n: d.prefetch(n), lambda items, n: items),
}


@st.composite
def pipelines(draw):
    names = draw(st.lists(st.sampled_from(sorted(STAGES)), max_size=5))
    return [(name, draw(STAGES[name][0])) for name in names]


@given(count=st.integers(0, 12), pipeline=pipelines())
def test_every_pipeline_gives_what_plain_lists_give_in_every_pass_waiting_or_not(count, pipeline):
    expected = list(range(count))
    plain_source = Dataset.range(count)
    waiting_source = Dataset.from_generator(lambda: waiting(range(count)))
    for name, argument in pipeline:
        _, on_dataset, on_list = STAGES[name]
        expected = on_list(expected, argument)
        plain_source, waiting_source = (
            on_dataset(plain_source, argument),
            on_dataset(waiting_source, argument),
        )
    for _ in range(2):
        assert plain_source.to_list() == expected
    assert plain_source.size in (None, len(expected))

    async def twice():
        return [await waiting_source.to_list_async() for _ in range(2)]

    assert asyncio.run(twice()) == [expected, expected]


def test_every_transformation_has_a_row_here():
    sources = {"from_arrays", "from_generator", "from_iterable", "from_function", "range", "zip", "csv"}
    readers = {"to_list", "to_array", "to_list_async", "for_each", "for_each_async", "size"}
    elsewhere = {"batch", "unbatch", "shuffle"}
    public = {name for name in vars(Dataset) if not name.startswith("_")}
    assert public - sources - readers - elsewhere <= set(STAGES)


@given(count=st.integers(0, 20), size=st.integers(1, 7), drop=st.booleans())
def test_batches_are_stacked_in_order_and_counted(count, size, drop):
    batched = Dataset.range(count).batch(size, drop)
    assert plain(batched.to_list()) == batches_of(list(range(count)), size, drop)
    assert len(batched) == len(batches_of(list(range(count)), size, drop))


# ---- shuffle


@given(count=st.integers(0, 40), buffer=st.integers(1, 50), seed=st.integers(0, 2**64 - 1))
def test_shuffle_loses_nothing_and_brings_nothing_forward_beyond_its_buffer(count, buffer, seed):
    shuffled = Dataset.range(count).shuffle(buffer, seed).to_list()
    assert sorted(shuffled) == list(range(count))
    assert all(item < place + buffer for place, item in enumerate(shuffled))


def test_shuffle_gives_the_same_orders_for_the_same_seed_and_a_new_one_in_each_pass():
    one, same, other = (Dataset.range(50).shuffle(50, seed=seed) for seed in (4, 4, 5))
    passes = [one.to_list() for _ in range(3)]
    assert passes == [same.to_list() for _ in range(3)]
    assert len(set(map(tuple, passes))) == 3
    assert other.to_list() != passes[0]


def test_shuffle_gives_these_orders_on_every_machine():
    shuffled = Dataset.range(8).shuffle(3, seed=7)
    assert shuffled.to_list() == [1, 3, 2, 5, 0, 4, 6, 7]
    assert shuffled.to_list() == [1, 2, 3, 0, 6, 5, 7, 4]


def test_shuffle_keeps_its_order_when_told_so():
    for seed in (3, None):
        fixed = Dataset.range(30).shuffle(30, seed=seed, reshuffle_each_iteration=False)
        assert fixed.to_list() == fixed.to_list()


def test_shuffle_without_a_seed_follows_the_seed_of_the_process():
    state = random.process_stream.get_state()
    try:
        shuffled = Dataset.range(30).shuffle(30)
        orders = []
        for _ in range(2):
            random.set_random_seed(9)
            orders.append([shuffled.to_list(), shuffled.to_list()])
        assert orders[0] == orders[1]
        assert orders[0][0] != orders[0][1]
    finally:
        random.process_stream.set_state(state)


def test_shuffle_reaches_every_order_about_equally_often():
    shuffled = Dataset.range(3).shuffle(3, seed=0)
    counts = dict.fromkeys(itertools.permutations(range(3)), 0)
    for _ in range(1200):
        counts[tuple(shuffled.to_list())] += 1
    assert all(abs(count - 200) < 4 * math.sqrt(200) for count in counts.values())


# ---- laziness


def test_nothing_is_read_before_it_is_asked_for():
    asked = []

    def count_up():
        for i in itertools.count():
            asked.append(i)
            yield i

    endless = Dataset.from_generator(count_up).map(lambda i: i * 2).batch(2)
    assert asked == []
    assert plain(endless.take(2).to_list()) == [[0, 2], [4, 6]]
    assert asked == [0, 1, 2, 3]


def test_a_source_is_closed_as_soon_as_nobody_wants_more():
    closed = []

    def rows():
        try:
            yield from range(10)
        finally:
            closed.append(True)

    stages = (
        Dataset.from_generator(rows).map(abs).filter(lambda i: True).shuffle(2, 1).skip(1).cache().prefetch(1)
    )
    for _ in stages.repeat().concatenate(Dataset.range(1)).batch(1).unbatch():
        break
    assert closed == [True]
    Dataset.zip(Dataset.range(2), Dataset.from_generator(rows)).to_list()
    assert closed == [True, True]


def test_a_dataset_larger_than_memory_streams_through():
    count = sum(len(batch) for batch in Dataset.range(10**9).map(lambda i: i).shuffle(10).batch(100).take(50))
    assert count == 5000


def test_cache_forgets_a_pass_that_was_not_finished():
    calls = []
    cached = Dataset.range(3).map(lambda i: calls.append(i) or i).cache()
    next(iter(cached))
    assert cached.to_list() == cached.to_list() == [0, 1, 2]
    assert calls == [0, 0, 1, 2]


def test_repeating_for_ever_ends_where_there_is_nothing_to_repeat():
    nothing = Dataset.range(5).filter(lambda i: i > 9).repeat()
    assert nothing.to_list() == []
    assert Dataset.range(0).repeat().size == 0


# ---- sources


def test_rows_of_arrays_keep_the_structure_of_the_arrays():
    x, y, weight = np.arange(6.0).reshape(3, 2), np.arange(3), np.ones(3)
    assert plain(Dataset.from_arrays(x).to_list()) == [[0, 1], [2, 3], [4, 5]]
    assert plain(Dataset.from_arrays(x, y).take(1).to_list()) == [([0, 1], 0)]
    assert plain(Dataset.from_arrays(x, y, weight).skip(2).to_list()) == [([4, 5], 2, 1)]
    assert plain(Dataset.from_arrays([x, y], {"a": y}).take(1).to_list()) == [(([0, 1], 0), {"a": 0})]
    assert plain(Dataset.from_arrays([[1, 2], [3, 4]], [0, 1]).to_list()) == [([1, 2], 0), ([3, 4], 1)]
    assert len(Dataset.from_arrays(x, y)) == 3


def test_arrays_that_disagree_about_their_rows_are_refused():
    with pytest.raises(DataError, match=r"equally many rows everywhere, but got 3 at \[0\], 4 at \[1\]"):
        Dataset.from_arrays(np.zeros((3, 2)), np.zeros(4))
    with pytest.raises(ArgumentError, match="sample_weight expects y beside it"):
        Dataset.from_arrays(np.zeros(3), sample_weight=np.ones(3))


def test_iterator_results_are_unwrapped_and_their_done_is_honoured():
    def rows():
        yield {"value": {"xs": [1, 2], "ys": 0}}
        yield {"value": {"xs": [3, 4], "ys": 1}, "done": False}
        yield {"value": None, "done": True}
        raise AssertionError("read on after done")

    expected = [{"xs": [[1, 2], [3, 4]], "ys": [0, 1]}]
    assert plain(Dataset.from_generator(rows).batch(2).to_list()) == expected

    async def waiting_rows():
        for row in rows():
            yield row

    assert plain(Dataset.from_generator(waiting_rows).batch(2).to_list()) == expected


def test_a_generator_function_may_return_a_list_or_wait_for_its_iterator():
    assert Dataset.from_generator(lambda: [1, 2]).to_list() == [1, 2]

    async def connect():
        return iter([1, 2])

    assert Dataset.from_generator(connect).to_list() == [1, 2]
    assert Dataset.from_iterable([3, 4]).size == 2


def test_a_function_is_called_until_it_says_done():
    results = iter([{"value": 1, "done": False}, 2, {"done": True}])
    assert Dataset.from_function(lambda: next(results)).to_list() == [1, 2]

    async def answer():
        return {"value": 7, "done": False}

    assert Dataset.from_function(answer).take(2).to_list() == [7, 7]
    with pytest.raises(
        DataError, match=r"from_function\(<lambda>\) expects to return an element, but got `None`"
    ):
        Dataset.from_function(lambda: None).to_list()


@pytest.mark.parametrize("produced", [5, "rows", {"xs": 1}, None])
def test_a_generator_function_that_gives_no_iterator_is_named(produced):
    def make_rows():
        return produced

    with pytest.raises(
        DataError, match=r"from_generator\(make_rows\) expects to return an iterator or a list, but got"
    ):
        Dataset.from_generator(make_rows).to_list()


def test_a_generator_object_serves_one_pass_and_explains_itself_in_the_second():
    def rows():
        yield 1

    once = Dataset.from_generator(rows())
    assert once.to_list() == [1]
    with pytest.raises(
        DataError, match=r"generator given to the dataset expects to be read only once.*not .*rows\(\)"
    ):
        once.to_list()


def test_a_function_that_gives_its_used_up_iterator_again_is_found_out():
    rows = iter([1, 2])
    reused = Dataset.from_generator(lambda: rows)
    assert reused.to_list() == [1, 2]
    with pytest.raises(DataError, match="a new iterator for every pass, but got the same one"):
        reused.to_list()


def test_what_cannot_be_iterated_is_refused_at_once():
    with pytest.raises(ArgumentError, match=r"but got `5`"):
        Dataset.from_generator(5)


def test_zip_keeps_the_structure_it_is_given():
    a, b = Dataset.range(3), Dataset.range(5, 9)
    assert Dataset.zip(a, b).to_list() == [(0, 5), (1, 6), (2, 7)]
    assert Dataset.zip([a, {"b": b}]).take(1).to_list() == [(0, {"b": 5})]
    assert Dataset.zip(a, b).size == 3
    with pytest.raises(ArgumentError, match=r"datasets\[1\] expects a Dataset, but got `3`"):
        Dataset.zip(a, 3)


# ---- csv


def test_csv_gives_dictionaries_or_pairs(tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("\ufeffrooms,city,price\n3,Rome,1.5\n\n4,Oslo,2\n", encoding="utf-8")
    assert Dataset.csv(file).to_list() == [
        {"rooms": 3, "city": "Rome", "price": 1.5},
        {"rooms": 4, "city": "Oslo", "price": 2},
    ]
    pairs = Dataset.csv(file, label="price", columns=["rooms"]).batch(2).to_list()
    assert plain(pairs) == [([[3], [4]], [1.5, 2])]
    assert pairs[0][0].dtype == pairs[0][1].dtype == np.float32


def test_csv_without_a_header_numbers_its_columns(tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text("1;2;3\n4;5;6\n")
    rows = Dataset.csv(file, header=False, label="0", delimiter=";")
    assert plain(rows.to_list()) == [([2, 3], 1), ([5, 6], 4)]


def test_csv_says_where_it_cannot_read_on(tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("rooms,city,price\n3,Rome,1.5\n4,2\n")
    with pytest.raises(
        DataError, match=r"houses.csv: line 2, column 'city' expects a number, but got `'Rome'`"
    ):
        Dataset.csv(file, label="price").to_list()
    with pytest.raises(
        DataError, match=r"houses.csv: line 3 expects 3 values, for the columns rooms, city, price, but got 2"
    ):
        Dataset.csv(file).to_list()
    with pytest.raises(UnknownNameError, match=r"houses.csv 'prize'\. Did you mean 'price'"):
        Dataset.csv(file, label="prize").to_list()
    with pytest.raises(ArgumentError, match="columns other than the label, 'price'"):
        Dataset.csv(file, label="price", columns=["price"]).to_list()


# ---- functions of the user


def test_map_and_filter_may_wait():
    async def double(i):
        await asyncio.sleep(0)
        return i * 2

    async def large(i):
        await asyncio.sleep(0)
        return i > 2

    assert asyncio.run(Dataset.range(4).map(double).filter(large).to_list_async()) == [4, 6]


def test_an_error_in_a_function_says_at_which_element():
    with pytest.raises(ZeroDivisionError) as caught:
        Dataset.range(5).map(lambda i: 1 / (i - 3)).to_list()
    assert caught.value.__notes__ == [
        "This happened in the function given to map, at element 3 of the dataset."
    ]


def test_map_that_forgets_to_return_is_told_so():
    with pytest.raises(DataError, match="returned `None` for element 0"):
        Dataset.range(5).map(lambda i: None).to_list()


def test_for_each_calls_and_awaits():
    seen = []

    async def note(i):
        seen.append(i)

    Dataset.range(2).for_each(seen.append)
    Dataset.range(2).for_each(note)
    asyncio.run(Dataset.range(2).for_each_async(note))
    assert seen == [0, 1] * 3


# ---- waiting


def test_async_for_reads_sources_that_wait():
    async def read():
        return [i async for i in Dataset.from_generator(lambda: waiting(range(3)))]

    assert asyncio.run(read()) == [0, 1, 2]


def test_a_plain_loop_over_a_source_that_waits_says_what_to_do():
    closed = []

    async def forever():
        try:
            await asyncio.get_running_loop().create_future()
            yield 1
        finally:
            closed.append(True)

    async def plain_loop():
        Dataset.from_generator(forever).batch(2).to_list()

    with pytest.raises(DataError, match=r"waits for something .*fit_async"):
        asyncio.run(plain_loop())
    assert closed == [True]
    with pytest.raises(DataError, match=r"waits for something .*fit_async"):
        Dataset.from_generator(lambda: waiting([1])).to_list()


def test_a_plain_loop_over_a_prefetched_source_that_waits_says_what_to_do():
    async def plain_loop():
        Dataset.from_generator(lambda: waiting(range(3))).prefetch(2).batch(2).to_list()

    with pytest.raises(DataError, match=r"waits for something .*fit_async"):
        asyncio.run(plain_loop())


def test_a_plain_loop_works_while_an_event_loop_runs():
    async def plain_loop():
        return Dataset.range(5).cache().batch(2).unbatch().map(int).to_list()

    assert asyncio.run(plain_loop()) == [0, 1, 2, 3, 4]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio's tasks start at once from Python 3.12 on")
def test_a_plain_loop_over_a_prefetched_source_works_while_an_event_loop_runs():
    async def plain_loop():
        return Dataset.range(5).prefetch(2).to_list()

    assert asyncio.run(plain_loop()) == [0, 1, 2, 3, 4]


def test_complete_gives_results_and_passes_errors_on():
    async def answer():
        return 42

    async def fail():
        raise KeyError("inside")

    async def never_gives_up():
        while True:
            try:
                return await asyncio.get_running_loop().create_future()
            except DataError:
                return 5

    async def insist():
        complete(never_gives_up())

    assert complete(answer()) == 42
    with pytest.raises(DataError, match="waits for something"):
        asyncio.run(insist())
    with pytest.raises(KeyError, match="inside"):
        complete(fail())


def test_prefetch_works_ahead_while_the_reader_is_busy():
    made = []

    async def rows():
        for i in range(6):
            await asyncio.sleep(0)
            made.append(i)
            yield i

    async def read():
        reader = aiter(Dataset.from_generator(rows).prefetch(3))
        first = await anext(reader)
        for _ in range(50):
            await asyncio.sleep(0)
        ahead = list(made)
        rest = [i async for i in reader]
        return first, ahead, rest

    assert asyncio.run(read()) == (0, [0, 1, 2, 3], [1, 2, 3, 4, 5])


def test_prefetch_raises_an_error_of_the_source_after_the_elements_before_it():
    async def rows():
        yield 1
        await asyncio.sleep(0)
        yield 2
        raise ValueError("torn")

    seen = []
    torn = Dataset.from_generator(rows).prefetch(8).for_each_async(seen.append)
    with pytest.raises(ValueError, match="torn"):
        asyncio.run(torn)
    assert seen == [1, 2]


def test_prefetch_reports_no_error_that_its_reader_did_not_stay_for(caplog):
    async def rows():
        yield 1
        await asyncio.sleep(0)
        raise ValueError("torn")

    async def read():
        reader = aiter(Dataset.from_generator(rows).prefetch(8))
        first = await anext(reader)
        for _ in range(5):
            await asyncio.sleep(0)
        await reader.aclose()
        return first

    assert asyncio.run(read()) == 1
    gc.collect()
    assert caplog.text == ""


def test_prefetch_stops_its_work_when_the_reader_leaves():
    closed = []

    async def rows():
        try:
            while True:
                await asyncio.sleep(0)
                yield 1
        finally:
            closed.append(True)

    async def read():
        reader = aiter(Dataset.from_generator(rows).prefetch(2))
        await anext(reader)
        await reader.aclose()
        return list(closed)

    assert asyncio.run(read()) == [True]


# ---- what a dataset says about itself


def test_sizes_are_known_where_they_can_be():
    ten = Dataset.range(10)
    assert len(ten.map(abs).shuffle(3).prefetch(1).cache()) == 10
    assert ten.repeat().size == math.inf
    assert ten.repeat().batch(3).size == math.inf
    assert ten.repeat().take(4).size == 4
    assert ten.filter(bool).size is None
    assert ten.take(-1) is ten
    with pytest.raises(TypeError, match="endless"):
        len(ten.repeat())
    with pytest.raises(TypeError, match="only after reading"):
        len(ten.filter(bool))
    assert ten.filter(bool)
    assert Dataset.range(0)


def test_a_dataset_prints_how_it_was_made():
    described = Dataset.from_arrays(np.zeros((4, 2)), np.zeros(4)).shuffle(100, seed=3).batch(2).repeat()
    assert repr(described) == "Dataset.from_arrays((4, 2), (4,)).shuffle(100, seed=3).batch(2).repeat()"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: d.batch(0), "Dataset.batch: batch_size expects a whole number of at least 1, but got `0`"),
        (lambda d: d.batch(2.5), "batch_size .* got `2.5`"),
        (lambda d: d.shuffle(0), "buffer_size .* got `0`"),
        (lambda d: d.shuffle(3, seed=-1), "seed .* got `-1`"),
        (lambda d: d.take(-2), "take: count .* got `-2`"),
        (lambda d: d.skip(-1), "skip: count .* got `-1`"),
        (lambda d: d.repeat(-3), "repeat: count .* got `-3`"),
        (lambda d: d.prefetch(0), "prefetch: count .* got `0`"),
        (lambda d: d.concatenate([1]), r"other expects a Dataset, but got `\[1\]`"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(make, message):
    with pytest.raises(ArgumentError, match=message):
        make(Dataset.range(3))


@pytest.mark.parametrize("module", [arrays, dataset, driving, elements], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
