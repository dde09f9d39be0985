"""The models that are timed, with the data, weights and reference losses that make every run the same.

Everything is drawn by one rule, so that any program in any language can be compared: u(seed, i) is the output
of mulberry32 for the state seed * 0x9E3779B9 + (i + 1) * 0x6D2B79F5, as a fraction of 2**32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Settings = dict[str, Any]
# Adam places epsilon differently here and in PyTorch; after five steps that is far below this.
AGREEMENT = 5e-4


@dataclass(frozen=True)
class Workload:
    """One model and the batch it is trained on.

    layers: name and settings as Keras has them; JavaScript's names follow from them.
    losses: of the first five steps, PyTorch 2.13.0 in float32.
    """

    name: str
    input_shape: tuple[int, ...]
    batch: int
    optimizer: tuple[str, float]
    loss: str
    layers: tuple[tuple[str, Settings], ...]
    losses: tuple[float, ...]

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """x (batch, *input_shape) in [-1, 1); y one-hot in turn, or the four rows of exclusive or."""
        if self.name == "dispatch":
            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
            return x, np.array([[0], [1], [1], [0]], np.float32)
        classes = self.layers[-1][1]["units"]
        size = self.batch * int(np.prod(self.input_shape))
        x = (2 * uniform(1, size) - 1).astype(np.float32).reshape(self.batch, *self.input_shape)
        return x, np.eye(classes, dtype=np.float32)[np.arange(self.batch) % classes]

    def weights(self) -> list[np.ndarray]:
        """Kernel and bias of each layer that has them, in order."""
        arrays: list[np.ndarray] = []
        for number, (shape, activation) in enumerate(self.kernels()):
            fan_in = int(np.prod(shape[:-1]))
            scale = np.sqrt((6 if activation == "relu" else 3) / fan_in)
            kernel = (2 * uniform(100 + number, int(np.prod(shape))) - 1) * scale
            arrays += [kernel.astype(np.float32).reshape(shape), np.zeros(shape[-1], np.float32)]
        return arrays

    def kernels(self) -> Iterator[tuple[tuple[int, ...], str]]:
        """Shape and activation of every kernel."""
        for name, settings, shape, _ in self.shapes():
            if name == "Dense":
                yield (shape[-1], settings["units"]), settings["activation"]
            elif name == "Conv2D":
                size = settings["kernel_size"]
                yield (size, size, shape[-1], settings["filters"]), settings["activation"]

    def shapes(self) -> Iterator[tuple[str, Settings, tuple[int, ...], tuple[int, ...]]]:
        """Name, settings, input shape and output shape of every layer, without the batch."""
        shape = self.input_shape
        for name, settings in self.layers:
            before = shape
            if name == "Dense":
                shape = (*shape[:-1], settings["units"])
            elif name == "Conv2D":
                shape = (*(side - settings["kernel_size"] + 1 for side in shape[:2]), settings["filters"])
            elif name == "MaxPooling2D":
                shape = (*(side // settings["pool_size"] for side in shape[:2]), shape[2])
            elif name == "Flatten":
                shape = (int(np.prod(shape)),)
            else:
                raise ValueError(
                    f"The benchmark does not know the shape rule of {name}: add it to Workload.shapes."
                )
            yield name, settings, before, shape

    def operations(self) -> int:
        """Multiplications and additions of one step: forward, and the gradients of kernels and inputs.

        Element-wise work is not counted; the gradient of the model's own input is not needed.
        """
        total = 0
        for number, (name, settings, before, after) in enumerate(self.shapes()):
            if name not in ("Dense", "Conv2D"):
                continue
            taps = before[-1] * (settings["kernel_size"] ** 2 if name == "Conv2D" else 1)
            once = 2 * self.batch * taps * int(np.prod(after))
            total += once * (2 if number == 0 else 3)
        return total


def uniform(seed: int, count: int) -> np.ndarray:
    """The first `count` numbers of a seed's row, float64 in [0, 1).

    >>> uniform(1, 3).round(6).tolist()
    [0.35889, 0.105903, 0.67529]
    """
    index = np.arange(1, count + 1, dtype=np.uint32)
    state = np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF) + index * np.uint32(0x6D2B79F5)
    word = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    word ^= word + (word ^ (word >> np.uint32(7))) * (word | np.uint32(61))
    return (word ^ (word >> np.uint32(14))) / 2.0**32


def dense(units: int, activation: str) -> tuple[str, Settings]:
    """A row of the table below."""
    return "Dense", {"units": units, "activation": activation}


def conv(filters: int) -> tuple[str, Settings]:
    """A row of the table below."""
    return "Conv2D", {"filters": filters, "kernel_size": 3, "activation": "relu"}


POOL = ("MaxPooling2D", {"pool_size": 2})
PERCEPTRON = (dense(128, "relu"), dense(10, "softmax"))
ADAM = ("adam", 0.001)

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "dispatch", (2,), 4, ("sgd", 0.1), "mean_squared_error",
            (dense(8, "tanh"), dense(1, "sigmoid")),
            (0.259767, 0.258601, 0.257477, 0.256393, 0.255348),
        ),
        Workload(
            "mlp32", (784,), 32, ADAM, "categorical_crossentropy", PERCEPTRON,
            (2.486104, 1.987556, 1.559283, 1.200963, 0.912801),
        ),
        Workload(
            "mlp128", (784,), 128, ADAM, "categorical_crossentropy", PERCEPTRON,
            (2.430267, 2.176403, 1.940615, 1.721365, 1.518913),
        ),
        Workload(
            "cnn", (28, 28, 1), 32, ADAM, "categorical_crossentropy",
            (conv(16), POOL, conv(32), POOL, ("Flatten", {}), dense(64, "relu"), dense(10, "softmax")),
            (3.431947, 2.412180, 2.336807, 2.257180, 2.191547),
        ),
    )
}  # fmt: skip
