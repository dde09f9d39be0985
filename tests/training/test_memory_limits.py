"""How much memory a model takes, said beforehand; and what is said where it is more than there is."""

import numpy as np
import pytest

import pyengine
from pyengine import layers, memory, ops
from pyengine.errors import ArgumentError, NotBuiltError, OutOfMemoryError
from pyengine.executors import NumpyExecutor


def classifier(loss="sparse_categorical_crossentropy"):
    model = pyengine.Sequential(
        [layers.Dense(50, activation="relu", input_shape=(20,)), layers.Dense(3, activation="softmax")]
    )
    model.compile("adam", loss)
    return model


def data(rows):
    return np.ones((rows, 20), "f4"), np.zeros(rows, "i4")


@pytest.mark.parametrize("batch_size", [1, 32, 100])
def test_the_estimate_is_what_training_takes(batch_size):
    model = classifier()
    estimate = model.memory_estimate(batch_size)
    assert model.builds == 0
    model.train_on_batch(*data(batch_size))
    program = model.step.program
    assert estimate.step == program.arena + len(program.constants)
    assert estimate.parameters == 4 * model.count_params()
    assert estimate.optimizer == sum(slot.value.nbytes for slot in model.optimizer.variables)
    assert estimate.total == estimate.parameters + estimate.optimizer + estimate.step


def test_the_estimate_before_compile_is_what_predict_takes():
    model = pyengine.Sequential([layers.Dense(50, input_shape=(20,))])
    estimate = model.memory_estimate()
    model.predict(np.ones((32, 20)), verbose=0)
    (steps,) = model._steps["predict"]
    (step,) = steps.kept.values()
    assert estimate == (4 * 1050, 0, step.program.arena + len(step.program.constants))


def test_the_estimate_asks_for_known_shapes():
    with pytest.raises(NotBuiltError, match="say how much memory it takes"):
        pyengine.Sequential([layers.Dense(1)]).memory_estimate()
    recurrent = pyengine.Sequential([layers.Input((None, 2)), layers.LSTM(3)])
    with pytest.raises(ArgumentError, match=r"^model.memory_estimate expects .* shape \(None, None, 2\)"):
        recurrent.memory_estimate()
    with pytest.raises(ArgumentError, match=r"^model.memory_estimate: batch_size expects a whole number"):
        classifier().memory_estimate(0)


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "train_on_batch"])
def test_a_batch_for_which_there_is_no_memory_is_refused_with_one_that_fits(monkeypatch, call):
    model = classifier()
    monkeypatch.setattr(memory, "available", lambda: model.memory_estimate(40).total)
    x, y = data(5000)
    arguments = {} if call == "train_on_batch" else {"batch_size": 5000, "verbose": 0}
    given = (x,) if call == "predict" else (x, y)
    weights = model.get_weights()
    with pytest.raises(OutOfMemoryError) as caught:
        getattr(model, call)(*given, **arguments)
    error = caught.value
    assert (error.where, error.argument) == (f"model.{call}", "batch_size")
    assert error.expected.startswith("a batch for which there is memory (")
    assert error.got.startswith("`5000`, which needs ")
    assert "weights 4.8 kB, optimizer 9.6 kB, step " in error.got
    fits = int(error.fix.removeprefix("`batch_size=").removesuffix("` would fit."))
    assert fits >= 32
    if call == "train_on_batch":
        model.train_on_batch(x[:fits], y[:fits])
    else:
        for before, now in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_array_equal(now, before)
        getattr(model, call)(*given, **{**arguments, "batch_size": fits})


def test_a_model_of_which_no_batch_fits_says_so(monkeypatch):
    model = classifier()
    monkeypatch.setattr(memory, "available", lambda: 15_000)
    with pytest.raises(OutOfMemoryError, match="Not even one sample fits"):
        model.fit(*data(64), verbose=0)


def test_an_executor_that_has_no_memory_left_is_explained_in_the_same_way():
    class Full(NumpyExecutor):
        def allocate(self, program, beside=None):
            raise MemoryError("Unable to allocate 3 EiB")

    model = classifier()
    model.executor = Full()
    with pytest.raises(
        OutOfMemoryError, match=r"^model.fit: batch_size expects .* but got `32`, which needs"
    ):
        model.fit(*data(64), verbose=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: layers.Dense(10**9, name="head")(layers.Input((784,))),
            r"^Dense 'head': kernel expects a weight that fits .* \(784, 1000000000\), .* 3,136 GB\. Use fewer",
        ),
        (
            lambda: layers.Embedding(10**9, 10**9)(layers.Input((4,), dtype="int32")),
            "^Embedding .* 4,000,000,000 GB",
        ),
        (
            lambda: layers.Conv2D(10**8, 100)(layers.Input((200, 200, 30))),
            "^Conv2D .* which takes 120,000 GB",
        ),
        (
            lambda: ops.broadcast_to(np.ones(3), (10**9, 10**9, 3)) + 1,
            r"^ops.broadcast_to expects data and results that fit into memory",
        ),
        (
            lambda: ops.matmul(
                np.broadcast_to(np.float32(1), (10**7, 1)), np.broadcast_to(np.float32(1), (1, 10**7))
            ),
            r"^ops.matmul expects data and results that fit into memory",
        ),
    ],
)
def test_more_than_memory_holds_is_refused_at_once(make, message):
    with pytest.raises(OutOfMemoryError, match=message) as caught:
        make()
    assert caught.value.__cause__ is not caught.value  # whoever looks for the first cause comes to an end


def test_what_numpy_says_of_memory_is_explained():
    def greedy(*_):
        np.zeros((2**40, 2**20), "f4")

    model = classifier()
    with pytest.raises(
        OutOfMemoryError, match=r"^model.fit expects data .* shape \(1099511627776, 1048576\), float32"
    ):
        model.fit(*data(4), verbose=0, callbacks={"on_epoch_begin": greedy})
