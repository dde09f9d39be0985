"""Training in a page: the same numbers as CPython, callbacks, stopping, errors, predictions meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

import pyengine
from wasm_tests.harness import Complaints, run
from wasm_tests.processor import processor_tasks

SMALL = """
  const small = (units = 3) => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 8, activation: "relu", inputShape: [4] }));
    model.add(tf.layers.dense({ units, activation: "softmax" }));
    return model;
  };
  const compiled = (optimizer = "adam") => {
    const model = small();
    model.compile({ optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    return model;
  };
  const points = (rows) =>
    tf.tensor(Float32Array.from({ length: rows * 4 }, (_, place) => Math.sin(place * 1.7)), [rows, 4]);
  const kinds = (rows) => tf.oneHot(tf.tensor1d(Array.from({ length: rows }, (_, row) => row % 3), "int32"), 3);
"""


def in_page(engine: Page, body: str) -> Any:
    """What the body of an async function returns, with `small`, `compiled`, `points` and `kinds` to use."""
    return run(engine, f"async () => {{ {SMALL} {body} }}")


def refused(engine: Page, body: str) -> str:
    """The words of the error that the body throws."""
    return in_page(engine, f"try {{ {body} }} catch (error) {{ return error.message; }} return 'nothing';")


def test_a_small_model_learns(engine: Page) -> None:
    history = in_page(
        engine,
        "return (await compiled(tf.train.adam(0.05)).fit(points(60), kinds(60), { epochs: 40 })).history;",
    )
    assert list(history) == ["loss", "acc"]
    assert history["loss"][-1] < 0.9 * history["loss"][0]


def test_losses_are_those_of_cpython(engine: Page) -> None:
    in_browser = in_page(
        engine,
        """
        tf.setRandomSeed(42);
        const model = tf.sequential();
        model.add(tf.layers.dense({ units: 16, activation: "relu", inputShape: [8] }));
        model.add(tf.layers.dropout({ rate: 0.2 }));
        model.add(tf.layers.batchNormalization());
        const kernelRegularizer = tf.regularizers.l2({ l2: 0.01 });
        model.add(tf.layers.dense({ units: 3, activation: "softmax", kernelRegularizer }));
        model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
        const x = tf.randomNormal([100, 8]);
        const y = tf.oneHot(x.slice([0, 0], [100, 3]).argMax(1), 3);
        return (await model.fit(x, y, { epochs: 4, validationSplit: 0.2 })).history;
        """,
    )
    pyengine.set_random_seed(42)
    model = pyengine.Sequential(
        [
            pyengine.layers.Dense(16, activation="relu", input_shape=(8,)),
            pyengine.layers.Dropout(0.2),
            pyengine.layers.BatchNormalization(),
            pyengine.layers.Dense(3, activation="softmax", kernel_regularizer=pyengine.regularizers.L2(0.01)),
        ]
    )
    model.compile(pyengine.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    x = pyengine.random.normal(pyengine.random.next_key(), (100, 8))
    y = np.eye(3, dtype=np.float32)[x[:, :3].argmax(axis=1)]
    here = model.fit(x, y, epochs=4, validation_split=0.2, verbose=0).history
    assert list(here) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert list(in_browser) == ["loss", "acc", "val_loss", "val_acc"]
    for name, series in in_browser.items():
        np.testing.assert_allclose(here[name], series, atol=1e-5, rtol=0, err_msg=name)


def test_early_stopping_puts_the_best_weights_back(engine: Page) -> None:
    found = in_page(
        engine,
        """
        const model = compiled(tf.train.sgd(0.5));
        const seen = [];
        const history = await model.fit(points(40), kinds(40), {
          epochs: 50,
          validationData: [points(12), kinds(12).reverse(1)],
          callbacks: [
            tf.callbacks.earlyStopping({ patience: 2, restoreBestWeights: true }),
            { onEpochEnd: async () => { seen.push(await model.getWeights()[0].data()); } },
          ],
        });
        const losses = history.history.val_loss;
        const best = losses.indexOf(Math.min(...losses));
        const now = await model.getWeights()[0].data();
        return [losses.length, best, now.every((weight, place) => weight === seen[best][place])];
        """,
    )
    epochs, best, restored = found
    assert epochs == best + 3 < 50
    assert restored


def test_stop_training_ends_after_the_running_batch(engine: Page) -> None:
    hooks = in_page(
        engine,
        """
        const hooks = [];
        const model = compiled();
        await model.fit(points(64), kinds(64), {
          epochs: 5,
          batchSize: 8,
          callbacks: {
            onBatchEnd: (batch) => { hooks.push(`batch ${batch}`); if (batch === 2) model.stopTraining = true; },
            onEpochEnd: () => { hooks.push("epoch end"); },
            onTrainEnd: () => { hooks.push("train end"); },
          },
        });
        return hooks;
        """,
    )
    assert hooks == ["batch 0", "batch 1", "batch 2", "epoch end", "train end"]


def test_a_stop_while_the_data_are_still_on_their_way_is_heard(engine: Page) -> None:
    epochs = in_page(
        engine,
        """
        const model = compiled();
        await model.fit(points(64), kinds(64), { epochs: 1 });
        const fit = model.fit(points(64), kinds(64), { epochs: 100000 });
        model.stopTraining = true;
        const stopped = (await fit).epoch.length;
        return [stopped, (await model.fit(points(64), kinds(64), { epochs: 2 })).epoch.length];
        """,
    )
    assert epochs == [0, 2]


def test_training_can_be_stopped_from_outside(engine: Page) -> None:
    epochs = in_page(
        engine,
        """
        const model = compiled();
        setTimeout(() => { model.stopTraining = true; }, 300);
        return (await model.fit(points(64), kinds(64), { epochs: 100000 })).epoch.length;
        """,
    )
    assert 0 < epochs < 100000


def test_hooks_are_awaited_in_order_whatever_they_are(engine: Page) -> None:
    calls = in_page(
        engine,
        """
        const calls = [];
        class Slow extends tf.Callback {
          async onEpochEnd(epoch, logs) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            calls.push(`slow ${epoch} ${this.params.epochs} ${this.model === model}`);
          }
        }
        const model = compiled();
        await model.fit(points(6), kinds(6), {
          epochs: 2,
          callbacks: [
            new Slow(),
            tf.callbacks.terminateOnNaN(),
            { onEpochEnd: (epoch, logs) => { calls.push(`plain ${epoch} ${logs.accuracy === logs.acc}`); } },
            { onTrainBegin: () => calls.push("begin"), onTrainEnd: () => calls.push("end") },
          ],
        });
        return calls;
        """,
    )
    assert calls == ["begin", "slow 0 2 true", "plain 0 true", "slow 1 2 true", "plain 1 true", "end"]


def test_logs_are_plain_objects_of_numbers(engine: Page) -> None:
    logs = in_page(
        engine,
        """
        const kept = [];
        const keep = (number, logs) => { kept.push({ keys: Object.keys(logs), copy: structuredClone(logs) }); };
        await compiled().fit(points(5), kinds(5), { batchSize: 4, callbacks: { onBatchEnd: keep, onEpochEnd: keep } });
        return kept;
        """,
    )
    assert [one["keys"] for one in logs] == [["batch", "size", "loss", "acc"]] * 2 + [["loss", "acc"]]
    assert [one["copy"].get("size") for one in logs] == [4, 1, None]
    assert all(isinstance(value, (int, float)) for one in logs for value in one["copy"].values())


def test_predict_works_inside_an_awaited_hook(engine: Page) -> None:
    sums = in_page(
        engine,
        """
        const model = compiled();
        const sums = [];
        await model.fit(points(32), kinds(32), {
          epochs: 2,
          batchSize: 16,
          callbacks: {
            onBatchEnd: async () => {
              const probabilities = await model.predict(points(7)).data();
              sums.push(probabilities.reduce((sum, value) => sum + value, 0));
            },
          },
        });
        return sums;
        """,
    )
    assert len(sums) == 4
    assert sums == pytest.approx([7] * 4, abs=1e-4)


def test_predictions_meanwhile_do_not_disturb_a_training(engine: Page) -> None:
    alone, watched, answers = in_page(
        engine,
        """
        const losses = async (watch) => {
          tf.setRandomSeed(3);
          const model = compiled();
          let answers = 0;
          const timer = watch && setInterval(async () => {
            await model.predict(points(50), { batchSize: 8 }).data();
            answers += 1;
          }, 5);
          const { history } = await model.fit(points(640), kinds(640), { epochs: 12, yieldEvery: 4 });
          clearInterval(timer);
          return [history.loss, answers];
        };
        const [alone] = await losses(false);
        return [alone, ...(await losses(true))];
        """,
    )
    assert answers > 0
    assert watched == alone


def test_predict_needs_no_compile_and_gives_a_tensor_at_once(engine: Page) -> None:
    shape, rows, same = in_page(
        engine,
        """
        const model = small();
        const result = model.predict(points(5000), { batchSize: 10 });
        const shape = result.shape;
        const now = result.dataSync();
        const later = await result.data();
        return [shape, (await result.array()).length, now === later];
        """,
    )
    assert (shape, rows, same) == ([5000, 3], 5000, True)


@pytest.mark.parametrize(
    "change",
    [
        "await model.fit(points(60), kinds(60), { epochs: 1 })",
        "await model.fitDataset(tf.data.zip({ xs: tf.data.array([[1, 2, 3, 4]]), ys: tf.data.array([[1, 0, 0]]) })"
        ".batch(1), { epochs: 1 })",
        "await model.trainOnBatch(points(6), kinds(6))",
        "model.setWeights(model.getWeights().map((weight) => tf.zeros(weight.shape)))",
        "model.layers[0].setWeights(model.layers[0].getWeights().map((weight) => tf.zeros(weight.shape)))",
        "model.weights[0].write(tf.zeros([4, 8]))",
        "await around(model).fit(points(60), kinds(60), { epochs: 1 })",
        "model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })",
        "model.add(tf.layers.dense({ units: 1 }))",
        "model.pop()",
    ],
)
def test_a_prediction_is_that_of_the_weights_when_predict_was_called(engine: Page, change: str) -> None:
    changes, same = in_page(
        engine,
        f"""
        const around = (inner) => {{
          const outer = tf.sequential({{ layers: [inner, tf.layers.dense({{ units: 3 }})] }});
          outer.compile({{ optimizer: tf.train.sgd(0.5), loss: "meanSquaredError" }});
          return outer;
        }};
        const model = compiled(), x = points(100003);
        const expected = await model.predict(x).data();
        const pending = model.predict(x), alsoPending = model.predict(x), measured = model.evaluate(x, kinds(100003));
        const loss = (await model.evaluate(x, kinds(100003))[0].data())[0];
        {change};
        const same = (values) => values.every((value, place) => value === expected[place]);
        const after = await model.predict(x).data();
        return [
          !same(after) || after.length !== expected.length,
          [same(await pending.data()), same(alsoPending.dataSync()), (await measured[0].data())[0] === loss],
        ];
        """,
    )
    assert same == [True, True, True]
    assert changes or "compile" in change


def test_an_unread_prediction_is_no_burden_to_what_comes_next(engine: Page) -> None:
    """Neither another model's training nor one's own finishes 400,000 rows in one task; what they take is told."""
    in_page(engine, "window.manyPoints = points(400000);")
    with processor_tasks(engine) as tasks:
        same = in_page(
            engine,
            """
            const model = compiled(), other = compiled();
            const before = await model.predict(points(8)).data();
            const pending = model.predict(manyPoints);
            await other.fit(points(60), kinds(60), { epochs: 1 });
            model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
            await model.fit(points(60), kinds(60), { epochs: 1 });
            const first = (await pending.data()).subarray(0, 24);
            return first.every((value, place) => value === before[place]);
            """,
        )
    print(f"longest task: {tasks.longest:.0f} ms of processor time")
    assert same


def test_evaluate_gives_scalars(engine: Page) -> None:
    loss, accuracy, alone = in_page(
        engine,
        """
        const model = compiled();
        const [loss, accuracy] = model.evaluate(points(30), kinds(30), { batchSize: 7 });
        const one = small();
        one.compile({ optimizer: "sgd", loss: "meanSquaredError" });
        const alone = one.evaluate(points(30), kinds(30));
        return [(await loss.data())[0], accuracy.dataSync()[0], alone.shape];
        """,
    )
    assert loss > 0
    assert 0 <= accuracy <= 1
    assert alone == []


def test_train_on_batch_gives_numbers(engine: Page) -> None:
    losses = in_page(
        engine,
        """
        const model = compiled();
        const values = [];
        for (let step = 0; step < 20; step += 1) values.push((await model.trainOnBatch(points(12), kinds(12)))[0]);
        return values;
        """,
    )
    assert losses[-1] < losses[0]


def test_losses_and_metrics_can_be_functions_of_ops(engine: Page) -> None:
    names, own, same = in_page(
        engine,
        """
        const squared = (yTrue, yPred) => tf.mean(tf.square(tf.sub(yTrue, yPred)), -1);
        const largest = (yTrue, yPred) => yTrue.sub(yPred).abs().max();
        const model = small();
        const weights = model.getWeights();
        model.compile({ optimizer: tf.train.sgd(0.1), loss: squared, metrics: [largest, "mae"] });
        const own = (await model.fit(points(24), kinds(24), { epochs: 3, shuffle: false })).history;
        model.setWeights(weights);
        model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
        const same = (await model.fit(points(24), kinds(24), { epochs: 3, shuffle: false })).history;
        return [Object.keys(own), own.loss, same.loss];
        """,
    )
    assert names == ["loss", "largest", "mae"]
    assert own == pytest.approx(same, abs=1e-7)


def test_weights_of_samples_and_classes_count(engine: Page) -> None:
    losses = in_page(
        engine,
        """
        const model = compiled();
        const of = async (settings) =>
          (await model.fit(points(6), kinds(6), { batchSize: 6, shuffle: false, ...settings })).history.loss[0];
        model.compile({ optimizer: tf.train.sgd(0), loss: "categoricalCrossentropy" });
        return [
          await of({}),
          await of({ sampleWeight: [2, 2, 2, 2, 2, 2] }),
          await of({ classWeight: { 0: 2, 1: 2, 2: 2 } }),
          await of({ sampleWeight: tf.tensor1d([2, 0, 0, 0, 0, 0]), classWeight: { 0: 3, 1: 1, 2: 1 } }),
        ];
        """,
    )
    assert losses[1] == pytest.approx(2 * losses[0], rel=1e-5)
    assert losses[2] == pytest.approx(2 * losses[0], rel=1e-5)
    assert 0 < losses[3] < 2 * losses[1]


def test_null_is_the_default(engine: Page) -> None:
    epochs, predicted = in_page(
        engine,
        """
        const model = compiled();
        const nothing = { epochs: null, batchSize: null, shuffle: null, validationSplit: null, yieldEvery: null };
        const { epoch } = await model.fit(points(6), kinds(6), { ...nothing, classWeight: null, callbacks: null });
        return [epoch, model.predict(points(2), { batchSize: null }).shape];
        """,
    )
    assert epochs == [0]
    assert predicted == [2, 3]


def test_several_inputs_and_outputs_go_by_list_or_name(engine: Page) -> None:
    keys, values = in_page(
        engine,
        """
        const left = tf.input({ shape: [4], name: "left" });
        const right = tf.input({ shape: [2], name: "right" });
        const shared = tf.layers.dense({ units: 5, activation: "tanh" });
        const x = tf.layers.concatenate().apply([shared.apply(left), right]);
        const sum = tf.layers.dense({ units: 1, name: "sum" }).apply(x);
        const kind = tf.layers.dense({ units: 3, activation: "softmax", name: "kind" }).apply(x);
        const model = tf.model({ inputs: [left, right], outputs: [sum, kind] });
        model.compile({
          optimizer: "adam",
          loss: { sum: "meanSquaredError", kind: "categoricalCrossentropy" },
          metrics: { kind: "accuracy" },
        });
        const history = await model.fit(
          { left: points(12), right: tf.ones([12, 2]) },
          [tf.zeros([12, 1]), kinds(12)],
          { epochs: 2 },
        );
        const predictions = model.predict([points(3), [[1, 2], [3, 4], [5, 6]]]);
        return [Object.keys(history.history), predictions.map((one) => one.shape)];
        """,
    )
    assert keys == ["loss", "sum_loss", "kind_loss", "kind_acc"]
    assert values == [[3, 1], [3, 3]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("await small().fit(points(3), kinds(3));", "not compiled"),
        (
            "await compiled().fit(points(3), kinds(4));",
            "model.fit: y expects as many samples",
        ),
        (
            "await compiled().fit(tf.zeros([3, 5]), kinds(3));",
            "model.fit: x expects shape [batch, 4], but got shape [3, 5]",
        ),
        ("await compiled().fit(points(3), kinds(3), { validationSplit: 1.5 });", "got `1.5`"),
        ("await compiled().fit(points(3), kinds(3), { epoch: 2 });", "Did you mean 'epochs'"),
        ("await compiled().fit(points(3), kinds(3), { yieldEvery: 'sometimes' });", "'sometimes'"),
        (
            "await compiled().fit(tf.fill([3, 4], NaN), kinds(3));",
            "x expects finite numbers, but got `NaN` in sample 0",
        ),
        (
            "await compiled().fit(points(3), kinds(3), { classWeight: { 0: 2 } });",
            "classWeight expects a factor for every class",
        ),
        (
            "await compiled().fit(points(3), kinds(3), { classWeight: { 0: 2, 1: -1, 2: 1 } });",
            "classWeight expects finite factors of at least 0, but got `-1` for class 1",
        ),
        ("await compiled().fit(tf.zeros([0, 4]), tf.zeros([0, 3]));", "x expects at least one sample"),
        ("small().compile({ optimizer: 'adamm', loss: 'mse' });", "Did you mean 'adam'"),
        ("small().compile({ optimizer: 'adam', loss: 'mse', metric: ['acc'] });", "Did you mean 'metrics'"),
        ("tf.layers.dense({ unit: 3 });", "Did you mean 'units'"),
        ("small().predict(tf.zeros([2, 3]));", "expects shape [batch, 4]"),
        ("tf.tensor([[1, 2], [3]]);", "numbers of a regular shape, here [2, 2]"),
        ("tf.tensor(new Float32Array(5), [2, 3]);", "expects 6 numbers for the shape [2, 3], but got 5"),
        (
            "await compiled().fit(points(3), kinds(3), { callbacks: { onEpochEn: 3, epochs: 1 } });",
            "onEpochEn",
        ),
        ("small().setWeights([[1]]);", "setWeights expects 4 arrays, one per weight, but got 1"),
    ],
)
def test_bad_input_is_refused_in_words(engine: Page, body: str, words: str) -> None:
    said = refused(engine, body)
    assert words in said
    assert "Traceback" not in said
    assert "Failure" not in said


def test_a_second_fit_while_one_runs_is_refused(engine: Page) -> None:
    said = in_page(
        engine,
        """
        const model = compiled();
        let open;
        const gate = new Promise((resolve) => { open = resolve; });
        const first = model.fit(points(64), kinds(64), { epochs: 20, callbacks: { onTrainBegin: () => gate } });
        let said = "nothing";
        try { await model.fit(points(64), kinds(64)); } catch (error) { said = `${error.name}: ${error.message}`; }
        open();
        return [said, (await first).epoch.length];
        """,
    )
    assert said[0].startswith("BusyError: model.fit expects a model that no fit is training")
    assert said[1] == 20


def test_an_error_of_a_hook_comes_back_as_itself(engine: Page) -> None:
    kept = in_page(
        engine,
        """
        const mine = new RangeError("out of paper");
        const model = compiled();
        const failing = [() => { throw mine; }, async () => { throw mine; }];
        const same = [];
        for (const onBatchEnd of failing) {
          try { await model.fit(points(4), kinds(4), { callbacks: { onBatchEnd } }); }
          catch (error) { same.push(error === mine); }
        }
        return [same, (await model.fit(points(4), kinds(4))).epoch.length];
        """,
    )
    assert kept == [[True, True], 1]


def test_errors_have_a_name_and_a_traceback(engine: Page) -> None:
    name, traceback = in_page(
        engine,
        """
        try { small().predict(tf.zeros([2, 3])); }
        catch (error) { return [error.name, error.traceback]; }
        """,
    )
    assert name == "ShapeError"
    assert "Traceback (most recent call last)" in traceback


def test_changed_flags_are_warned_of_on_the_console(engine: Page, complaints: Complaints) -> None:
    with engine.expect_console_message(lambda message: message.type == "warning") as caught:
        in_page(
            engine,
            """
            const model = compiled();
            model.layers[0].trainable = false;
            await model.fit(points(4), kinds(4));
            """,
        )
    assert "`trainable` of 'dense" in caught.value.text
    assert "Call compile again" in caught.value.text


def test_nothing_is_printed_unless_asked_for(engine: Page) -> None:
    printed: list[str] = []
    engine.on("console", lambda message: printed.append(message.text))
    in_page(engine, "await compiled().fit(points(4), kinds(4), { epochs: 2 });")
    assert printed == []
    in_page(engine, "await compiled().fit(points(4), kinds(4), { epochs: 2, verbose: 1 });")
    assert [line.split(" - ")[0] for line in printed] == ["Epoch 1/2", "Epoch 2/2"]


def test_the_same_object_has_the_same_handle(engine: Page) -> None:
    assert in_page(
        engine,
        """
        const layer = tf.layers.dense({ units: 2, inputShape: [4] });
        const model = tf.sequential({ layers: [layer] });
        const found = [model.layers[0], model.getLayer(layer.name), model.outputs[0].sourceLayer];
        return found.map((one) => one === layer);
        """,
    ) == [True, True, True]


def test_the_first_of_two_fits_wins_however_long_its_data_take(engine: Page) -> None:
    outcome = in_page(
        engine,
        """
        const model = compiled();
        const large = [tf.zeros([400000, 4]), tf.zeros([400000, 3])];
        const both = [
          model.fit(...large, { batchSize: 100000 }),
          model.fit(points(3), kinds(3)),
          model.fitDataset(tf.data.array([1]), { epochs: 1 }),
        ];
        const settled = await Promise.allSettled(both);
        const refused = await model.fit(points(3), kinds(4)).then(() => "trained", (error) => error.name);
        const after = await model.fit(points(3), kinds(3));
        return [settled.map(({ status, reason }) => reason?.name ?? status), refused, after.epoch];
        """,
    )
    assert outcome[0] == ["fulfilled", "BusyError", "BusyError"]
    assert outcome[1] == "DataError"
    assert outcome[2] == [0], "a fit whose data are refused leaves the model free"


def test_a_layer_applied_in_training_mode_draws_in_predict(engine: Page) -> None:
    drawn, free = in_page(
        engine,
        """
        const input = tf.input({ shape: [200] });
        const zeros = [];
        for (const settings of [{ training: true }, {}]) {
          const output = tf.layers.dropout({ rate: 0.5, seed: 1 }).apply(input, settings);
          const predicted = await tf.model({ inputs: input, outputs: output }).predict(tf.ones([1, 200])).data();
          zeros.push(predicted.filter((number) => number === 0).length);
        }
        return zeros;
        """,
    )
    assert 60 < drawn < 140
    assert free == 0
