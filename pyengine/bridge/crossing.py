"""Conversion of values between Python and JavaScript.

    JavaScript                                   Python
    number, string, boolean, null                the same (a whole number is an int)
    Tensor, typed array                          np.ndarray, copied
    plain object, array                          dict, list
    function                                     function
    Layer, Model, optimizer, … (a handle)        the object itself
    GraphTensor (a value of a step in writing)   Value

Arrays are copied in both directions: each side owns its memory, so nothing has to be disposed of.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pyengine.data import Dataset
from pyengine.graph import Value, Variable
from pyengine.layers import Layer, SymbolicTensor
from pyengine.models import Model, Sequential
from pyengine.optimizers import Optimizer
from pyengine.training.job import Job

# What JavaScript has typed arrays for that a Tensor can hold; everything else is cast on its way out.
DTYPES = {"float32": "float32", "int32": "int32", "bool": "uint8"}


class Page:
    """The other side: what `web/border.js` gives us to make its objects with."""

    make: Any = None
    """Functions of the page: list, map, tensor, handle."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def number_of(self, thing: Any) -> int:
        """A number for a Python object by which the page finds the wrapper it made for it before."""
        number = vars(thing).get("_number_in_page")
        if number is None:
            number = next(self._numbers)
            object.__setattr__(thing, "_number_in_page", number)
        return number


page = Page()


def connect(make: Any) -> None:
    """The page introduces itself."""
    page.make = make


def outward(thing: Any) -> Any:
    """A Python object as JavaScript has it."""
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if isinstance(thing, np.generic):
        return thing.item()
    if isinstance(thing, np.ndarray):
        return tensor(thing)
    if isinstance(thing, (list, tuple)):
        return page.make.list(*map(outward, thing))
    if isinstance(thing, Mapping):
        return page.make.map(*(part for key, value in thing.items() for part in (str(key), outward(value))))
    return handle(thing)


def tensor(array: np.ndarray) -> Any:
    """An array as a Tensor of the page."""
    from pyodide.ffi import to_js

    dtype = "bool" if array.dtype == bool else "float32" if array.dtype.kind == "f" else "int32"
    plain = np.ascontiguousarray(array, DTYPES[dtype]).reshape(-1)
    return page.make.tensor(to_js(plain), to_js(list(array.shape)), dtype)


def handle(thing: Any) -> Any:
    """A wrapper of the page around an object that stays here."""
    from pyodide.ffi import create_proxy

    kind = kind_of(thing)
    number = page.number_of(thing) if hasattr(thing, "__dict__") else 0
    return page.make.handle(kind, number, create_proxy(thing, roundtrip=False))


def kind_of(thing: Any) -> str:
    """Which of the page's wrappers suits an object."""
    kinds: dict[str, Any] = {
        "sequential": Sequential,
        "model": Model,
        "layer": Layer,
        "symbolic": SymbolicTensor,
        "variable": Variable,
        "value": Value,
        "optimizer": Optimizer,
        "dataset": Dataset,
        "job": Job,
    }
    return next((kind for kind, cls in kinds.items() if isinstance(thing, cls)), "object")


def new_list(*items: Any) -> list[Any]:
    """A list for the page."""
    return list(items)


def new_map(*flat: Any) -> dict[str, Any]:
    """A dictionary for the page: name, value, name, value, …

    >>> new_map("units", 3)
    {'units': 3}
    """
    return dict(zip(flat[::2], flat[1::2], strict=True))


def array(data: Any, shape: Any, dtype: str) -> np.ndarray:
    """The array that a Tensor of the page holds: a copy.

    Shapes: data (numbers,) becomes `shape`.
    """
    result = empty(shape, dtype)
    fill(result, 0, data)
    return result


def empty(shape: Any, dtype: str) -> np.ndarray:
    """Room for the content of a Tensor, to be filled piece by piece."""
    return np.empty(tuple(shape), np.dtype(dtype))


def fill(target: np.ndarray, begin: int, data: Any) -> None:
    """Copy numbers of a typed array to their place, counted in C order from `begin`."""
    if len(data) == 0:
        return
    flat = target.reshape(-1)[begin : begin + len(data)]
    data.assign_to(flat.view(np.uint8) if target.dtype == bool else flat)


def function(javascript: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of the page as losses, metrics and datasets call it; its arguments cross as handles."""

    def call(*inputs: Any) -> Any:
        return inward(javascript(*map(outward, inputs)))

    call.__name__ = call.__qualname__ = name or "custom"
    return call


def inward(thing: Any) -> Any:
    """What a function of the page returned: Python objects are themselves already, promises are awaited."""
    return _later(thing) if hasattr(thing, "then") and hasattr(thing, "__await__") else thing


async def _later(promise: Any) -> Any:
    return await promise
