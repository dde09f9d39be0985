"""Symbolic tensors take operators, indices and every function of `pyengine.ops`."""

import json

import numpy as np
import pytest

import pyengine
from pyengine import Model, layers, ops
from pyengine.errors import GraphError, UnknownNameError

X = np.random.default_rng(3).uniform(0.5, 2, (6, 4)).astype("float32")
W = np.random.default_rng(4).normal(size=(4, 3)).astype("float32")


def value(function, x=X):
    """What a model computes that is the function on its input."""
    tensor = layers.Input(x.shape[1:])
    model = Model(tensor, function(tensor))
    result = model.predict(x, verbose=0)
    copy = Model.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_array_equal(copy.predict(x, verbose=0), result)
    return result


@pytest.mark.parametrize(
    "function",
    [
        lambda h: h + h,
        lambda h: h + 1,
        lambda h: 1 + h,
        lambda h: h - X[0],
        lambda h: X[0] - h,
        lambda h: 2 * h * X[1],
        lambda h: X[1] * h / 3,
        lambda h: 1 / h,
        lambda h: h // 0.3,
        lambda h: h % 0.7,
        lambda h: h**2,
        lambda h: 2**h,
        lambda h: h @ W,
        lambda h: -h,
        lambda h: abs(h - 1),
        lambda h: h > 1,
        lambda h: h >= X[0],
        lambda h: (h < 1) | (h > 1.5),
        lambda h: (h <= 1.5) & ~(h < 1),
        lambda h: h[:, 1],
        lambda h: h[..., ::2],
        lambda h: h[:, None, 1:3],
        lambda h: np.exp(h) - np.sqrt(h),
        lambda h: np.maximum(h, 1),
    ],
)
def test_operators_mean_what_they_mean_on_arrays(function):
    np.testing.assert_allclose(value(function), function(X), rtol=2e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda h: ops.softmax(h),
        lambda h: (
            ops.softmax(x=h, axis=0) if not isinstance(h, layers.SymbolicTensor) else ops.softmax(h, axis=0)
        ),
        lambda h: ops.concatenate([h, h * 2], axis=1),
        lambda h: ops.stack([h, h], axis=1),
        lambda h: ops.mean(h, axis=-1, keepdims=True),
        lambda h: ops.reshape(h, (-1, 2, 2)),
        lambda h: ops.transpose(ops.reshape(h, (-1, 2, 2)), (0, 2, 1)),
        lambda h: ops.where(h > 1, h, 0.0),
        lambda h: ops.clip(h, 0.7, 1.2),
        lambda h: ops.matmul(h, W),
        lambda h: ops.split(h, 2, axis=1)[1],
        lambda h: pyengine.activations.gelu(h),
    ],
)
def test_ops_mean_what_they_mean_on_arrays(function):
    np.testing.assert_allclose(value(function), function(X), rtol=2e-6, atol=1e-7)


def test_shapes_and_dtypes_are_known_at_once():
    h = layers.Input((5, 4))
    assert (h + 1).shape == (None, 5, 4)
    assert h[:, 0].shape == (None, 4)
    assert (h > 0).dtype == "bool"
    assert ops.reshape(h, (-1, 20)).shape == (None, 20)


def test_a_residual_network_trains_and_its_ops_are_no_layers():
    pyengine.set_random_seed(1)
    inputs = layers.Input((4,))
    h = layers.Dense(4, activation="relu")(inputs)
    model = Model(inputs, layers.Dense(1)(layers.LayerNormalization()(h + inputs)))
    model.compile(pyengine.optimizers.Adam(0.02), "mse")
    losses = model.fit(X, X.sum(1), epochs=60, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 4
    assert [type(layer).__name__ for layer in model.layers] == [
        "InputLayer",
        "Dense",
        "LayerNormalization",
        "Dense",
    ]
    assert [type(each).__name__ for each in model.operations].count("Operation") == 1
    lines = []
    model.summary(print_fn=lines.append)
    assert any("(Operation)" in line for line in lines)
    clone = model.clone()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(X, verbose=0), model.predict(X, verbose=0))


