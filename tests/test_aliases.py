"""Keras' lower-case names are there, and mean what they mean in Keras."""

import inspect

import numpy as np
import pytest

import pyengine
from pyengine import activations, constraints, initializers, layers, losses, metrics, regularizers
from pyengine.losses import LOSSES

CLASSES = [
    (initializers, "glorot_uniform", "GlorotUniform"),
    (initializers, "zeros", "Zeros"),
    (regularizers, "l2", "L2"),
    (regularizers, "l1_l2", "L1L2"),
    (constraints, "max_norm", "MaxNorm"),
]
Y = np.float32([[0, 1, 0], [1, 0, 0]])
P = np.float32([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]])


@pytest.mark.parametrize(("module", "name", "cls"), CLASSES)
def test_a_lower_case_name_is_the_class(module, name, cls):
    assert getattr(module, name) is getattr(module, cls)


def test_other_names_of_functions_and_of_bases():
    assert activations.swish is activations.silu
    for name, base in (
        ("Layer", layers.Layer),
        ("Loss", losses.Loss),
        ("KerasTensor", layers.SymbolicTensor),
    ):
        assert getattr(pyengine, name) is base
        assert name in dir(pyengine)
    assert pyengine.version() == pyengine.__version__


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean_squared_error", ((Y - P) ** 2).mean(-1)),
        ("mse", ((Y - P) ** 2).mean(-1)),
        ("MAE", np.abs(Y - P).mean(-1)),
        ("categorical_crossentropy", -np.log([0.7, 0.5])),
        ("hinge", np.maximum(1 - (2 * Y - 1) * P, 0).mean(-1)),
        ("poisson", (P - Y * np.log(P + 1e-7)).mean(-1)),
    ],
)
def test_a_loss_as_a_function_gives_one_value_per_sample(name, expected):
    np.testing.assert_allclose(getattr(losses, name)(Y, P), expected, rtol=1e-6)


def test_settings_follow_the_data_by_place_or_by_name():
    far = P + 9
    np.testing.assert_allclose(losses.huber(Y, far, 2.0), losses.huber(Y, far, delta=2.0))
    assert (losses.huber(Y, far, 2.0) > losses.huber(Y, far)).all()
    logits = np.log(P)
    np.testing.assert_allclose(
        losses.categorical_crossentropy(Y, logits, from_logits=True), -np.log([0.7, 0.5]), rtol=1e-6
    )
    with pytest.raises(TypeError):
        losses.mse(Y, P, delta=1.0)


@pytest.mark.parametrize("name", LOSSES)
def test_a_function_stands_for_its_loss(name):
    function = getattr(losses, name)
    assert type(losses.get(function)) is LOSSES[name]
    assert function.__name__ == name
    assert list(inspect.signature(function).parameters)[:2] == ["y_true", "y_pred"]


def test_a_model_compiled_with_a_function_trains_as_with_the_name():
    def history(loss, metric):
        pyengine.set_random_seed(1)
        model = pyengine.Sequential([layers.Dense(3, activation="softmax", input_shape=(3,))])
        model.compile("sgd", loss, metrics=[metric])
        return model.fit(P, [1, 0], epochs=2, verbose=0).history["loss"]

    by_function = history(losses.sparse_categorical_crossentropy, "accuracy")
    assert by_function == history("sparse_categorical_crossentropy", "accuracy")


def test_a_loss_function_is_a_metric():
    assert metrics.get(losses.mean_absolute_error)(Y, P) == pytest.approx(np.abs(Y - P).mean())


@pytest.mark.parametrize("module", [activations, constraints, initializers, losses, regularizers, pyengine])
def test_a_name_that_is_not_there_is_an_attribute_error(module):
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        module.nonsense  # noqa: B018
