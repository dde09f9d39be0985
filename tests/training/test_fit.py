"""fit, evaluate and predict as a user meets them: arguments, callbacks, errors, promises."""

import asyncio
import tracemalloc
import warnings
from collections import deque

import numpy as np
import pytest

import pyengine
from pyengine import callbacks, layers, ops
from pyengine.bridge import calls
from pyengine.data import Dataset
from pyengine.errors import (
    ArgumentError,
    BusyError,
    DataError,
    NotCompiledError,
    ShapeError,
    UnknownNameError,
)
from pyengine.executors import NumpyExecutor
from pyengine.training import host
from pyengine.training.job import Job


def data(count=40, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).astype("f4")
    labels = (x @ rng.normal(size=(4, classes))).argmax(1)
    return x, np.eye(classes, dtype="f4")[labels]


def mlp(metrics=("accuracy",), optimizer="adam", dropout=0.0, seed=1, executor=None):
    pyengine.set_random_seed(seed)
    parts = [layers.Dense(8, activation="tanh", input_shape=(4,)), layers.Dense(3, activation="softmax")]
    if dropout:
        parts.insert(1, layers.Dropout(dropout))
    model = pyengine.Sequential(parts)
    model.executor = executor
    model.compile(optimizer, "categorical_crossentropy", metrics=list(metrics))
    return model


def stepwise(**settings):
    """A model that can be stopped behind every call: the C library looks at the clock only where work has been done."""
    return mlp(executor=NumpyExecutor(), **settings)


class Counting(NumpyExecutor):
    """Counts how often it is asked to run, and from where to where."""

    def __init__(self):
        self.runs = []

    def run(self, memory, start=0, deadline=None, stop=None):
        reached = super().run(memory, start, deadline, stop)
        self.runs.append((start / memory.length, reached / memory.length))
        return reached


class Recorder(callbacks.Callback):
    def __init__(self):
        self.events = []

    def on_train_begin(self, logs=None):
        self.events.append("train begin")

    def on_train_end(self, logs=None):
        self.events.append("train end")

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append(f"epoch {epoch} begin")

    def on_epoch_end(self, epoch, logs=None):
        self.events.append(f"epoch {epoch} end {' '.join(sorted(logs))}")

    def on_train_batch_begin(self, batch, logs=None):
        self.events.append(f"batch {batch} begin")

    def on_train_batch_end(self, batch, logs=None):
        self.events.append(f"batch {batch} end {logs['size']}")

    def on_test_begin(self, logs=None):
        self.events.append("test begin")

    def on_test_end(self, logs=None):
        self.events.append("test end")


def test_callbacks_hear_everything_in_order():
    x, y = data(10)
    recorder = Recorder()
    mlp().fit(x, y, batch_size=4, epochs=1, callbacks=recorder, validation_split=0.2, verbose=0)
    assert recorder.events == [
        "train begin", "epoch 0 begin", "batch 0 begin", "batch 0 end 4", "batch 1 begin", "batch 1 end 4",
        "test begin", "test end", "epoch 0 end accuracy loss val_accuracy val_loss", "train end",
    ]  # fmt: skip


def test_batch_logs_are_the_batchs_own_and_epoch_logs_the_average_over_samples():
    x, y = data(10)
    seen = []
    model = mlp(optimizer=pyengine.optimizers.SGD(0.0))
    history = model.fit(
        x, y, batch_size=4, verbose=0, callbacks={"onBatchEnd": lambda batch, logs: seen.append(dict(logs))}
    )
    assert [logs["size"] for logs in seen] == [4, 4, 2]
    mean = sum(logs["size"] * logs["loss"] for logs in seen) / 10
    assert history.history["loss"][0] == pytest.approx(mean, rel=1e-6)
    assert history.history["loss"][0] == pytest.approx(model.evaluate(x, y)[0], rel=1e-6)
    assert history.history["accuracy"] == history.history["acc"]


def test_a_second_fit_plans_nothing_and_a_hundred_steps_allocate_nothing():
    x, y = data(64)
    model = mlp(dropout=0.3)
    model.fit(x, y, batch_size=16, verbose=0)
    builds, arena = model.builds, model.step.program.arena
    assert builds == 1
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    step = model.step
    tracemalloc.start()
    try:
        for _ in range(3000):  # the interpreter's own caches of small objects fill up first
            step.begin()
            deque(step.advance(None), 0)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            step.begin()
            deque(step.advance(None), 0)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert model.builds == 1
    assert model.step.program.arena == arena
    assert after - before < 1000, "bytes kept after 100 more steps"


