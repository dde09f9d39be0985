"""Broken calls in JavaScript: each error has all its parts in JavaScript's spelling, and no weight has moved.

To add one: a row in CALLS.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import run

MODELS = """
  const classifier = (loss = "categoricalCrossentropy") => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 3, activation: "softmax", inputShape: [4] }));
    model.compile({ optimizer: "adam", loss });
    return model;
  };
  const sparse = () => classifier("sparseCategoricalCrossentropy");
  const regression = () => classifier("meanSquaredError");
  const uncompiled = () => tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4] })] });
  const stack = (...layers) => {
    const model = tf.sequential({ layers });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };
  const images = () => stack(tf.layers.flatten({ inputShape: [8, 8, 3] }), tf.layers.dense({ units: 1 }));
  const sequences = () => stack(tf.layers.lstm({ units: 2, inputShape: [null, 5] }), tf.layers.dense({ units: 1 }));
  const words = () => stack(
    tf.layers.embedding({ inputDim: 7, outputDim: 2, inputLength: 4, name: "words" }),
    tf.layers.flatten(), tf.layers.dense({ units: 1 }),
  );
  const two = () => {
    const left = tf.input({ shape: [4], name: "left" });
    const right = tf.input({ shape: [2], name: "right" });
    const kind = tf.layers.dense({ units: 3, activation: "softmax", name: "kind" });
    const outputs = kind.apply(tf.layers.concatenate().apply([left, right]));
    const model = tf.model({ inputs: [left, right], outputs });
    model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });
    return model;
  };
  const X = tf.tensor(Float32Array.from({ length: 48 }, (_, place) => Math.sin(place)), [12, 4]);
  const CLASSES = tf.tensor1d(Array.from({ length: 12 }, (_, row) => row % 3), "int32");
  const Y = tf.oneHot(CLASSES, 3);
  const ones = tf.ones([12, 1]);
  const batches = tf.data.zip({ xs: tf.data.array(X.arraySync()), ys: tf.data.array(Y.arraySync()) }).batch(4);
  function* rows() { yield { xs: X, ys: Y }; }
"""

PROBE = """
  const model = %s();
  const weights = () => JSON.stringify(model.getWeights().map((weight) => Array.from(weight.dataSync())));
  const before = weights();
  try { %s } catch (error) {
    const { name, message, where, argument, expected, got, fix } = error;
    return { name, message, where, argument, expected, got, fix, same: before === weights() };
  }
  return null;
"""


class Broken(NamedTuple):
    """A call that is refused, and words of its error's parts."""

    label: str
    call: str
    words: dict[str, str]
    model: str


def row(label: str, call: str, model: str = "classifier", **words: str) -> Broken:
    return Broken(label, call, words, model)


