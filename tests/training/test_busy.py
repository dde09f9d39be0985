"""A model is trained by one fit at a time, from its call to its end, however that comes."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import layers
from pyengine.data import Dataset
from pyengine.errors import BusyError, DataError


def model_of(features: int) -> pyengine.Sequential:
    pyengine.set_random_seed(1)
    model = pyengine.Sequential([layers.Dense(1, input_shape=(features,))])
    model.compile("sgd", "mse")
    return model


def large() -> tuple[np.ndarray, np.ndarray]:
    """Data whose checking and casting take turns before the first step."""
    return np.zeros((4000, 500), "float64"), np.zeros((4000, 1), "float64")


def small() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((8, 500), "float32"), np.zeros((8, 1), "float32")


SECOND = {
    "fit": lambda model: model.fit_async(*small(), verbose=0),
    "fit_dataset": lambda model: model.fit_dataset_async(
        Dataset.from_arrays(*small()).batch(4), epochs=1, verbose=0
    ),
    "train_on_batch": lambda model: asyncio.to_thread(model.train_on_batch, *small()),
    "compile": lambda model: asyncio.to_thread(model.compile, "adam", "mse"),
    "add": lambda model: asyncio.to_thread(model.add, layers.Dense(1)),
    "pop": lambda model: asyncio.to_thread(model.pop),
}


@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("first", ["fit", "fit_dataset"])
def test_the_first_wins_and_the_second_is_refused(first: str, second: str) -> None:
    model = model_of(500)

    async def both() -> list[Any]:
        if first == "fit":
            begun = model.fit_async(*large(), epochs=3, verbose=0, yield_every=0)
        else:
            dataset = Dataset.from_arrays(*small()).batch(1)
            begun = model.fit_dataset_async(dataset, epochs=3, verbose=0, yield_every=0)
        return await asyncio.gather(begun, SECOND[second](model), return_exceptions=True)

    history, refused = asyncio.run(both())
    assert history.epoch == [0, 1, 2]
    assert isinstance(refused, BusyError)
    assert refused.where == f"model.{second}"
    assert model.fit(*small(), verbose=0).epoch == [0], "free again"


def test_data_that_are_refused_leave_the_model_free() -> None:
    model = model_of(500)
    x, y = small()
    with pytest.raises(DataError, match="finite numbers"):
        model.fit(x + np.nan, y, verbose=0)
    assert model.fit(x, y, verbose=0).epoch == [0]


def test_a_refused_fit_takes_back_no_stop() -> None:
    model = model_of(500)

    async def stopped() -> Any:
        running = asyncio.create_task(model.fit_async(*large(), epochs=50, verbose=0, yield_every=0))
        await asyncio.sleep(0)
        model.stop_training = True
        with pytest.raises(BusyError):
            await model.fit_async(*small(), verbose=0)
        return await running

    assert asyncio.run(stopped()).epoch == []


class Ends(pyengine.callbacks.Callback):
    """Counts how often training has begun and ended."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    def on_train_begin(self, logs: Any = None) -> None:
        self.begun += 1

    async def on_train_end(self, logs: Any = None) -> None:
        await asyncio.sleep(0)
        self.ended += 1


@pytest.mark.parametrize("kind", ["fit", "fit_dataset"])
def test_a_cancelled_fit_ends_at_once_and_leaves_the_model_free(kind: str) -> None:
    model = model_of(500)
    ends = Ends()

    async def cancelled() -> None:
        arguments: Any = {"epochs": 10**6, "verbose": 0, "yield_every": 0, "callbacks": ends}
        if kind == "fit":
            work = model.fit_async(*small(), **arguments)
        else:
            work = model.fit_dataset_async(Dataset.from_arrays(*small()).batch(4), **arguments)
        task = asyncio.create_task(work)
        while not ends.begun:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ends.ended == 1, "its end is told, and what that awaits is awaited"
        assert (await model.fit_async(*small(), verbose=0)).epoch == [0]

    asyncio.run(cancelled())


def test_a_time_out_ends_a_hook_that_never_answers() -> None:
    model = model_of(500)

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    async def limited() -> None:
        work = model.fit_async(*small(), verbose=0, callbacks={"on_epoch_end": never})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work, 0.2)
        assert (await model.fit_async(*small(), verbose=0)).epoch == [0]

    asyncio.run(limited())


@pytest.mark.parametrize("kind", ["evaluate", "predict"])
def test_a_cancelled_evaluation_or_prediction_closes_its_work(kind: str) -> None:
    model = model_of(500)
    x, y = small()

    async def cancelled() -> None:
        arguments = (x,) if kind == "predict" else (x, y)
        job = model.job(kind, *arguments, batch_size=1, yield_every=0)
        task = asyncio.create_task(job.wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert job.done
        assert job.work.gi_frame is None, "the generator is closed"

    asyncio.run(cancelled())


def test_a_wait_that_is_closed_closes_the_work() -> None:
    model = model_of(500)
    work = model.fit_async(*small(), epochs=9, verbose=0, yield_every=0)
    work.send(None)  # to its first pause
    with pytest.raises(BusyError):
        model.fit(*small(), verbose=0)
    work.close()
    assert model.fit(*small(), verbose=0).epoch == [0]
