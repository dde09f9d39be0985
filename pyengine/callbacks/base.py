"""What a callback is, and how a list of them is called."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pyengine.configurable import Configurable
from pyengine.errors import ArgumentError, describe, unknown_name
from pyengine.logs import Logs


class Abandoned:
    """The answer to an awaitable that was not ready in time after a stop was requested."""

    def __repr__(self) -> str:
        return "ABANDONED"


ABANDONED = Abandoned()


class Callback(Configurable):
    """Base of all callbacks: every hook does nothing.

    A hook may return something awaitable (be an `async def`): the training loop awaits it before it goes on. Once
    `model.stop_training` is set it does so for a limited time only (see `pyengine.training.job`).
    `logs` is a dictionary of plain numbers in which `accuracy` and `acc` find the same value.

    Attributes:
        model: the model in training: `get_weights`, `set_weights`, `stop_training`,
            `optimizer.learning_rate`.
        params: facts about this training, such as `epochs`, `steps`, `verbose`.
    Errors: what a hook raises ends the training.

    >>> class Patient(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["val_accuracy"] > 0.99
    >>> import types
    >>> callback = Patient()
    >>> callback.set_model(types.SimpleNamespace(stop_training=False))
    >>> callback.set_params({"epochs": 10})
    >>> callback.on_epoch_end(0, {"val_accuracy": 0.995})
    >>> callback.model.stop_training
    True

    Source: Keras 3; async hooks as in TensorFlow.js.
    """

    model: Any = None
    params: Mapping[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Called before the training: keep the model.

        Arguments:
            model: the model in training.
        """
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Called before the training: keep the facts about it.

        Arguments:
            params: `epochs`, `steps`, `verbose`, … by name.
        """
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> Any: ...
    def on_train_end(self, logs: Logs | None = None) -> Any: ...
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> Any: ...
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> Any: ...
    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> Any: ...
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> Any: ...
    def on_test_begin(self, logs: Logs | None = None) -> Any: ...
    def on_test_end(self, logs: Logs | None = None) -> Any: ...
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> Any: ...
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> Any: ...
    def on_predict_begin(self, logs: Logs | None = None) -> Any: ...
    def on_predict_end(self, logs: Logs | None = None) -> Any: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> Any: ...
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> Any: ...
    def on_yield(self, epoch: int, batch: int, logs: Logs | None = None) -> Any: ...


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))

# The names that TensorFlow.js and older Keras give to the hooks of a training batch.
_OLD_NAMES = {"on_batch_begin": "on_train_batch_begin", "on_batch_end": "on_train_batch_end"}
_NAMES = {*HOOKS, *_OLD_NAMES}


class LambdaCallback(Callback):
    """A callback made of functions.

    Arguments:
        hooks: function by hook name (`on_epoch_end` or `onEpochEnd`), called with that hook's arguments.
    Errors: UnknownNameError for a name that is no hook; ArgumentError for what is no function.

    >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> callback.on_epoch_end(0, {"loss": 0.5})
    0 0.5

    Source: Keras 3.
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        for name, function in hooks.items():
            hook = snake_case(name)
            if hook not in HOOKS and hook not in _OLD_NAMES:
                raise unknown_name("callback hook", name, (*HOOKS, *_OLD_NAMES))
            if function is None:
                continue
            if not callable(function):
                raise ArgumentError(
                    argument=name,
                    expected="a function",
                    got=describe(function),
                    fix="Give one with the arguments of the hook, see `callbacks.Callback`.",
                )
            setattr(self, _OLD_NAMES.get(hook, hook), function)


class CallbackList:
    """Callbacks in their order, and which hooks each of them overrides.

    Arguments:
        callbacks: None, one callback or a list of them, nested as you like; a dictionary of functions by hook
            name stands for a LambdaCallback. Default None, none.
        model: given to every callback, default None.
        params: facts about this training, given to every callback; default None, none.
    Errors: ArgumentError for what is no callback.

    >>> callbacks = CallbackList({"onEpochEnd": lambda epoch, logs: print("epoch", epoch)})
    >>> for awaitable in callbacks.call("on_epoch_end", 0, {}):
    ...     pass  # here the training loop awaits
    epoch 0
    >>> callbacks.wants("on_epoch_end"), callbacks.wants("on_train_batch_end")
    (True, False)

    Source: Keras 3.
    """

    def __init__(
        self, callbacks: Any = None, model: Any = None, params: Mapping[str, Any] | None = None
    ) -> None:
        self.callbacks = list(_flat(callbacks))
        self._listeners: dict[str, list[Callable[..., Any]]] = {hook: [] for hook in HOOKS}
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params or {})
            for hook, listener in _listeners_of(callback):
                self._listeners[hook].append(listener)

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def __len__(self) -> int:
        return len(self.callbacks)

    def wants(self, hook: str) -> bool:
        """Whether any callback has this hook: where none has, the loop need not prepare anything.

        Arguments:
            hook: "on_epoch_end" or another of `HOOKS`.
        """
        return bool(self._listeners[hook])

    def call(self, hook: str, *args: Any) -> Generator[Any, Any, None]:
        """Call a hook of every callback in order, and yield what they return to be awaited.

        The next callback is called when the next awaitable is asked for, so each is finished before the next. If an
        awaitable is answered with ABANDONED, a warning names its hook.

        Arguments:
            hook: "on_epoch_end" or another of `HOOKS`.
            args: what the hook gets.
        Returns: a generator of awaitables.
        Errors: any Exception that a callback raises, at once; at `on_train_end` only when all have been called, the
            first error with the others as its notes.
        """
        errors: list[BaseException] = []
        closing = False
        for listener in self._listeners[hook]:
            try:
                result = listener(*args)
                if not hasattr(result, "__await__"):
                    continue
                if closing:
                    discard(result)
                elif (yield result) is ABANDONED:
                    warnings.warn(
                        f"{_described(hook, listener)} was still waiting after the training had been asked to stop. "
                        "The training ends without it.",
                        stacklevel=2,
                    )
            except BaseException as error:
                if hook != "on_train_end":
                    raise
                errors.append(error)
                closing = closing or isinstance(error, GeneratorExit)
        if errors:
            raise first_of(errors)


