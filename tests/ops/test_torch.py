"""Values and gradients that PyTorch computed."""

from __future__ import annotations

import numpy as np
import pytest

from pyengine import activations, ops
from pyengine.executors import NumpyExecutor
from pyengine.graph import Spec
from pyengine.plan import plan
from pyengine.transforms import differentiate, simplify, trace
from tests.golden.load import load


def convolution(row):
    settings, rank = row["config"], 1 if row["op"] == "conv1d" else 2
    sides = (settings["padding"],) * 2
    geometry = {"strides": settings["strides"], "padding": sides if rank == 1 else (sides,) * 2}
    geometry["dilation"] = settings.get("dilation_rate", 1)
    if "groups" in settings:
        geometry["groups"] = settings["groups"]

    def call(x, kernel, bias=None):
        result = getattr(ops, row["op"])(x, kernel, **geometry)
        return result if bias is None else ops.add(result, bias)

    return call


def pool(row):
    assert row["config"]["padding"] == 0
    settings = {key: row["config"][key] for key in ("pool_size", "strides")}
    return lambda x: getattr(ops, row["op"])(x, **settings)


def normalization(row):
    settings = row["config"]

    def call(x, gamma, beta):
        axis = settings["axis"] if row["op"] == "layer_norm" else (0, 1, 2)
        middle, spread = ops.mean(x, axis=axis, keepdims=True), ops.variance(x, axis=axis, keepdims=True)
        return (x - middle) * ops.rsqrt(spread + settings["epsilon"]) * gamma + beta

    return call


def sparse_cross_entropy(row):
    def call(logits, labels):
        picked = ops.take_along_axis(ops.log_softmax(logits), ops.expand_dims(labels, -1), axis=-1)
        return ops.negative(ops.squeeze(picked, -1))

    return call


def sigmoid_cross_entropy(row):
    return lambda logits, labels: ops.softplus(logits) - logits * labels


MAKERS = {
    "conv1d": convolution,
    "conv2d": convolution,
    "depthwise_conv2d": convolution,
    "max_pool1d": pool,
    "max_pool2d": pool,
    "average_pool1d": pool,
    "average_pool2d": pool,
    "layer_norm": normalization,
    "batch_norm_training": normalization,
    "sparse_softmax_cross_entropy": sparse_cross_entropy,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "embedding": lambda row: ops.gather,
    "softmax": lambda row: ops.softmax,
    "log_softmax": lambda row: ops.log_softmax,
    "softplus": lambda row: ops.softplus,
}
ROWS = [row for row in load("torch_ops") if row["op"] != "optimizer"]  # those are the optimizers' rows


@pytest.mark.parametrize("row", ROWS, ids=[f"{n}-{row['op']}" for n, row in enumerate(ROWS)])
def test_values_and_gradients_are_those_of_pytorch(row):
    call = MAKERS[row["op"]](row) if row["op"] in MAKERS else activations.get(row["op"])
    inputs = row["inputs"]

    def step(**values):
        result = call(*values.values())
        return {"y": result, "loss": ops.sum(ops.multiply(result, row["cotangent"]))}

    graph = trace(step, {name: Spec(x.shape, x.dtype.name) for name, x in inputs.items()})
    graph = simplify(differentiate(graph, "loss", row["gradients"]))
    executor = NumpyExecutor()
    memory = executor.allocate(plan(graph))
    for name, array in inputs.items():
        executor.write(memory, name, array)
    executor.run(memory)
    near(executor.read(memory, "y"), row["output"])
    for name, expected in row["gradients"].items():
        near(executor.read(memory, f"gradient/{name}"), expected)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-6 * np.abs(expected).max())
