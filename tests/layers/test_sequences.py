"""Layers for sequences: against Keras, with states, keywords and several outputs; in models, kept and copied."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import pyengine
from pyengine import layers, ops
from pyengine.errors import ArgumentError, ShapeError
from pyengine.executors import NumpyExecutor
from pyengine.graph import Spec, check
from pyengine.plan import plan
from pyengine.transforms import differentiate, gradient_name, simplify, trace
from tests.golden.load import materialise, read

ROWS = read("keras_sequences")["rows"]


def name_of(row: dict[str, Any]) -> str:
    words = ",".join(f"{key}={value}" for key, value in {**row["config"], **row["settings"]}.items())
    return f"{row['layer']}({words}){len(row['inputs'])}{'-masked' * len(row['named'])}"


def several(made: Any) -> list[Any]:
    return list(made) if isinstance(made, (list, tuple)) else [made]


@pytest.mark.parametrize("written", ROWS, ids=name_of)
def test_agrees_with_keras(written: dict[str, Any]) -> None:
    row = materialise(written)
    layer = layers.LAYERS[row["layer"]](**row["config"])
    arrays, words = row["inputs"], {**row["named"], **row["settings"]}
    symbolic = [layers.SymbolicTensor((None, *a.shape[1:]), a.dtype.name) for a in arrays]
    named = {k: layers.SymbolicTensor((None, *a.shape[1:]), a.dtype.name) for k, a in row["named"].items()}
    made = several(layer(*symbolic, **named, **row["settings"]))
    assert [tensor.shape for tensor in made] == [(None, *one.shape[1:]) for one in row["outputs"]]
    names = [weight.name.removeprefix(f"{layer.name}/") for weight in layer.weights]
    assert names == [weight["name"] for weight in written["weights"]]
    layer.set_weights(row["weights"])
    eager = several(layer(*arrays, **words))

    def function(**values: Any) -> dict[str, Any]:
        outputs = several(layer(*values.values(), **words))
        parts = [ops.sum(ops.multiply(y, w)) for y, w in zip(outputs, row["cotangents"], strict=True)]
        loss = parts[0]
        for part in parts[1:]:
            loss = ops.add(loss, part)
        return {**{f"y{n}": ops.multiply(y, 1.0) for n, y in enumerate(outputs)}, "loss": loss}

    graph = trace(function, {f"x{n}": Spec(a.shape, a.dtype.name) for n, a in enumerate(arrays)})
    names = [f"x{n}" for n in range(len(arrays))]
    graph = differentiate(graph, "loss", [*names, *layer.trainable_weights])
    executor = NumpyExecutor()
    memory = executor.allocate(plan(simplify(check(graph))))
    for number, array in enumerate(arrays):
        executor.write(memory, f"x{number}", array)
    executor.run(memory)

    for number, expected in enumerate(row["outputs"]):
        np.testing.assert_allclose(executor.read(memory, f"y{number}"), expected, rtol=2e-5, atol=2e-6)
        np.testing.assert_allclose(eager[number], expected, rtol=2e-5, atol=2e-6)
    for number, expected in enumerate(row["input_gradients"]):
        found = executor.read(memory, gradient_name(f"x{number}"))
        np.testing.assert_allclose(found, expected, rtol=5e-5, atol=1e-5)
    for weight, expected in zip(layer.trainable_weights, row["weight_gradients"], strict=True):
        found = executor.read(memory, gradient_name(weight))
        np.testing.assert_allclose(found, expected, rtol=5e-5, atol=2e-5, err_msg=weight.name)


@pytest.mark.parametrize(("kind", "count"), [("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)])
def test_a_sequence_read_in_two_parts_gives_what_it_gives_in_one(kind: str, count: int) -> None:
    layer = layers.LAYERS[kind](4, return_sequences=True, return_state=True)
    x = np.random.default_rng(1).normal(size=(2, 7, 3)).astype("f4")
    whole = layer(x)
    first, *states = layer(x[:, :3])
    assert len(states) == count
    rest, *ends = layer(x[:, 3:], initial_state=states)
    np.testing.assert_allclose(np.concatenate([first, rest], 1), whole[0], rtol=1e-6, atol=1e-6)
    for end, expected in zip(ends, whole[1:], strict=True):
        np.testing.assert_allclose(end, expected, rtol=1e-6, atol=1e-6)
    in_a_list = layer([x[:, 3:], *states])
    np.testing.assert_array_equal(in_a_list[0], rest)


def test_a_sequence_of_no_steps_leaves_the_state_as_it_was() -> None:
    layer, state = layers.GRU(4, return_state=True, return_sequences=True), np.ones((2, 4), "f4")
    y, end = layer(np.zeros((2, 0, 3), "f4"), initial_state=state)
    assert y.shape == (2, 0, 4)
    np.testing.assert_array_equal(end, state)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_dropout_drops_the_same_inputs_in_every_step(kind: str) -> None:
    layer = layers.LAYERS[kind](3, dropout=0.5, seed=5, return_sequences=True)
    x = np.zeros((1, 4, 2), "f4")
    layer(x)
    # A kernel of which each feature drives all the sums hard shows what passed.
    kernel = np.zeros_like(layer.kernel.numpy())
    kernel[0] = 1.0
    layer.set_weights([kernel, *(np.zeros_like(one) for one in layer.get_weights()[1:])])
    x[..., 0] = 1.0
    seen = set()
    for _ in range(20):
        y = layer(x, training=True)
        moved = np.any(y != 0, axis=(0, 2))
        assert moved.all() or not moved.any()
        seen.add(bool(moved.any()))
    assert seen == {True, False}
    assert np.all(layer(x) == layer(x))


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_recurrent_dropout_of_nearly_everything_forgets_the_state(kind: str) -> None:
    layer = layers.LAYERS[kind](3, recurrent_dropout=0.999, seed=5)
    x, state = np.ones((1, 1, 2), "f4"), np.full((1, 3), 0.7, "f4")
    states = [state] * layer.remembered
    layer(x)
    nothing = [np.zeros_like(state), *states[1:]]
    if kind == "GRU":  # which mixes the state itself into the next one
        assert not np.array_equal(layer(x, *states, training=True), layer(x, *states))
    else:
        np.testing.assert_allclose(layer(x, *states, training=True), layer(x, *nothing), rtol=1e-6)


def test_attention_sees_nothing_behind_the_query_and_nothing_masked() -> None:
    layer = layers.MultiHeadAttention(2, 3)
    x = np.random.default_rng(0).normal(size=(1, 4, 6)).astype("f4")
    mask = np.array([[[True, True, False, True]] * 4])
    _, weights = layer(x, x, attention_mask=mask, use_causal_mask=True, return_attention_scores=True)
    assert weights.shape == (1, 2, 4, 4)
    seen = np.tri(4, dtype=bool) & mask[0]
    assert np.all((weights > 0) == seen)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)


def test_attention_drops_weights_in_training_only() -> None:
    layer = layers.MultiHeadAttention(1, 2, dropout=0.5, seed=1)
    x = np.ones((1, 3, 2), "f4")
    calm = layer(x, x)
    np.testing.assert_array_equal(calm, layer(x, x))
    assert not np.array_equal(layer(x, x, training=True), layer(x, x, training=True))


def model_of_everything() -> pyengine.Model:
    x, mask = layers.Input(shape=(5, 4), name="x"), layers.Input(shape=(5, 5), dtype="bool", name="mask")
    y, h, c = layers.LSTM(6, return_sequences=True, return_state=True, name="reads")(x)
    z = layers.LSTM(6, return_sequences=True, name="goes_on")(y, initial_state=[h, c])
    a, weights = layers.MultiHeadAttention(2, 3, name="looks")(
        z, y, attention_mask=mask, use_causal_mask=True, return_attention_scores=True
    )
    return pyengine.Model([x, mask], {"a": a, "weights": weights})


def feeds() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    mask = rng.random((2, 5, 5)) < 0.7
    mask[:, :, 0] = True
    return [rng.normal(size=(2, 5, 4)).astype("f4"), mask]


def test_a_model_keeps_states_masks_and_settings_of_its_layers() -> None:
    model = model_of_everything()
    a, weights = model(*feeds()).values()
    assert a.shape == (2, 5, 6)
    assert np.all(weights[:, :, ~np.tri(5, dtype=bool)] == 0)
    predicted = list(model.predict(feeds(), verbose=0).values())
    np.testing.assert_allclose(predicted[0], a, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(predicted[1], weights, rtol=1e-5, atol=1e-6)


def test_a_model_with_keywords_survives_its_configuration_and_copies() -> None:
    model = model_of_everything()
    written = json.loads(json.dumps(model.get_config()))
    for other in (model.clone(), pyengine.Model.from_config(written)):
        other.set_weights(model.get_weights())
        for one, expected in zip(other(*feeds()).values(), model(*feeds()).values(), strict=True):
            np.testing.assert_array_equal(one, expected)


def test_a_stack_of_recurrent_layers_learns_to_remember_the_first_number() -> None:
    pyengine.set_random_seed(4)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (128, 6, 1)).astype("f4")
    stack = [layers.GRU(12, return_sequences=True), layers.LSTM(12), layers.Dense(1)]
    model = pyengine.Sequential([layers.Input(shape=(6, 1)), *stack])
    model.compile(pyengine.optimizers.Adam(0.02), "mse")
    history = model.fit(x, x[:, 0], epochs=40, batch_size=32, verbose=0)
    assert history.history["loss"][-1] < 0.02 < history.history["loss"][0]


def test_what_these_layers_refuse() -> None:
    with pytest.raises(
        ArgumentError, match=r"LSTM 'lstm_?\d*': stateful expects `False`.* Give the state of one call"
    ):
        layers.LSTM(3, stateful=True)
    with pytest.raises(
        ShapeError, match=r"expects sequences \(batch, time, features\).* but got shape \(None, 3\)"
    ):
        layers.GRU(3)(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=r"initial_state expects 2 arrays.*but got 1"):
        layers.LSTM(3)(np.zeros((2, 4, 3)), initial_state=np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=r"query expects sequences \(batch, time, features\)"):
        layers.MultiHeadAttention(2, 3)(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(ArgumentError, match="attention_axes expects `None` or"):
        layers.MultiHeadAttention(2, 3, attention_axes=(1, 2))
    x = np.zeros((1, 2, 3))
    with pytest.raises(
        ValueError, match=r"Unknown argument of calling .* 'use_casual_mask'\. Did you mean 'use_causal"
    ):
        layers.MultiHeadAttention(2, 3)(x, x, use_casual_mask=True)
