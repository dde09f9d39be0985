"""compile, fit, evaluate, predict: the face of training that every model has."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pyengine import random
from pyengine.callbacks import ABANDONED, CallbackList, History, progress_display
from pyengine.data import ArrayData, Dataset
from pyengine.errors import ArgumentError, BusyError, DataError, NotCompiledError, unknown_name
from pyengine.executors import Executor
from pyengine.training import inputs, loop
from pyengine.training.compile import Compiled, compiled
from pyengine.training.feeding import ArraySource, DatasetSource, Steps, refuse_endless, unpacked
from pyengine.training.job import Job, Stop, Work, blocking
from pyengine.training.pacing import Pacer
from pyengine.training.step import Step, new_totals, predict_step, test_step, train_step

Array = Any
KINDS = {"train": train_step, "test": test_step, "predict": predict_step}


@dataclass
class Plan:
    """What fit and fit_dataset are asked alike."""

    epochs: Any
    initial_epoch: Any
    verbose: Any
    callbacks: Any
    validation_freq: Any


class Trainer:
    """The training half of a model. A model gives it `inputs`, `outputs`, names, weights and `call`.

    Attributes:
        history: the History of the last fit.
        stop_training: set it to True, from a hook or from anywhere, to end the training after the running batch. It
            also ends what the training waits for: a hook or a dataset that gives no answer.
        executor: who runs what this model plans from now on; None: `pyengine.executors.default()`.
        builds: how many steps have been planned so far; it stays when shapes repeat.
    """

    def _init_training(self) -> None:
        self.compiled: Any = None
        self.history: Any = None
        self._stop = Stop()
        self.builds = 0
        self.executor: Executor | None = None
        self.open_step: Step | None = None
        self.loss_reported = False
        self._compile_words: dict[str, Any] | None = None
        self._steps: dict[str, list[Steps]] = {kind: [] for kind in KINDS}
        self._fitting = False
        self._warned: set = set()

    # compile ---------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        *,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Bind optimizer, loss and metrics to the model. Changes no weight; may be called again at any time.

        Args:
            optimizer: a name ("sgd", "momentum", "adam", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", …) or an
                instance of `pyengine.optimizers.Optimizer`.
            loss: a name, a `Loss`, or a function `(y_true, y_pred)` written in `pyengine.ops`; a list or a map by
                output name for several outputs.
            metrics: names, `Metric`s or functions; a list, or a map by output name.
            loss_weights: factor of each output's loss; default 1.
            weighted_metrics: like `metrics`, but each sample counts with its weight.

        Errors: UnknownNameError for unknown names, ArgumentError for a missing loss, BusyError while a fit runs.

        Source: Keras `Model.compile`; defaults of the optimizer names as TensorFlow.js.

        >>> import pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(3,))])
        >>> model.compile("sgd", "mse", ["mae"])
        """
        self._refuse_while_fitting("compile")
        words = {
            "optimizer": optimizer,
            "loss": loss,
            "metrics": metrics,
            "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics,
        }
        if self.built:  # type: ignore[attr-defined]
            self.compiled = compiled(self, **words)
        else:
            self.compiled = None
        self._compile_words = words
        self.forget_steps("train", "test")
        self._warned.clear()

    def ensure_compiled(self) -> Compiled:
        """The resolved words of compile; an unbuilt model resolves them when its data has built it."""
        if self._compile_words is None:
            raise NotCompiledError(
                f"Model {self.name!r} is not compiled yet: "  # type: ignore[attr-defined]
                "call model.compile(optimizer=..., loss=...) before training or evaluating it."
            )
        if self.compiled is None:
            self.compiled = compiled(self, **self._compile_words)
        return self.compiled

    @property
    def optimizer(self) -> Any:
        """The optimizer in use."""
        return self.compiled.optimizer if self.compiled else None

    def forget_steps(self, *kinds: str) -> None:
        """Planned steps are made anew when next needed: something they were made from has changed."""
        for kind in kinds or KINDS:
            self._steps[kind] = []

    @contextlib.contextmanager
    def compiled_flags(self) -> Iterator[None]:
        """Within: every layer's `trainable` as it was when compile was called."""
        layers, flags = self.compiled.layers, self.compiled.flags
        now = [layer._trainable for layer in layers]
        try:
            for layer, flag in zip(layers, flags, strict=True):
                layer._trainable = flag
            yield
        finally:
            for layer, flag in zip(layers, now, strict=True):
                layer._trainable = flag

    def _warn_of_changed_flags(self) -> None:
        layers, then = self.compiled.layers, self.compiled.flags
        now = tuple(layer._trainable for layer in layers)
        if now != then:
            changed = [one.name for one, old, new in zip(layers, then, now, strict=True) if old != new]
            self.warn_once(
                f"`trainable` of {', '.join(map(repr, changed))} has changed since compile, which goes on with the old "
                "value. Call compile again to train with the new one.",
                key=("flags", now),
            )

    def warn_once(self, text: str, *, key: Any) -> None:
        if key not in self._warned:
            self._warned.add(key)
            warnings.warn(text, stacklevel=3)

    # steps -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _steps_of(self, kind: str) -> Iterator[Steps]:
        """The planned steps of a kind, for one user at a time; who comes meanwhile gets others."""
        pool = self._steps[kind]
        totals = () if pool or kind == "predict" else new_totals(self)
        steps = pool.pop() if pool else Steps(self, KINDS[kind], totals)
        try:
            yield steps
        finally:
            steps.release()
            if self._steps[kind] is pool:
                pool.append(steps)

    @property
    def step(self) -> Step:
        """The planned step of the last training: `print(model.step.graph)`, `print(model.step.program)`."""
        for steps in self._steps["train"]:
            for step in reversed(steps.kept.values()):
                return step
        raise NotCompiledError("No training step has been planned yet: call fit or train_on_batch first.")

    def settle(self) -> None:
        """Finish a step that stands still between two calls, so that weights are those of a whole step."""
        if self.open_step is not None:
            self.open_step.settle()

    def _refuse_while_fitting(self, what: str) -> None:
        if self._fitting:
            raise BusyError(
                where=f"model.{what}",
                expected="a model that no fit is training",
                got="one whose fit is running",
                fix="Wait for it to end, or set `model.stop_training = True` and wait.",
            )

    @property
    def stop_training(self) -> bool:
        return self._stop.requested

    @stop_training.setter
    def stop_training(self, stop: bool) -> None:
        self._stop.requested = bool(stop)

    def claim(self, what: str) -> None:
        """Mark the model as busy with a fit, until `release`; whoever asks for a stop from now on means this fit.

        The page claims a model at once when a fit is called, before it copies the data.

        Errors: BusyError where a fit has the model already.
        """
        self._refuse_while_fitting(what)
        self._fitting, self.stop_training = True, False

    def release(self) -> None:
        """The fit that claimed the model is over."""
        self._fitting = False

    # fit -------------------------------------------------------------------------------------------------------

    def fit(self, x: Array, y: Array = None, **arguments: Any) -> History:
        """Train on arrays in memory. Blocks until it is done; `fit_async` takes the same arguments.

        Args:
            x: (samples, …), a list of such arrays, or a map by input name.
            y: (samples, …), a list, or a map by output name.
            batch_size: samples per update, ≥ 1, default 32. The last, smaller batch is used too.
            epochs: passes over the data counted from 0; default 1.
            verbose: "auto" | 0 | 1 | 2: progress display.
            callbacks: one or a list of `pyengine.callbacks.Callback`, or maps of hooks.
            validation_split: fraction in [0, 1) of the last rows, held back before shuffling.
            validation_data: (x, y) or (x, y, sample_weight), or a Dataset; wins over validation_split.
            shuffle: another order each epoch; default True.
            class_weight: map from class to factor (by output name with several outputs).
            sample_weight: (samples,), factor of each sample's loss.
            initial_epoch: number of the first epoch, default 0.
            steps_per_epoch: batches per epoch; passes follow each other without end.
            validation_steps, validation_batch_size, validation_freq: how much, in what batches, after which epochs.
            yield_every: "auto" | "batch" | "epoch" | milliseconds | "never": see `pyengine.training.pacing`.

        Returns: History: `history.history["loss"]`, … one plain number per epoch.

        Errors: before the first step, with the numbers in them: not compiled, wrong shapes, unequal sample counts,
        empty data, labels out of range, non-finite input, a second fit while one runs.

        Source: Keras `Model.fit`; TensorFlow.js `LayersModel.fit`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.arange(4.0), 2 * np.arange(4.0), epochs=20, verbose=0)
        >>> history.history["loss"][-1] < history.history["loss"][0]
        True
        """
        return blocking(self.job("fit", x, y, **arguments))

    async def fit_async(self, x: Array, y: Array = None, **arguments: Any) -> History:
        """`fit` for an event loop: gives it a turn as `yield_every` says."""
        return await self.job("fit", x, y, **arguments).wait()

    def fit_dataset(self, dataset: Dataset, **arguments: Any) -> History:
        """Train on a Dataset of batches. Arguments: epochs (required), verbose, callbacks, validation_data (arrays or
        a Dataset), validation_batches, validation_batch_size, validation_freq, class_weight, initial_epoch,
        batches_per_epoch / steps_per_epoch, yield_every; as in `fit`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> batches = pyengine.data.Dataset.from_arrays(np.ones((8, 1)), np.ones((8, 1))).batch(4)
        >>> model.fit_dataset(batches, epochs=2, verbose=0).epoch
        [0, 1]
        """
        return blocking(self.job("fit_dataset", dataset, **arguments))

    async def fit_dataset_async(self, dataset: Dataset, **arguments: Any) -> History:
        """`fit_dataset` for an event loop."""
        return await self.job("fit_dataset", dataset, **arguments).wait()

    def evaluate(self, x: Array, y: Array = None, **arguments: Any) -> Any:
        """Loss and metrics on data, in inference mode: a number, a list, or with return_dict=True a map by name.

        Arguments: batch_size 32, verbose 0, sample_weight, steps, callbacks, return_dict False, yield_every.
        """
        return blocking(self.job("evaluate", x, y, **arguments))

    async def evaluate_async(self, x: Array, y: Array = None, **arguments: Any) -> Any:
        """`evaluate` for an event loop."""
        return await self.job("evaluate", x, y, **arguments).wait()

    def evaluate_dataset(self, dataset: Dataset, **arguments: Any) -> Any:
        """`evaluate` on a Dataset of batches; `steps` limits how many."""
        return blocking(self.job("evaluate_dataset", dataset, **arguments))

    async def evaluate_dataset_async(self, dataset: Dataset, **arguments: Any) -> Any:
        """`evaluate_dataset` for an event loop."""
        return await self.job("evaluate_dataset", dataset, **arguments).wait()

    def predict(self, x: Array, **arguments: Any) -> Any:
        """The model's outputs for all samples: an array, or a list of them for several outputs.

        Arguments: batch_size 32, verbose 0, callbacks, yield_every. The model need not be compiled.
        """
        return blocking(self.job("predict", x, **arguments))

    async def predict_async(self, x: Array, **arguments: Any) -> Any:
        """`predict` for an event loop."""
        return await self.job("predict", x, **arguments).wait()

    def job(self, kind: str, *data: Any, **arguments: Any) -> Job:
        """The work of fit, fit_dataset, evaluate, evaluate_dataset or predict, not begun yet, to be driven by hand.

        A fit has the model for itself from its first stretch of work to its end.
        """
        if kind.startswith("fit") and not self._fitting:
            # A stop that is asked for before the first stretch of work means this fit, too.
            self.stop_training = False
        job = self._job(kind, *data, **arguments)
        if kind.startswith("fit"):
            job.work = self._exclusively(kind, job.work)
        return job

    def claimed_job(self, kind: str, *data: Any, **arguments: Any) -> Job:
        """The same for a fit that has claimed the model before; who claimed it also releases it."""
        return self._job(kind, *data, **arguments)

    def _exclusively(self, kind: str, work: Work) -> Work:
        self._refuse_while_fitting(kind)
        self._fitting = True
        try:
            return (yield from work)
        finally:
            self.release()

    def _job(self, kind: str, *data: Any, **arguments: Any) -> Job:
        pacer = Pacer(arguments.pop("yield_every", "auto"))
        work: Any = {
            "fit": self._fit,
            "fit_dataset": self._fit_dataset,
            "evaluate": self._evaluate,
            "evaluate_dataset": self._evaluate_dataset,
            "predict": self._predict,
        }[kind]
        known = keywords_of(work.__func__)
        for name in arguments:
            if name not in known:
                raise unknown_name(f"argument of {kind}", name, [*known, "yield_every"])
        return Job(work(pacer, *data, **arguments), pacer, self._stop if kind.startswith("fit") else None)

    # the work --------------------------------------------------------------------------------------------------

    def _fit(
        self,
        pacer: Pacer,
        x: Array,
        y: Array = None,
        *,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Work:
        batch_size = count("batch_size", 32 if batch_size is None else batch_size)
        if isinstance(x, Dataset):
            raise ArgumentError("fit takes arrays; for a Dataset use fit_dataset(dataset, epochs=...).")
        refuse_endless(
            validation_data,
            validation_steps,
            where="model.fit",
            argument="validation_data",
            limit="validation_steps",
        )
        data = self._labelled(x, y, sample_weight)
        held = None
        if validation_data is None:
            data, held = data.split(validation_split)
        data = self._class_weighted(data, class_weight)
        yield from inputs.check_numbers(self, data, pacer)
        if held is not None:
            yield from inputs.check_numbers(self, held, pacer)
        data = yield from inputs.matched(self, data, pacer)
        key = random.next_key() if shuffle else None
        source = ArraySource(
            data, batch_size, key=key, steps_per_epoch=optional("steps_per_epoch", steps_per_epoch)
        )
        validation = yield from self._validation(
            validation_data if held is None else held,
            validation_batch_size or batch_size,
            optional("validation_steps", validation_steps),
            pacer,
        )
        plan = Plan(epochs, initial_epoch, verbose, callbacks, validation_freq)
        return (yield from self._train(pacer, source, validation, plan, batch_size))

    def _fit_dataset(
        self,
        pacer: Pacer,
        dataset: Any,
        *,
        epochs: int | None = None,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_data: Any = None,
        validation_batches: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        class_weight: Any = None,
        initial_epoch: int = 0,
        batches_per_epoch: int | None = None,
        steps_per_epoch: int | None = None,
    ) -> Work:
        if self._compile_words is None:
            self.ensure_compiled()
        if epochs is None:
            raise ArgumentError(
                "fit_dataset needs epochs: how often to go through the dataset, for example epochs=5."
            )
        if not isinstance(dataset, Dataset):
            raise ArgumentError(f"fit_dataset takes a pyengine Dataset, but got {type(dataset).__name__}.")
        steps = optional(
            "batches_per_epoch", steps_per_epoch if batches_per_epoch is None else batches_per_epoch
        )
        refuse_endless(
            dataset, steps, where="model.fit_dataset", argument="dataset", limit="batches_per_epoch"
        )
        refuse_endless(
            validation_data,
            validation_batches,
            where="model.fit_dataset",
            argument="validation_data",
            limit="validation_batches",
        )
        source = DatasetSource(self, dataset, steps=steps, class_weight=class_weight)
        if not self.built:  # type: ignore[attr-defined]
            yield from self._build_from_first(dataset)
        if not self.built:  # type: ignore[attr-defined]
            self.history = History()  # a stop came before the first batch
            return self.history
        validation = yield from self._validation(
            validation_data,
            validation_batch_size or 32,
            optional("validation_batches", validation_batches),
            pacer,
        )
        plan = Plan(epochs, initial_epoch, verbose, callbacks, validation_freq)
        return (yield from self._train(pacer, source, validation, plan, None))

    def _build_from_first(self, dataset: Dataset) -> Work:
        """Build a model of unknown input shape from the dataset's first batch."""
        iterator = aiter(dataset.take(1))
        try:
            first = yield anext(iterator)
        except StopAsyncIteration:
            raise DataError("The dataset has no batch: its first pass ended at once.") from None
        if first is not ABANDONED:
            inputs.fit_inputs(self, unpacked(first)[0])

    def _validation(self, given: Any, batch_size: int, steps: int | None, pacer: Pacer) -> Work:
        """Where validation batches come from, or None."""
        if given is None:
            return None
        if isinstance(given, Dataset):
            return DatasetSource(self, given, steps=steps)
        if not isinstance(given, ArrayData):
            if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
                raise ArgumentError(
                    f"validation_data is (x, y), (x, y, sample_weight) or a Dataset, but got {type(given).__name__}"
                    + (f" of length {len(given)}." if isinstance(given, (tuple, list)) else ".")
                )
            given = self._labelled(given[0], given[1], given[2] if len(given) == 3 else None)
            yield from inputs.check_numbers(self, given, pacer)
        given = yield from inputs.matched(self, first_batches(given, batch_size, steps), pacer)
        return ArraySource(given, batch_size)

    def _train(
        self,
        pacer: Pacer,
        source: Any,
        validation: Any,
        plan: Plan,
        batch_size: int | None,
    ) -> Work:
        epochs = count("epochs", plan.epochs, least=0)
        initial_epoch = count("initial_epoch", plan.initial_epoch, least=0)
        self.ensure_compiled()
        self._warn_of_changed_flags()
        self.history = History()
        params = {
            "epochs": epochs,
            "initial_epoch": initial_epoch,
            "steps": source.steps,
            "batch_size": batch_size,
            "samples": len(source.data) if isinstance(source, ArraySource) else None,
            "verbose": plan.verbose,
            "do_validation": validation is not None,
            "validation_freq": plan.validation_freq,
        }
        everyone = CallbackList([progress_display(plan.verbose), plan.callbacks, self.history], self, params)
        running = loop.Running(self, everyone, pacer, fitting=True)
        due = validation_due(plan.validation_freq)
        self.loss_reported = False
        try:
            with self._steps_of("train") as steps:

                def validate() -> Work:
                    with self._steps_of("test") as tests:
                        return (yield from loop.evaluation(running, validation, tests))

                return (
                    yield from loop.training(
                        running,
                        source,
                        steps,
                        epochs=epochs,
                        initial_epoch=initial_epoch,
                        validate=None if validation is None else validate,
                        validation_due=due,
                    )
                )
        finally:
            self.settle()
            self.open_step = None

    def _evaluate(
        self,
        pacer: Pacer,
        x: Array,
        y: Array = None,
        *,
        batch_size: int | None = None,
        verbose: Any = 0,
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Work:
        batch_size = count("batch_size", 32 if batch_size is None else batch_size)
        data = self._labelled(x, y, sample_weight)
        yield from inputs.check_numbers(self, data, pacer)
        data = first_batches(data, batch_size, optional("steps", steps))
        data = yield from inputs.matched(self, data, pacer)
        source = ArraySource(data, batch_size)
        return (yield from self._measure(pacer, source, verbose, callbacks, return_dict))

    def _evaluate_dataset(
        self,
        pacer: Pacer,
        dataset: Any,
        *,
        steps: int | None = None,
        batches: int | None = None,
        verbose: Any = 0,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Work:
        if self._compile_words is None:
            self.ensure_compiled()
        limit = optional("batches", steps if batches is None else batches)
        refuse_endless(dataset, limit, where="model.evaluate_dataset", argument="dataset", limit="batches")
        if not self.built:  # type: ignore[attr-defined]
            yield from self._build_from_first(dataset)
        source = DatasetSource(self, dataset, steps=limit)
        return (yield from self._measure(pacer, source, verbose, callbacks, return_dict))

    def _measure(self, pacer: Pacer, source: Any, verbose: Any, callbacks: Any, return_dict: bool) -> Work:
        self.ensure_compiled()
        self.settle()
        everyone = CallbackList([progress_display(verbose), callbacks], self, {"steps": source.steps})
        with self._steps_of("test") as steps:
            values = yield from loop.evaluation(loop.Running(self, everyone, pacer), source, steps)
        if return_dict:
            return dict(values)
        numbers = list(values.values())
        return numbers[0] if len(numbers) == 1 else numbers

    def _predict(
        self,
        pacer: Pacer,
        x: Array,
        *,
        batch_size: int | None = None,
        verbose: Any = 0,
        callbacks: Any = None,
    ) -> Work:
        batch_size = count("batch_size", 32 if batch_size is None else batch_size)
        data = yield from inputs.matched(self, ArrayData(inputs.fit_inputs(self, x)), pacer)
        source = ArraySource(data, batch_size)
        self.settle()
        everyone = CallbackList([progress_display(verbose), callbacks], self, {"steps": source.steps})
        with self._steps_of("predict") as steps:
            results = yield from loop.prediction(loop.Running(self, everyone, pacer), source, steps)
        return results[0] if len(results) == 1 else results

    def _labelled(self, x: Array, y: Array, sample_weight: Any) -> ArrayData:
        """Inputs, targets and weights as arrays that fit the model."""
        if self._compile_words is None:
            self.ensure_compiled()
        arrays = inputs.fit_inputs(self, x)
        self.ensure_compiled()
        targets = inputs.fit_targets(self, y)
        ArrayData(arrays, targets)  # the sample counts are compared before weights are worked out
        return ArrayData(arrays, targets, inputs.sample_weights(self, targets, sample_weight))

    def _class_weighted(self, data: ArrayData, class_weight: Any) -> ArrayData:
        """The same data, each sample's weight multiplied by that of its class (validation goes without)."""
        if class_weight is None:
            return data
        return ArrayData(data.x, data.y, inputs.class_weights(self, data, class_weight))

    # one batch -------------------------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Array,
        y: Array = None,
        *,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch; returns its loss, or [loss, metrics…] when there are metrics."""
        self._refuse_while_fitting("train_on_batch")
        data = self._class_weighted(self._labelled(x, y, sample_weight), class_weight)
        return self._one_batch("train", data, return_dict)

    def test_on_batch(
        self, x: Array, y: Array = None, *, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch, in inference mode."""
        self.settle()
        return self._one_batch("test", self._labelled(x, y, sample_weight), return_dict)

    def _one_batch(self, kind: str, data: ArrayData, return_dict: bool) -> Any:
        pacer = Pacer("never")
        Job(inputs.check_numbers(self, data, pacer), pacer).finish()
        self._warn_of_changed_flags()
        with self._steps_of(kind) as steps:
            step: Step = Job(steps.fed(data, pacer), pacer).finish()
            step.begin()
            step.advance(None)
            values = step.batch_values()
        if return_dict:
            return values
        numbers = list(values.values())
        return numbers[0] if len(numbers) == 1 else numbers

    def predict_on_batch(self, x: Array) -> Any:
        """The outputs for one batch."""
        arrays = inputs.fit_inputs(self, x)
        return Job(
            self._predict(Pacer("never"), arrays, batch_size=max(1, len(arrays[0]))), Pacer("never")
        ).finish()


@cache
def keywords_of(function: Callable[..., Any]) -> list[str]:
    """The arguments that it takes by name only."""
    return [name for name, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY]


def count(name: str, number: Any, least: int = 1) -> int:
    """A whole number of at least `least`."""
    if isinstance(number, bool) or not isinstance(number, (int, float, np.integer)) or number != int(number):
        raise ArgumentError(f"{name} is a whole number of at least {least}, but got {number!r}.")
    if number < least:
        raise ArgumentError(f"{name} is a whole number of at least {least}, but got {number!r}.")
    return int(number)


def optional(name: str, number: Any) -> int | None:
    return None if number is None else count(name, number)


def first_batches(data: ArrayData, batch_size: int, steps: int | None) -> ArrayData:
    """Only the rows of the first `steps` batches."""
    if steps is None or steps * batch_size >= len(data):
        return data
    return data.rows(0, steps * batch_size)


def validation_due(frequency: Any):
    """After which epochs to validate: every n-th, or those listed (counted from 1, as Keras)."""
    if isinstance(frequency, (list, tuple, set)):
        listed = {int(one) for one in frequency}
        return lambda epoch: epoch + 1 in listed
    every = count("validation_freq", frequency)
    return lambda epoch: (epoch + 1) % every == 0
