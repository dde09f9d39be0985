"""Arrays of Python objects from files, without running what such a file may hold."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from pyengine.errors import DataError

ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *(
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    ),
    ("_codecs", "encode"),
}


class Unpickler(pickle.Unpickler):
    """Makes lists, numbers, text and NumPy's arrays; anything else is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        raise DataError(
            where="datasets",
            argument="the file",
            expected="lists, numbers and arrays",
            got=f"`{module}.{name}`, which could run code",
            fix="Delete the file and have it downloaded anew.",
        )


def load(file: IO[bytes], encoding: str = "latin1") -> Any:
    """A pickled object of lists, numbers, text and arrays."""
    return Unpickler(file, encoding=encoding).load()


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, those of Python lists too."""
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): _array(archive, name) for name in archive.namelist()}


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
        if dtype.hasobject:
            return np.asarray(load(file), dtype).reshape(shape)
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
