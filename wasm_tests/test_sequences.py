"""Layers for sequences in a page: their names, what they take when they are called, a training."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import run

ONES = "const x = tf.ones([2, 5, 3]);"
LISTS = "const lists = (all) => all.map((one) => one.shape);"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return tf.layers.simpleRNN({ units: 4 }).apply(x).shape", [2, 4]),
        (
            "return tf.layers.gru({ units: 4, returnSequences: true, resetAfter: false }).apply(x).shape",
            [2, 5, 4],
        ),
        ("return lists(tf.layers.lstm({ units: 4, returnState: true }).apply(x))", [[2, 4], [2, 4], [2, 4]]),
        (
            "const lstm = tf.layers.lstm({ units: 4, returnState: true, recurrentActivation: 'hardSigmoid' });"
            "const [y, h, c] = lstm.apply(x);"
            "const named = lstm.apply(x, { initialState: [h, c] })[0], listed = lstm.apply([x, h, c])[0];"
            "return [tf.equal(named, listed).all().arraySync(), tf.equal(named, y).all().arraySync()]",
            [True, False],
        ),
        (
            "const attention = tf.layers.multiHeadAttention({ numHeads: 2, keyDim: 3 });"
            "const [y, weights] = attention.apply([x, x], { useCausalMask: true, returnAttentionScores: true });"
            "return [y.shape, weights.shape, weights.arraySync()[0][0][0]]",
            [[2, 5, 3], [2, 2, 5, 5], [1, 0, 0, 0, 0]],
        ),
        (
            "try { tf.layers.lstm({ units: 2 }).apply(x, { initalState: [] }); } catch (e) { return e.message; }",
            "Unknown argument of LSTM 'lstm'.apply 'initalState'. Did you mean 'initialState'?",
        ),
    ],
)
def test_layers_for_sequences(engine: Page, body: str, expected: Any) -> None:
    found = run(engine, f"async () => {{ tf.layers.resetNames?.(); {ONES} {LISTS} {body}; }}")
    if isinstance(expected, str):
        assert found.replace("lstm_1", "lstm").startswith(expected[:30])
        assert "Did you mean 'initialState'" in found
    else:
        assert found == expected


def test_a_model_with_states_and_keywords_trains(engine: Page) -> None:
    losses = run(
        engine,
        """async () => {
          tf.setRandomSeed?.(1);
          const input = tf.input({ shape: [6, 2] });
          const [y, h, c] = tf.layers.lstm({ units: 8, returnSequences: true, returnState: true }).apply(input);
          const z = tf.layers.lstm({ units: 8, returnSequences: true }).apply(y, { initialState: [h, c] });
          const mixed = tf.layers.multiHeadAttention({ numHeads: 2, keyDim: 4 }).apply([z, y], { useCausalMask: true });
          const last = tf.layers.gru({ units: 4, goBackwards: true }).apply(mixed);
          const model = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 1 }).apply(last) });
          model.compile({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError" });
          const xs = tf.randomUniform([64, 6, 2], -1, 1), ys = xs.slice([0, 0, 0], [64, 1, 1]).reshape([64, 1]);
          return (await model.fit(xs, ys, { epochs: 25, batchSize: 16 })).history.loss;
        }""",
    )
    assert losses[-1] < 0.5 * losses[0]
