"""A model that nobody holds is freed by reference count: the model, its layers, weights and planned steps."""

import gc
import weakref

import numpy as np
import pytest

import pyengine
from pyengine import callbacks, layers
from pyengine.data import Dataset
from pyengine.executors import NumpyExecutor

X, Y = np.ones((8, 4), "f4"), np.ones((8, 3), "f4")


def sequential():
    return pyengine.Sequential(
        [
            layers.Dense(4, activation="gelu", input_shape=(4,)),
            layers.BatchNormalization(),
            layers.Dropout(0.1),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )


def deferred():
    return pyengine.Sequential([layers.Dense(4, activation="relu"), layers.Dense(3)])


def functional():
    x = layers.Input((4,))
    twice = layers.Dense(4)
    y = layers.Concatenate()([x, twice(twice(x))])
    return pyengine.Model(x, layers.Dense(3)(y))


def nested():
    x = layers.Input((4,))
    return pyengine.Model(x, layers.Dense(3)(functional()(x, training=False)))


def recurrent():
    return pyengine.Sequential(
        [
            layers.Reshape((2, 2), input_shape=(4,)),
            layers.LSTM(3, return_sequences=True),
            layers.GRU(3),
        ]
    )


def convolutional():
    return pyengine.Sequential(
        [
            layers.Reshape((2, 2, 1), input_shape=(4,)),
            layers.Conv2D(2, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def on_numpy():
    model = sequential()
    model.executor = NumpyExecutor()
    return model


MODELS = [sequential, deferred, functional, nested, recurrent, convolutional, on_numpy]


def fit_with_validation(model):
    stopping = callbacks.EarlyStopping("val_loss", restore_best_weights=True)
    model.fit(X, Y, batch_size=3, epochs=2, verbose=0, validation_split=0.25, callbacks=[stopping])


def fit_dataset(model):
    dataset = Dataset.from_arrays(X, Y).batch(4)
    model.fit_dataset(dataset, epochs=2, validation_data=dataset, verbose=0)
    model.fit_dataset(dataset.repeat(), epochs=2, steps_per_epoch=3, verbose=0)


USES = {
    "nothing": lambda model: None,
    "call": lambda model: model(X),
    "fit": fit_with_validation,
    "fit_dataset": fit_dataset,
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "predict": lambda model: model.predict(X, verbose=0),
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("make", MODELS)
def test_a_model_that_nobody_holds_is_freed_without_a_collection(make, use):
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    gc.collect()
    gc.disable()
    try:
        USES[use](model)
        held = [weakref.ref(one) for one in (model, *model.all_layers())]
        if model.compiled:
            held.append(weakref.ref(model.optimizer))
        if model.built:
            held += [weakref.ref(weight.value.base) for weight in model.weights]
        pools = [steps for pool in model._steps.values() for steps in pool]
        held += [weakref.ref(step.graph) for steps in pools for step in steps.kept.values()]
        held += [weakref.ref(step.memory.arena) for steps in pools for step in steps.kept.values()]
        del model, pools
        assert [ref() for ref in held if ref() is not None] == []
    finally:
        gc.enable()


def test_a_layer_that_is_held_holds_no_model_that_used_it():
    base = layers.Dense(4, input_shape=(4,))
    model = pyengine.Sequential([layers.Dense(4, input_shape=(4,)), base, layers.Dense(3)])
    first = weakref.ref(model.layers[0])
    assert base.output == model.layers[1].output
    del model
    assert first() is None
    assert base.connections == []
    assert base.output_shape == (None, 4)


def test_tensors_hold_the_layers_that_make_them():
    x = layers.Input((4,))
    y = layers.Dense(3)(layers.Dense(2)(x))
    assert y.layer.input.layer.input is x
    assert pyengine.Model(x, y).predict(X, verbose=0).shape == (8, 3)


def test_a_history_says_which_model_it_is_of_as_long_as_there_is_one():
    model = sequential()
    model.compile("adam", "mse")
    history = model.fit(X, Y, verbose=0)
    assert history.model is model
    del model
    assert history.model is None
    assert len(history.history["loss"]) == 1