def test_the_same_seed_gives_the_same_bits():
    x, y = data()

    def run(seed):
        model = mlp(dropout=0.5, seed=seed)
        history = model.fit(x, y, epochs=3, batch_size=8, verbose=0)
        return history.history["loss"], [w.tobytes() for w in model.get_weights()]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_the_seed_decides_the_order_of_the_samples():
    x, y = data()

    def losses(shuffle, seed):
        model = mlp(seed=1)
        pyengine.set_random_seed(seed)
        return model.fit(x, y, batch_size=8, shuffle=shuffle, verbose=0).history["loss"]

    assert losses(True, 1) == losses(True, 1) != losses(True, 2)
    assert losses(False, 1) == losses(False, 2)


def test_dropout_draws_anew_each_step_and_rests_in_predict():
    x, y = data(8)
    model = mlp(dropout=0.5, optimizer=pyengine.optimizers.SGD(0.0))
    history = model.fit(x, y, epochs=3, verbose=0)
    assert len(set(history.history["loss"])) == 3
    np.testing.assert_array_equal(model.predict(x), model.predict(x))


def test_initial_epoch_numbers_the_epochs_and_keeps_their_order():
    x, y = data()
    history = mlp().fit(x, y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]


def sizes_by_epoch(fit):
    """The sizes of the batches in each epoch of a fit, which is given the callback to count them."""
    epochs = []
    count = {
        "on_epoch_begin": lambda epoch, logs: epochs.append([]),
        "on_train_batch_end": lambda batch, logs: epochs[-1].append(logs["size"]),
    }
    history = fit(callbacks=count, verbose=0)
    assert history.epoch == list(range(len(epochs)))
    return epochs


@pytest.mark.parametrize(
    ("steps", "expected", "short"),
    [  # as the EpochIterator of Keras 3; 3 batches of 4, 4 and 2 samples
        (2, [[4, 4], [2], [4, 4], [2]], 1),
        (3, [[4, 4, 2]] * 4, None),
        (4, [[4, 4, 2]] * 4, 3),
    ],
)
@pytest.mark.parametrize("kind", ["arrays", "dataset"])
def test_an_epoch_of_steps_goes_on_where_the_last_one_ended_and_ends_with_the_data(
    kind, steps, expected, short
):
    x, y = data(10)
    model = mlp()

    def fit(**settings):
        settings |= {"epochs": 4, "steps_per_epoch": steps}
        if kind == "arrays":
            return model.fit(x, y, batch_size=4, **settings)
        return model.fit_dataset(Dataset.from_arrays(x, y).batch(4), **settings)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert sizes_by_epoch(fit) == expected
    told = [] if short is None else [f"ended after {short} of the {steps} steps"]
    assert [words for words in told if words in str(warned[0].message)] == told, "told"
    assert len(warned) == len(told), "once"


def test_passes_that_follow_one_another_are_shuffled_each():
    x, y = data(8)
    # Nothing is learnt, so that the losses show the order: two passes of the same order would repeat them.
    losses = mlp(optimizer=pyengine.optimizers.SGD(0.0)).fit(
        x, y, batch_size=4, epochs=4, steps_per_epoch=1, verbose=0
    ).history["loss"]  # fmt: skip
    assert losses[0] + losses[1] == pytest.approx(losses[2] + losses[3])
    assert losses[0] not in (losses[2], losses[3])


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x, y: m.evaluate(x, y, batch_size=4, steps=4, verbose=0),
        lambda m, x, y: m.evaluate_dataset(Dataset.from_arrays(x, y).batch(4), steps=4, verbose=0),
        lambda m, x, y: m.predict(x, batch_size=4, steps=4, verbose=0),
        lambda m, x, y: m.fit(x, y, epochs=2, validation_data=(x, y), validation_steps=4,
                              validation_batch_size=4, verbose=0),
        lambda m, x, y: m.fit(x, y, epochs=2, validation_data=Dataset.from_arrays(x, y).batch(4),
                              validation_steps=4, verbose=0),
    ],
)  # fmt: skip
def test_steps_beyond_the_data_are_warned_of_once(call):
    x, y = data(10)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        call(mlp(), x, y)
    assert ["ended after 3 of the 4 steps" in str(one.message) for one in warned] == [True]


