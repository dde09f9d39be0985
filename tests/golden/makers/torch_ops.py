"""A second witness: convolutions, pools, cross-entropy, layer norm and Adam as PyTorch computes them.

Everything is stored in pyengine's layout (channels last; kernels as Keras has them): PyTorch's channels-first
arrays are transposed here, so that a test need not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from load import make
from specs import Spec, integers, stored, uniform, write

from makers.versions import versions


def row(
    op: str, config: dict[str, Any], inputs: dict[str, Spec], compute: Callable[..., torch.Tensor]
) -> dict[str, Any]:
    """Output of `compute(**inputs)` and gradients of sum(output * cotangent) for every floating input."""
    tensors = {name: torch.from_numpy(make(spec)) for name, spec in inputs.items()}
    floating = [name for name, tensor in tensors.items() if tensor.is_floating_point()]
    for name in floating:
        tensors[name].requires_grad_(True)
    output = compute(**tensors)
    cotangent = uniform(tuple(output.shape), 90)
    (output * torch.from_numpy(make(cotangent))).sum().backward()
    return {
        "op": op,
        "config": config,
        "inputs": inputs,
        "output": stored(output.detach().numpy()),
        "cotangent": cotangent,
        "gradients": {name: stored(tensors[name].grad.numpy()) for name in floating},
    }


def first(x: torch.Tensor) -> torch.Tensor:
    """Channels last to channels first."""
    return x.movedim(-1, 1)


def last(x: torch.Tensor) -> torch.Tensor:
    """Channels first to channels last."""
    return x.movedim(1, -1)


def convolution_rows() -> list[dict[str, Any]]:
    rows = []
    for shape, kernel, stride, padding, dilation, groups in [
        ((2, 5, 6, 3), (3, 3, 3, 4), 1, 0, 1, 1),
        ((1, 7, 6, 2), (3, 2, 2, 3), 2, 0, 1, 1),
        ((1, 6, 6, 2), (3, 3, 2, 2), 1, 1, 1, 1),
        ((1, 8, 7, 2), (3, 3, 2, 2), 1, 0, 2, 1),
        ((1, 5, 5, 4), (3, 3, 2, 6), 1, 0, 1, 2),
        ((1, 6, 6, 1), (5, 5, 1, 2), 1, 2, 1, 1),
    ]:
        config = {"strides": stride, "padding": padding, "dilation_rate": dilation, "groups": groups}
        rows.append(
            row(
                "conv2d",
                config,
                {"x": uniform(shape, 1), "kernel": uniform(kernel, 2), "bias": uniform(kernel[-1:], 3)},
                lambda x, kernel, bias, s=stride, p=padding, d=dilation, g=groups: last(
                    F.conv2d(first(x), kernel.permute(3, 2, 0, 1), bias, s, p, d, g)
                ),
            )
        )
    for shape, kernel, stride, padding, dilation in [
        ((2, 7, 3), (3, 3, 4), 1, 0, 1),
        ((1, 9, 2), (4, 2, 3), 3, 0, 1),
        ((1, 8, 2), (3, 2, 2), 1, 2, 2),
    ]:
        config = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        rows.append(
            row(
                "conv1d",
                config,
                {"x": uniform(shape, 4), "kernel": uniform(kernel, 5), "bias": uniform(kernel[-1:], 6)},
                lambda x, kernel, bias, s=stride, p=padding, d=dilation: last(
                    F.conv1d(first(x), kernel.permute(2, 1, 0), bias, s, p, d)
                ),
            )
        )
    for shape, kernel, stride, padding in [
        ((2, 5, 5, 3), (3, 3, 3, 1), 1, 0),
        ((1, 6, 7, 2), (3, 2, 2, 2), 2, 0),
        ((1, 4, 4, 2), (3, 3, 2, 3), 1, 1),
    ]:
        channels = shape[-1]
        rows.append(
            row(
                "depthwise_conv2d",
                {"strides": stride, "padding": padding},
                {"x": uniform(shape, 7), "kernel": uniform(kernel, 8)},
                # Kernel (height, width, channels, multiplier); output channel c * multiplier + m.
                lambda x, kernel, s=stride, p=padding, c=channels: last(
                    F.conv2d(first(x), kernel.permute(2, 3, 0, 1).flatten(0, 1)[:, None], None, s, p, 1, c)
                ),
            )
        )
    return rows


def pooling_rows() -> list[dict[str, Any]]:
    rows = []
    for shape, size, stride in [((2, 4, 4, 3), 2, 2), ((1, 7, 6, 2), 3, 2), ((1, 5, 5, 1), 3, 1)]:
        for op, function in (("max_pool2d", F.max_pool2d), ("average_pool2d", F.avg_pool2d)):
            rows.append(
                row(
                    op,
                    {"pool_size": size, "strides": stride, "padding": 0},
                    {"x": uniform(shape, 11)},
                    lambda x, f=function, k=size, s=stride: last(f(first(x), k, s)),
                )
            )
    for shape, size, stride in [((2, 6, 3), 2, 2), ((1, 7, 2), 3, 2)]:
        for op, function in (("max_pool1d", F.max_pool1d), ("average_pool1d", F.avg_pool1d)):
            rows.append(
                row(
                    op,
                    {"pool_size": size, "strides": stride, "padding": 0},
                    {"x": uniform(shape, 12)},
                    lambda x, f=function, k=size, s=stride: last(f(first(x), k, s)),
                )
            )
    return rows


def other_rows() -> list[dict[str, Any]]:
    rows = []
    for shape, low, high in [((5, 4), -3, 3), ((3, 6), -60, 60)]:
        inputs = {"logits": uniform(shape, 21, low, high), "labels": integers(shape[:1], 22, 0, shape[1])}
        rows.append(
            row(
                "sparse_softmax_cross_entropy",
                {},
                inputs,
                lambda logits, labels: F.cross_entropy(logits, labels.long(), reduction="none"),
            )
        )
        rows.append(
            row(
                "sigmoid_cross_entropy",
                {},
                {"logits": uniform(shape, 23, low, high), "labels": uniform(shape, 24, 0, 1)},
                lambda logits, labels: F.binary_cross_entropy_with_logits(logits, labels, reduction="none"),
            )
        )
    for shape, axes, epsilon in [((4, 6), 1, 1e-3), ((2, 3, 5), 1, 1e-5), ((2, 3, 4), 2, 1e-3)]:
        inner = shape[-axes:]
        rows.append(
            row(
                "layer_norm",
                {"axis": list(range(-axes, 0)), "epsilon": epsilon},
                {"x": uniform(shape, 25, -2, 2), "gamma": uniform(inner, 26), "beta": uniform(inner, 27)},
                lambda x, gamma, beta, i=inner, e=epsilon: F.layer_norm(x, i, gamma, beta, e),
            )
        )
    rows.append(
        row(
            "batch_norm_training",
            {"axis": -1, "epsilon": 1e-3},
            {"x": uniform((3, 2, 2, 4), 28, -2, 2), "gamma": uniform((4,), 29), "beta": uniform((4,), 30)},
            lambda x, gamma, beta: last(
                F.batch_norm(first(x), None, None, gamma, beta, training=True, eps=1e-3)
            ),
        )
    )
    for op, function in [
        ("gelu", F.gelu),
        ("silu", F.silu),
        ("mish", F.mish),
        ("softplus", F.softplus),
        ("selu", F.selu),
        ("log_softmax", lambda x: F.log_softmax(x, -1)),
        ("softmax", lambda x: F.softmax(x, -1)),
        ("hard_sigmoid", F.hardsigmoid),
        ("relu6", F.relu6),
    ]:
        rows.append(row(op, {}, {"x": uniform((3, 7), 31, -5, 5)}, lambda x, f=function: f(x)))
    rows.append(
        row(
            "embedding",
            {},
            {"table": uniform((6, 3), 32), "indices": integers((2, 5), 33, 0, 6)},
            lambda table, indices: F.embedding(indices, table),
        )
    )
    return rows


def optimizer_rows() -> list[dict[str, Any]]:
    """Five steps with settings in Keras's words.

    An epsilon of 0.1 shows where it is added: to the root of the corrected second moment.
    """
    rows = []
    words = {
        "learning_rate": "lr",
        "epsilon": "eps",
        "weight_decay": "weight_decay",
        "amsgrad": "amsgrad",
    }
    for name, factory, config in [
        ("Adam", torch.optim.Adam, {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        (
            "AdamW",
            torch.optim.AdamW,
            {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-7, "weight_decay": 0.1},
        ),
        *(
            (name, factory, {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 0.1, **more})
            for name, factory, more in [
                ("Adam", torch.optim.Adam, {}),
                ("Adam", torch.optim.Adam, {"amsgrad": True}),
                ("AdamW", torch.optim.AdamW, {"weight_decay": 0.1}),
            ]
        ),
        ("SGD", torch.optim.SGD, {"learning_rate": 0.1}),
        (
            "Adamax",
            torch.optim.Adamax,
            {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
        ),
    ]:
        variable = torch.nn.Parameter(torch.from_numpy(make(uniform((3, 4), 41))))
        given: dict[str, Any] = {words[key]: value for key, value in config.items() if key in words}
        if "beta_1" in config:
            given["betas"] = (config["beta_1"], config["beta_2"])
        optimizer = factory([variable], **given)
        gradients = [uniform((3, 4), 50 + step, -2, 2) for step in range(5)]
        after = []
        for spec in gradients:
            variable.grad = torch.from_numpy(make(spec))
            optimizer.step()
            after.append(stored(variable.detach().numpy().copy()))
        rows.append(
            {
                "op": "optimizer",
                "optimizer": name,
                "config": config,
                "variable": uniform((3, 4), 41),
                "gradients": gradients,
                "after_steps": after,
            }
        )
    return rows


def make_torch() -> None:
    rows = convolution_rows() + pooling_rows() + other_rows() + optimizer_rows()
    write("torch_ops", versions("torch", "numpy"), rows)
