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
# Of the language model.
WIDTH, HEADS, LENGTH, VOCABULARY, HIDDEN = 64, 4, 64, 64, 256


@dataclass(frozen=True)
class Workload:
    """One model and the batch it is trained on.

    layers: name and settings as Keras has them; JavaScript's names follow from them. None: see `charlm.py`.
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
        """x (batch, *input_shape) in [-1, 1); y one-hot in turn, in [-1, 1), or the four rows of exclusive or."""
        if self.name == "dispatch":
            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
            return x, np.array([[0], [1], [1], [0]], np.float32)
        units = self.layers[-1][1]["units"]
        size = self.batch * int(np.prod(self.input_shape))
        x = (2 * uniform(1, size) - 1).astype(np.float32).reshape(self.batch, *self.input_shape)
        if self.loss == "mean_squared_error":
            y = (2 * uniform(2, self.batch * units) - 1).astype(np.float32)
            return x, y.reshape(self.batch, units)
        return x, np.eye(units, dtype=np.float32)[np.arange(self.batch) % units]

    def weights(self) -> list[list[np.ndarray]]:
        """Those of each layer, in order."""
        drawn = Drawn()
        return [
            self.layer_weights(drawn, name, settings, before) for name, settings, before, _ in self.shapes()
        ]

    @staticmethod
    def layer_weights(
        drawn: Drawn, name: str, settings: Settings, shape: tuple[int, ...]
    ) -> list[np.ndarray]:
        """Drawn kernels; biases 0 (the LSTM's forget gate 1), norms that change nothing."""
        channels, activation = shape[-1], settings.get("activation", "")
        if name == "Dense":
            units = settings["units"]
            return [drawn((channels, units), channels, activation), zeros(units)]
        if name == "Conv2D":
            size, filters = settings["kernel_size"], settings["filters"]
            bias = [zeros(filters)] if settings.get("use_bias", True) else []
            # Without a bias of its own it stands before a norm and a relu.
            kernel = drawn((size, size, channels, filters), size * size * channels, activation or "relu6")
            return [kernel, *bias]
        if name == "DepthwiseConv2D":
            return [drawn((3, 3, channels, 1), 9, "relu6")]
        if name == "BatchNormalization":
            return [zeros(channels) + one for one in (1, 0, 0, 1)]
        if name == "LSTM":
            units = settings["units"]
            forget = np.repeat(np.array([0, 1, 0, 0], np.float32), units)
            return [drawn((channels, 4 * units), channels), drawn((units, 4 * units), units), forget]
        return []

    def shapes(self) -> Iterator[tuple[str, Settings, tuple[int, ...], tuple[int, ...]]]:
        """Name, settings, input shape and output shape of every layer, without the batch."""
        shape = self.input_shape
        for name, settings in self.layers:
            before = shape
            if name == "Dense":
                shape = (*shape[:-1], settings["units"])
            elif name in ("Conv2D", "DepthwiseConv2D"):
                lost = 0 if settings.get("padding") == "same" else settings["kernel_size"] - 1
                stride = settings.get("strides", 1)
                sides = (-(-(side - lost) // stride) for side in shape[:2])
                shape = (*sides, settings.get("filters", shape[2]))
            elif name == "MaxPooling2D":
                shape = (*(side // settings["pool_size"] for side in shape[:2]), shape[2])
            elif name == "Flatten":
                shape = (int(np.prod(shape)),)
            elif name == "GlobalAveragePooling2D":
                shape = (shape[2],)
            elif name == "LSTM":
                shape = (settings["units"],)
            elif name not in ("BatchNormalization", "ReLU"):
                raise ValueError(
                    f"The benchmark does not know the shape rule of {name}: add it to Workload.shapes."
                )
            yield name, settings, before, shape

    def operations(self) -> int:
        """Multiplications and additions of one step: forward, and the gradients of kernels and inputs.

        Element-wise work is not counted, nor are gradients that nothing trainable needs.
        """
        total, trained = 0, False
        for name, settings, before, after in self.shapes():
            trains = settings.get("trainable", True)
            if name == "LSTM":
                steps, channels, units = *before, settings["units"]
                inward, across = channels * 4 * units, units * 4 * units
                total += 2 * self.batch * steps * (2 * inward + 3 * across + trained * inward)
            elif name in ("Dense", "Conv2D", "DepthwiseConv2D"):
                taps = 1 if name == "DepthwiseConv2D" else before[-1]
                taps *= 1 if name == "Dense" else settings["kernel_size"] ** 2
                total += 2 * self.batch * taps * int(np.prod(after)) * (1 + trains + trained)
            else:
                continue
            trained = trained or trains
        return total


class Charlm(Workload):
    """A small language model of characters, which `charlm.py` builds in Python: embeddings of characters and places,
    one block of causal attention and a perceptron, norms before each and at the end.
    """

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Characters, and for each the next one."""
        ids = (
            np.floor(VOCABULARY * uniform(1, self.batch * LENGTH))
            .astype(np.int32)
            .reshape(self.batch, LENGTH)
        )
        return ids, np.roll(ids, -1, 1)

    def weights(self) -> list[list[np.ndarray]]:
        """Each drawn array by itself: characters, places, query key and value, output, both of the perceptron, head."""
        drawn, d = Drawn(), WIDTH
        shapes = [(VOCABULARY, d), (LENGTH, d), (d, 3 * d), (d, d), (d, HIDDEN), (HIDDEN, d), (d, VOCABULARY)]
        fans = [d, d, d, d, d, HIDDEN, d]
        return [
            [drawn(shape, fan, "relu" if shape == (d, HIDDEN) else "")]
            for shape, fan in zip(shapes, fans, strict=True)
        ]

    def operations(self) -> int:
        """Products, forward and both gradients; of the attention only what the mask lets through."""
        products = 4 * WIDTH**2 + 2 * WIDTH * HIDDEN + WIDTH * VOCABULARY + LENGTH * WIDTH
        return 3 * 2 * self.batch * LENGTH * products


class Drawn:
    """Draws the weights, one after the other."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, shape: tuple[int, ...], fan_in: int, activation: str = "") -> np.ndarray:
        scale = np.sqrt((6 if "relu" in activation else 3) / fan_in)
        kernel = (2 * uniform(100 + self.count, int(np.prod(shape))) - 1) * scale
        self.count += 1
        return kernel.astype(np.float32).reshape(shape)


def zeros(count: int) -> np.ndarray:
    return np.zeros(count, np.float32)


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


def frozen_convolution(filters: int, size: int, strides: int) -> tuple[tuple[str, Settings], ...]:
    """A convolution, its norm and its activation, which nothing trains."""
    kernel = {"filters": filters, "kernel_size": size, "strides": strides}
    return ("Conv2D", {**kernel, **SAME}), *NORM


def separable(filters: int, strides: int) -> tuple[tuple[str, Settings], ...]:
    """The same in two parts: each channel by itself, then all channels of each place."""
    kernel = {"kernel_size": 3, "strides": strides}
    return ("DepthwiseConv2D", {**kernel, **SAME}), *NORM, *frozen_convolution(filters, 1, 1)


SAME = {"padding": "same", "use_bias": False, "trainable": False}
NORM = (("BatchNormalization", {"trainable": False}), ("ReLU", {"max_value": 6.0}))
# Spelled out, for TensorFlow.js has another default.
LSTM = {"units": 64, "recurrent_activation": "sigmoid"}
POOL = ("MaxPooling2D", {"pool_size": 2})
PERCEPTRON = (dense(128, "relu"), dense(10, "softmax"))
ADAM = ("adam", 0.001)
# MobileNet, version 1, a quarter as wide.
MOBILE = (
    *frozen_convolution(8, 3, 2), *separable(16, 1), *separable(32, 2), *separable(32, 1), *separable(64, 2),
    *separable(64, 1), *separable(128, 2), *(layer for _ in range(5) for layer in separable(128, 1)),
    *separable(256, 2), *separable(256, 1),
)  # fmt: skip

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
        Workload(
            "lstm", (40, 16), 32, ADAM, "mean_squared_error", (("LSTM", LSTM), dense(1, "linear")),
            (0.422045, 0.398672, 0.376791, 0.356221, 0.336783),
        ),
        Workload(
            "transfer", (96, 96, 3), 16, ADAM, "categorical_crossentropy",
            (*MOBILE, ("GlobalAveragePooling2D", {}), dense(10, "softmax")),
            (2.304856, 2.299510, 2.294419, 2.289584, 2.285005),
        ),
        Charlm(
            "charlm", (LENGTH,), 16, ADAM, "sparse_categorical_crossentropy", (),
            (4.676339, 4.500239, 4.353220, 4.228097, 4.119994),
        ),
    )
}  # fmt: skip