def test_a_validation_dataset_begins_anew_each_epoch():
    x, y = data(12)
    model = mlp(optimizer=pyengine.optimizers.SGD(0.0))
    batches = Dataset.from_arrays(x, y).batch(4)
    history = model.fit(x, y, epochs=3, validation_data=batches, validation_steps=2, verbose=0)
    assert len(set(history.history["val_loss"])) == 1


def test_validation_steps_and_freq_and_batch_size():
    x, y = data(20)
    sizes = []
    history = mlp().fit(
        x, y, epochs=4, validation_data=(x, y), validation_steps=2, validation_batch_size=3, validation_freq=2,
        verbose=0, callbacks={"on_test_batch_end": lambda batch, logs: sizes.append(logs["size"])},
    )  # fmt: skip
    assert sizes == [3, 3] * 2
    assert len(history.history["val_loss"]) == 2


def test_stop_training_ends_after_the_running_batch():
    x, y = data()
    model = mlp()
    recorder = Recorder()

    def stop(batch, logs):
        model.stop_training = batch == 1

    model.fit(x, y, batch_size=4, epochs=9, verbose=0, callbacks=[{"onBatchEnd": stop}, recorder])
    assert recorder.events[-2:] == ["epoch 0 end accuracy loss", "train end"]
    assert sum("batch" in event for event in recorder.events) == 4


def test_early_stopping_puts_the_best_weights_back():
    x, y = data()
    model = mlp(optimizer=pyengine.optimizers.SGD(30.0))
    kept = []
    stopping = callbacks.EarlyStopping("loss", patience=3, restore_best_weights=True)
    history = model.fit(
        x, y, epochs=50, batch_size=8, verbose=0,
        callbacks=[stopping, {"onEpochEnd": lambda epoch, logs: kept.append(model.get_weights())}],
    )  # fmt: skip
    losses = history.history["loss"]
    best = int(np.argmin(losses))
    assert len(losses) < 50
    assert best < len(losses) - 1
    for have, expected in zip(model.get_weights(), kept[best], strict=True):
        np.testing.assert_array_equal(have, expected)


def test_a_callback_that_fails_ends_the_training_with_its_error_and_train_end():
    x, y = data()
    model, recorder = mlp(), Recorder()

    def fail(epoch, logs):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        model.fit(x, y, verbose=0, callbacks=[recorder, {"onEpochEnd": fail}])
    assert recorder.events[-1] == "train end"
    model.fit(x, y, verbose=0)


def test_async_callbacks_are_awaited_by_fit_and_by_fit_async():
    x, y = data(8)
    heard = []

    async def hook(epoch, logs):
        await asyncio.sleep(0)
        heard.append(epoch)

    mlp().fit(x, y, epochs=2, verbose=0, callbacks={"onEpochEnd": hook})
    asyncio.run(mlp().fit_async(x, y, epochs=2, verbose=0, callbacks={"onEpochEnd": hook}))
    assert heard == [0, 1, 0, 1]


