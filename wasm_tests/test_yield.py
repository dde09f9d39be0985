"""While a network trains, the page lives: measured by the long tasks of the main thread.

The network is the demo page's, 784-128-10; the images are noise, which costs as much to learn as digits do.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from wasm_tests.harness import LongTasks, load_engine, long_tasks, run
from wasm_tests.processor import processor_tasks

LONG = 50  # milliseconds: what browsers call a long task

# Made by `evaluate`, whose own work is not counted. 47 million numbers are as many as MNIST's.
SUPPLY = """() => {
  let state = 1;
  const noise = Float32Array.from({ length: 65536 }, () => (state = (state * 16807) % 2147483647) / 2147483647);
  window.images = (count) => {
    const pixels = new Float32Array(count * 784);
    // Each pass begins elsewhere, or else all images would be alike.
    for (let at = 0; at < pixels.length; at += noise.length - 7) {
      pixels.set(noise.subarray(0, Math.min(noise.length, pixels.length - at)), at);
    }
    const labels = new Float32Array(count * 10);
    for (let row = 0; row < count; row += 1) labels[row * 10 + (row % 10)] = 1;
    return { xs: tf.tensor(pixels, [count, 784]), ys: tf.tensor(labels, [count, 10]) };
  };
  window.network = () => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 128, activation: "relu", inputShape: [784] }));
    model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
    model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    return model;
  };
  window.deepNetwork = () => {
    const model = tf.sequential();
    model.add(tf.layers.dense({ units: 768, activation: "relu", inputShape: [784] }));
    for (let depth = 1; depth < 8; depth += 1) model.add(tf.layers.dense({ units: 768, activation: "relu" }));
    model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
    model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    return model;
  };
  window.imageNetwork = () => {
    const model = tf.sequential();
    model.add(tf.layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }));
    model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
    model.add(tf.layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu" }));
    model.add(tf.layers.batchNormalization());
    model.add(tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }));
    model.add(tf.layers.flatten());
    model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
    model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    return model;
  };
  window.some = images(2048);
  window.few = images(500);
  window.callbacks = {
    none: undefined,
    batch: { onBatchEnd: (batch, logs) => { window.heard = [batch, logs.loss]; } },
    async: {
      onBatchEnd: async (batch, logs) => { await null; window.heard = [batch, logs.loss]; },
      onEpochEnd: () => new Promise((resolve) => setTimeout(resolve, 5)),
    },
  };
}"""

# How long the work takes, and how often a timer of the page ticks meanwhile.
TIMED = """async (work) => {
  let ticks = 0;
  const timer = setInterval(() => { ticks += 1; }, 10);
  const began = performance.now();
  try {
    const result = await work();
    return { milliseconds: performance.now() - began, ticks, result };
  } finally {
    clearInterval(timer);
  }
}"""


@pytest.fixture
def network(engine: Page) -> Page:
    """A page with `images`, `network`, `callbacks`, and the data `some` and `few`."""
    if not engine.evaluate("() => 'network' in window"):
        engine.evaluate(SUPPLY)
    return engine


def timed(page: Page, work: str, build: str = "network") -> tuple[dict[str, Any], LongTasks]:
    """What `work` gives and took, with a new model, and the long tasks meanwhile."""
    page.evaluate(f"() => {{ window.model = {build}(); }}")
    with long_tasks(page) as tasks:
        outcome = run(page, f"() => ({TIMED})({work})")
    return outcome, tasks


def smooth(page: Page, work: str, build: str = "network") -> Any:
    """What `work` gives; it must leave the main thread without long tasks and let the page's timers tick."""
    page.evaluate(f"() => {{ window.model = {build}(); }}")
    with processor_tasks(page) as tasks:
        outcome = run(page, f"() => ({TIMED})({work})")
    assert tasks.above(LONG) == [], "milliseconds of processor time, of tasks that were too long"
    # Of a timer of 10 ms at least every tenth tick: with tasks of 16 ms it is about every second one.
    assert outcome["ticks"] >= outcome["milliseconds"] / 100
    return outcome["result"]


def assert_epochs(history: Any, count: int) -> None:
    """A history of so many epochs, with validation."""
    assert [len(history[name]) for name in ("loss", "acc", "val_loss", "val_acc")] == [count] * 4


@pytest.mark.parametrize("callbacks", ["none", "batch", "async"])
@pytest.mark.parametrize("batch_size", [32, 128])
def test_auto_has_no_long_task_with_whatever_callbacks(
    network: Page, batch_size: int, callbacks: str
) -> None:
    work = f"""async () => (await model.fit(some.xs, some.ys, {{
      epochs: 1, batchSize: {batch_size}, yieldEvery: "auto", callbacks: callbacks["{callbacks}"],
      validationData: [few.xs, few.ys],
    }})).history"""
    assert_epochs(smooth(network, work), 1)


def test_auto_has_no_long_task_with_as_many_images_as_mnist_has(network: Page) -> None:
    """Bringing 188 MB across, checking and shuffling them are no long tasks either."""
    network.evaluate("() => { window.all = images(60000); }")
    work = """async () => (await model.fit(all.xs, all.ys, {
      epochs: 1, batchSize: 128, stepsPerEpoch: 10, validationData: [few.xs, few.ys],
    })).history"""
    try:
        assert_epochs(smooth(network, work), 1)
    finally:
        network.evaluate("() => { delete window.all; }")


