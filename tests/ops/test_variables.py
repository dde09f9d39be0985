"""Variables behave as arrays."""

import numpy as np
import pytest

from pyengine import ops, optimizers
from pyengine.errors import GraphError, ShapeError
from pyengine.graph import Graph, Variable
from tests.cases.run import execute, traced


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


def test_one_number_is_assigned_everywhere_in_a_step_and_outside_it() -> None:
    variable = Variable([1.0, 2.0])
    np.testing.assert_array_equal(variable.assign(3.0), [3, 3])
    execute(traced(lambda: {"value": variable.assign(4.0)}))
    np.testing.assert_array_equal(variable.numpy(), [4, 4])


def test_another_shape_is_refused_in_a_step_and_outside_it() -> None:
    variable = Variable(np.zeros((2, 3)), name="kernel")
    message = r"^Variable 'kernel': value expects shape \(2, 3\), or one number, but got shape \(3,\)\."
    with pytest.raises(ShapeError, match=message):
        variable.assign(np.zeros(3))
    with Graph(), pytest.raises(ShapeError, match=message):
        variable.assign(np.zeros(3))


@pytest.mark.parametrize(
    "read",
    [
        lambda variable: variable.assign([[1.0, 2.0], [3.0, 4.0]]),
        lambda variable: variable.assign_add(1.0),
        lambda variable: variable[0],
        lambda variable: ops.reshape(variable, (4,)),
        lambda variable: ops.transpose(variable, (1, 0)),
        lambda variable: ops.broadcast_to(variable, (3, 2, 2)),
        lambda variable: ops.split(variable, 2, axis=0)[1],
        lambda variable: ops.stop_gradient(variable),
    ],
)
def test_what_an_op_makes_of_a_variable_does_not_change_with_it(read) -> None:
    variable = Variable([[1.0, 2.0], [3.0, 4.0]])
    made = read(variable)
    then = made.copy()
    variable.assign([[5.0, 6.0], [7.0, 8.0]])
    np.testing.assert_array_equal(made, then)
    made[...] = 9
    np.testing.assert_array_equal(variable.numpy(), [[5, 6], [7, 8]])