def test_fit_async_gives_the_same_bits_and_lets_others_run():
    x, y = data()
    turns = []

    async def both():
        model = mlp()

        async def others():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        task = asyncio.ensure_future(others())
        await model.fit_async(x, y, epochs=2, batch_size=8, verbose=0, yield_every="batch")
        task.cancel()
        return model.get_weights()

    there = asyncio.run(both())
    model = mlp()
    model.fit(x, y, epochs=2, batch_size=8, verbose=0)
    for a, b in zip(there, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(turns) >= 10


@pytest.mark.parametrize(
    ("yield_every", "expected"), [("batch", 10), ("epoch", 2), ("never", 0), (0, None), ("auto", None)]
)
def test_yield_every_says_when_control_goes_back(monkeypatch, yield_every, expected):
    x, y = data(40)
    pauses, yields = [], []

    async def pause():
        pauses.append(1)

    monkeypatch.setattr(host, "pause", pause)
    asyncio.run(
        stepwise().fit_async(
            x, y, epochs=2, batch_size=8, verbose=0, yield_every=yield_every,
            callbacks={"onYield": lambda epoch, batch, logs: yields.append((epoch, batch))},
        )
    )  # fmt: skip
    if expected is not None:
        assert len(pauses) == len(yields) == expected
    if yield_every == 0:  # inside steps, too: those pauses are no business of onYield
        assert len(pauses) > 100
        assert len(yields) == 12
    if yield_every == "batch":
        assert yields[0] == (0, 0)
        assert yields[-1] == (1, 4)


def test_a_job_is_driven_by_hand_for_some_milliseconds_at_a_time():
    x, y = data()
    model = stepwise()
    job = model.job("fit", x, y, epochs=2, batch_size=8, verbose=0)
    assert isinstance(job, Job)
    turns = 1
    while not job.run(0):
        turns += 1
    assert turns > 100
    other = stepwise()
    other.fit(x, y, epochs=2, batch_size=8, verbose=0)
    assert job.result.history == other.history.history


def test_predict_in_the_middle_of_a_step_sees_weights_of_whole_steps():
    x, y = data()
    model, other = stepwise(), stepwise()
    job = model.job("fit", x, y, batch_size=40, epochs=3, shuffle=False, verbose=0)
    for _ in range(60):
        job.run(0)
    assert not job.done
    assert model.open_step is not None
    seen = model.predict(x)
    possible = [other.predict(x)]
    other.fit(
        x,
        y,
        batch_size=40,
        epochs=3,
        shuffle=False,
        verbose=0,
        callbacks={"onBatchEnd": lambda batch, logs: possible.append(other.predict(x))},
    )
    assert any(np.array_equal(seen, one) for one in possible)
    job.finish()
    np.testing.assert_array_equal(model.predict(x), possible[-1])


def test_evaluate_and_predict_inside_callbacks_do_not_disturb():
    x, y = data()
    plain = mlp()
    plain.fit(x, y, epochs=3, batch_size=8, verbose=0, validation_split=0.25)
    model = mlp()

    def look(*_):
        model.evaluate(x, y)
        model.predict(x)

    model.fit(
        x, y, epochs=3, batch_size=8, verbose=0, validation_split=0.25,
        callbacks={"onBatchEnd": look, "on_test_batch_end": look},
    )  # fmt: skip
    assert model.history.history == plain.history.history


def test_compile_changes_no_weight_and_replaces_the_optimizer():
    x, y = data()
    model = mlp()
    model.fit(x, y, verbose=0)
    before = model.get_weights()
    model.compile(pyengine.optimizers.SGD(0.25), "categorical_crossentropy")
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.optimizer.learning_rate == 0.25
    assert list(model.fit(x, y, verbose=0).history) == ["loss"]


def test_the_learning_rate_can_be_changed_without_planning_anew():
    x, y = data()
    model = mlp(optimizer="sgd")
    model.fit(x, y, verbose=0)
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    assert model.builds == 2  # batches of 32 and of 8
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_layers_stay_as_they_are():
    x, y = data()
    model = mlp()
    model.layers[0].trainable = False
    model.compile("adam", "categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[2] != after[2]).any()


def test_a_flag_changed_after_compile_warns_and_names_the_layer():
    x, y = data()
    model = mlp()
    model.layers[0].trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match=r"'dense.*' has changed since compile.*compile again"):
        model.fit(x, y, verbose=0)
    assert (before[0] != model.get_weights()[0]).any(), "compile's flags hold until the next compile"


def test_a_loss_and_a_metric_may_be_functions_of_ops():
    x, y = data()
    model = mlp()

    def loss(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    def worst(y_true, y_pred):
        return ops.max(ops.abs(y_true - y_pred), axis=-1)

    model.compile("sgd", loss, metrics=[worst])
    history = model.fit(x, y, epochs=2, verbose=0)
    assert sorted(history.history) == ["loss", "worst"]
    model.compile("sgd", "mse")
    assert model.evaluate(x, y) == pytest.approx(np.mean((y - model.predict(x)) ** 2), rel=1e-5)


def test_train_on_batch_gives_that_batchs_values():
    x, y = data(8)
    model = mlp()
    loss, accuracy = model.train_on_batch(x, y)
    again = model.train_on_batch(x, y, return_dict=True)
    assert again["loss"] < loss
    assert 0 <= accuracy <= 1
    assert model.test_on_batch(x, y)[0] < again["loss"]
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x), rtol=1e-6)


def test_a_nan_loss_is_reported_once_with_epoch_and_batch():
    x, y = data()
    model = pyengine.Sequential([layers.Dense(3, input_shape=(4,))])
    model.compile(pyengine.optimizers.SGD(1e38), "mse")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y * 1e30, epochs=3, batch_size=8, verbose=0)
    said = [str(w.message) for w in caught if "The loss became" in str(w.message)]
    assert len(said) == 1
    assert "in epoch 0, batch" in said[0]


