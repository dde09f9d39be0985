"""Callbacks written in JavaScript: plain objects with any subset of the hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyengine.bridge.crossing import outward, page
from pyengine.callbacks import Callback, LambdaCallback


class PageCallback(LambdaCallback):
    """Hooks that are functions of the page; it waits for the promises they return.

    Arguments:
        hooks: function by hook name (`onEpochEnd`).
        introduce: called with ("model", model) and ("params", params) before training, where the page's object
            wants to know them.
    """

    def __init__(self, hooks: Mapping[str, Callable[..., Any]], introduce: Any = None) -> None:
        super().__init__(**{name: self._calling(function) for name, function in hooks.items()})
        self._introduce = introduce

    @staticmethod
    def _calling(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            *numbers, logs = args
            return function(*numbers, logs_of(logs))

        return call

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self._introduce is not None:
            self._introduce("model", outward(model))

    def set_params(self, params: Mapping[str, Any]) -> None:
        super().set_params(params)
        if self._introduce is not None:
            self._introduce("params", outward(params))


def logs_of(logs: Any) -> Any:
    """Values by name as a plain object of the page, in which `accuracy` finds `acc`."""
    flat = [part for name, value in (logs or {}).items() for part in (name, plain(value))]
    return page.make.logs(*flat)


def plain(value: Any) -> Any:
    """A plain number: logs may hold NumPy's."""
    return value.item() if hasattr(value, "item") else value


def callback(given: Any) -> Callback:
    """For the page: its hooks, as a callback."""
    return PageCallback(given["hooks"], given.get("introduce"))


def history_of(history: Any) -> Any:
    """What `fit` resolves to: epochs, one list of numbers per name, facts about the training."""
    values = [part for name, series in history.history.items() for part in (name, outward(series))]
    return page.make.history(outward(history.epoch), page.make.logs(*values), outward(history.params))
