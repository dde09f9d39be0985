"""What may travel through a dataset, and how elements become a batch and come apart again."""

import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pyengine.data.elements import as_element, leaves, map_leaves, rows, stack, unstack
from pyengine.errors import DataError


def same(a, b):
    """Equal structure, shapes, dtypes and values."""
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return np.asarray(a).dtype == np.asarray(b).dtype and np.array_equal(a, b)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2], np.array([1, 2], np.int32)),
        ([1, 2.5], np.array([1, 2.5], np.float32)),
        ([[True], [False]], np.array([[True], [False]])),
        ([2**40], np.array([2**40], np.int64)),
        ([], np.array([], np.float32)),
        (["a", "b"], np.array(["a", "b"])),
        ((1, [2]), (1, np.array([2], np.int32))),
        ([np.zeros(2), np.ones(3)], (np.zeros(2), np.ones(3))),
        ([{"a": 1}, (2, 3)], ({"a": 1}, (2, 3))),
        ({"xs": [1.0], "ys": "cat"}, {"xs": np.array([1.0], np.float32), "ys": "cat"}),
        (np.zeros(2, np.float64), np.zeros(2, np.float64)),
        (array.array("f", [1, 2]), np.array([1, 2], np.float32)),
        (memoryview(bytes([1, 2])), np.array([1, 2], np.uint8)),
    ],
)
def test_lists_of_numbers_are_arrays_and_other_lists_are_tuples(value, expected):
    assert same(as_element(value), expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"xs": 1, "ys": None}, r"its part \['ys'\] expects .* got `None`"),
        ((1, {"a": {2}}), r"its part \[1\]\['a'\] expects .* got `\{2\}`"),
        ((1, [[1, 2], 3]), r"its part \[1\] expects a list of numbers, .* give the tuple `\(x, y\)`"),
        ([1, None], r"but got `\[1, None\]`"),
        (np.array([{}]), "array of Python objects"),
    ],
)
def test_what_cannot_be_an_element_is_refused_with_its_place(value, message):
    with pytest.raises(DataError, match=message):
        as_element(value)


def test_leaves_come_with_their_paths_and_map_keeps_the_structure():
    element = ({"a": 1, "b": (2, 3)}, 4)
    assert list(leaves(element)) == [("[0]['a']", 1), ("[0]['b'][0]", 2), ("[0]['b'][1]", 3), ("[1]", 4)]
    assert map_leaves(str, element) == ({"a": "1", "b": ("2", "3")}, "4")


structures = st.recursive(
    arrays.array_shapes(min_dims=0, max_dims=2, max_side=3),
    lambda parts: (
        st.lists(parts, min_size=1, max_size=3).map(lambda p: ("tuple", p))
        | st.dictionaries(st.sampled_from("xyz"), parts, min_size=1).map(lambda p: ("dict", p))
    ),
    max_leaves=4,
)


def fill(structure, number):
    match structure:
        case ("tuple", parts):
            return tuple(fill(part, number) for part in parts)
        case ("dict", parts):
            return {name: fill(part, number) for name, part in parts.items()}
    return np.full(structure, number, np.float32)


@given(structure=structures, count=st.integers(1, 4))
def test_unstack_undoes_stack_whatever_the_structure(structure, count):
    elements = [fill(structure, number) for number in range(count)]
    batch = stack(elements)
    assert rows(batch) == count
    assert all(same(a, b) for a, b in zip(unstack(batch), elements, strict=True))


def test_numbers_stack_to_the_dtypes_of_the_engine_and_numpy_keeps_its_own():
    assert stack([1, 2]).dtype == np.int32
    assert stack([1.0, 2]).dtype == np.float32
    assert stack([True, False]).dtype == bool
    assert stack([np.float64(1), np.float64(2)]).dtype == np.float64
    assert stack([np.zeros(1, np.uint8), np.ones(1, np.uint8)]).dtype == np.uint8


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (
            [np.zeros(3), np.zeros(4)],
            r"element 8 of the dataset: it has shape \(4,\), but element 7 has shape \(3,\)",
        ),
        ([{"xs": (1, np.zeros(2))}, {"xs": (1, 5)}], r"element 8 .* shape \(\) at \['xs'\]\[1\]"),
        ([{"xs": 1}, {"ys": 1}], "element 8 .* a dictionary of 'ys', but element 7 has a dictionary of 'xs'"),
        ([(1, 2), (1, 2), (1,)], "element 9 .* a tuple of 1, but element 7 has a tuple of 2"),
        ([(1, 2), 1], r"element 8 .* shape \(\), but element 7 has a tuple of 2"),
        ([1, (1, 2)], r"element 8 .* a tuple of 2, but element 7 has shape \(\)"),
    ],
)
def test_elements_that_do_not_fit_are_named_with_number_place_and_shapes(elements, message):
    with pytest.raises(DataError, match=message):
        stack(elements, first=7)


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ((np.zeros(3), np.zeros(2)), r"equally many rows everywhere, but got 3 at \[0\], 2 at \[1\]"),
        ((np.zeros(3), 5), r"the element\[1\] expects arrays, .* the single value `5`"),
        ((), "at least one array"),
    ],
)
def test_rows_refuses_what_has_no_common_first_axis(element, message):
    with pytest.raises(DataError, match=message):
        rows(element)