def test_a_nan_loss_is_reported_with_the_same_epoch_and_batch_whether_somebody_listens_or_not():
    x, y = data(40)
    x[27] = 3e38  # a sample in the fourth batch of eight

    def said(**settings):
        model = pyengine.Sequential([layers.Dense(3, input_shape=(4,))])
        model.compile(pyengine.optimizers.SGD(0.0), "mse")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0, **settings)
        return [str(w.message).partition(". ")[0] for w in caught]

    alone = said()
    assert alone == [alone[0]] == said(callbacks={"onBatchEnd": lambda batch, logs: None})
    assert alone[0].endswith("in epoch 0, batch 3")


# --- many batches in one run


def test_an_epoch_that_nobody_listens_to_is_one_run_for_each_size_of_batch():
    x, y = data(44)
    executor = Counting()
    mlp(executor=executor).fit(
        x, y, batch_size=8, epochs=2, verbose=0, validation_data=(x, y), validation_batch_size=32
    )
    epoch = [(0, 5), (0, 1)]
    validation = [(0, 1), (0, 1)]
    assert executor.runs == (epoch + validation) * 2


@pytest.mark.parametrize("settings", [{"callbacks": {"onBatchEnd": print}}, {"yield_every": "batch"}])
def test_who_wants_to_hear_of_every_batch_has_the_steps_run_one_by_one(settings, capsys):
    x, y = data(20)
    executor = Counting()
    mlp(executor=executor).fit(x, y, batch_size=8, verbose=0, **settings)
    assert executor.runs == [(0, 1), (1, 2), (0, 1)]


@pytest.mark.parametrize("shuffle", [True, False])
def test_listening_to_batches_changes_no_bit(shuffle):
    x, y = data(44)

    def trained(**settings):
        model = mlp(dropout=0.4)
        history = model.fit(
            x, y, batch_size=8, epochs=3, shuffle=shuffle, verbose=0, validation_split=0.2, **settings
        )
        return history.history, [weight.tobytes() for weight in model.get_weights()]

    alone = trained()
    assert alone == trained(callbacks={"onBatchEnd": lambda batch, logs: None})
    assert alone == trained(steps_per_epoch=5)


@pytest.mark.parametrize("convert", [
    lambda x, y: (x.astype("f8"), y.astype("f8")),
    lambda x, y: (x.astype("i8"), y.astype("u1")),
    lambda x, y: (x.astype("u1"), y.astype("?")),
    lambda x, y: (x.astype(">f4"), y.astype(">f8")),
    lambda x, y: (np.asfortranarray(x), np.repeat(y, 2, 1)[:, ::2]),
    lambda x, y: (x.tolist(), y.tolist()),
])  # fmt: skip
def test_numbers_count_not_how_they_are_stored(convert):
    x, y = data()
    x = np.abs(np.round(x * 10))

    def losses(x, y):
        return mlp().fit(x, y, batch_size=16, epochs=2, verbose=0).history["loss"]

    assert losses(*convert(x, y)) == losses(x, y)


def test_data_that_fit_are_not_copied_and_let_go_after_the_training():
    x, y = data()
    model = mlp()
    seen = []

    def look(batch, logs):
        seen.append(model.open_step.memory.batches.arrays)

    model.fit(x, y, verbose=0, callbacks={"onBatchEnd": look})
    assert any(array is x for array in seen[0].values())
    assert any(array is y for array in seen[0].values())
    assert model.step.memory.batches is None


def test_yields_come_behind_a_step_with_its_number_where_steps_are_short(monkeypatch):
    x, y = data(800)
    pauses, yields = [], []

    async def pause():
        pauses.append(1)

    monkeypatch.setattr(host, "pause", pause)
    model = mlp()
    model.fit(x, y, batch_size=4, verbose=0)  # so that nothing has to be planned
    asyncio.run(
        model.fit_async(
            x, y, epochs=50, batch_size=4, shuffle=False, verbose=0, yield_every=1,
            callbacks={"onYield": lambda epoch, batch, logs: yields.append((epoch, batch, logs.get("batch")))},
        )
    )  # fmt: skip
    assert len(pauses) >= len(yields) > len(pauses) / 2, "hardly any of them inside a step"
    assert [place[:2] for place in yields] == sorted(place[:2] for place in yields)
    # Behind the last batch of an epoch the logs are the epoch's.
    assert all(told == batch < 200 or (told is None and batch == 199) for _, batch, told in yields)


