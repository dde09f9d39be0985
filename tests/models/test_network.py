"""Random networks: every use stands after what it needs, every layer once, and the result is what a hand gets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyengine import layers
from pyengine.models import Model, Sequential
from pyengine.models.network import network


@st.composite
def plans(draw):
    """Uses of layers: (which layer or None for a sum, which earlier results). Result 0 and 1 are the inputs."""
    uses = []
    for number in range(draw(st.integers(1, 8))):
        one = st.integers(0, number + 1)
        if draw(st.booleans()):
            uses.append((draw(st.integers(0, 2)), (draw(one),)))
        else:
            uses.append((None, tuple(draw(st.lists(one, min_size=2, max_size=3)))))
    return uses


def factor(number: int) -> layers.Layer:
    """A layer that multiplies by number + 2: shared wherever a plan names it."""
    layer = layers.Dense(1, use_bias=False, name=f"times_{number + 2}")
    layer.build((None, 1))
    layer.set_weights([[[number + 2.0]]])
    return layer


@given(plans())
@settings(max_examples=60, deadline=None)
def test_random_networks_compute_what_a_hand_does(plan):
    shared = [factor(number) for number in range(3)]
    tensors = [layers.Input((1,)), layers.Input((1,))]
    values = [np.array([[1.0]]), np.array([[10.0]])]
    for which, taken in plan:
        given_tensors = [tensors[place] for place in taken]
        if which is None:
            tensors.append(layers.Add()(given_tensors))
            values.append(sum(values[place] for place in taken))
        else:
            tensors.append(shared[which](given_tensors[0]))
            values.append(values[taken[0]] * (which + 2))
    model = Model(tensors[:2], tensors[-2:])
    for have, expected in zip(model(*values[:2]), values[-2:], strict=True):
        np.testing.assert_allclose(have, expected, rtol=1e-6)
    copy = Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    for have, expected in zip(copy(*values[:2]), values[-2:], strict=True):
        np.testing.assert_allclose(have, expected, rtol=1e-6)
    found = network(model.inputs, model.outputs)
    known = set(map(id, model.inputs))
    for use in found.connections:
        assert all(id(tensor) in known for tensor in use.inputs)
        known |= set(map(id, use.outputs))
    assert len({id(layer) for layer in found.layers}) == len(found.layers)
    assert {id(use.layer) for use in found.connections} <= {id(layer) for layer in found.layers}


def test_a_stack_of_stacks_is_built_by_its_first_data():
    inner = Sequential([layers.Dense(4), layers.Dense(3)])
    outer = Sequential([inner, layers.Dense(2)])
    assert not outer.built
    assert outer(np.ones((5, 7))).shape == (5, 2)
    assert inner.input_shape == (None, 7)
    assert len(outer.weights) == 6


def test_a_layer_with_two_outputs_has_its_place_in_a_network_but_not_in_a_stack():
    class Halves(layers.Layer):
        def call(self, x):
            middle = x.shape[-1] // 2
            return x[:, :middle], x[:, middle:]

    x = layers.Input((6,))
    left, right = Halves()(x)
    assert (left.shape, right.shape) == ((None, 3), (None, 3))
    model = Model(x, layers.Subtract()([left, right]))
    np.testing.assert_array_equal(model(np.arange(6.0)[None]), [[-3, -3, -3]])
    with pytest.raises(
        ValueError, match="layers of exactly one output, but got Halves 'halves_1', which gives a tuple of 2"
    ):
        Sequential([layers.Input((6,)), Halves(name="halves_1")])
