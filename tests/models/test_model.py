"""Functional models: several inputs and outputs, shared layers, models as layers, order, freezing."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import errors, layers, random, regularizers
from pyengine.models import Model, Sequential


@pytest.fixture(autouse=True)
def fresh_start():
    layers.reset_names()
    random.set_random_seed(7)


def two_and_two() -> Model:
    """Two inputs, two outputs, a shared layer."""
    left, right = layers.Input((3,), name="left"), layers.Input((3,), name="right")
    shared = layers.Dense(4, name="shared")
    a, b = shared(left), shared(right)
    total = layers.Dense(1, name="total")(layers.Add()([a, b]))
    kind = layers.Dense(2, name="kind")(layers.Concatenate()([a, b]))
    return Model([left, right], [total, kind], name="pair")


def test_several_inputs_and_outputs_with_a_shared_layer():
    model = two_and_two()
    assert model.input_names == ["left", "right"]
    assert model.output_names == ["total", "kind"]
    assert model.output_shape == [(None, 1), (None, 2)]
    a, b = np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")
    total, kind = model([a, b])
    shared = model.get_layer("shared")
    np.testing.assert_allclose(total, model.get_layer("total")(shared(a) + shared(b)), rtol=1e-6)
    assert kind.shape == (2, 2)
    assert len(model.weights) == 6


def test_inputs_come_singly_in_a_list_or_by_name():
    model = two_and_two()
    a, b = np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")
    for outputs in (model(a, b), model([a, b]), model({"right": b, "left": a})):
        np.testing.assert_array_equal(outputs[0], model(a, b)[0])
    with pytest.raises(
        errors.UnknownNameError, match=r"Unknown input of Model 'pair' 'rihgt'. Did you mean 'right'"
    ):
        model({"left": a, "rihgt": b})
    with pytest.raises(
        errors.ArgumentError,
        match="'pair' expects an array for each of left, right, but got none for right",
    ):
        model({"left": a})
    with pytest.raises(errors.ArgumentError, match="Model 'pair' expects 2 inputs, but got 1"):
        model(a)


def test_maps_name_inputs_and_outputs():
    x = layers.Input((3,))
    model = Model({"features": x}, {"price": layers.Dense(1)(x), "size": layers.Dense(1)(x)})
    assert (model.input_names, model.output_names) == (["features"], ["price", "size"])


def test_one_layer_making_two_outputs_gives_them_different_names():
    a, b = layers.Input((3,)), layers.Input((3,))
    shared = layers.Dense(1, name="score")
    assert Model([a, b], [shared(a), shared(b)]).output_names == ["score", "score_1"]


def test_layers_stand_in_the_order_of_keras():
    # Furthest from the outputs first: Keras 3 lists these so, and so the weights stand in its files.
    image, tags = layers.Input((8, 8, 1), name="image"), layers.Input((5,), name="tags")
    x = layers.Conv2D(2, 3, name="conv")(image)
    x = layers.Flatten(name="flat")(x)
    t = layers.Dense(3, name="dense_tags")(tags)
    joined = layers.Concatenate(name="join")([x, t])
    model = Model([image, tags], layers.Dense(1, name="head")(joined))
    names = [layer.name for layer in model.layers]
    assert names == ["image", "conv", "tags", "flat", "dense_tags", "join", "head"]


def test_a_model_is_a_layer_and_its_weights_are_shared():
    inner = Sequential([layers.Dense(4, input_shape=(3,), name="inside")], name="inner")
    a, b = layers.Input((3,)), layers.Input((3,))
    model = Model([a, b], layers.Subtract()([inner(a), inner(b)]))
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(model(x, x), np.zeros((2, 4)))
    assert [weight.name for weight in model.weights] == ["inside/kernel", "inside/bias"]
    everything = [layer.name for layer in model.all_layers()]
    assert everything == ["input_layer", "input_layer_1", "inner", "inside", "subtract"]


def test_layers_of_the_same_name_in_two_inner_models_are_both_trained():
    def part(name: str) -> Sequential:
        return Sequential([layers.Dense(2, input_shape=(3,), name="same")], name=name)

    x = layers.Input((3,))
    one, two = part("one"), part("two")
    model = Model(x, layers.Add()([one(x), two(x)]))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(np.ones((4, 3)), np.full((4, 2), 9.0), verbose=0)
    moved = [float(np.abs(new - old).max()) for new, old in zip(model.get_weights(), before, strict=True)]
    assert min(moved) > 1e-3
    np.testing.assert_allclose(moved[0], moved[2], rtol=1e-5)


def test_a_model_may_begin_and_end_in_the_middle_of_another():
    x = layers.Input((3,))
    middle = layers.Dense(4)(x)
    end = layers.Dense(2)(middle)
    head = Model(middle, end)
    whole = Model(x, end)
    data = np.ones((5, 3), "float32")
    np.testing.assert_array_equal(head(Model(x, middle)(data)), whole(data))
    assert head.count_params() == 4 * 2 + 2


def test_transfer_puts_a_new_head_on_a_frozen_base():
    base = Sequential(
        [layers.Conv2D(4, 3, input_shape=(8, 8, 1)), layers.Flatten(), layers.Dense(5, name="features")]
    )
    for layer in base.layers:
        layer.trainable = False
    out = layers.Dense(2, activation="softmax")(base.get_layer("features").output)
    model = Model(base.inputs, out)
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 4
    assert [layer.name for layer in model.layers[1:]] == ["conv2d", "flatten", "features", "dense"]


def test_an_output_that_needs_another_input_is_refused_by_name():
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    with pytest.raises(errors.GraphError, match="everything that output 'add' is made of, but got no 'b'"):
        Model(a, layers.Add()([a, b]))


def test_an_input_that_nothing_uses_is_kept():
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    model = Model([a, b], layers.Dense(1)(a))
    assert {layer.name for layer in model.layers} == {"a", "b", "dense"}
    assert model(np.ones((2, 3)), np.ones((2, 3))).shape == (2, 1)


def test_what_is_not_symbolic_is_refused():
    x = layers.Input((3,))
    with pytest.raises(errors.ArgumentError, match="Model: inputs expects symbolic tensors"):
        Model(np.ones((2, 3)), x)
    with pytest.raises(errors.ArgumentError, match="but got one twice"):
        Model([x, x], layers.Dense(1)(x))
    with pytest.raises(errors.ArgumentError, match="expects symbolic tensors, or arrays, but got both"):
        layers.Add()([x, np.ones((2, 3))])
    with pytest.raises(TypeError, match="stands for data to come"):
        np.asarray(x)


def test_layers_of_one_name_are_refused():
    x = layers.Input((3,))
    y = layers.Dense(2, name="same")(layers.Dense(2, name="same")(x))
    with pytest.raises(
        errors.ArgumentError, match="layers of different names, but got Dense 'same' and Dense 'same'"
    ):
        Model(x, y)


def test_a_wrong_shape_is_refused_with_the_name_of_the_input():
    model = two_and_two()
    with pytest.raises(errors.ShapeError) as raised:
        model(np.ones((2, 3)), np.ones((2, 4)))
    assert str(raised.value) == (
        "Model 'pair' expects its input 'right' to have shape (None, 3), where None is any length, "
        "but got shape (2, 4). Give it inputs of that shape."
    )


def test_get_layer_finds_by_name_and_index():
    model = two_and_two()
    assert model.get_layer("kind") is model.get_layer(index=-1)
    with pytest.raises(
        errors.UnknownNameError, match=r"Unknown layer of Model 'pair' 'knd'. Did you mean 'kind'"
    ):
        model.get_layer("knd")
    with pytest.raises(
        errors.ArgumentError, match="index expects a place among its 7 layers, from 0, but got `9`"
    ):
        model.get_layer(index=9)
    with pytest.raises(errors.ArgumentError, match="a name or an index"):
        model.get_layer()


def test_set_weights_changes_nothing_unless_all_shapes_fit():
    model = two_and_two()
    before = model.get_weights()
    wrong = [np.zeros_like(weight) for weight in before]
    wrong[3] = np.zeros((1, 5))
    with pytest.raises(errors.ShapeError, match=r"for weight 3, '\w+/bias', .* No weight was changed"):
        model.set_weights(wrong)
    with pytest.raises(errors.ShapeError, match="set_weights expects 6 arrays, one per weight, but got 2"):
        model.set_weights(wrong[:2])
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_get_weights_gives_copies():
    model = two_and_two()
    model.get_weights()[0][:] = 7
    assert not np.any(model.get_weights()[0] == 7)


def test_freezing_moves_weights_but_keeps_their_order():
    model = two_and_two()
    order = [weight.name for weight in model.weights]
    model.get_layer("shared").trainable = False
    assert [weight.name for weight in model.trainable_weights] == [
        n for n in order if not n.startswith("shared")
    ]
    assert [weight.name for weight in model.non_trainable_weights] == ["shared/kernel", "shared/bias"]
    assert [weight.name for weight in model.weights] == order


def test_freezing_a_model_freezes_everything_inside():
    inner = Sequential([layers.Dense(4, input_shape=(3,)), layers.BatchNormalization()])
    x = layers.Input((3,))
    model = Model(x, layers.Dense(1)(inner(x)))
    inner.trainable = False
    assert not any(layer.trainable for layer in inner.layers)
    assert len(model.trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 2 + 2 + 2
    assert inner.layers[1].trainable


def test_frozen_normalization_leaves_its_statistics_alone():
    layer, x = layers.BatchNormalization(), np.array([[1.0], [3.0]], "float32")
    layer(x)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_allclose(layer(x, training=True), x / np.sqrt(1.001), rtol=1e-6)
    np.testing.assert_array_equal(layer.get_weights(), before)
    layer.trainable = True
    layer(x, training=True)
    assert layer.moving_mean.numpy() == pytest.approx(0.02)
    assert layer.moving_variance.numpy() == pytest.approx(0.99 + 0.01)


def test_regularization_losses_are_those_of_trainable_weights():
    model = Sequential(
        [layers.Dense(2, input_shape=(3,), kernel_regularizer=regularizers.L2(0.5)), layers.Dense(1)]
    )
    model.set_weights([np.ones_like(weight) for weight in model.get_weights()])
    assert [float(one) for one in model.regularization_losses()] == [pytest.approx(0.5 * 6)]
    model.layers[0].trainable = False
    assert model.regularization_losses() == []


def test_clone_and_configuration_make_an_equal_network():
    model = two_and_two()
    model.get_layer("shared").trainable = False
    a, b = np.ones((2, 3), "float32"), np.full((2, 3), 2, "float32")
    for copy in (model.clone(), Model.from_config(model.get_config())):
        assert (copy.input_names, copy.output_names) == (model.input_names, model.output_names)
        assert not set(map(id, copy.weights)) & set(map(id, model.weights))
        assert copy.get_layer("shared").trainable is False
        copy.set_weights(model.get_weights())
        for one, other in zip(copy(a, b), model(a, b), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_configuration_keeps_inner_models():
    inner = Sequential([layers.Dense(4, input_shape=(3,))], name="inner")
    x = layers.Input((3,))
    model = Model(x, inner(layers.Dense(3)(x)))
    copy = Model.from_config(model.get_config())
    assert type(copy.get_layer("inner")) is Sequential
    assert copy.count_params() == model.count_params()


def test_a_network_deeper_than_recursion_works():
    x = y = layers.Input((2,))
    for _ in range(1500):
        y = layers.Activation("linear")(y)
    assert Model(x, y)(np.ones((1, 2))).shape == (1, 2)


def test_random_layers_draw_anew_each_time_and_the_same_again_for_the_same_seed():
    x = np.ones((1, 64), "float32")
    one, two = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    first, second = one(x, training=True), one(x, training=True)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, two(x, training=True))
    np.testing.assert_array_equal(second, two(x, training=True))
    assert set(np.unique(first)) == {0, 2}


def test_states_of_inner_layers_are_found_and_are_no_weights():
    inner = Sequential([layers.Dropout(0.5, input_shape=(3,))])
    x = layers.Input((3,))
    model = Model(x, inner(x))
    assert [state.name for state in model.all_states] == ["dropout/random_state"]
    assert model.weights == []


def test_layers_inside_a_layer_train_when_it_does():
    class Noisy(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dropout = layers.Dropout(0.5, seed=1)

        def call(self, x):
            return self.dropout(x)

    x, y = layers.Input((64,)), np.ones((1, 64), "float32")
    model = Model(x, Noisy()(x))
    np.testing.assert_array_equal(model(y), y)
    assert set(np.unique(model(y, training=True))) == {0, 2}
    np.testing.assert_array_equal(model(y), y)


def test_a_layer_of_ones_own_keeps_layers_and_weights():
    class Residual(layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.inner = [layers.Dense(units, activation="tanh"), layers.Dense(units)]

        def build(self, shape):
            self.factor = self.add_weight("factor", (), "ones")

        def call(self, x):
            y = x
            for layer in self.inner:
                y = layer(y)
            return x + self.factor * y

    x = layers.Input((4,))
    model = Model(x, Residual(4)(x))
    assert [weight.name for weight in model.weights] == [
        "residual/factor", "dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"
    ]  # fmt: skip
    model.compile("sgd", "mse")
    start = model.get_weights()
    model.fit(np.ones((4, 4)), np.zeros((4, 4)), verbose=0)
    assert all(np.any(new != old) for new, old in zip(model.get_weights(), start, strict=True))
    copy = model.layers[1].clone()
    assert copy.get_config() == model.layers[1].get_config()
