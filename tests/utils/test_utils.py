"""Class numbers, padding, windows and splits. Expected values are those that Keras documents."""

import subprocess
import sys

import numpy as np
import pytest

import pyengine
from pyengine import utils
from pyengine.data import Dataset
from pyengine.errors import ArgumentError, DataError, ShapeError


def test_the_family_is_loaded_when_first_used():
    script = (
        "import sys, pyengine; begun = 'pyengine.utils' in sys.modules; pyengine.utils; "
        "print(begun, 'utils' in dir(pyengine))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert printed == "False True\n"


@pytest.mark.parametrize(
    ("x", "classes", "shape"),
    [
        ([0, 1, 2, 3], 4, (4, 4)),
        ([[0], [2]], None, (2, 3)),
        ([[0, 1], [1, 1]], 2, (2, 2, 2)),
        (2, None, (3,)),
    ],
)
def test_class_numbers_become_one_hot_rows(x, classes, shape):
    rows = utils.to_categorical(x, classes)
    assert rows.shape == shape
    np.testing.assert_array_equal(rows.argmax(-1), np.reshape(x, shape[:-1]))
    np.testing.assert_array_equal(rows.sum(-1), 1)


@pytest.mark.parametrize("x", [[-1, 0], [0, 3], [0.5], ["a"], [float("nan")]])
def test_what_is_no_class_number_is_refused(x):
    with pytest.raises(DataError, match="to_categorical: x expects whole numbers"):
        utils.to_categorical(x, 3)
    with pytest.raises(ArgumentError, match="num_classes"):
        utils.to_categorical([0], 0)


def test_vectors_get_length_one_and_zeros_stay():
    np.testing.assert_allclose(utils.normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(utils.normalize([[3, 4], [1, 0]], axis=0, order=1), [[0.75, 1], [0.25, 0]])
    with pytest.raises(ArgumentError, match="axis"):
        utils.normalize([1.0], axis=2)


RAGGED = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"value": -1}, [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4, "padding": "post", "dtype": "float32"}, [[1, 0, 0, 0], [2, 3, 0, 0], [4, 5, 6, 0]]),
    ],
)
def test_sequences_are_padded_and_cut(settings, expected):
    padded = utils.pad_sequences(RAGGED, **settings)
    np.testing.assert_array_equal(padded, expected)
    assert padded.dtype == settings.get("dtype", "int32")