def test_names_are_those_of_what_is_done():
    layers.reset_names()
    h = layers.Input((4,))
    names = [tensor.layer.name for tensor in (h + 1, h + 2, h @ W, h[:, 0], ops.expand_dims(h, 1))]
    assert names == ["add", "add_1", "matmul", "getitem", "expand_dims"]


def test_a_variable_in_an_expression_is_a_weight():
    inputs = layers.Input((4,))
    scale = pyengine.Variable(np.ones(4), name="scale")
    model = Model(inputs, ops.sum(inputs * scale, axis=1, keepdims=True))
    assert [weight.name for weight in model.trainable_weights] == ["scale"]
    model.compile("sgd", "mse")
    model.fit(X, X.sum(1) * 2, epochs=3, verbose=0)
    assert (scale.numpy() > 1).all()


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda h: list(h), "a loop over it"),
        (lambda h: 1 if h > 0 else 2, "`if`, `and` or `not`"),
        (lambda h: h @ np.ones((3, 2), "float32"), "matmul"),
        (lambda h: h[:, 9], "from -4 to 3 on axis 1"),
        (lambda h: ops.softmax(h, axis=5), "axis"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(use, words):
    with pytest.raises((GraphError, ValueError, IndexError), match=words):
        use(layers.Input((4,)))


def test_numpy_cannot_compute_with_data_to_come():
    h = layers.Input((4,))
    for use in (np.asarray, np.linalg.norm, np.add.reduce, lambda x: np.add(x, 1, out=X)):
        with pytest.raises(TypeError, match="stands for data to come"):
            use(h)


def test_an_unknown_operation_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'softmax'"):
        layers.Operation("softmx")


@pytest.mark.parametrize("name", layers.FUNCTIONS)
def test_layers_that_merge_are_functions_too(name):
    a, b = layers.Input((3,)), layers.Input((3,))
    x, y = X[:, :3], X[:, 1:4]
    function = getattr(layers, name)
    model = Model([a, b], function([a, b]))
    np.testing.assert_array_equal(model.predict([x, y], verbose=0), function([x, y]))
    assert type(model.layers[-1]).__name__ == name.capitalize()


def structures():
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    low, high = ops.minimum(a, b), ops.maximum(a, b)
    return a, b, low, high


@pytest.mark.parametrize(
    "arrange",
    [
        lambda low, high: {"low": low, "high": high},
        lambda low, high: [low, high],
        lambda low, high: (low, high),
        lambda low, high: {"both": [low, high], "first": low},
        lambda low, high: [low],
    ],
)
def test_calls_and_predict_give_the_structure_of_the_outputs(arrange):
    a, b, low, high = structures()
    model = Model([a, b], arrange(low, high))
    x, y = X, X[::-1].copy()
    expected = arrange(np.minimum(x, y), np.maximum(x, y))
    for other in (model, model.clone(), Model.from_config(json.loads(json.dumps(model.get_config())))):
        for result in (other.predict([x, y], verbose=0), other([x, y]), other.predict_on_batch([x, y])):
            assert_alike(result, expected)
    assert type(model.output) is type(expected)
    outer = Model([a, b], model([a, b]))
    assert_alike(outer.predict([x, y], verbose=0), expected)


def assert_alike(result, expected):
    assert type(result) is type(expected)
    if isinstance(expected, dict):
        assert list(result) == list(expected)
        result, expected = list(result.values()), list(expected.values())
    if isinstance(expected, (list, tuple)):
        for one, other in zip(result, expected, strict=True):
            assert_alike(one, other)
    else:
        np.testing.assert_array_equal(result, expected)


def test_a_model_with_a_map_of_outputs_trains_by_their_names():
    a, b, low, high = structures()
    model = Model([a, b], {"low": layers.Dense(1)(low), "high": layers.Dense(1)(high)})
    model.compile("sgd", {"low": "mse", "high": "mae"}, metrics={"high": ["mse"]})
    history = model.fit([X, X], {"high": X.sum(1), "low": X.sum(1)}, epochs=2, verbose=0).history
    assert (
        set(history) == {"loss", "low_loss", "high_loss", "high_mse"} or "high_mean_squared_error" in history
    )
    assert set(model.predict([X, X], verbose=0)) == {"low", "high"}
