"""A model that nobody holds is freed by reference count."""

import gc
import weakref

import pyengine


def test_a_compiled_model_that_nobody_holds_is_freed_without_a_collection():
    gc.disable()
    try:
        model = pyengine.Sequential([pyengine.layers.Dense(3, input_shape=(2,))])
        model.compile("adam", "mse")
        held, slots = weakref.ref(model), weakref.ref(model.compiled.optimizer)
        del model
        assert held() is None
        assert slots() is None
    finally:
        gc.enable()
