"""Broken layers, losses and compilations in a page: what is said is said in JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import run

PRELUDE = """
const stack = (...layers) => tf.sequential({ layers });
const fitted = async (loss, layers = [tf.layers.dense({ units: 1, inputShape: [3] })], shape = [2, 3]) => {
  const model = stack(...layers);
  model.compile({ optimizer: "sgd", loss });
  await model.fit(tf.ones(shape), tf.ones([2, 1]), { epochs: 1 });
};
"""


def said(engine: Page, body: str) -> str:
    """The words of the error that some statements end in."""
    return run(
        engine,
        f"async () => {{ {PRELUDE} try {{ {body} }} catch (error) {{ return error.message; }} }}",
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("tf.layers.softmax({ axis: 9, name: 's' }).apply(tf.ones([2, 3]));", ["Softmax 's': axis", "[2, 3]"]),
        ("tf.layers.dense({ units: 0, name: 'd' });", ["Dense 'd': units expects a whole number", "`units: 3`"]),
        ("tf.layers.dense({ units: 2, activation: 'rleu' });", ["activation", "'relu'"]),
        (
            "tf.layers.embedding({ inputDim: 3, outputDim: 2, name: 'e' }).apply(tf.tensor([[5]], [1, 1], 'int32'));",
            ["Embedding 'e': index", "from 0 to 2", "`5`"],
        ),
        (
            "stack(tf.layers.lstm({ units: 4, inputShape: [5, 3], name: 'a' }), "
            "tf.layers.gru({ units: 4, name: 'b' }));",
            ["GRU 'b' expects sequences (batch, time, features)", "Give LSTM 'a' `returnSequences: true`"],
        ),
        (
            "await fitted('meanSquaredError', [tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1], "
            "name: 'see' }), tf.layers.dense({ units: 1 })], [2, 8, 8, 1]);",
            ["Conv2D 'see' keeps the places", "`tf.layers.flatten()` or `tf.layers.globalAveragePooling2d()`"],
        ),
        (
            "const c = tf.layers.conv2d({ filters: 2, kernelSize: 3, name: 'c' }); "
            "c.apply(tf.ones([1, 8, 8, 3])); c.apply(tf.ones([1, 3, 8, 8]));",
            ["Conv2D 'c' expects inputs ending in 3", "[1, 3, 8, 8]", "`tf.transpose(x, [0, 2, 3, 1])`"],
        ),
        ("await fitted(() => 3);", ["loss '", "got `3`", "`tf`"]),
        ("await fitted(() => undefined);", ["got `null`", "`return`"]),
        ("await fitted((y, p) => p[6]);", ["got `null`", "`return`"]),
        ("await fitted(async (y, p) => p);", ["got a promise"]),
        ("await fitted((y, p) => [y, p]);", ["`tf.add`"]),
        ("await fitted((y, p) => { for (const r of p) return r; });", ["no rows to loop over", "axis 0 is the batch"]),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_broken_call_says_what_to_change(engine: Page, body: str, words: list[str]) -> None:
    text = said(engine, body)
    for wanted in words:
        assert wanted in text
    for foreign in ("return_sequences", "None", "True", "ops.", "Traceback"):
        assert foreign not in text


def test_a_doubtful_compilation_is_warned_of_on_the_console(engine: Page) -> None:
    with engine.expect_console_message(lambda message: message.type == "warning") as caught:
        run(
            engine,
            f"""async () => {{ {PRELUDE}
              stack(tf.layers.dense({{ units: 1, inputShape: [3] }}))
                .compile({{ optimizer: "sgd", loss: "categoricalCrossentropy" }});
            }}""",
        )
    assert "over a single unit is 0 for ever" in caught.value.text