def test_evaluate_and_predict_have_no_long_task(network: Page) -> None:
    network.evaluate("() => { window.many = images(16384); }")
    evaluate = """async () => {
      const values = model.evaluate(many.xs, many.ys);
      return (await Promise.all(values.map((value) => value.data()))).map((numbers) => numbers.length);
    }"""
    assert smooth(network, evaluate) == [1, 1]
    predict = "async () => (await model.predict(many.xs).data()).length"
    assert smooth(network, predict) == 163840


@pytest.mark.parametrize(
    "work",
    [
        "async () => (await model.fit(many.xs, many.ys, { batchSize: 10007, epochs: 1 })).epoch.length",
        "async () => (await model.evaluate(many.xs, many.ys, { batchSize: 10007 })[0].data()).length",
        "async () => (await model.predict(many.xs, { batchSize: 10007 }).data()).length / 100070",
    ],
    ids=["fit", "evaluate", "predict"],
)
def test_a_batch_of_ten_thousand_images_has_no_long_task(network: Page, work: str) -> None:
    """Every call goes in rounds, that of a prime number of images too."""
    network.evaluate("""() => {
      window.many = images(10007);
      many.xs = tf.reshape(many.xs, [10007, 28, 28, 1]);
    }""")
    try:
        assert smooth(network, work, "imageNetwork") == 1
    finally:
        network.evaluate("() => { delete window.many; }")


def test_a_step_that_takes_long_is_divided(network: Page) -> None:
    """Many products in one step: with 'batch' it is one long task, with 'auto' none is."""
    fit = """async () => (await model.fit(some.xs, some.ys, {
      batchSize: 128, validationData: [few.xs, few.ys], yieldEvery: "WHEN",
    })).history"""
    network.evaluate("() => { window.model = deepNetwork(); }")
    with processor_tasks(network) as tasks:
        run(network, fit.replace("WHEN", "batch"))
    assert len(tasks.above(LONG)) >= 16, "the step would be short anyway: this test shows nothing"
    assert_epochs(smooth(network, fit.replace("WHEN", "auto"), "deepNetwork"), 1)


def test_never_blocks_the_page(network: Page) -> None:
    outcome, tasks = timed(
        network,
        "async () => (await model.fit(some.xs, some.ys, { epochs: 30, yieldEvery: 'never' })).history.loss.length",
    )
    assert outcome["result"] == 30
    # From its beginning to its end; only bringing the data across comes before.
    assert tasks.longest > 0.8 * outcome["milliseconds"] > 200
    assert outcome["ticks"] <= 3


@pytest.mark.parametrize(("yield_every", "yields"), [("batch", 3 * 16), ("epoch", 3), ("never", 0)])
def test_on_yield_is_heard_after_each_batch_or_epoch(network: Page, yield_every: str, yields: int) -> None:
    work = f"""async () => {{
      const heard = [];
      await model.fit(few.xs, few.ys, {{
        epochs: 3, yieldEvery: "{yield_every}", callbacks: {{
          onYield: (epoch, batch, logs) => heard.push([epoch, batch, typeof logs.loss]),
        }},
      }});
      return heard;
    }}"""
    heard = timed(network, work)[0]["result"]
    assert len(heard) == yields
    assert all(kind == "number" for _, _, kind in heard)
    if yields:
        assert [epoch for epoch, _, _ in heard] == sorted([0, 1, 2] * (yields // 3))


def test_a_number_says_how_many_milliseconds_a_task_may_take(network: Page) -> None:
    outcome, tasks = timed(
        network,
        "async () => (await model.fit(some.xs, some.ys, { epochs: 60, yieldEvery: 150 })).epoch.length",
    )
    assert outcome["result"] == 60
    assert 150 <= tasks.longest < outcome["milliseconds"] / 2
    assert len(tasks) >= 2


def test_another_word_for_yield_every_is_an_error_in_words(network: Page) -> None:
    said = network.evaluate(
        """() => network().fit(few.xs, few.ys, { yieldEvery: "often" }).then(() => "", (error) => error.message)"""
    )
    assert "often" in said
    assert "'auto'" in said


# A hidden page is given no frames, and its timers at most once a second.
HIDE = """(() => {
  const { setTimeout, requestAnimationFrame } = window;
  let hidden = false;
  window.hide = () => {
    hidden = true;
    document.dispatchEvent(new Event("visibilitychange"));
  };
  Object.defineProperty(document, "hidden", { get: () => hidden });
  Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
  window.setTimeout = (action, delay = 0, ...rest) =>
    setTimeout(action, hidden ? Math.max(delay, 1000) : delay, ...rest);
  window.requestAnimationFrame = (action) => (hidden ? 0 : requestAnimationFrame(action));
})()"""


def test_a_hidden_page_trains_as_fast_as_a_visible_one(page: Page) -> None:
    page.add_init_script(HIDE)
    load_engine(page)
    page.evaluate(SUPPLY)
    outcome = page.evaluate(
        """async () => {
          const seconds = async () => {
            const began = performance.now();
            let turns = 0;
            const { epoch } = await network().fit(some.xs, some.ys, {
              epochs: 3, validationData: [few.xs, few.ys], callbacks: { onYield: () => { turns += 1; } },
            });
            return { seconds: (performance.now() - began) / 1000, epochs: epoch.length, turns };
          };
          await seconds();  // the first pays for what is made once
          const visible = await seconds();
          hide();
          return { visible, hidden: await seconds(), isHidden: document.hidden };
        }"""
    )
    visible, hidden = outcome["visible"], outcome["hidden"]
    assert outcome["isHidden"]
    assert hidden["epochs"] == 3
    assert visible["turns"] > 3
    # If a turn waited for a timer there, each would take a second; waiting for a frame, for ever.
    assert hidden["seconds"] < 2 * visible["seconds"] + 1