def discard(awaitable: Any) -> None:
    """Close a coroutine that will not be awaited, so that Python does not warn of it."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()


def first_of(errors: list[BaseException]) -> BaseException:
    """The first of several errors, an interruption before others, with the rest as its notes.

    >>> first_of([KeyError("a"), ValueError("b")]).__notes__
    ["Another error followed: ValueError('b')"]
    """
    first, *others = sorted(errors, key=lambda error: isinstance(error, Exception))
    for other in others:
        first.add_note(f"Another error followed: {other!r}")
    return first


def _described(hook: str, listener: Callable[..., Any]) -> str:
    owner = getattr(listener, "__self__", None)
    return f"The hook `{hook}`" + (f" of {type(owner).__name__}" if isinstance(owner, Callback) else "")


def snake_case(name: str) -> str:
    """`onEpochEnd` as `on_epoch_end`."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda letter: "_" + letter[1].lower(), name)


def _listeners_of(callback: Callback) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The callback's own functions by hook: not those that it only inherits empty."""
    own = {_OLD_NAMES.get(name, name): name for name in vars(callback) if name in _NAMES}
    kind: Any = type(callback)
    names = _names_of_class(kind) | own
    for hook, name in names.items():
        yield hook, getattr(callback, name)


@lru_cache(256)
def _names_of_class(kind: type[Callback]) -> dict[str, str]:
    """Under which name a class has each hook that it has."""
    named = [(new, old) for old, new in _OLD_NAMES.items()] + [(hook, hook) for hook in HOOKS]
    return {
        hook: name for hook, name in named if getattr(kind, name, None) is not getattr(Callback, name, None)
    }


def _flat(callbacks: Any) -> Iterator[Callback]:
    if callbacks is None:
        return
    if isinstance(callbacks, Callback):
        yield callbacks
    elif isinstance(callbacks, dict):
        yield LambdaCallback(**callbacks)
    elif isinstance(callbacks, (list, tuple, CallbackList)):
        for callback in callbacks:
            yield from _flat(callback)
    elif isinstance(callbacks, type) and issubclass(callbacks, Callback):
        raise no_callback(callbacks, f"Make an instance of it: `{callbacks.__name__}()`.")
    elif callable(callbacks):
        raise no_callback(callbacks, "Say when to call it: `{'on_epoch_end': function}`.")
    else:
        raise no_callback(callbacks, "Give, for example, `callbacks={'on_epoch_end': function}`.")


def no_callback(given: Any, fix: str) -> ArgumentError:
    """The error for what is no callback."""
    expected = "instances of Callback, or maps of functions by hook"
    return ArgumentError(argument="callbacks", expected=expected, got=describe(given), fix=fix)
