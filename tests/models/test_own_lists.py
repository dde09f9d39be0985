"""Lists that a model hands out belong to the caller."""

import numpy as np
import pytest

import pyengine
from pyengine.errors import ArgumentError

LISTS = ["layers", "inputs", "outputs", "input_names", "output_names"]
WEIGHTS = ["weights", "trainable_weights", "non_trainable_weights", "states", "all_states"]


def stack():
    return pyengine.Sequential([pyengine.layers.Dense(3, input_shape=(2,)), pyengine.layers.Dropout(0.5)])


def functional():
    x = pyengine.layers.Input(shape=(2,))
    return pyengine.Model(x, pyengine.layers.Dropout(0.5)(pyengine.layers.Dense(3)(x)))


@pytest.mark.parametrize("build", [stack, functional])
@pytest.mark.parametrize("name", [*LISTS, *WEIGHTS])
def test_changing_a_list_that_a_model_gave_changes_no_model(build, name):
    model = build()
    before = list(getattr(model, name))
    expected = model.predict(np.ones((1, 2)))
    getattr(model, name).clear()
    assert [*map(id, getattr(model, name))] == [*map(id, before)]
    np.testing.assert_array_equal(model.predict(np.ones((1, 2))), expected)


@pytest.mark.parametrize("build", [stack, functional])
@pytest.mark.parametrize("name", LISTS)
def test_setting_a_list_of_a_model_is_refused(build, name):
    model = build()
    with pytest.raises(ArgumentError, match=f"{name} expects to be read, not set, but got `\\[\\]`"):
        setattr(model, name, [])
    assert getattr(model, name)


def test_changing_the_lists_of_a_layer_or_an_optimizer_changes_neither():
    layer = pyengine.layers.Dropout(0.5)
    layer(np.ones((1, 2)), training=True)
    optimizer = pyengine.optimizers.Adam()
    for owner, name in [(layer, "states"), (optimizer, "variables")]:
        count = len(getattr(owner, name))
        assert count
        getattr(owner, name).clear()
        assert len(getattr(owner, name)) == count
