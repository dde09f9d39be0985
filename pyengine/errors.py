"""What goes wrong, in words: where, what came, what was expected, how to fix it.

Every error of pyengine is a `PyEngineError` and also the built-in error a Python user would catch,
so `except ValueError` keeps working.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PyEngineError(Exception):
    """Base of all errors that pyengine raises on purpose."""


class ArgumentError(PyEngineError, ValueError):
    """A setting has a value that it cannot have."""


class ShapeError(PyEngineError, ValueError):
    """Shapes that do not fit together."""


class DtypeError(PyEngineError, TypeError):
    """A dtype that is not supported here."""


class DataError(PyEngineError, ValueError):
    """Data that cannot be trained on: empty, unequal counts, labels out of range, NaN, …"""


class UnknownNameError(PyEngineError, ValueError):
    """A name (of a layer, loss, metric, argument, …) that does not exist."""


class NotCompiledError(PyEngineError, RuntimeError):
    """fit, evaluate or train_on_batch before compile."""


class NotBuiltError(PyEngineError, RuntimeError):
    """Weights were asked for before shapes were known."""


class BusyError(PyEngineError, RuntimeError):
    """A second fit while one runs."""


class GraphError(PyEngineError, AssertionError):
    """A graph that is not legal: always a bug of a transform, never of the user."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names nearest to `name`, best first.

    >>> nearest("categorical_crossentropi", ["mean_squared_error", "categorical_crossentropy"])
    ['categorical_crossentropy']
    """
    lower = {candidate.lower(): candidate for candidate in known}
    return [lower[match] for match in difflib.get_close_matches(name.lower(), lower, count, 0.5)]


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that does not exist, with the nearest known ones.

    >>> raise unknown_name("loss", "msee", ["mse", "mae"])
    Traceback (most recent call last):
    ...
    pyengine.errors.UnknownNameError: Unknown loss 'msee'. Did you mean 'mse' or 'mae'? Known: mae, mse.
    """
    known = sorted(set(known))
    close = nearest(str(name), known)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return UnknownNameError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(known)}.")
