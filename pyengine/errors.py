"""Errors, all of one form: where, which argument, what was expected, what was given, how to fix it.

Every error of pyengine is a `PyEngineError` and also the built-in error a Python user would catch,
so `except ValueError` keeps working.

Code in a message stands between backticks, as Python writes it: the page shows it as JavaScript writes it
(`bridge/javascript.py`).
"""

from __future__ import annotations

import contextlib
import difflib
import math
import re
import types
from collections.abc import Callable, Iterable, Iterator
from numbers import Real
from typing import Any, Self

PARTS = ("where", "argument", "expected", "got", "fix")
LABEL = re.compile(r"\w+ '")  # how the label of a layer begins: Dense 'head'


class PyEngineError(Exception):
    """Base of all errors that pyengine raises on purpose. Its text is made of its parts.

    Arguments:
        where: what the user called or made: "model.fit", "Dense 'head'", "Adam".
        argument: which of its arguments is wrong, as it is spelled in Python; empty where it is none of them.
        expected: what would have been right: "a whole number of at least 1".
        got: what came instead: `describe(value)`, "shape (32, 50)".
        fix: how to mend it, as a sentence of its own.

    >>> raise ArgumentError(
    ...     where="model.fit",
    ...     argument="batch_size",
    ...     expected="a whole number of at least 1",
    ...     got=describe(0),
    ...     fix="Use, for example, `batch_size=32`.",
    ... )
    Traceback (most recent call last):
    ...
    pyengine.errors.ArgumentError: model.fit: batch_size expects a whole number of at least 1, but got `0`. \
Use, for example, `batch_size=32`.
    """

    where = argument = expected = got = fix = ""

    def __init__(
        self,
        text: str = "",
        *,
        where: str = "",
        argument: str = "",
        expected: str = "",
        got: str = "",
        fix: str = "",
    ):
        self.where, self.argument, self.expected, self.got, self.fix = where, argument, expected, got, fix
        super().__init__(text or sentence(where, argument, expected, got, fix))

    def complete(self, where: str = "", argument: Callable[[str], str] | None = None) -> None:
        """Fill in parts that were unknown where it was raised; an error that is a single text stays as it is.

        Arguments:
            where: what the user called, unless the error says it already.
            argument: from the argument's name to what the user calls it.

        >>> error = DataError(argument="y[1]", expected="numbers")
        >>> error.complete("model.fit_dataset", "{} of batch 3".format)
        >>> print(error)
        model.fit_dataset: y[1] of batch 3 expects numbers.
        """
        if not self.expected:
            return
        built = str(self) == sentence(*(getattr(self, name) for name in PARTS))
        prefix = f"{where}: " if where and not self.where else ""
        self.where = self.where or where
        self.argument = argument(self.argument) if argument and self.argument else self.argument
        text = sentence(*(getattr(self, name) for name in PARTS)) if built else f"{prefix}{self}"
        self.args = (text,)

    def rewritten(self, change: Callable[[str], str]) -> Self:
        """The same error, every part of its text changed by a function."""
        parts = {name: change(getattr(self, name)) for name in PARTS}
        return type(self)("" if self.expected else change(str(self)), **parts)

    def inside(self, layer: str, shapes: Iterable[Any] = ()) -> Self:
        """The same error with the layer in which it occurred; unchanged if it names a layer already.

        Arguments:
            layer: the layer's label, "Dense 'head'".
            shapes: those of the layer's inputs.

        >>> error = ArgumentError(argument="axis", expected="a whole number from -2 to 1", got=describe(9))
        >>> print(error.inside("Softmax 'softmax'", [(32, 10)]))
        Softmax 'softmax': axis expects a whole number from -2 to 1, but got `9` (inputs of shape (32, 10)).
        """
        if LABEL.match(self.where):
            return self
        listed = " and ".join(map(str, shapes))
        if not self.expected:
            text = f"{layer} got shape {listed}: {self}" if listed else f"{layer}: {self}"
            return type(self)(
                text, where=layer, argument="the inputs", got=f"shape {listed}" if listed else ""
            )
        got = f"{self.got} (inputs of shape {listed})" if listed and listed not in self.got else self.got
        return type(self)(where=layer, argument=self.argument, expected=self.expected, got=got, fix=self.fix)

    def advising(self, fix: str) -> Self:
        """The same error with other advice."""
        return type(self)(
            where=self.where, argument=self.argument, expected=self.expected, got=self.got, fix=fix
        )


@contextlib.contextmanager
def called(where: str = "", argument: Callable[[str], str] | None = None) -> Iterator[None]:
    """Within: errors say what the user called, see `PyEngineError.complete`."""
    try:
        yield
    except PyEngineError as error:
        error.complete(where, argument)
        raise
    except MemoryError as error:
        raise out_of_memory(error, where) from error


