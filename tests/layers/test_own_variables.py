"""Variables that a layer of one's own keeps are its weights."""

import numpy as np
import pytest

import pyengine
from pyengine.graph import Variable
from pyengine.layers import Layer


class Direct(Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.factor = Variable([1.0, 1.0], name="factor")

    def call(self, x):
        return x * self.factor


class Listed(Direct):
    def __init__(self, **options):
        super().__init__(**options)
        self.kept = {"all": [self.factor]}
        del self.factor

    def call(self, x):
        return x * self.kept["all"][0]


@pytest.mark.parametrize("cls", [Direct, Listed])
def test_a_variable_in_an_attribute_trains(cls):
    layer = cls(input_shape=(2,))
    model = pyengine.Sequential([layer])
    assert [weight.name for weight in model.trainable_weights] == ["factor"]
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2), np.float32), np.zeros((4, 2), np.float32), epochs=1, verbose=0)
    assert (model.get_weights()[0] < 1).all()


def test_a_variable_that_is_not_trainable_and_a_random_state_do_not_train():
    layer = Direct()
    layer.factor.trainable = False
    layer.counter = layer.add_random_state(1)
    assert layer.trainable_weights == []
    assert [weight.name for weight in layer.non_trainable_weights] == ["factor"]
