"""Tensors, operations, datasets and the namespace in a page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from pyengine.bridge.catalogue import describe
from wasm_tests.harness import run


def value(engine: Page, expression: str) -> Any:
    """What an expression (which may await) comes to."""
    return run(engine, f"async () => {expression}")


TIMES = 5  # an operation that comes so often with the same shapes is planned, and does without Python


def again_and_again(engine: Page, expression: str) -> list[Any]:
    """What it comes to, each time."""
    loop = f"for (let i = 0; i < {TIMES}; i++) all.push(await ({expression}));"
    return run(engine, f"async () => {{ const all = []; {loop} return all; }}")


def said(engine: Page, expression: str) -> str:
    """The words of the error that an expression ends in."""
    return run(
        engine, f"async () => {{ try {{ await ({expression}); }} catch (error) {{ return error.message; }} }}"
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tf.tensor([[1, 2], [3, 4]]).shape", [2, 2]),
        ("tf.tensor([[1, 2], [3, 4]]).dtype", "float32"),
        ("tf.tensor([true, false]).arraySync()", [1, 0]),
        ("String(tf.tensor([true, false])).trim()", "Tensor\n    [true, false]"),
        ("tf.tensor(new Int32Array([1, 2])).dtype", "int32"),
        ("tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]).arraySync()", [[1, 2, 3], [4, 5, 6]]),
        ("tf.tensor(new Float32Array(new Float32Array([9, 1, 2]).buffer, 4, 2)).arraySync()", [1, 2]),
        ("tf.tensor(new Float32Array([9, 1, 2]).subarray(1)).mul(2).arraySync()", [2, 4]),
        ("tf.scalar(3).arraySync()", 3),
        ("tf.zeros([2]).arraySync()", [0, 0]),
        ("tf.oneHot([2, 0], 3).arraySync()", [[0, 0, 1], [1, 0, 0]]),
        ("tf.range(1, 4).arraySync()", [1, 2, 3]),
        ("tf.linspace(0, 1, 3).arraySync()", [0, 0.5, 1]),
        ("tf.tensor([[1, 2, 3], [4, 5, 6]]).slice([0, 1], [2, 2]).arraySync()", [[2, 3], [5, 6]]),
        ("tf.tensor([[1, 2, 3], [4, 5, 6]]).slice(1).arraySync()", [[4, 5, 6]]),
        ("tf.tensor([1, 2, 3, 4]).reshape([2, -1]).arraySync()", [[1, 2], [3, 4]]),
        ("tf.add([1, 2], [[3], [4]]).arraySync()", [[4, 5], [5, 6]]),
        ("tf.tensor([1, 2]).sub(1).mul(3).arraySync()", [0, 3]),
        ("tf.matMul([[1, 2]], [[3, 4]], false, true).arraySync()", [[11]]),
        ("tf.sum([[1, 2], [3, 4]], 1, true).arraySync()", [[3], [7]]),
        ("tf.mean([[1, 2], [3, 4]]).arraySync()", 2.5),
        ("tf.argMax([[1, 5], [7, 2]], 1).arraySync()", [1, 0]),
        ("tf.concat([[[1]], [[2]]].map((x) => tf.tensor(x))).arraySync()", [[1], [2]]),
        ("tf.stack([tf.tensor([1]), tf.tensor([2])]).shape", [2, 1]),
        ("tf.split(tf.tensor([1, 2, 3, 4]), 2).map((x) => x.arraySync())", [[1, 2], [3, 4]]),
        ("tf.greater([1, 3], 2).arraySync()", [0, 1]),
        ("tf.where([true, false], [1, 2], [3, 4]).arraySync()", [1, 4]),
        ("tf.transpose([[1, 2], [3, 4]]).arraySync()", [[1, 3], [2, 4]]),
        ("tf.leakyRelu([-1, 2]).arraySync()[1]", 2),
        ("tf.tidy(() => tf.scalar(2).square()).dataSync()[0]", 4),
        ("tf.tensor([1, 2]).toString()", "Tensor\n    [1, 2]"),
        ("tf.losses.meanSquaredError([[1, 2]], [[1, 4]]).dataSync()[0]", 2),
        ("tf.getBackend()", "simd"),
        ("tf.version.pyengine", "0.1.0"),
        ("tf.train.nosuch === undefined", True),
    ],
)  # fmt: skip
def test_tensors_compute(engine: Page, expression: str, expected: Any) -> None:
    assert again_and_again(engine, expression) == [expected] * TIMES


def test_random_numbers_come_from_the_one_seed(engine: Page) -> None:
    drawn = "(tf.setRandomSeed(5), Array.from(tf.randomNormal([3]).dataSync()))"
    assert value(engine, drawn) == value(engine, drawn)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("tf.matMul([[1, 2]], [[1, 2]])", "[1, 2] and [1, 2]: inner lengths 2 and 1"),
        ("tf.tensor2d([1, 2, 3])", "Give the shape as well"),
        ("tf.tensor([1, 2, 3]).reshape([2, 2])", "tensor.reshape: shape expects a shape of 3 numbers"),
        ("tf.tensor([1, 2, 3]).slice([2], [5])", "expects places within shape [3], but got [2] to [7]"),
        (
            "tf.gather(tf.tensor([1, 2]), tf.tensor([5], [1], 'int32'))",
            "from 0 to 1, as there are 2 entries",
        ),
        ("tf.setBackend('webgl')", "Unknown executor 'webgl'"),
    ],
)
def test_what_cannot_be_computed_is_said(engine: Page, expression: str, words: str) -> None:
    for _ in range(TIMES):
        assert words in said(engine, expression)


def test_everything_that_python_offers_is_offered(engine: Page) -> None:
    for kind, table in describe().items():
        place = "tf" if kind == "ops" else f"tf.{kind}"
        missing = run(
            engine, f"(names) => names.filter((name) => typeof {place}[name] !== 'function')", list(table)
        )
        assert missing == [], kind


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tf.data.array([1, 2, 3]).map((x) => x * 2).toArray()", [2, 4, 6]),
        ("tf.data.array([1, 2, 3, 4]).filter(async (x) => x > 2).toArray()", [3, 4]),
        ("tf.data.array([[1, 2], [3, 4]]).map((row) => row.length).toArray()", [2, 2]),
        ("tf.data.array([1, 2, 3]).skip(1).take(1).repeat(2).toArray()", [2, 2]),
        ("tf.data.array([1]).concatenate(tf.data.array([5])).toArray()", [1, 5]),
        ("tf.data.array(['a', 'b']).toArray()", ["a", "b"]),
        ("(await tf.data.array([1, 2, 3]).batch(2).toArray()).map((batch) => batch.arraySync())", [[1, 2], [3]]),
        ("(await tf.data.array([1, 2, 3]).batch(2, false).toArray()).length", 1),
        ("tf.data.zip({ xs: tf.data.array([[1], [2]]), ys: tf.data.array([3, 4]) }).toArray()",
         [{"xs": [1], "ys": 3}, {"xs": [2], "ys": 4}]),
        ("tf.data.generator(async function* () { yield 1; yield 2; }).prefetch(2).toArray()", [1, 2]),
        ("tf.data.generator(() => { let n = 0; return { next: () => ({ value: n, done: n++ === 3 }) }; }).toArray()",
         [0, 1, 2]),
        ("tf.data.func(() => 7).take(2).toArray()", [7, 7]),
        ("(await tf.data.array([1, 2, 3, 4, 5]).shuffle(5, 3).toArray()).sort()", [1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_datasets(engine: Page, expression: str, expected: Any) -> None:
    assert value(engine, f"({expression})") == expected


def test_a_dataset_is_lazy_and_closed_when_left_early(engine: Page) -> None:
    made, closed = run(
        engine,
        """async () => {
          let made = 0, closed = 0;
          const endless = tf.data.generator(function* () {
            try { for (;;) { made += 1; yield made; } } finally { closed += 1; }
          });
          await endless.take(3).toArray();
          return [made, closed];
        }""",
    )
    assert (made, closed) == (3, 1)


def test_csv_files_are_read(engine: Page) -> None:
    rows = run(
        engine,
        """async () => {
          const address = URL.createObjectURL(new Blob(["a,b,price\\n1,2,10\\n3,4,20\\n"]));
          return tf.data.csv(address, { columnConfigs: { price: { isLabel: true } } }).toArray();
        }""",
    )
    assert rows == [
        {"xs": {"a": 1, "b": 2}, "ys": {"price": 10}},
        {"xs": {"a": 3, "b": 4}, "ys": {"price": 20}},
    ]


def test_evaluate_dataset_and_fit_dataset_agree_with_arrays(engine: Page) -> None:
    from_arrays, from_dataset = run(
        engine,
        """async () => {
          const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
          model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
          const rows = [[1, 2], [3, 4], [5, 6]];
          const dataset = tf.data.array(rows.map((row) => ({ xs: row, ys: [row[0]] }))).batch(2);
          const arrays = model.evaluate(rows, rows.map((row) => [row[0]]), { batchSize: 2 });
          return [arrays.dataSync()[0], (await model.evaluateDataset(dataset)).dataSync()[0]];
        }""",
    )
    assert from_dataset == pytest.approx(from_arrays, rel=1e-6)


def test_a_custom_callback_made_of_hooks_is_called(engine: Page) -> None:
    epochs = run(
        engine,
        """async () => {
          const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
          model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
          const epochs = [];
          const callback = new tf.CustomCallback({ onEpochEnd: (epoch) => epochs.push(epoch) });
          await model.fit(tf.ones([4, 1]), tf.ones([4, 1]), { epochs: 2, callbacks: callback });
          return epochs;
        }""",
    )
    assert epochs == [0, 1]


def test_a_custom_callback_refuses_what_is_no_hook(engine: Page) -> None:
    assert 'but got `"epochEnd"`' in said(engine, "new tf.CustomCallback({ epochEnd: () => {} })")
    assert "expects an object of hooks" in said(engine, "new tf.CustomCallback(() => {})")


TRANSFERRED = """(() => {
  const data = new Float32Array(4).fill(1);
  const x = tf.tensor(data, [4, 1]);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return x;
})()"""
FITTED = """(() => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return model;
})()"""


@pytest.mark.parametrize(
    "expression",
    [
        f"{TRANSFERRED}.add(1)",
        f"{TRANSFERRED}.dataSync()",
        f"{TRANSFERRED}.data()",
        f"{TRANSFERRED}.slice(1)",
        f"{FITTED}.fit({TRANSFERRED}, tf.ones([4, 1]))",
        f"{FITTED}.predict({TRANSFERRED})",
        f"{FITTED}.evaluate(tf.ones([4, 1]), {TRANSFERRED})",
        f"tf.data.array([{TRANSFERRED}]).toArray()",
    ],
)
def test_a_tensor_whose_buffer_was_transferred_away_is_refused(engine: Page, expression: str) -> None:
    words = said(engine, expression)
    assert "A tensor of shape [4,1] expects 4 values, but its typed array has 0" in words
    assert "data.slice().buffer" in words


def test_an_array_as_dataset_knows_its_size(engine: Page) -> None:
    assert value(engine, "tf.data.array([1, 2, 3]).size") == 3
    assert value(engine, "tf.data.array([1, 2, 3]).batch(2).size") == 2


SURPLUS = """async () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const owners = { tf, tensor: tf.tensor([1]), model, layer: model.layers[0], dataset: tf.data.array([1]),
    weight: model.layers[0].weights[0], optimizer: model.optimizer, callback: new tf.Callback() };
  for (const kind of ['layers', 'train', 'schedules', 'initializers', 'regularizers', 'constraints', 'losses',
    'metrics', 'callbacks', 'data']) owners[`tf.${kind}`] = tf[kind];
  const isClass = (run) => Object.getOwnPropertyDescriptor(run, 'prototype')?.writable === false;
  const accepted = [];
  let count = 0;
  for (const [place, owner] of Object.entries(owners)) {
    const names = new Set();
    for (let level = owner; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
        if (typeof value === 'function' && name !== 'constructor' && !isClass(value)) names.add(name);
      }
    }
    for (const name of names) {
      count += 1;
      let words = 'accepted';
      try { await owner[name](...Array(60).fill(1)); } catch (error) { words = error.message; }
      const refused = words.toLowerCase().includes(`${name} expects at most`.toLowerCase());
      if (!refused) accepted.push(`${place}.${name}: ${words}`);
    }
  }
  return [accepted, count];
}"""


def test_no_public_function_ignores_a_surplus_argument(engine: Page) -> None:
    accepted, count = run(engine, SURPLUS)
    assert accepted == []
    assert count > 300


@pytest.mark.parametrize(
    "kind",
    [
        "layers",
        "train",
        "schedules",
        "initializers",
        "regularizers",
        "constraints",
        "losses",
        "metrics",
        "callbacks",
    ],
)
def test_no_factory_ignores_an_unknown_setting(engine: Page, kind: str) -> None:
    accepted = run(
        engine,
        """(kind) => Object.keys(tf[kind]).filter((name) => {
          try { tf[kind][name]({ noSuchSetting: 1 }); } catch (error) {
            const words = error.message.toLowerCase();
            return !(words.includes('nosuchsetting') && words.includes(name.toLowerCase()));
          }
          return true;
        })""",
        kind,
    )
    assert accepted == []


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("tf.input({ shape: [1], noSuchSetting: 1 })", "tf.input"),
        ("tf.layers.input({ shape: [1], noSuchSetting: 1 })", "tf.input"),
        ("tf.model({ inputs: x, outputs: x, noSuchSetting: 1 })", "tf.model"),
        ("tf.sequential({ noSuchSetting: 1 })", "tf.sequential"),
        ("model.compile({ loss: 'meanSquaredError', noSuchSetting: 1 })", "model.compile"),
        ("model.fit([[1]], [[1]], { noSuchSetting: 1 })", "model.fit"),
        ("model.fitDataset(tf.data.array([1]), { noSuchSetting: 1 })", "model.fitDataset"),
        ("model.evaluate([[1]], [[1]], { noSuchSetting: 1 })", "model.evaluate"),
        ("model.evaluateDataset(tf.data.array([1]), { noSuchSetting: 1 })", "model.evaluateDataset"),
        ("model.predict([[1]], { noSuchSetting: 1 })", "model.predict"),
        ("model.trainOnBatch([[1]], [[1]], { noSuchSetting: 1 })", "model.trainOnBatch"),
        ("model.testOnBatch([[1]], [[1]], { noSuchSetting: 1 })", "model.testOnBatch"),
        ("model.layers[0].apply(x, { noSuchSetting: 1 })", "apply"),
        ("model.layers[0].apply(tf.ones([1, 1]), { noSuchSetting: 1 })", "apply"),
        ("tf.data.csv('a.csv', { noSuchSetting: 1 })", "tf.data.csv"),
        ("tf.data.csv('a.csv', { columnConfigs: { b: { noSuchSetting: 1 } } })", "tf.data.csv"),
        ("tf.setBackend('simd', { noSuchSetting: 1 })", "tf.setBackend"),
        ("(await import('/pyengine.js')).loadPyEngine({ noSuchSetting: 1 })", "loadPyEngine"),
    ],
)
def test_no_call_ignores_an_unknown_setting(engine: Page, call: str, name: str) -> None:
    words = said(
        engine,
        f"(async () => {{ const model = {FITTED}, x = tf.input({{ shape: [1] }}); return {call}; }})()",
    )
    assert "noSuchSetting" in words
    assert name in words


def test_no_constructor_ignores_an_argument(engine: Page) -> None:
    said = run(
        engine,
        """() => {
          const isClass = (value) =>
            typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
          const said = {};
          for (const [name, value] of Object.entries(tf).filter(([, value]) => isClass(value))) {
            said[name] = 'nothing';
            try { new value(...Array(60).fill({})); } catch (error) { said[name] = error.message; }
          }
          return said;
        }""",
    )
    assert {"Tensor", "Sequential", "Layer", "Callback", "CustomCallback"} <= said.keys()
    for name, words in said.items():
        assert f"new tf.{name} expects" in words
    callback = "class extends tf.Callback { constructor() { super(1); } }"
    assert "new tf.Callback expects at most 0 arguments" in value(
        engine, f"(() => {{ try {{ new ({callback})(); }} catch (error) {{ return error.message; }} }})()"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            "{ loss: 'meanSquaredError', metrics: [tf.metrics.acuracy] }",
            "metrics[0] expects a value, but got `undefined`",
        ),
        ("{ loss: 'meanSquaredError', metrics: ['mse', undefined] }", "metrics[1] expects a value"),
        ("{ loss: 'meanSquaredError', metrics: { dense: undefined } }", "metrics.dense expects a value"),
        ("{ loss: 'meanSquaredError', weightedMetrics: [undefined] }", "weightedMetrics[0] expects a value"),
        ("{ loss: [undefined] }", "loss[0] expects a value"),
        ("{ loss: tf.losses.noSuchLoss }", "loss expects a value"),
        ("{ loss: 'meanSquaredError', optimizer: tf.train.noSuchOptimizer }", "optimizer expects a value"),
    ],
)
def test_an_undefined_loss_metric_or_optimizer_is_refused_by_name(
    engine: Page, settings: str, words: str
) -> None:
    assert f"model.compile: {words}" in said(engine, f"{FITTED}.compile({settings})")


def test_an_undefined_callback_is_refused_by_name(engine: Page) -> None:
    expression = f"{FITTED}.fit([[1]], [[1]], {{ epochs: 1, callbacks: [undefined] }})"
    assert "callbacks[0] expects a value, but got `undefined`" in said(engine, expression)


def test_functions_of_one_argument_work_as_those_of_arrays(engine: Page) -> None:
    """`forEach` and `map` add the index and the array, which nobody has given."""
    assert value(engine, "[tf.ones([1]), tf.ones([2])].forEach(tf.dispose) ?? 'done'") == "done"
    assert value(engine, "[[1, 2], [3]].map(tf.square).map((x) => x.arraySync())") == [[1, 4], [9]]
    assert "at most 1 argument, but got 3" in said(engine, "tf.square([1], 0, [2])")


def test_the_index_of_a_layer_decides_where_a_name_is_given_too(engine: Page) -> None:
    layers = "[1, 2].map((units) => tf.layers.dense({ units, name: `d${units}`, inputShape: [1] }))"
    expression = "['d2', 0, [null, 1], ['d1', 1]].map((given) => model.getLayer(...[given].flat()).name)"
    found = value(engine, f"((model) => {expression})(tf.sequential({{ layers: {layers} }}))")
    assert found == ["d2", "d1", "d2", "d2"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tf.oneHot([1, 0], 2, 5).arraySync()", [[0, 5], [5, 0]]),
        ("tf.oneHot([1, 0], 2, 5, -1).arraySync()", [[-1, 5], [5, -1]]),
        ("tf.oneHot([1], 2, 0.5, 0, 'float32').arraySync()", [[0, 0.5]]),
        ("tf.tensor1d([1], 'int32').oneHot(2, 5, -1).arraySync()", [[-1, 5]]),
        ("tf.leakyRelu([-1, 2], 0.5).arraySync()", [-0.5, 2]),
        ("tf.pad([1, 2], [[1, 1]], 9).arraySync()", [9, 1, 2, 9]),
        ("tf.cumsum([1, 2, 3], 0, true).arraySync()", [0, 1, 3]),
        ("tf.cumsum([1, 2, 3], 0, false, true).arraySync()", [6, 5, 3]),
        ("tf.cumsum([1, 2, 3], 0, true, true).arraySync()", [5, 3, 0]),
        ("tf.norm([[3, 4], [6, 8]], 2, 1).arraySync()", [5, 10]),
        ("tf.norm([[3, -4], [6, 8]], 1, 1, true).arraySync()", [[7], [14]]),
        ("tf.norm([[3, -4], [6, 8]], Infinity, [0, 1]).arraySync()", 14),
        ("tf.norm([[3, -4], [6, 8]], 1, [0, 1]).arraySync()", 12),
        ("tf.norm([3, 4]).arraySync()", 5),
        ("tf.tensor(tf.tensor([1.5]), [1], 'int32').dtype", "int32"),
        ("tf.regularizers.l1l2().getConfig().l1", 0.01),
        (
            "tf.layers.dense({ units: 1, kernelRegularizer: 'l1l2' }).toString().match(/L1L2.*?\\)/)[0]",
            "L1L2(l1=0.01, l2=0.01)",
        ),
    ],
)
def test_every_argument_counts(engine: Page, expression: str, expected: Any) -> None:
    assert again_and_again(engine, expression) == [expected] * TIMES


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "tf.losses.meanSquaredError([1], [2], [3])",
            "tf.losses.meanSquaredError expects at most 2 arguments",
        ),
        ("tf.tensor1d([1], 'int32', 'bool')", "tf.tensor1d expects at most 2 arguments"),
        ("tf.setBackend('simd', { speed: 1 })", "tf.setBackend: settings expects only mode, but got speed"),
        ("tf.data.csv('a.csv', { header: true })", "tf.data.csv: settings expects only hasHeader"),
        ("tf.norm([1], 3)", "tf.norm: ord expects"),
    ],
)
def test_an_argument_that_is_not_taken_is_refused_by_name(engine: Page, expression: str, words: str) -> None:
    assert words in said(engine, expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tf.tensor([7, -7], [2], 'int32').div(tf.tensor([2, 2], [2], 'int32')).arraySync()", [3, -4]),
        ("tf.div([7, 1], 2).arraySync()", [3.5, 0.5]),
        ("tf.oneHot([1], 2).dtype", "int32"),
        ("Array.from(tf.greater([1, 3], 2).dataSync())", [0, 1]),
        ("tf.metrics.meanSquaredError([[1, 2], [3, 4]], [[1, 4], [3, 4]]).arraySync()", [2, 0]),
        ("tf.metrics.categoricalAccuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.1, 0.9]]).arraySync()", [1, 0]),
        (
            "tf.data.array([{ xs: { a: 1 }, ys: { b: 2 } }]).columnNames()",
            ["a", "b"],
        ),
    ],
)
def test_values_are_those_of_tensorflow_js(engine: Page, expression: str, expected: Any) -> None:
    assert again_and_again(engine, expression) == [expected] * TIMES


def test_empty_fields_of_a_csv_file_take_the_default_or_are_refused(engine: Page) -> None:
    address = "'data:text/csv,' + encodeURIComponent('a,b\\n1,\\n2,3\\n')"
    rows = f"tf.data.csv({address}, {{ columnConfigs: {{ b: %s }} }}).toArray()"
    assert value(engine, rows % "{ default: 7 }") == [{"a": 1, "b": 7}, {"a": 2, "b": 3}]
    assert "tf.data.csv expects a value in every row of column 'b'" in said(
        engine, rows % "{ required: true }"
    )
