"""The dtypes that arrays may have, their short names, and how two of them meet."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyengine.errors import DtypeError

SHORT = {
    "float32": "f32",
    "float64": "f64",
    "int32": "i32",
    "int64": "i64",
    "uint32": "u32",
    "uint8": "u8",
    "bool": "b1",
}
FLOATX = "float32"  # the default dtype of floating-point numbers; the name is Keras'
LONG = {short: long for long, short in SHORT.items()}
ITEMSIZE = {name: np.dtype(name).itemsize for name in SHORT}
NAMES = {np.dtype(name): name for name in SHORT}  # NumPy's own `dtype.name` takes microseconds


def canonical(dtype: Any) -> str:
    """The full name of a dtype.

    >>> canonical(np.float32), canonical("f32"), canonical(bool)
    ('float32', 'float32', 'bool')
    """
    if isinstance(dtype, np.dtype) and dtype in NAMES:
        return NAMES[dtype]
    if isinstance(dtype, str) and dtype in SHORT:
        return dtype
    if isinstance(dtype, str) and dtype in LONG:
        return LONG[dtype]
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in SHORT:
        raise DtypeError(
            argument="dtype",
            expected=f"one of {', '.join(SHORT)}",
            got=repr(str(dtype)),
            fix="Cast the numbers first; text and dates must be encoded as numbers.",
        )
    return name


def is_float(dtype: str) -> bool:
    return dtype in ("float32", "float64")


def itemsize(dtype: str) -> int:
    return ITEMSIZE[dtype]


def promote(first: str, second: str) -> str:
    """The dtype in which two arrays meet: floats win, and an integer never widens a float.

    >>> promote("int32", "float32"), promote("float32", "float64"), promote("bool", "int32")
    ('float32', 'float64', 'int32')
    """
    if is_float(first) or is_float(second):
        return "float64" if "float64" in (first, second) else "float32"
    return canonical(np.result_type(first, second))


def of_scalar(number: bool | int | float, other: str | None = None) -> str:
    """The dtype of a Python number beside an array of dtype `other`: it adapts where it can."""
    if isinstance(number, bool):
        return other or "bool"
    if isinstance(number, int):
        return other if other and other != "bool" else "int32"
    return other if other and is_float(other) else "float32"
