"""`model.stop_training` ends every fit: between batches, in validation, and whatever the fit waits for."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.callbacks import HOOKS, Callback, EarlyStopping
from pyengine.data import Dataset
from pyengine.errors import BusyError, DataError
from pyengine.training import job

FIT_HOOKS = [hook for hook in HOOKS if "predict" not in hook and hook != "on_yield"]
X, Y = np.zeros((8, 3), "float32"), np.zeros((8, 1), "float32")


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "GRACE", 0.05)
    monkeypatch.setattr(job, "PATIENCE", 0.2)


def compiled(*, built: bool = True) -> pyengine.Sequential:
    pyengine.set_random_seed(1)
    model = pyengine.Sequential([layers.Dense(1, input_shape=(3,)) if built else layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


async def never(*_: Any) -> None:
    await asyncio.Event().wait()


def batches(count: int = 2) -> Dataset:
    return Dataset.from_arrays(X, Y).batch(8 // count)


async def stopped_after(model: Any, work: Any, seconds: float = 0.05) -> Any:
    """What a fit gives that is asked to stop after some time; it fails where that takes long."""
    running = asyncio.ensure_future(work)
    await asyncio.sleep(seconds)
    assert not running.done()
    with pytest.raises(BusyError, match="stop_training = True"):
        await model.fit_async(X, Y, verbose=0)
    model.stop_training = True
    return await asyncio.wait_for(running, 5)


# hooks that never answer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", FIT_HOOKS)
def test_a_stop_ends_a_hook_that_never_answers(hook: str) -> None:
    model = compiled()

    async def run() -> None:
        work = model.fit_async(X, Y, verbose=0, validation_data=(X, Y), callbacks={hook: never})
        with pytest.warns(UserWarning, match=f"The hook `{hook}` was still waiting"):
            await stopped_after(model, work)
        assert (await model.fit_async(X, Y, verbose=0)).epoch == [0], "free again"

    asyncio.run(run())


def test_a_blocking_fit_is_stopped_from_another_thread() -> None:
    class Hanging(Callback):
        async def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            await never()

    model = compiled()
    timer = threading.Timer(0.1, setattr, (model, "stop_training", True))
    timer.start()
    with pytest.warns(UserWarning, match="The hook `on_epoch_end` of Hanging was still waiting"):
        assert model.fit(X, Y, epochs=9, verbose=0, callbacks=Hanging()).epoch == [0]
    timer.join()


def test_hooks_after_a_stop_have_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "PATIENCE", 5.0)
    model = compiled()
    done = []

    async def save(epoch: int, logs: Any = None) -> None:
        model.stop_training = True
        await asyncio.sleep(0.2)
        done.append(epoch)

    async def upload(logs: Any = None) -> None:
        await asyncio.sleep(0.2)
        done.append("end")

    hooks = {"on_epoch_end": save, "on_train_end": upload}
    assert model.fit(X, Y, epochs=9, verbose=0, callbacks=hooks).epoch == [0]
    assert done == [0, "end"]


def test_a_hook_that_never_answers_after_a_stop_ends_as_well() -> None:
    model = compiled()

    async def stop_and_hang(epoch: int, logs: Any = None) -> None:
        model.stop_training = True
        await never()

    hooks = {"on_epoch_end": stop_and_hang, "on_train_end": never}
    with pytest.warns(UserWarning, match="`on_epoch_end`"), pytest.warns(UserWarning, match="`on_train_end`"):
        model.fit(X, Y, epochs=9, verbose=0, callbacks=hooks)


def test_stops_asked_for_again_and_again_postpone_nothing() -> None:
    model = compiled()

    async def run() -> None:
        running = asyncio.ensure_future(model.fit_async(X, Y, verbose=0, callbacks={"on_epoch_end": never}))
        began = time.perf_counter()
        while not running.done() and time.perf_counter() < began + 5:
            await asyncio.sleep(0.01)
            model.stop_training = True
        assert running.done()
        await running

    with pytest.warns(UserWarning, match="on_epoch_end"):
        asyncio.run(run())


def test_a_time_out_of_a_hook_is_the_hooks_own_error() -> None:
    model = compiled()

    async def limited(*_: Any) -> None:
        model.stop_training = True
        await asyncio.wait_for(never(), 0.01)

    with pytest.raises(TimeoutError):
        model.fit(X, Y, verbose=0, callbacks={"on_epoch_end": limited})


# stops in hooks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "batches", "tests", "validated"),
    [  # batches and epochs as in Keras, which would always validate to the end
        ("on_train_begin", 1, 0, False),
        ("on_epoch_begin", 1, 0, False),
        ("on_train_batch_begin", 1, 0, False),
        ("on_train_batch_end", 1, 0, False),
        ("on_test_begin", 4, 0, False),
        ("on_test_batch_begin", 4, 1, False),
        ("on_test_batch_end", 4, 1, False),
        ("on_test_end", 4, 4, True),
        ("on_epoch_end", 4, 4, True),
    ],
)
def test_a_stop_in_any_hook_works_within_that_batch(
    hook: str, batches: int, tests: int, validated: bool
) -> None:
    model = compiled()
    seen: list[str] = []

    def listener(name: str) -> Any:
        def call(*_: Any) -> None:
            seen.append(name)
            if name == hook:
                model.stop_training = True

        return call

    history = model.fit(
        X, Y, batch_size=2, epochs=9, verbose=0, validation_data=(X, Y), validation_batch_size=2,
        callbacks={name: listener(name) for name in FIT_HOOKS},
    )  # fmt: skip
    assert history.epoch == [0]
    assert ("val_loss" in history.history) == validated
    for name in ("on_train_batch_begin", "on_train_batch_end"):
        assert seen.count(name) == batches
    for name in ("on_test_batch_begin", "on_test_batch_end"):
        assert seen.count(name) == tests
    assert seen.count("on_test_begin") == seen.count("on_test_end") == (batches == 4)
    assert seen[-2:] == ["on_epoch_end", "on_train_end"]


def test_a_stop_before_a_batch_is_heard_without_listening_to_batches() -> None:
    model = compiled()
    model.fit(X, Y, batch_size=1, verbose=0, callbacks={
        "on_epoch_begin": lambda epoch, logs: setattr(model, "stop_training", True),
    })  # fmt: skip
    assert int(model.optimizer.iterations) == 1


def test_an_evaluation_takes_no_notice_of_an_old_stop() -> None:
    model = compiled()
    sizes: list[int] = []
    model.stop_training = True
    model.evaluate(
        X, Y, batch_size=2, callbacks={"on_test_batch_end": lambda _, logs: sizes.append(logs["size"])}
    )
    assert sizes == [2, 2, 2, 2]
    assert model.evaluate_dataset(batches()) == model.evaluate(X, Y)


def test_a_stop_before_validation_is_no_missing_metric() -> None:
    model = compiled()
    stop = {"on_train_batch_end": lambda *_: setattr(model, "stop_training", True)}
    model.fit(X, Y, verbose=0, validation_data=(X, Y), callbacks=[stop, EarlyStopping("val_loss")])


# data that never come or never end -------------------------------------------------------------------------------


async def hanging() -> AsyncIterator[Any]:
    yield X, Y
    await never()


async def hanging_at_once() -> AsyncIterator[Any]:
    await never()
    yield X, Y


def endless() -> Iterator[Any]:
    while True:
        yield X, Y


@pytest.mark.parametrize(("generator", "epochs"), [(hanging, [0]), (hanging_at_once, [])])
@pytest.mark.parametrize("built", [True, False])
def test_a_stop_ends_waiting_for_a_generator(generator: Any, epochs: list[int], built: bool) -> None:
    model = compiled(built=built)
    dataset = Dataset.from_generator(generator)

    async def run() -> None:
        history = await stopped_after(model, model.fit_dataset_async(dataset, epochs=9, verbose=0))
        assert history.epoch == epochs
        assert (await model.fit_async(X, Y, verbose=0)).epoch == [0], "free again"

    asyncio.run(run())


@pytest.mark.parametrize("generator", [hanging, endless])
def test_a_stop_ends_a_validation_that_has_no_end(generator: Any) -> None:
    model = compiled()
    data = Dataset.from_generator(generator)

    async def run() -> None:
        work = model.fit_async(X, Y, epochs=9, verbose=0, validation_data=data, yield_every=1)
        history = await stopped_after(model, work)
        assert (history.epoch, list(history.history)) == ([0], ["loss"])

    asyncio.run(run())


def test_a_stop_ends_training_on_a_generator_that_has_no_end() -> None:
    model = compiled()
    work = model.fit_dataset_async(Dataset.from_generator(endless), epochs=9, verbose=0, yield_every=1)
    assert asyncio.run(stopped_after(model, work)).epoch == [0]


@pytest.mark.parametrize(
    ("call", "where", "limit"),
    [
        (lambda m, e: m.fit_dataset(e, epochs=2), "model.fit_dataset: dataset", "steps_per_epoch"),
        (
            lambda m, e: m.fit_dataset(batches(), epochs=2, validation_data=e),
            "model.fit_dataset: validation_data",
            "validation_steps",
        ),
        (lambda m, e: m.fit(X, Y, validation_data=e), "model.fit: validation_data", "validation_steps"),
        (lambda m, e: m.evaluate_dataset(e), "model.evaluate_dataset: dataset", "steps"),
    ],
)
def test_endless_data_without_a_limit_are_refused_before_anything_changes(
    call: Any, where: str, limit: str
) -> None:
    model = compiled(built=False)
    with pytest.raises(DataError) as refused:
        call(model, batches().repeat())
    assert str(refused.value).startswith(f"{where} expects data that end, or `{limit}`")
    assert not model.built
    assert batches().repeat().size == math.inf


def test_endless_data_with_a_limit_are_welcome() -> None:
    model = compiled()
    history = model.fit_dataset(
        batches().repeat(), epochs=2, steps_per_epoch=3, verbose=0,
        validation_data=batches().repeat(), validation_steps=2,
    )  # fmt: skip
    assert history.epoch == [0, 1]
    assert len(history.history["val_loss"]) == 2
    model.evaluate_dataset(batches().repeat(), steps=2)
