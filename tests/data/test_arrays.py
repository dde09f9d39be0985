"""ArrayData: what fit reads from arrays in memory."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyengine import random
from pyengine.data import ArrayData
from pyengine.data.arrays import sorted_by_class
from pyengine.errors import ArgumentError, DataError

KEY = random.key_from_seed(1)


@pytest.fixture
def data():
    x = np.arange(20.0).reshape(10, 2)
    return ArrayData([x, x[:, :1] * 3], [np.arange(10)], [np.linspace(0, 1, 10)])


@given(count=st.integers(1, 50), epoch=st.integers(0, 5))
def test_an_order_has_every_row_once_as_the_seeds_permutation(count, epoch):
    order = ArrayData([np.zeros(count)]).order(KEY, epoch)
    assert order.dtype == np.int64
    assert sorted(order) == list(range(count))
    assert order.tolist() == random.permutation(random.fold_in(KEY, epoch), count).tolist()


def test_each_epoch_has_its_own_order_and_always_the_same(data):
    orders = [data.order(KEY, epoch).tolist() for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]


def test_rows_are_views(data):
    part = data.rows(2, 4)
    assert len(part) == 2
    assert np.shares_memory(part.x[0], data.x[0])
    assert part.y[0].tolist() == [2, 3]
    assert [array.shape for array in part.arrays] == [(2, 2), (2, 1), (2,), (2,)]


def test_arrays_that_are_not_contiguous_are_made_so_once():
    columns = np.asfortranarray(np.arange(6).reshape(3, 2))
    data = ArrayData([columns])
    assert data.x[0].flags.c_contiguous
    assert data.x[0].tolist() == columns.tolist()


@given(count=st.integers(2, 200), share=st.floats(0.01, 0.99))
def test_split_takes_the_first_rows_for_training(count, share):
    data = ArrayData([np.arange(count)], [np.arange(count) * 2.5])
    cut = math.floor(count * (1 - share))
    assume(0 < cut < count)
    training, validation = data.split(share)
    assert training.x[0].tolist() == list(range(cut))
    assert validation.y[0].tolist() == [2.5 * i for i in range(cut, count)]
    assert np.shares_memory(training.x[0], data.x[0])


def test_split_of_zero_means_no_validation(data):
    assert data.split(0) == (data, None)


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, float("nan")])
def test_a_split_out_of_range_is_refused_with_its_value(data, share):
    with pytest.raises(ArgumentError, match=f"at least 0 and less than 1, but got `?{share}"):
        data.split(share)


def test_a_split_that_leaves_one_part_empty_is_refused():
    with pytest.raises(
        DataError,
        match=r"leaves rows for training, but got 0\.9 of 2 rows",
    ):
        ArrayData([np.zeros(2)]).split(0.9)
    with pytest.raises(DataError, match="leaves rows for validation"):
        ArrayData([np.zeros(2)]).split(1e-20)


def test_labels_sorted_by_class_get_a_warning():
    labels = np.repeat(np.arange(3), 10)
    with pytest.warns(UserWarning, match=r"sorted by class, so the last 6 rows, .*=0.2"):
        ArrayData([np.zeros(30)], [labels]).split(0.2)
    with pytest.warns(UserWarning, match="labels of output 1 are sorted"):
        ArrayData([np.zeros(30)], [np.arange(30) % 3, np.eye(3)[labels]]).split(0.2)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.repeat([0, 1, 2], 5), True),
        (np.repeat([2.0, 1.0], 5)[:, None], True),
        (np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], 4)], True),
        (np.repeat([False, True], 3), True),
        (np.array([0, 1, 0, 1, 0, 1]), False),
        (np.zeros(9), False),
        (np.arange(9), False),
        (np.repeat([0.5, 1.5], 5), False),
        (np.linspace(0, 1, 12).reshape(4, 3), False),
        (np.zeros((8, 2, 2)), False),
        (np.array([1.0]), False),
        (np.array([np.nan, 0, 0, 1, 1, 1]), False),
    ],
)
def test_sorted_classes_are_told_from_other_labels(labels, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sorted_by_class(labels) is expected


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([np.zeros(3)], [np.zeros(4)], "3 in x, 4 in y"),
        ([np.zeros(3), np.zeros(2)], [], r"3 in x\[0\], 2 in x\[1\]"),
        ([np.zeros((0, 5))], [], r"at least one sample, but got shape \(0, 5\)"),
        ([], [], "x expects at least one array, but got none"),
    ],
)
def test_data_that_cannot_be_is_refused_with_its_counts(x, y, message):
    with pytest.raises(DataError, match=message):
        ArrayData(x, y)