def test_sequences_of_vectors_and_of_text_and_empty_ones():
    vectors = utils.pad_sequences([np.ones((1, 2)), np.full((2, 2), 3.0), []], dtype="float32", value=-1)
    np.testing.assert_array_equal(vectors[0], [[-1, -1], [1, 1]])
    np.testing.assert_array_equal(vectors[2], -np.ones((2, 2)))
    assert utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="").tolist() == [
        ["", "a"],
        ["b", "c"],
    ]
    assert utils.pad_sequences([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("sequences", "settings", "kind", "words"),
    [
        ([1, 2], {}, DataError, "as sequence 0"),
        (7, {}, DataError, "a list of sequences"),
        ("text", {}, DataError, "a list of sequences"),
        ([np.ones((1, 2)), np.ones((1, 3))], {}, ShapeError, r"steps of shape \(3,\) in sequence 1"),
        (RAGGED, {"padding": "left"}, ArgumentError, "padding expects"),
        (RAGGED, {"truncating": "left"}, ArgumentError, "truncating expects"),
        (RAGGED, {"maxlen": 0}, ArgumentError, "maxlen expects"),
        (RAGGED, {"value": "x"}, ArgumentError, "value expects a number"),
    ],
)
def test_what_cannot_be_padded_is_refused(sequences, settings, kind, words):
    with pytest.raises(kind, match=words) as caught:
        utils.pad_sequences(sequences, **settings)
    assert caught.value.fix


def test_windows_are_those_of_the_documentation():
    """Keras' first example: indices 0 to 98, windows of 10 steps two apart, beginning three apart."""
    dataset = utils.timeseries_dataset_from_array(np.arange(99), None, 10, sampling_rate=2, sequence_stride=3)
    windows = next(iter(dataset))
    assert windows[0].tolist() == list(range(0, 20, 2))
    assert windows[1].tolist() == list(range(3, 23, 2))
    assert windows[-1].tolist() == list(range(78, 98, 2))
    assert len(dataset) == 1


def test_each_window_has_the_target_of_its_first_step():
    series = np.arange(100)
    dataset = utils.timeseries_dataset_from_array(series[:-10], series[10:], 10, batch_size=32)
    batches = list(dataset)
    assert [len(windows) for windows, _ in batches] == [32, 32, 17]
    for windows, targets in batches:
        np.testing.assert_array_equal(windows[:, 0] + 10, targets)


def test_windows_are_shuffled_anew_each_pass_and_the_same_for_a_seed():
    def passes():
        dataset = utils.timeseries_dataset_from_array(
            np.arange(30), None, 2, batch_size=None, shuffle=True, seed=4
        )
        return [[int(window[0]) for window in dataset] for _ in range(2)]

    first, second = passes()
    assert first != second
    assert sorted(first) == sorted(second) == list(range(29))
    assert passes() == [first, second]


def test_only_the_steps_between_two_indices_are_used():
    dataset = utils.timeseries_dataset_from_array(np.arange(20), None, 3, start_index=5, end_index=10)
    np.testing.assert_array_equal(next(iter(dataset)), [[5, 6, 7], [6, 7, 8], [7, 8, 9]])


def test_windows_train_a_recurrent_network():
    series = np.sin(np.arange(80) / 4).astype("float32")[:, None]
    batches = utils.timeseries_dataset_from_array(
        series[:-8], series[8:], 8, batch_size=16, shuffle=True, seed=1
    )
    model = pyengine.Sequential([pyengine.layers.LSTM(8, input_shape=(8, 1)), pyengine.layers.Dense(1)])
    model.compile(pyengine.optimizers.Adam(0.02), "mse")
    losses = model.fit_dataset(batches, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 3


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"sequence_length": 0}, ArgumentError, "sequence_length"),
        ({"sequence_length": 2, "sampling_rate": 1.5}, ArgumentError, "sampling_rate"),
        ({"sequence_length": 11}, DataError, "at least 11 steps for a window, but got 10 steps"),
        ({"sequence_length": 2, "end_index": 11}, ArgumentError, "end_index expects a step from 0 to 10"),
        ({"sequence_length": 2, "batch_size": 0}, ArgumentError, "batch_size"),
    ],
)
def test_windows_that_cannot_be_are_refused(settings, kind, words):
    with pytest.raises(kind, match=words):
        utils.timeseries_dataset_from_array(np.arange(10), None, **settings)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"left_size": 0.8}, (8, 2)),
        ({"right_size": 3}, (7, 3)),
        ({"left_size": 4, "right_size": 0.2}, (4, 2)),
        ({"left_size": 0.25}, (2, 8)),
    ],
)
@pytest.mark.parametrize("kind", ["array", "tuple", "map", "dataset"])
def test_a_data_set_is_split(sizes, expected, kind):
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    given = {"array": x, "tuple": (x, y), "map": {"x": x, "y": y}, "dataset": Dataset.from_arrays(x, y)}[kind]
    left, right = utils.split_dataset(given, **sizes)
    assert (len(left), len(right)) == expected
    first = {"array": lambda s: s, "map": lambda s: s["x"]}.get(kind, lambda s: s[0])
    np.testing.assert_array_equal([first(sample) for sample in left], x[: expected[0]])
    np.testing.assert_array_equal([first(sample) for sample in right], x[10 - expected[1] :])


def test_a_split_can_be_shuffled_and_loses_no_sample():
    left, right = utils.split_dataset(np.arange(50), left_size=0.5, shuffle=True, seed=2)
    drawn = [int(sample) for part in (left, right) for sample in part]
    assert drawn != sorted(drawn)
    assert sorted(drawn) == list(range(50))


@pytest.mark.parametrize(
    ("given", "sizes", "kind", "words"),
    [
        (np.arange(10), {}, ArgumentError, "neither"),
        (np.arange(10), {"left_size": 1.5}, ArgumentError, "a fraction between 0 and 1"),
        (np.arange(10), {"left_size": 10}, ArgumentError, "from 1 to 9"),
        (np.arange(10), {"left_size": 8, "right_size": 3}, ArgumentError, "at most 2"),
        (np.arange(10), {"left_size": 0.01}, ArgumentError, "at least one sample"),
        (np.arange(1), {"left_size": 0.5}, DataError, "at least 2 samples"),
        ((np.arange(3), np.arange(4)), {"left_size": 0.5}, DataError, "lengths 3, 4"),
        (7, {"left_size": 0.5}, DataError, "arrays of equal length"),
    ],
)
def test_a_split_that_cannot_be_is_refused(given, sizes, kind, words):
    with pytest.raises(kind, match=words):
        utils.split_dataset(given, **sizes)