CALLS = [
    row(
        "undefined as x", "await model.fit(undefined, Y)", where="model.fit", argument="x", got="`undefined`"
    ),
    row("null as x", "await model.fit(null, Y)", argument="x", got="`null`"),
    row("no y", "await model.fit(X)", where="model.fit", argument="y", got="`undefined`"),
    row(
        "a generator", "await model.fit(rows(), Y)", argument="x", got="a generator", fix="model.fitDataset("
    ),
    row("a generator function", "await model.fit(rows, Y)", argument="x", got="the function rows"),
    row(
        "a dataset for fit",
        "await model.fit(batches, Y)",
        argument="x",
        got="a dataset",
        fix="model.fitDataset(",
    ),
    row(
        "a dataset for evaluate",
        "model.evaluate(batches)",
        where="model.evaluate",
        fix="model.evaluateDataset(",
    ),
    row(
        "a dataset for predict", "model.predict(batches)", where="model.predict", fix="model.predictOnBatch("
    ),
    row("a promise", "await model.fit(Promise.resolve(X), Y)", argument="x", got="a promise", fix="Await"),
    row("a number as data", "await model.fit(3, Y)", argument="x", got="`3`"),
    row("text as data", "await model.fit('images', Y)", argument="x", got='`"images"`'),
    row(
        "text that is a number",
        "await model.fit([['0.2', 1, 2, 3]], Y)",
        argument="x",
        got="0.2",
        fix='Number("0.2")',
    ),
    row(
        "text among numbers", "await model.fit([[1, 'cat', 2, 3]], Y)", got='`"cat"` at [0][1]', fix="Encode"
    ),
    row(
        "BigInt",
        "await model.fit([[1n, 2n, 3n, 4n]], Y)",
        argument="x",
        got="`1n` at [0][0]",
        fix="Number(1n)",
    ),
    row("an array of BigInt", "tf.tensor(new BigInt64Array(4))", got="BigInt64Array", fix="Float64Array"),
    row(
        "undefined among numbers",
        "await model.fit([[1, undefined, 3, 4]], Y)",
        got="`undefined` at [0][1]",
        fix="missing",
    ),
    row(
        "ragged rows",
        "await model.fit([[1, 2, 3, 4], [1, 2, 3]], Y)",
        argument="x",
        got="an array of 3 at [1]",
        fix="pad",
    ),
    row(
        "ragged rows of a tensor", "tf.tensor2d([[1, 2], [3]])", where="tf.tensor", got="an array of 1 at [1]"
    ),
    row("too few numbers", "tf.tensor(new Float32Array(5), [2, 3])", expected="6 numbers", got="5"),
    row("a tensor of another rank", "tf.tensor1d([[1, 2]])", where="tf.tensor1d", got="[1, 2]"),
    row("an unknown dtype", "tf.tensor([1], [1], 'float16')", argument="dtype", got="float16"),
    row("a shape that is none", "tf.tensor([1], [1.5])", argument="shape", got="[1.5]"),
    row(
        "reshape to another size",
        "tf.tensor([1, 2, 3]).reshape([2, 2])",
        where="tensor.reshape",
        got="[2, 2]",
    ),
    row(
        "NaN in x",
        "await model.fit(tf.fill([12, 4], NaN), Y)",
        where="model.fit",
        argument="x",
        got="in sample 0",
    ),
    row("no samples", "await model.fit(tf.zeros([0, 4]), tf.zeros([0, 3]))", argument="x", got="[0, 4]"),
    row("fewer targets", "await model.fit(X, tf.zeros([9, 3]))", argument="y", got="12 in x, 9 in y"),
    row(
        "fewer features",
        "await model.fit(tf.zeros([12, 3]), Y)",
        argument="x",
        expected="[batch, 4]",
        got="[12, 3]",
    ),
    row(
        "one sample",
        "model.predict(tf.zeros([4]))",
        where="model.predict",
        got="[4]",
        fix="tf.expandDims(x, 0)",
    ),
    row(
        "channels first",
        "model.predict(tf.zeros([5, 3, 8, 8]))",
        "images",
        fix="tf.transpose(x, [0, 2, 3, 1])",
    ),
    row("flat images", "model.predict(tf.zeros([5, 192]))", "images", fix="tf.reshape(x, [-1, 8, 8, 3])"),
    row(
        "steps last",
        "model.predict(tf.zeros([2, 5, 7]))",
        "sequences",
        expected="[batch, any, 5]",
        fix="[0, 2, 1]",
    ),
    row("class numbers for one-hot", "await model.fit(X, CLASSES)", argument="y", fix="sparse"),
    row("one-hot for class numbers", "await model.fit(X, Y)", "sparse", argument="y", fix="'categorical"),
    row(
        "a class too many",
        "await model.fit(X, CLASSES.add(1))",
        "sparse",
        argument="y",
        expected="0 to 2",
        got="3 in",
    ),
    row(
        "targets of another width", "await model.fit(X, X)", "regression", argument="y", expected="[batch, 3]"
    ),
    row(
        "an index too many",
        "await model.fit(tf.fill([12, 4], 7), ones)",
        "words",
        where="Embedding 'words'",
        got="7",
        fix="inputDim",
    ),
    row(
        "an index in predict",
        "await model.predict(tf.fill([12, 4], -1)).data()",
        "words",
        where="Embedding 'words'",
    ),
    row("one array for two inputs", "model.predict(X)", "two", argument="x", expected="left, right"),
    row(
        "an input missing in an object",
        "model.predict({ left: X })",
        "two",
        argument="x",
        got="none for right",
    ),
    row(
        "an unknown input",
        "model.predict({ left: X, rigth: ones })",
        "two",
        where="model.predict",
        fix="'right'",
    ),
    row(
        "batchSize 0",
        "await model.fit(X, Y, { batchSize: 0 })",
        argument="batchSize",
        got="`0`",
        fix="`batchSize: 32`",
    ),
    row("batchSize NaN", "await model.fit(X, Y, { batchSize: NaN })", argument="batchSize"),
    row("batchSize as text", "model.predict(X, { batchSize: '32' })", where="model.predict", got="'32'"),
    row("epochs NaN", "await model.fit(X, Y, { epochs: NaN })", argument="epochs", fix="`epochs: 5`"),
    row("epochs a fraction", "await model.fit(X, Y, { epochs: 2.5 })", argument="epochs", got="`2.5`"),
    row("epochs missing", "await model.fitDataset(batches, {})", where="model.fitDataset", argument="epochs"),
    row(
        "an unknown argument",
        "await model.fit(X, Y, { epoch: 2 })",
        where="model.fit",
        argument="epoch",
        fix="'epochs'",
    ),
    row(
        "validationSplit 1.5",
        "await model.fit(X, Y, { validationSplit: 1.5 })",
        argument="validationSplit",
        got="`1.5`",
    ),
    row(
        "validationSplit as text",
        "await model.fit(X, Y, { validationSplit: '0.2' })",
        got="'0.2'",
        fix="`validationSplit: 0.2`",
    ),
    row(
        "validationData of a wrong shape",
        "await model.fit(X, Y, { validationData: [ones, Y] })",
        argument="validationData[0]",
        got="[12, 1]",
    ),
    row(
        "validationData undefined within",
        "await model.fit(X, Y, { validationData: [undefined, Y] })",
        argument="validationData[0]",
        got="`undefined`",
    ),
    row(
        "validationFreq 0",
        "await model.fit(X, Y, { validationData: [X, Y], validationFreq: 0 })",
        argument="validationFreq",
    ),
    row(
        "yieldEvery unknown",
        "await model.fit(X, Y, { yieldEvery: 'often' })",
        argument="yieldEvery",
        got="'often'",
        fix="`yieldEvery: 'auto'`",
    ),
    row(
        "verbose unknown",
        "await model.fit(X, Y, { verbose: 7 })",
        argument="verbose",
        got="`7`",
        fix="`verbose: 1`",
    ),
    row(
        "callbacks a number",
        "await model.fit(X, Y, { callbacks: 3 })",
        argument="callbacks",
        got="`3`",
        fix="onEpochEnd",
    ),
    row(
        "an unknown hook",
        "await model.fit(X, Y, { callbacks: { onEpochEnds() {}, epochs: 1 } })",
        argument="callbacks",
        got="epochs",
    ),
    row(
        "a hook that is no function",
        "await model.fit(X, Y, { callbacks: { onEpochEnd: 3 } })",
        argument="callbacks.onEpochEnd",
        got="`3`",
    ),
    row(
        "a map as callbacks",
        "await model.fit(X, Y, { callbacks: new Map() })",
        argument="callbacks",
        got="a Map",
    ),
    row(
        "settings that are a number",
        "await model.fit(X, Y, 5)",
        where="model.fit",
        argument="settings",
        got="`5`",
    ),
    row(
        "settings of predict", "model.predict(X, 32)", where="model.predict", argument="settings", got="`32`"
    ),
    row(
        "settings of compile", "model.compile('adam')", where="model.compile", argument="settings", got="adam"
    ),
    row("compile with nothing", "model.compile()", where="model.compile", argument="loss", got="null"),
    row(
        "text for fitDataset", "await model.fitDataset('rows', { epochs: 1 })", argument="dataset", got="rows"
    ),
    row("nothing for fitDataset", "await model.fitDataset()", where="model.fitDataset", got="`undefined`"),
    row(
        "arrays for evaluateDataset",
        "await model.evaluateDataset(X)",
        where="model.evaluateDataset",
        got="[12, 4]",
    ),
    row("hooks that are none", "new tf.CustomCallback(3)", argument="hooks", got="`3`"),
    row(
        "sampleWeight too short",
        "await model.fit(X, Y, { sampleWeight: [1, 2] })",
        argument="sampleWeight",
        got="[2]",
    ),
    row(
        "classWeight incomplete",
        "await model.fit(X, Y, { classWeight: { 0: 1 } })",
        argument="classWeight",
        got="none for class 1, 2",
    ),
    row(
        "classWeight negative",
        "await model.fit(X, Y, { classWeight: { 0: -1, 1: 1, 2: 1 } })",
        argument="classWeight",
        got="`-1` for class 0",
    ),
    row(
        "classWeight for a regression",
        "await model.fit(X, Y, { classWeight: { 0: 1 } })",
        "regression",
        argument="classWeight",
        fix="`sampleWeight`",
    ),
    row(
        "fit before compile",
        "await model.fit(X, Y)",
        "uncompiled",
        where="model.fit",
        argument="",
        fix="model.compile({ optimizer: 'adam'",
    ),
    row(
        "evaluate before compile",
        "model.evaluate(X, Y)",
        "uncompiled",
        where="model.evaluate",
        argument="",
        fix="model.compile(",
    ),
    row(
        "one sample in trainOnBatch",
        "await model.trainOnBatch(X.slice(0, 1).reshape([4]), Y)",
        where="model.trainOnBatch",
        fix="tf.expandDims(x, 0)",
    ),
    row(
        "arrays for fitDataset",
        "await model.fitDataset(X, { epochs: 1 })",
        where="model.fitDataset",
        argument="dataset",
        fix="model.fit(",
    ),
    row(
        "a generator of nothing",
        "await model.fitDataset(tf.data.generator(function* () {}), { epochs: 1 })",
        argument="dataset",
        expected="at least one batch",
    ),
    row(
        "a stream with a wrong shape",
        "await model.fitDataset(tf.data.array([{ xs: ones, ys: Y }]), { epochs: 1 })",
        argument="x of batch 0",
        got="[12, 1]",
    ),
    row(
        "no function as generator",
        "tf.data.generator(3)",
        where="tf.data.generator",
        argument="produce",
        got="`3`",
    ),
    row("no array as elements", "tf.data.array('rows')", where="tf.data.array", got="rows"),
    row("too many arguments", "tf.square(X, 2)", where="tf.square", argument="", got="2"),
    row(
        "an unknown setting of tf.data.csv",
        "tf.data.csv('a.csv', { header: true })",
        where="tf.data.csv",
        got="header",
    ),
    row("tf.input without an object", "tf.input(3)", where="tf.input", got="`3`"),
    row("tf.range without a step", "tf.range(0, 5, 0)", where="tf.range", argument="step"),
    row("an unknown norm", "tf.norm(X, 5)", where="tf.norm", argument="ord", got="5"),
]

PYTHON = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|\bnp\.|\bdtype=|\([0-9]+, ?[0-9]*\)|\b[a-z]+(_[a-z]+)+\b")
"""What only Python writes: its constants, its shapes, its names of several words."""


@pytest.mark.parametrize("broken", CALLS, ids=lambda broken: broken.label)
def test_a_broken_call_says_what_is_wrong_in_javascript(engine: Page, broken: Broken) -> None:
    error: Any = run(engine, f"async () => {{ {MODELS} {PROBE % (broken.model, broken.call)} }}")
    assert error is not None, "nothing was thrown"
    for part in ("where", "argument", "expected", "got", "fix"):
        if broken.words.get(part) != "":
            assert error.get(part), f"{part} is empty: {error}"
        assert broken.words.get(part, "") in error[part], f"{part}: {error[part]}"
        assert not PYTHON.search(error[part]), f"{part} speaks Python: {error[part]}"
    assert not PYTHON.search(error["message"]), error["message"]
    assert error["same"], "weights have changed"


def test_there_are_sixty_rows_with_labels_of_their_own() -> None:
    assert len({broken.label for broken in CALLS}) == len(CALLS) >= 60