def test_a_stop_asked_for_in_a_pause_ends_after_the_running_batch(monkeypatch):
    x, y = data(40)
    executor = Counting()
    model = mlp(executor=executor)

    async def pause():
        model.stop_training = bool(executor.runs)

    monkeypatch.setattr(host, "pause", pause)
    asyncio.run(model.fit_async(x, y, epochs=9, batch_size=8, verbose=0, yield_every=0))
    assert executor.runs[-1][1] == 1
    assert model.history.epoch == [0]


def test_a_stop_asked_for_before_the_first_batch_is_heard():
    x, y = data(40)
    model = mlp()
    before = model.get_weights()
    job = model.job("fit", x, y, verbose=0)
    model.stop_training = True
    assert job.finish().history == {}
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    assert model.fit(x, y, verbose=0).epoch == [0], "the next fit begins afresh"
    model.claim("fit")
    model.stop_training = True
    model.predict(x)
    claimed = model.claimed_job("fit", x, y, verbose=0)
    assert claimed.finish().epoch == [], "asked for while its data were on their way"
    model.release()
    assert model.fit(x, y, verbose=0).epoch == [0]


class Failing(callbacks.Callback):
    """Fails at the hooks named; keeps which were called."""

    def __init__(self, number, *hooks):
        self.number, self.hooks, self.called = number, hooks, []

    def _at(self, hook):
        self.called.append(hook)
        if hook in self.hooks:
            raise ValueError(f"{hook} {self.number}")

    def on_epoch_end(self, epoch, logs=None):
        self._at("on_epoch_end")

    def on_train_end(self, logs=None):
        self._at("on_train_end")


class FailingLater(Failing):
    async def on_train_end(self, logs=None):
        await asyncio.sleep(0)
        self._at("on_train_end")


@pytest.mark.parametrize("kind", [Failing, FailingLater])
def test_every_callback_hears_the_end_and_the_first_error_carries_the_others(kind):
    x, y = data()
    model = mlp()
    first, second, third = kind(1, "on_train_end"), kind(2, "on_train_end"), kind(3)
    with pytest.raises(ValueError, match="on_train_end 1") as failed:
        model.fit(x, y, verbose=0, callbacks=[first, second, third])
    assert failed.value.__notes__ == ["Another error followed: ValueError('on_train_end 2')"]
    assert third.called == ["on_epoch_end", "on_train_end"]
    assert model.fit(x, y, verbose=0).epoch == [0]


def test_an_error_at_the_end_does_not_hide_the_one_that_ended_the_training():
    x, y = data()
    with pytest.raises(ValueError, match="on_epoch_end 1") as failed:
        mlp().fit(x, y, verbose=0, callbacks=[Failing(1, "on_epoch_end"), Failing(2, "on_train_end")])
    assert failed.value.__notes__ == ["Another error followed: ValueError('on_train_end 2')"]


def test_a_fit_that_is_closed_tells_every_callback_its_end():
    x, y = data()
    ended = []

    async def later(logs):
        ended.append("never begun")

    told = {"on_train_end": lambda logs: ended.append("told")}
    model = stepwise()
    job = model.job("fit", x, y, epochs=9, verbose=0, callbacks=[{"on_train_end": later}, told])
    while model.open_step is None:
        job.run(0)
    job.close()
    assert ended == ["told"]


def test_a_run_that_fails_is_not_run_again():
    class Failing(Counting):
        def run(self, memory, start=0, deadline=None, stop=None):
            super().run(memory, start, deadline, start + 3)
            raise KeyboardInterrupt

    x, y = data()
    executor = Failing()
    model = mlp(executor=executor)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0)
    model.get_weights()
    assert len(executor.runs) == 1


# --- datasets


def test_fit_dataset_trains_as_fit_does():
    x, y = data()
    model, other = mlp(), mlp()
    model.fit_dataset(
        Dataset.from_arrays(x, y).batch(8),
        epochs=3,
        verbose=0,
        validation_data=(x, y),
        validation_batch_size=8,
    )
    other.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0, validation_data=(x, y))
    assert model.history.history == other.history.history
    assert model.evaluate_dataset(Dataset.from_arrays(x, y).batch(8)) == other.evaluate(x, y, batch_size=8)


def test_a_dataset_larger_than_memory_trains_lazily():
    made = []

    def rows():
        for index in range(10**9):
            made.append(index)
            yield {"xs": np.full(4, index % 7, "f4"), "ys": np.eye(3, dtype="f4")[index % 3]}

    mlp().fit_dataset(Dataset.from_generator(rows).batch(8), epochs=2, steps_per_epoch=5, verbose=0)
    assert len(made) <= 2 * 5 * 8 + 8


