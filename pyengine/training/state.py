"""What a model remembers between two calls: what compile was told, its planned steps, and who is training it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from pyengine.errors import BusyError, NotCompiledError
from pyengine.executors import Executor
from pyengine.training.compile import Compiled, resolve_compile_arguments
from pyengine.training.feeding import Steps
from pyengine.training.job import Stop
from pyengine.training.reading import WeightsRead
from pyengine.training.step import Step, new_totals, predict_step, test_step, train_step

KINDS = {"train": train_step, "test": test_step, "predict": predict_step}


class TrainingState:
    """The part of a `Trainer` that the calls share.

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
        self._compile_arguments: dict[str, Any] | None = None
        self._steps: dict[str, list[Steps]] = {kind: [] for kind in KINDS}
        self._fitting = False
        self._warned: set = set()

    # What compile was told

    @property
    def optimizer(self) -> Any:
        """The optimizer in use."""
        return self.compiled.optimizer if self.compiled else None

    def require_compile(self) -> None:
        """Refuse a model for which compile was never called, before anything is built for it."""
        if self._compile_arguments is None:
            raise NotCompiledError(
                expected="a compiled model",
                got=f"{self.name!r}, which is not compiled yet",  # type: ignore[attr-defined]
                fix="Call `model.compile(optimizer='adam', loss='mse')` first.",
            )

    def ensure_compiled(self) -> Compiled:
        """The resolved arguments of compile; an unbuilt model resolves them when its data has built it."""
        self.require_compile()
        if self.compiled is None:
            assert self._compile_arguments is not None
            self.compiled = resolve_compile_arguments(self, **self._compile_arguments)
        return self.compiled

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

    def warn_of_changed_flags(self) -> None:
        """Tell once about layers whose `trainable` is not that of compile any more."""
        layers, then = self.compiled.layers, self.compiled.flags
        now = tuple(layer._trainable for layer in layers)
        if now != then:
            changed = [layer.name for layer, old, new in zip(layers, then, now, strict=True) if old != new]
            self.warn_once(
                f"`trainable` of {', '.join(map(repr, changed))} has changed since compile, which goes on with the old "
                "value. Call compile again to train with the new one.",
                key=("flags", now),
            )

    def warn_once(self, text: str, *, key: Any) -> None:
        """Warn, unless it has been said since compile."""
        if key not in self._warned:
            self._warned.add(key)
            warnings.warn(text, stacklevel=3)

    # Planned steps

    @contextlib.contextmanager
    def steps_of(self, kind: str, weights: WeightsRead | None = None) -> Iterator[Steps]:
        """The planned steps of a kind, for one user at a time: a concurrent call gets steps of its own.

        weights: where they may be copies: steps that have come to read them are of no use to others.
        """
        pool = self._steps[kind]
        totals = () if pool or kind == "predict" else new_totals(self)
        steps = pool.pop() if pool else Steps(self, KINDS[kind], totals)
        steps.weights = weights
        try:
            yield steps
        finally:
            steps.release()
            if self._steps[kind] is pool and not (weights and weights.copies):
                pool.append(steps)

    def forget_steps(self, *kinds: str) -> None:
        """Discard the planned steps after a change of what they depend on; they are planned again when needed."""
        for kind in kinds or KINDS:
            self._steps[kind] = []

    @property
    def step(self) -> Step:
        """The planned step of the last training: `print(model.step.graph)`, `print(model.step.program)`."""
        for steps in self._steps["train"]:
            for step in reversed(steps.kept.values()):
                return step
        raise NotCompiledError(
            where="model.step",
            expected="a model that has been trained",
            got="one without a planned training step",
            fix="Call `model.fit(x, y)` or `model.train_on_batch(x, y)` first.",
        )

    def settle(self) -> None:
        """Finish a step that is paused between two calls, so that the weights are those of a complete step."""
        if self.open_step is not None:
            self.open_step.settle()

    # Who trains it

    def refuse_while_fitting(self, what: str) -> None:
        """BusyError while a fit has the model."""
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
        self.refuse_while_fitting(what)
        self._fitting, self.stop_training = True, False

    def release(self) -> None:
        """The fit that claimed the model is over."""
        self._fitting = False
