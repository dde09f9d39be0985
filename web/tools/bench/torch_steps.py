"""The same steps in PyTorch, to compare with: run by a Python that has it, one thread. Prints JSON.

TORCH=path/to/python make bench
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found]
from torch import nn  # type: ignore[import-not-found]
from torch.nn import functional  # type: ignore[import-not-found]

from web.tools.bench.workloads import HEADS, LENGTH, WIDTH, WORKLOADS, Charlm, Workload

BLOCKS, BLOCK_SECONDS = 7, 0.3
ACTIVATIONS = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "linear": lambda x: x,
    "softmax": lambda x: x,  # it is in the loss
}
LOSSES: dict[str, Callable[..., Any]] = {
    "categorical_crossentropy": functional.cross_entropy,
    "mean_squared_error": functional.mse_loss,
    "sparse_categorical_crossentropy": lambda x, y: functional.cross_entropy(x.flatten(0, 1), y.flatten()),
}


def tensor(array: np.ndarray, axes: tuple[int, ...] | None = None) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array if axes is None else array.transpose(axes)))


def layers(workload: Workload, trained: list[Any]) -> Iterator[Callable[[Any], Any]]:
    """The layers as functions; channels come first, as PyTorch has them. What is trained is added to the list."""

    def parameter(array: np.ndarray, axes: tuple[int, ...] | None = None, trains: bool = True) -> Any:
        if not trains:
            return tensor(array, axes)
        trained.append(nn.Parameter(tensor(array, axes)))
        return trained[-1]

    flattened: tuple[int, ...] | None = None
    for (name, settings, before, _), weights in zip(workload.shapes(), workload.weights(), strict=True):
        if name == "Dense":
            kernel = weights[0]
            if flattened:  # rows stand in the order height, width, channels
                kernel = kernel.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
                flattened = None
            yield dense(parameter(kernel, (1, 0)), parameter(weights[1]), ACTIVATIONS[settings["activation"]])
        elif name in ("Conv2D", "DepthwiseConv2D"):
            trains = settings.get("trainable", True)
            alone = name == "DepthwiseConv2D"
            kernel = parameter(weights[0], (2, 3, 0, 1) if alone else (3, 2, 0, 1), trains)
            bias = parameter(weights[1], None, trains) if len(weights) > 1 else None
            yield convolution(kernel, bias, settings, before[2] if alone else 1)
        elif name == "BatchNormalization":
            scale, offset, mean, variance = map(tensor, weights)
            yield partial(fixed_norm, mean, variance, scale, offset)
        elif name == "LSTM":
            yield lstm(weights, before[1], settings["units"], trained)
        elif name == "Flatten":
            flattened = before
            yield lambda x: x.flatten(1)
        else:
            yield {
                "ReLU": functional.relu6,
                "MaxPooling2D": lambda x: functional.max_pool2d(x, 2),
                "GlobalAveragePooling2D": lambda x: x.mean((2, 3)),
            }[name]


def fixed_norm(mean: Any, variance: Any, scale: Any, offset: Any, x: Any) -> Any:
    return functional.batch_norm(x, mean, variance, scale, offset, eps=1e-3)


def dense(kernel: Any, bias: Any, activation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: activation(functional.linear(x, kernel, bias))


def convolution(kernel: Any, bias: Any, settings: dict[str, Any], groups: int) -> Callable[[Any], Any]:
    """TensorFlow's "same": what is odd goes to the end."""
    stride, size = settings.get("strides", 1), settings["kernel_size"]
    same = settings.get("padding") == "same" and size > 1
    edges = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
    activation = ACTIVATIONS[settings.get("activation", "linear")]

    def call(x: Any) -> Any:
        padded = functional.pad(x, edges) if same else x
        return activation(functional.conv2d(padded, kernel, bias, stride=stride, groups=groups))

    return call