def test_a_dataset_that_ends_before_the_epochs_of_javascript_ends_the_training_with_a_warning():
    x, y = data()
    given = calls.arguments_of("fit_dataset", {"batchesPerEpoch": 4, "epochs": 3})
    with pytest.warns(UserWarning, match="ended after 5 batches"):
        history = mlp().fit_dataset(Dataset.from_arrays(x, y).batch(8), **given)
    assert history.epoch == [0, 1]


def test_async_generators_feed_fit_dataset_blocking_and_not():
    x, y = data(16)

    async def rows():
        for a, b in zip(x, y, strict=True):
            await asyncio.sleep(0)
            yield {"value": {"xs": a, "ys": b}}

    dataset = Dataset.from_generator(rows).batch(4)
    model, other = mlp(), mlp()
    model.fit_dataset(dataset, epochs=2, verbose=0)
    asyncio.run(other.fit_dataset_async(dataset, epochs=2, verbose=0))
    assert model.history.history == other.history.history


# --- errors, in words, before anything changes


def refused(model, error, match, *arguments, **keywords):
    before = model.get_weights()
    with pytest.raises(error, match=match):
        model.fit(*arguments, verbose=0, **keywords)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_fit_before_compile_is_refused():
    model = pyengine.Sequential([layers.Dense(3, input_shape=(4,))])
    refused(
        model,
        NotCompiledError,
        r"model\.fit expects a compiled model.* Call `model\.compile",
        *data(),
    )


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda x, y: (x[:, :3], y), ShapeError, r"x expects shape \(batch, 4\), but got shape \(40, 3\)"),
        (lambda x, y: (x[0], y), ShapeError, r"shape \(4,\)\. This looks like one sample\. Add .* `x\[None\]`"),
        (lambda x, y: (x.reshape(40, 2, 2), y), ShapeError, r"Reshape each sample: `np\.reshape\(x, \(-1, 4\)\)`"),
        (lambda x, y: (x, y[:30]), DataError, r"y expects as many samples .* but got 40 in x, 30 in y"),
        (lambda x, y: (x[:0], y[:0]), DataError, r"at least one sample, but got shape \(0, 4\)"),
        (lambda x, y: (x, y.argmax(1)), ShapeError, "sparse_categorical_crossentropy"),
        (lambda x, y: (np.where(x == x[7, 1], np.nan, x), y), DataError, "finite numbers, but got `nan` in sample 7"),
        (lambda x, y: (x.astype("f8") * 1e39, y), DataError, r"x expects numbers from .* which float32 holds, but"),
        (lambda x, y: (x, y.astype('f8') * 1e39), DataError, r"y expects numbers from .* but got 1e\+39"),
        (lambda x, y: (x, y.astype("i8") + 2**32), DataError, r"y expects .* int32 holds, but got 429496729\d in"),
        (lambda x, y: (x, y * 3), DataError, r"y expects numbers from 0 to 1, .* but got 3 in sample 0"),
        (lambda x, y: (x, None), DataError, "y expects targets for the output .* but got `None`"),
        (lambda x, y: (np.array([["a"] * 4] * 40), y), DataError, "an array of numbers, but got `'a'`"),
        (lambda x, y: ({"inputt": x}, y), UnknownNameError, r"model\.fit: Unknown name in x 'inputt'"),
    ],
)  # fmt: skip
def test_bad_data_is_refused_in_words_and_changes_nothing(change, error, match):
    refused(mlp(), error, match, *change(*data()))


