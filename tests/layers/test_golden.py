"""Every layer against Keras: outputs, gradients for inputs and weights, moving statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyengine import layers, ops
from pyengine.executors import NumpyExecutor
from pyengine.graph import Spec, check
from pyengine.plan import plan
from pyengine.transforms import differentiate, simplify, trace
from pyengine.transforms.differentiate import gradient_name
from tests.golden.load import materialise, read

ROWS = read("keras_layers")["rows"]


def name_of(row: dict[str, Any]) -> str:
    words = ",".join(f"{key}={value}" for key, value in row["config"].items())
    return f"{row['layer']}({words}){'x'.join(map(str, row['inputs'][0]['shape']))}"


@pytest.mark.parametrize("written", ROWS, ids=name_of)
def test_agrees_with_keras(written: dict[str, Any]) -> None:
    row = materialise(written)
    layer = layers.LAYERS[row["layer"]](**row["config"])
    arrays = row["inputs"]
    symbolic = layer(*(layers.SymbolicTensor((None, *a.shape[1:]), a.dtype.name) for a in arrays))
    assert symbolic.shape == (None, *row["output_shape"][1:])
    names = [weight.name.split("/")[-1] for weight in layer.weights]
    assert names == [weight["name"] for weight in written["weights"]]
    assert [w.trainable for w in layer.weights] == [weight["trainable"] for weight in written["weights"]]
    layer.set_weights(row["weights"])

    def function(**values: Any) -> dict[str, Any]:
        y = layer(*values.values(), training=bool(row["training"]))
        return {"y": ops.multiply(y, 1.0), "loss": ops.sum(ops.multiply(y, row["cotangent"]))}

    graph = trace(function, {f"x{n}": Spec(a.shape, a.dtype.name) for n, a in enumerate(arrays)})
    floats = [f"x{n}" for n, a in enumerate(arrays) if a.dtype.kind == "f"]
    graph = differentiate(graph, "loss", [*floats, *layer.trainable_weights])
    executor = NumpyExecutor()
    memory = executor.allocate(plan(simplify(check(graph))))
    for number, array in enumerate(arrays):
        executor.write(memory, f"x{number}", array)
    executor.run(memory)

    np.testing.assert_allclose(executor.read(memory, "y"), row["output"], rtol=2e-5, atol=2e-6)
    for number, expected in enumerate(row["input_gradients"]):
        if expected is not None:
            found = executor.read(memory, gradient_name(f"x{number}"))
            np.testing.assert_allclose(found, expected, rtol=5e-5, atol=5e-6)
    for weight, expected in zip(layer.trainable_weights, row["weight_gradients"], strict=True):
        found = executor.read(memory, gradient_name(weight))
        np.testing.assert_allclose(found, expected, rtol=5e-5, atol=1e-5, err_msg=weight.name)
    for weight, expected in zip(
        layer.non_trainable_weights, row.get("non_trainable_after", ()), strict=False
    ):
        np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-6, err_msg=weight.name)


def test_the_golden_files_have_every_layer_that_keras_knows_and_the_table_cannot_tell() -> None:
    from tests.cases.layers import CASES

    told = {case.layer for case in CASES if case.expected is not None}
    written = [*ROWS, *read("keras_sequences")["rows"]]
    assert set(layers.LAYERS) <= told | {row["layer"] for row in written}