def out_of_memory(error: MemoryError, where: str) -> OutOfMemoryError:
    """The error for a failed allocation, in place of NumPy's or Python's own.

    >>> print(out_of_memory(MemoryError(), "model.predict"))
    model.predict expects data and results that fit into memory, but got more. Give less at a time: a smaller part of \
the data, a smaller `batch_size`, or a Dataset of batches.
    """
    shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)
    got = "more"
    if shape is not None and dtype is not None:
        got = f"an array of shape {shape}, {dtype}, which takes {readable(math.prod(shape) * dtype.itemsize)}"
    return OutOfMemoryError(
        where=where,
        expected="data and results that fit into memory",
        got=got,
        fix="Give less at a time: a smaller part of the data, a smaller `batch_size`, or a Dataset of batches.",
    )


def readable(nbytes: int) -> str:
    """A number of bytes in a readable unit.

    >>> readable(512), readable(5_000), readable(31_400_000), readable(3_136_000_000_000)
    ('512 bytes', '5.0 kB', '31 MB', '3,136 GB')
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if nbytes >= size:
            amount = nbytes / size
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:,.0f} {unit}"
    return f"{nbytes} bytes"


def sentence(where: str, argument: str, expected: str, got: str, fix: str) -> str:
    """The text of an error.

    >>> sentence("Dense 'head'", "", "inputs ending in 64", "shape (32, 50)", "Rebuild the layer.")
    "Dense 'head' expects inputs ending in 64, but got shape (32, 50). Rebuild the layer."
    """
    if argument == "the inputs":  # what a layer is called on: its name says enough
        argument = "" if where else argument
    subject = f"{where}: {argument}" if where and argument else where or argument
    text = f"{subject} expects {expected}" + (f", but got {got}." if got else ".")
    return f"{text} {fix}".rstrip()


def describe(value: Any) -> str:
    """What a user gave, briefly: an array by its shape and dtype, anything else by its value or its kind.

    >>> describe(None), describe(0.2), describe("adam"), describe(lambda x: x), describe(iter([]))
    ('`None`', '`0.2`', "`'adam'`", 'a function', 'an iterator (list_iterator)')
    """
    if isinstance(value, types.GeneratorType):
        return "a generator"
    if isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        named = getattr(value, "__name__", "<lambda>")
        return "a function" if named == "<lambda>" else f"the function {named}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and not isinstance(getattr(value, "dtype", ""), str):
        return f"an array of shape {shape}, {value.dtype}" if shape else f"the number {value}"
    if isinstance(value, bool | int | str | float | type(None)):
        return f"`{shorten(repr(value))}`"
    if isinstance(value, dict | list | tuple | set | frozenset):
        brief = repr(value)
        kind = type(value).__name__
        return f"`{brief}`" if len(brief) <= 60 else f"a {kind} of length {len(value)}"
    if hasattr(value, "__next__"):
        return f"an iterator ({type(value).__name__})"
    kind = type(value).__name__
    brief = repr(value)
    named = f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
    return named if len(brief) > 60 or brief.startswith("<") or "\n" in brief else f"{named}: {brief}"


def shorten(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 2]}…{text[-1]}"


class ArgumentError(PyEngineError, ValueError):
    """A setting has a value that it cannot have."""


def require_number(
    where: str, argument: str, value: Any, expected: str, fits: Callable[[float], bool], example: Any
) -> Any:
    """The value of a setting that is a number, as it was given.

    Arguments:
        expected: which numbers it may be: "a number above 0".
        fits: whether a number is one of them.
        example: one that is, for the advice.
    Errors: ArgumentError.

    >>> require_number("MaxNorm", "max_value", 2.0, "a number above 0", lambda number: number > 0, 2)
    2.0
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not fits(float(value)):
        fix = f"Use, for example, `{argument}={example!r}`."
        raise ArgumentError(where=where, argument=argument, expected=expected, got=describe(value), fix=fix)
    return value


class OutOfMemoryError(PyEngineError, MemoryError):
    """Weights, a step or data that need more memory than there is."""


class ShapeError(PyEngineError, ValueError):
    """Shapes that do not fit together."""


class OutOfRangeError(PyEngineError, IndexError):
    """An index that an array does not have."""


class NotANumberYetError(PyEngineError, TypeError):
    """A value of a step that is still being recorded, used as if it were a number or a NumPy array."""


class MissingGradientError(PyEngineError, NotImplementedError):
    """An op that has no gradient."""


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


def unknown_name(kind: str, name: object, known: Iterable[str], where: str = "") -> UnknownNameError:
    """The error for a name that does not exist, with the nearest known ones.

    Arguments:
        kind: what it should name: "loss", "argument", "argument of model.fit".
        known: the names that there are.
        where: what was called.

    >>> raise unknown_name("loss", "msee", ["mse", "mae"])
    Traceback (most recent call last):
    ...
    pyengine.errors.UnknownNameError: Unknown loss 'msee'. Did you mean 'mse' or 'mae'? Known: mae, mse.
    """
    known = sorted(set(known))
    close = nearest(str(name), known)
    hint = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
    fix = f"{hint}Known: {', '.join(known)}."
    of_what, _, owner = kind.partition(" of ")
    return UnknownNameError(
        f"{where + ': ' if where else ''}Unknown {kind} {name!r}. {fix}",
        where=where or owner,
        argument=str(name) if of_what == "argument" else kind,
        expected=f"one of {', '.join(known)}",
        got=repr(name),
        fix=fix,
    )
