"""Variables behave as arrays."""

import numpy as np
import pytest

from pyengine import optimizers
from pyengine.errors import GraphError
from pyengine.graph import Graph, Variable


def test_a_variable_is_its_array_to_numpy():
    variable = Variable([1.0, 2.0])
    array = np.asarray(variable)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, [1, 2])
    array[0] = 9
    np.testing.assert_array_equal(variable.numpy(), [1, 2])
    assert np.asarray(variable, "float64").dtype == np.float64


def test_a_variable_is_compared_with_numbers_by_content_and_with_variables_by_identity():
    count, other = optimizers.Adam().iterations, optimizers.Adam().iterations
    assert count == 0
    assert count != 1
    assert not count
    assert (int(count), float(count)) == (0, 0.0)
    np.testing.assert_array_equal(Variable([1.0, 2.0]) == [1.0, 3.0], [True, False])
    assert count != other
    assert {count: "first", other: "second"}[count] == "first"
    assert count != "a name"


def test_a_variable_is_assigned_to_at_once_outside_a_step():
    variable = Variable([1.0, 2.0], name="dense/kernel")
    variable.assign([3.0, 4.0])
    variable.assign_add([1.0, 1.0])
    variable.assign_sub([0.5, 0.0])
    np.testing.assert_array_equal(variable.numpy(), [3.5, 5])
    assert variable.path == "dense/kernel"
    assert len(variable) == 2
    assert variable[1] == 5


@pytest.mark.parametrize("ask", [int, float, bool, np.asarray])
def test_a_variable_in_a_step_that_is_recorded_has_no_number(ask):
    with Graph(), pytest.raises(GraphError, match="'variable' has no number yet"):
        ask(Variable(1.0))


def test_an_array_of_a_variable_is_a_copy_unless_that_is_refused() -> None:
    variable = Variable(np.zeros(2))
    np.asarray(variable)[0] = 1
    np.array(variable, dtype="float64")[0] = 1
    np.testing.assert_array_equal(variable.numpy(), [0, 0])
    np.array(variable, copy=False)[0] = 1
    np.testing.assert_array_equal(variable.numpy(), [1, 0])
    with pytest.raises(ValueError, match="copy"):
        np.array(variable, dtype="float64", copy=False)
