"""Sequential: adding, taking off, building late, refusing."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import errors, layers, random
from pyengine.models import Model, Sequential


@pytest.fixture(autouse=True)
def fresh_start():
    layers.reset_names()
    random.set_random_seed(7)


def stack() -> Sequential:
    return Sequential([layers.Dense(4, activation="relu", input_shape=(3,)), layers.Dense(2)])


def test_layers_are_applied_in_order():
    model, x = stack(), np.ones((5, 3), "float32")
    first, second = model.layers
    np.testing.assert_array_equal(model(x), second(first(x)))


def test_its_shape_is_known_from_the_first_layer_or_an_input():
    assert stack().input_shape == (None, 3)
    assert stack().output_shape == (None, 2)
    for first in (layers.Input((3,)), layers.InputLayer((3,))):
        model = Sequential([first, layers.Dense(2)])
        assert model.built
        assert [layer.name for layer in model.layers] == [
            "dense_4" if first.name == "input_layer" else "dense_5"
        ]
    assert Sequential([layers.Dense(2, batch_input_shape=(8, 3))]).output_shape == (8, 2)


def test_without_a_shape_it_is_built_by_its_first_data():
    model = Sequential([layers.Dense(4), layers.Dense(2)])
    assert not model.built
    with pytest.raises(
        errors.NotBuiltError,
        match="input_shape expects a known shape before it can",
    ):
        model.get_weights()
    assert model(np.ones((5, 3))).shape == (5, 2)
    assert model.input_shape == (None, 3)
    assert [weight.shape for weight in model.weights] == [(3, 4), (4,), (4, 2), (2,)]


def test_build_makes_the_weights_for_a_shape():
    model = Sequential([layers.Dense(4), layers.Dense(2)])
    model.build((None, 7))
    assert model.count_params() == 7 * 4 + 4 + 4 * 2 + 2


def test_a_late_build_that_fails_leaves_the_model_as_it_was():
    model = Sequential([layers.Dense(4), layers.Conv2D(2, 3)])
    with pytest.raises(errors.ShapeError, match=r"Conv2D 'conv2d' expects images .* of rank 4"):
        model(np.ones((5, 3)))
    assert not model.built
    assert model.inputs == []


def test_an_embedding_in_front_takes_whole_numbers():
    model = Sequential([layers.Embedding(10, 4), layers.GlobalAveragePooling1D()])
    assert model([[1, 2, 3]]).shape == (1, 4)
    assert model.inputs[0].dtype == "int32"


def test_add_and_pop_change_the_output():
    model = stack()
    model.add(layers.Dense(7))
    assert model.output_shape == (None, 7)
    taken = model.pop()
    assert taken.units == 7
    assert taken.connections == []
    assert model.output_shape == (None, 2)
    assert model.output_names == ["dense_1"]
    assert model(np.ones((1, 3))).shape == (1, 2)


def test_all_layers_can_be_taken_off_and_others_put_on():
    model = stack()
    model.pop()
    model.pop()
    assert not model.built
    model.add(layers.Dense(5))
    assert model.output_shape == (None, 5)
    model.pop()
    with pytest.raises(errors.ArgumentError, match="expects a layer to take off"):
        model.pop()


def test_a_layer_that_does_not_fit_is_not_added():
    model = stack()
    with pytest.raises(
        errors.ShapeError, match=r"Conv2D 'conv2d' expects images .* of rank 4, the batch counted, but"
    ):
        model.add(layers.Conv2D(3, 3))
    assert len(model.layers) == 2
    assert model(np.ones((1, 3))).shape == (1, 2)


def test_changing_the_stack_asks_for_compile_again():
    model = stack()
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    model.add(layers.Dense(1))
    with pytest.raises(errors.NotCompiledError):
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    model.compile("sgd", "mse")
    assert model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0).epoch == [0]


def test_what_is_no_layer_is_refused():
    with pytest.raises(
        errors.ArgumentError, match=r"Sequential 'sequential': layer expects a layer, but got"
    ):
        Sequential(["dense"])
    with pytest.raises(errors.ArgumentError, match="an Input only in front of all layers"):
        stack().add(layers.Input((3,)))


def test_equal_layers_and_equal_names_are_refused():
    layer = layers.Dense(3, name="head", input_shape=(3,))
    model = Sequential([layer])
    with pytest.raises(errors.ArgumentError, match="each layer once, but got Dense 'head' again"):
        model.add(layer)
    with pytest.raises(errors.ArgumentError, match="another one named 'head'"):
        model.add(layers.Dense(3, name="head"))


def test_a_model_may_be_the_first_layer():
    base = stack()
    model = Sequential([base, layers.Dense(1)])
    assert model.input_shape == (None, 3)
    assert model.layers[0] is base
    assert [weight.name for weight in model.weights[:4]] == [weight.name for weight in base.weights]
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(model(x), model.layers[1](base(x)))


def test_a_layer_of_one_model_may_go_on_in_another():
    base = stack()
    other = Sequential([layers.Input((3,)), *base.layers])
    base.layers[0].set_weights([np.ones((3, 4)), np.zeros(4)])
    assert other.weights[0] is base.weights[0]
    cut = Model(base.input, base.layers[0].output)
    np.testing.assert_array_equal(cut(np.ones((1, 3))), [[3, 3, 3, 3]])


def test_clone_and_configuration_make_an_equal_stack():
    model, x = stack(), np.ones((5, 3), "float32")
    late = Sequential([layers.Dense(4), layers.Dropout(0.5)])
    for copy in (model.clone(), Sequential.from_config(model.get_config())):
        assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
        assert not set(map(id, copy.weights)) & set(map(id, model.weights))
        copy.set_weights(model.get_weights())
        np.testing.assert_array_equal(copy(x), model(x))
    assert not late.clone().built
    assert Sequential.from_config(late.get_config()).clone()(x).shape == (5, 4)


def test_a_refused_layer_error_names_it_and_says_how_to_mend_it():
    head = layers.Dense(10, name="head")
    head(np.ones((1, 64)))
    with pytest.raises(errors.ShapeError) as raised:
        head(np.ones((32, 50)))
    assert str(raised.value) == (
        "Dense 'head' expects inputs ending in 64, as it was built for, but got shape (32, 50). "
        "Give it such inputs, or make a new Dense for these."
    )


def test_a_model_cannot_be_one_of_its_own_layers():
    model = Sequential([layers.Dense(2)], name="outer")
    with pytest.raises(errors.ArgumentError, match="A model cannot be one of its own layers"):
        model.add(model)
    around = Sequential([model], name="around")
    with pytest.raises(errors.ArgumentError, match="A model cannot be one of its own layers"):
        model.add(around)
    assert len(model.layers) == 1
