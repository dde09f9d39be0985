"""compile, fit, evaluate, predict: how every model is trained and used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyengine.data import Dataset
from pyengine.errors import called
from pyengine.training import fitting, inputs, measuring
from pyengine.training.compile import resolve_compile_arguments
from pyengine.training.entry import awaits, blocks, make_job
from pyengine.training.estimate import MemoryEstimate, estimate
from pyengine.training.fitting import Epochs, Validation
from pyengine.training.job import Job
from pyengine.training.pacing import Pacer
from pyengine.training.preparing import count
from pyengine.training.state import TrainingState

Array = Any


class Trainer(TrainingState):
    """The training half of a model. A model gives it `inputs`, `outputs`, names, weights and `call`."""

    @called("model.compile")
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Bind optimizer, loss and metrics to the model. Changes no weight; may be called again at any time.

        Arguments:
            optimizer: a name ("sgd", "momentum", "adam", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", …) or an
                instance of `pyengine.optimizers.Optimizer`; default "rmsprop".
            loss: a name, a `Loss`, or a function `(y_true, y_pred)` written in `pyengine.ops`; a list or a map by
                output name for several outputs. Needed: the default None is refused.
            loss_weights: factor of each output's loss: a list, or a map by output name; default None, all 1.
            metrics: names, `Metric`s or functions; a list, or a map by output name; default None, none.
            weighted_metrics: like `metrics`, but each sample counts with its weight; default None, none.
        Errors: UnknownNameError for unknown names, ArgumentError for a missing loss, BusyError while a fit runs.

        >>> import pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(3,))])
        >>> model.compile("sgd", "mse", metrics=["mae"])

        Source: Keras `Model.compile`; defaults of the optimizer names as TensorFlow.js.
        """
        self.refuse_while_fitting("compile")
        arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "metrics": metrics,
            "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics,
        }
        if self.built:  # type: ignore[attr-defined]
            self.compiled = resolve_compile_arguments(self, **arguments)
        else:
            self.compiled = None
        self._compile_arguments = arguments
        self.forget_steps("train", "test")
        self._warned.clear()

    @blocks
    def fit(
        self,
        x: Array,
        y: Array = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Array = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        *,
        yield_every: str | float = "auto",
    ) -> Job:
        """Train on arrays in memory or on batches. Blocks until it is done; `fit_async` is the same for an event loop.

        Shapes: every array (samples, …), with the same number of samples.
        Arguments:
            x: array, a list of them, or a map by input name.
            y: array, a list, or a map by output name; the default None is refused: every loss needs targets.
            batch_size: samples per update, ≥ 1; default None, 32. The last, smaller batch is used too.
            epochs: where to end, counted from 0: with `initial_epoch` 0 the number of passes over the data; default 1.
            verbose: progress display: 0 nothing, 1 or "auto" a bar per epoch, 2 a line per epoch; default "auto".
            callbacks: one or a list of `pyengine.callbacks.Callback`, or maps of hooks; default None, none.
            validation_split: fraction in [0, 1) of the last rows, held back before shuffling; default 0.0.
            validation_data: (x, y) or (x, y, sample_weight), or a Dataset; takes precedence over validation_split.
                Default None, none.
            shuffle: whether each epoch has another order; default True.
            class_weight: map from class to factor ≥ 0 (by output name with several outputs), for every class in the
                data. The loss says what a class is: a class number, also per timestep, a one-hot row, 0 or 1 of a
                single yes-or-no answer, -1 or 1; other losses have none. Default None, every class 1.
            sample_weight: (samples,), factor of each sample's loss; default None, all 1.
            initial_epoch: number of the first epoch, default 0.
            steps_per_epoch: batches per epoch, which continues where the last one ended; data that end before end the
                epoch with a warning. Default None, each epoch is one pass.
            validation_steps: batches of validation data to use; default None, all.
            validation_batch_size: samples per batch of validation; default None, `batch_size`.
            validation_freq: validate after every n-th epoch, default 1, or after those listed, counted from 1.
            yield_every: "auto" | "batch" | "epoch" | milliseconds | "never": how often the page or event loop has a
                turn, see `pyengine.training.pacing`; default "auto".
        Returns: History: `history.history["loss"]`, … one plain number per epoch.
        Errors: before the first step, with the numbers in them: NotCompiledError; ShapeError and DataError for wrong
            shapes, unequal sample counts, no data, labels out of range, non-finite input; BusyError while a fit runs.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.arange(4.0), 2 * np.arange(4.0), epochs=20, verbose=0)
        >>> history.history["loss"][-1] < history.history["loss"][0]
        True

        Source: Keras `Model.fit`; TensorFlow.js `LayersModel.fit`.
        """
        pacer = Pacer(yield_every)
        work = fitting.fit_arrays(
            self,
            pacer,
            x,
            y,
            Epochs(epochs, initial_epoch, verbose, callbacks),
            Validation(
                validation_data, validation_split, validation_steps, validation_batch_size, validation_freq
            ),
            batch_size=batch_size,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            steps_per_epoch=steps_per_epoch,
        )
        return Job(work, pacer, self._stop)

    fit_async = awaits(fit)

    @blocks
    def fit_dataset(
        self,
        dataset: Dataset,
        epochs: int,
        *,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_data: Any = None,
        class_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        yield_every: str | float = "auto",
    ) -> Job:
        """Train on a Dataset of batches.

        Shapes: every array of a batch (batch, …).
        Arguments:
            dataset: yields {xs, ys} or pairs (x, y), already batched.
            epochs: where to end, counted from 0, ≥ 1.
            validation_data: (x, y), (x, y, sample_weight), or a Dataset of batches; default None, none.
            steps_per_epoch: batches per epoch, as in `fit`; default None, each epoch is one pass.
            validation_steps: batches of validation data to use; default None, all.
            validation_batch_size: samples per batch of validation arrays; default None, 32.
            verbose, callbacks, class_weight, initial_epoch, validation_freq, yield_every: as in `fit`.
        Returns: History.
        Errors: as in `fit`; what is wrong with a batch is known only when the batch comes.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> batches = pyengine.data.Dataset.from_arrays(np.ones((8, 1)), np.ones((8, 1))).batch(4)
        >>> model.fit_dataset(batches, epochs=2, verbose=0).epoch
        [0, 1]

        Source: TensorFlow.js `LayersModel.fitDataset`.
        """
        pacer = Pacer(yield_every)
        work = fitting.fit_batches(
            self,
            pacer,
            dataset,
            Epochs(epochs, initial_epoch, verbose, callbacks),
            Validation(validation_data, 0.0, validation_steps, validation_batch_size, validation_freq),
            class_weight=class_weight,
            steps_per_epoch=steps_per_epoch,
        )
        return Job(work, pacer, self._stop)

    fit_dataset_async = awaits(fit_dataset)

    @blocks
    def evaluate(
        self,
        x: Array,
        y: Array = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Array = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        *,
        yield_every: str | float = "auto",
    ) -> Job:
        """Loss and metrics on arrays in memory, in inference mode.

        Shapes: every array (samples, …), with the same number of samples.
        Arguments:
            x: array, a list of them, or a map by input name.
            y: array, a list, or a map by output name; the default None is refused: every loss needs targets.
            batch_size: samples per batch, ≥ 1; default None, 32. It does not change the result.
            sample_weight: (samples,), factor of each sample's loss and weighted metrics; default None, all 1.
            steps: batches to use; default None, all.
            return_dict: whether to return a map by name; default False.
            verbose, callbacks, yield_every: as in `fit`.
        Returns: the loss, or [loss, metrics…] when there are metrics, or with `return_dict` a map by name.
        Errors: as in `fit`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,), kernel_initializer="zeros")])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> model.evaluate(np.ones((4, 1)), 2 * np.ones((4, 1)), verbose=0)
        [4.0, 2.0]

        Source: Keras `Model.evaluate`.
        """
        pacer = Pacer(yield_every)
        work = measuring.evaluate_arrays(
            self,
            pacer,
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
            return_dict=return_dict,
        )
        return Job(work, pacer)

    evaluate_async = awaits(evaluate)

    @blocks
    def evaluate_dataset(
        self,
        dataset: Dataset,
        *,
        steps: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
        return_dict: bool = False,
        yield_every: str | float = "auto",
    ) -> Job:
        """Loss and metrics on a Dataset of batches, in inference mode.

        Shapes: every array of a batch (batch, …).
        Arguments:
            dataset: yields {xs, ys} or pairs (x, y), already batched.
            steps: batches to use; default None, all.
            verbose, callbacks, yield_every: as in `fit`.
            return_dict: as in `evaluate`.
        Returns: as in `evaluate`.
        Errors: as in `evaluate`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,), kernel_initializer="zeros")])
        >>> model.compile("sgd", "mse")
        >>> batches = pyengine.data.Dataset.from_arrays(np.ones((8, 1)), np.ones((8, 1))).batch(4)
        >>> model.evaluate_dataset(batches, verbose=0)
        1.0

        Source: TensorFlow.js `LayersModel.evaluateDataset`.
        """
        pacer = Pacer(yield_every)
        work = measuring.evaluate_batches(
            self, pacer, dataset, steps=steps, verbose=verbose, callbacks=callbacks, return_dict=return_dict
        )
        return Job(work, pacer)

    evaluate_dataset_async = awaits(evaluate_dataset)

    @blocks
    def predict(
        self,
        x: Array,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        *,
        yield_every: str | float = "auto",
    ) -> Job:
        """The model's outputs for all samples, in inference mode. The model need not be compiled.

        Shapes: every input (samples, …) -> (samples, …), one array or a list of them for several outputs.
        Arguments:
            x: array, a list of them, or a map by input name.
            batch_size: samples per batch, ≥ 1; default None, 32. It does not change the result.
            steps: batches to use; default None, all.
            verbose, callbacks, yield_every: as in `fit`.
        Errors: ShapeError, DataError for data that do not fit.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(2, input_shape=(3,))])
        >>> model.predict(np.ones((5, 3)), verbose=0).shape
        (5, 2)

        Source: Keras `Model.predict`.
        """
        pacer = Pacer(yield_every)
        work = measuring.predict_arrays(
            self, pacer, x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks
        )
        return Job(work, pacer)

    predict_async = awaits(predict)

    # Work to be driven by hand

    def job(self, kind: str, *data: Any, **arguments: Any) -> Job:
        """The work of fit, fit_dataset, evaluate, evaluate_dataset or predict, not begun yet, to be driven by hand.

        A fit has the model for itself from its first stretch of work to its end.

        Arguments:
            kind: "fit", "fit_dataset", "evaluate", "evaluate_dataset" or "predict".
            data: the method's positional arguments.
            arguments: its other arguments, by name.
        Returns: a Job: `finish()` does all of it, `await job.wait()` lets an event loop run on.
        Errors: UnknownNameError for an argument that the method does not have; ArgumentError for one that is missing.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(2, input_shape=(3,))])
        >>> model.job("predict", np.ones((5, 3)), verbose=0).finish().shape
        (5, 2)
        """
        if kind.startswith("fit") and not self._fitting:
            # A stop requested before the first stretch of work applies to this fit, too.
            self.stop_training = False
        job = make_job(self, kind, *data, **arguments)
        if kind.startswith("fit"):
            job.work = fitting.exclusively(self, kind, job.work)
        return job

    def claimed_job(self, kind: str, *data: Any, **arguments: Any) -> Job:
        """The same as `job`, for a fit that has claimed the model before; who claimed it also releases it.

        Arguments: as in `job`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> model.claim("fit")
        >>> model.claimed_job("fit", np.ones((4, 1)), np.ones((4, 1)), verbose=0).finish().epoch
        [0]
        >>> model.release()
        """
        return make_job(self, kind, *data, **arguments)

    # One batch

    @called("model.train_on_batch")
    def train_on_batch(
        self,
        x: Array,
        y: Array = None,
        sample_weight: Array = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch.

        Shapes: every array (batch, …).
        Arguments:
            x: array, a list of them, or a map by input name.
            y: array, a list, or a map by output name; the default None is refused: every loss needs targets.
            sample_weight, class_weight: as in `fit`.
            return_dict: as in `evaluate`.
        Returns: the batch's loss, or [loss, metrics…] when there are metrics, or with `return_dict` a map by name.
        Errors: as in `fit`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,), kernel_initializer="zeros")])
        >>> model.compile(pyengine.optimizers.SGD(0.25), "mse")
        >>> model.train_on_batch(np.ones((4, 1)), np.ones((4, 1)))
        1.0
        >>> model.test_on_batch(np.ones((4, 1)), np.ones((4, 1))), model.predict_on_batch(np.ones((1, 1)))
        (0.0, array([[1.]], dtype=float32))

        Source: Keras `Model.train_on_batch`.
        """
        self.refuse_while_fitting("train_on_batch")
        data = inputs.class_weighted(
            self, inputs.validate_labelled_data(self, x, y, sample_weight), class_weight
        )
        return measuring.one_batch(self, "train", data, return_dict)

    @called("model.test_on_batch")
    def test_on_batch(
        self, x: Array, y: Array = None, sample_weight: Array = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch, in inference mode.

        Shapes: every array (batch, …).
        Arguments: as in `evaluate`.
        Returns: as in `evaluate`.
        Errors: as in `fit`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(1, input_shape=(1,), kernel_initializer="zeros")])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> model.test_on_batch(np.ones((4, 1)), 2 * np.ones((4, 1)))
        [4.0, 2.0]

        Source: Keras `Model.test_on_batch`.
        """
        self.settle()
        return measuring.one_batch(
            self, "test", inputs.validate_labelled_data(self, x, y, sample_weight), return_dict
        )

    @called("model.memory_estimate")
    def memory_estimate(self, batch_size: int = 32) -> MemoryEstimate:
        """How much memory the model takes with batches of a size, before any step has it: it is planned only.

        In training where the model is compiled, else in `predict`.

        Arguments:
            batch_size: samples per batch; default 32.
        Returns: `parameters`, `optimizer`, `step` and their `total`, in bytes.
        Errors: NotBuiltError for a model without weights yet; ArgumentError where an input has a length that is not
            known.

        >>> import pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(10, input_shape=(784,))])
        >>> model.compile("adam", "mse")
        >>> estimate = model.memory_estimate(batch_size=64)
        >>> estimate.parameters, estimate.optimizer >= 2 * estimate.parameters
        (31400, True)
        """
        self._require_built("say how much memory it takes")  # type: ignore[attr-defined]
        if self._compile_arguments is not None:
            self.ensure_compiled()
        return estimate(self, count("batch_size", batch_size))

    @called("model.predict_on_batch")
    def predict_on_batch(self, x: Array) -> Any:
        """The outputs for one batch, in inference mode.

        Shapes: every input (batch, …) -> (batch, …), one array or a list of them for several outputs.
        Arguments: as in `predict`.
        Errors: as in `predict`.

        >>> import numpy as np, pyengine
        >>> model = pyengine.Sequential([pyengine.layers.Dense(2, input_shape=(3,))])
        >>> model.predict_on_batch(np.ones((5, 3))).shape
        (5, 2)

        Source: Keras `Model.predict_on_batch`.
        """
        arrays = inputs.fit_inputs(self, x)
        batch_size = max(1, len(arrays[0]))
        return make_job(
            self, "predict", arrays, batch_size=batch_size, verbose=0, yield_every="never"
        ).finish()