def lstm(weights: list[np.ndarray], channels: int, units: int, trained: list[Any]) -> Callable[[Any], Any]:
    made = nn.LSTM(channels, units, batch_first=True)
    with torch.no_grad():
        made.weight_ih_l0.copy_(tensor(weights[0]).T)
        made.weight_hh_l0.copy_(tensor(weights[1]).T)
        made.bias_ih_l0.copy_(tensor(weights[2]))
        made.bias_hh_l0.zero_()
    made.bias_hh_l0.requires_grad_(False)  # one bias, as in Keras
    trained += [made.weight_ih_l0, made.weight_hh_l0, made.bias_ih_l0]
    return lambda x: made(x)[0][:, -1]


def language(workload: Workload, trained: list[Any]) -> Callable[[Any], Any]:
    """The model of `charlm.py`."""

    def parameter(array: Any) -> Any:
        trained.append(nn.Parameter(tensor(np.asarray(array, np.float32))))
        return trained[-1]

    tokens, places, joined, out, first, second, head = (parameter(array) for (array,) in workload.weights())
    first_bias, second_bias = parameter(np.zeros(first.shape[1])), parameter(np.zeros(WIDTH))
    norms = [(parameter(np.ones(WIDTH)), parameter(np.zeros(WIDTH))) for _ in range(3)]

    def norm(x: Any, number: int) -> Any:
        return functional.layer_norm(x, (WIDTH,), *norms[number], 1e-5)

    def call(ids: Any) -> Any:
        x = tokens[ids] + places
        query, key, value = (
            (norm(x, 0) @ joined).view(-1, LENGTH, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        )
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + seen.transpose(1, 2).reshape(-1, LENGTH, WIDTH) @ out
        x = x + functional.relu(norm(x, 1) @ first + first_bias) @ second + second_bias
        return norm(x, 2) @ head

    return call


def stepper(workload: Workload) -> Callable[[], float]:
    """A function that does a step and gives its loss."""
    x, y = (
        torch.from_numpy(array.astype(np.int64) if array.dtype == np.int32 else array)
        for array in workload.data()
    )
    trained: list[Any] = []
    if isinstance(workload, Charlm):
        calls = [language(workload, trained)]
    else:
        calls = list(layers(workload, trained))
        if x.ndim == 4:
            x = x.permute(0, 3, 1, 2).contiguous()
    name, rate = workload.optimizer
    optimizer = torch.optim.SGD(trained, rate) if name == "sgd" else torch.optim.Adam(trained, rate, eps=1e-7)
    loss_of = LOSSES[workload.loss]

    def step() -> float:
        optimizer.zero_grad()
        output = x
        for call in calls:
            output = call(output)
        loss = loss_of(output, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def measured(workload: Workload) -> dict[str, Any]:
    step = stepper(workload)
    begin = time.perf_counter()
    losses = [step()]
    first = 1000 * (time.perf_counter() - begin)
    losses += [step() for _ in workload.losses[1:]]
    run(step, 5)
    count = max(5, round(1000 * BLOCK_SECONDS / run(step, 5)))
    return {"losses": losses, "first": first, "milliseconds": [run(step, count) for _ in range(BLOCKS)]}


def run(step: Callable[[], Any], count: int) -> float:
    """Milliseconds of a step."""
    begin = time.perf_counter()
    for _ in range(count):
        step()
    return 1000 * (time.perf_counter() - begin) / count


def products(sizes: list[int]) -> list[float]:
    """GFLOP/s of square matrix products."""
    rates = []
    for size in sizes:
        a, b = torch.rand(size, size), torch.rand(size, size)
        count = max(1, round(2e9 / size**3))
        best = min(run(partial(torch.matmul, a, b), count) for _ in range(BLOCKS))
        rates.append(2 * size**3 / best / 1e6)
    return rates


if __name__ == "__main__":
    torch.set_num_threads(1)
    asked = json.loads(sys.argv[1])
    print(json.dumps({"version": torch.__version__}), flush=True)
    for name in asked["workloads"]:
        print(json.dumps({"name": name, "measured": measured(WORKLOADS[name])}), flush=True)
    print(json.dumps({"products": products(asked["sizes"])}), flush=True)
