"""Conversion of errors for JavaScript: message, parts and traceback.

A Python error reaches JavaScript as text. So what is raised at the border is a `Failure` whose only text is one line
of JSON; `web/errors.js` makes a JavaScript Error of it. An error that began in JavaScript (in a callback, a loss or
a dataset) is handed back as the same object.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import traceback
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from pyengine.bridge.javascript import name, text_for_javascript
from pyengine.errors import PARTS, PyEngineError, UnknownNameError, out_of_memory, sentence

Function = TypeVar("Function", bound=Callable[..., Any])

_numbers = itertools.count(1)
_thrown: dict[int, Any] = {}


class Failure(Exception):
    """An error as one line of JSON: name, message, its parts, traceback; number if it began in JavaScript."""


def failure(error: BaseException) -> Failure:
    """The error for JavaScript.

    >>> print(failure(ValueError("too many"))) # doctest: +ELLIPSIS
    {"name": "ValueError", "message": "too many", "traceback": "ValueError: too many...
    """
    if isinstance(error, MemoryError) and not isinstance(error, PyEngineError):
        error = out_of_memory(error, "The call")
    described: dict[str, Any] = {"name": type(error).__name__, "message": message_text(error)}
    began = first_cause(error)
    if began is not None:
        number = next(_numbers)
        _thrown[number] = began
        described["number"] = number
        if notes := getattr(error, "__notes__", None):
            warnings.warn("\n".join(notes), stacklevel=2)  # the page's own object has no room for them
    if isinstance(error, PyEngineError):
        described["parts"] = parts_for_javascript(error)
    described["traceback"] = "".join(traceback.format_exception(error))
    return Failure(json.dumps(described))


def message_text(error: BaseException) -> str:
    """The message of an error, followed by its notes."""
    notes = map(text_for_javascript, getattr(error, "__notes__", []))
    if isinstance(error, PyEngineError):
        return "\n".join([sentence_for_javascript(error), *notes])
    return "\n".join([str(error) or type(error).__name__, *notes])


def sentence_for_javascript(error: PyEngineError) -> str:
    """The text of an error whose parts are known: names and code in it as JavaScript spells them.

    >>> from pyengine.errors import ArgumentError
    >>> sentence_for_javascript(ArgumentError(where="model.fit", argument="batch_size", expected="a number"))
    'model.fit: batchSize expects a number.'
    """
    if isinstance(error, UnknownNameError) or not error.expected:
        return text_for_javascript(str(error))
    return sentence(**parts_for_javascript(error))


def parts_for_javascript(error: PyEngineError) -> dict[str, str]:
    """The parts of an error, by name, as JavaScript spells them."""
    return {
        part: (name if part in ("where", "argument") else text_for_javascript)(getattr(error, part))
        for part in PARTS
    }


def first_cause(error: BaseException | None) -> Any:
    """The JavaScript error at the bottom of it, if there is one."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        thrown = getattr(error, "js_error", None)
        if thrown is not None:
            return thrown
        error = error.__cause__
    return None


def take_thrown(number: int) -> Any:
    """The JavaScript error that a `Failure` stands for."""
    return _thrown.pop(number)


def at_border(function: Function) -> Function:
    """A function that JavaScript calls: whatever goes wrong in it leaves as a `Failure`."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def waiting(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                raise failure(error) from None

        return waiting  # type: ignore[return-value]

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise failure(error) from None

    return guarded  # type: ignore[return-value]