def test_numbers_whose_sum_is_not_finite_may_be_so_themselves():
    x, y = data()
    x[3:5] = 3e38
    model = mlp()
    model.compile(pyengine.optimizers.SGD(0.0), "mse")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The loss became")
        assert model.fit(x, y, verbose=0).epoch == [0]
    x[7, 1], x[8, 1] = np.inf, -np.inf
    refused(model, DataError, "finite numbers, but got `inf` in sample 7", x, y)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"validation_split": 1.0}, ArgumentError, "less than 1"),
        ({"validation_split": -0.1}, ArgumentError, "at least 0"),
        ({"batch_size": 0}, ArgumentError, "batch_size expects a whole number of at least 1, but got `0`"),
        ({"epochs": 2.5}, ArgumentError, r"epochs expects a whole number .* but got `2\.5`"),
        ({"epoch": 2}, UnknownNameError, "Unknown argument of model.fit 'epoch'. Did you mean 'epochs'"),
        ({"yield_every": "often"}, ArgumentError, "yield_every expects 'auto'"),
        ({"sample_weight": np.ones(3)}, DataError, "one number per sample"),
        ({"sample_weight": np.ones((60, 3))}, DataError, r"^model.fit: sample_weight expects one number per sample"),
        ({"sample_weight": np.full(60, 1e39)}, DataError, r"weights from 0 to 3\.4e\+38, but got `1e\+39`"),
        ({"sample_weight": -np.ones(60)}, DataError, r"weights from 0 .* but got `-1\.0` in sample 0"),
        ({"sample_weight": np.full((60, 1), np.nan)}, DataError, "got `nan` in sample 0"),
        ({"validation_data": 3}, ArgumentError, r"validation_data expects \(x, y\)"),
        ({"validation_data": (np.ones((2, 5)), np.ones((2, 3)))}, ShapeError, r"_data\[0\] expects .* \(2, 5\)"),
        ({"callbacks": [3]}, ArgumentError, "callbacks expects instances of Callback"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_in_words_and_change_nothing(arguments, error, match):
    x, y = data(60)
    refused(mlp(), error, match, x, y, **arguments)


def test_labels_out_of_range_are_refused():
    x, _ = data()
    model = mlp()
    model.compile("adam", "sparse_categorical_crossentropy")
    refused(
        model,
        DataError,
        r"y expects whole numbers from 0 to 2, .* but got 3 in sample 3",
        x,
        np.arange(40) % 4,
    )


def test_a_second_fit_while_one_runs_is_refused_and_the_first_goes_on():
    x, y = data()
    model = stepwise()
    first = model.job("fit", x, y, epochs=2, verbose=0)
    first.run(0)
    while model.open_step is None:
        first.run(0)
    with pytest.raises(BusyError, match=r"model\.fit expects a model that no fit is training"):
        model.fit(x, y, verbose=0)
    with pytest.raises(BusyError, match="compile"):
        model.compile("sgd", "mse")
    assert first.finish().epoch == [0, 1]


def test_unknown_names_come_with_the_nearest_known_ones():
    model = mlp()
    with pytest.raises(UnknownNameError, match="Did you mean 'adam"):
        model.compile("adamm", "mse")
    with pytest.raises(UnknownNameError, match="categorical_crossentropy"):
        model.compile("adam", "categorical_crossentropi")
    with pytest.raises(UnknownNameError, match="acc"):
        model.compile("adam", "mse", metrics=["acuracy"])


def test_sorted_labels_get_a_warning_with_validation_split():
    x, y = data()
    order = np.argsort(y.argmax(1), kind="stable")
    with pytest.warns(UserWarning, match="sorted by class"):
        mlp().fit(x[order], y[order], validation_split=0.25, verbose=0)


def test_weights_read_in_the_middle_of_a_step_are_those_of_a_whole_step():
    x, y = data()
    model = stepwise()
    job = model.job("fit", x, y, batch_size=40, epochs=1, shuffle=False, verbose=0)
    while model.open_step is None or model.open_step.position < 10:
        job.run(0)
    seen = model.get_weights()
    other = stepwise()
    other.train_on_batch(x, y)
    for a, b in zip(seen, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    job.finish()


def test_a_metric_of_several_thresholds_cannot_be_logged():
    x, y = data()
    model = mlp(metrics=[pyengine.metrics.Precision(thresholds=[0.3, 0.6])])
    refused(model, ArgumentError, r"'precision.*': thresholds expects one, .* but got shape \(2,\)", x, y)


def test_averaged_weights_are_in_place_after_training():
    x, y = data()
    model = mlp(optimizer=pyengine.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5))
    last = []
    model.fit(
        x,
        y,
        epochs=2,
        verbose=0,
        callbacks={"onBatchEnd": lambda batch, logs: last.append(model.get_weights())},
    )
    assert (model.get_weights()[0] != last[-1][0]).any()


def test_weights_of_samples_may_have_an_axis_of_length_one():
    x, y = data()
    weights = np.linspace(0, 2, len(x))
    flat = mlp()
    flat.fit(x, y, sample_weight=weights, verbose=0)
    upright = mlp()
    upright.fit(x, y, sample_weight=weights[:, None], verbose=0)
    for a, b in zip(flat.get_weights(), upright.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
