"""The memory of models that nobody holds is given back and used again."""

from __future__ import annotations

from playwright.sync_api import Page

from wasm_tests.harness import load_engine, run
from wasm_tests.processor import processor_tasks

# The memory of whatever is compiled in the page: Python's is the largest.
WATCH_MEMORY = """
  const instantiate = WebAssembly.instantiate;
  const memories = new Set();
  WebAssembly.instantiate = async (source, imports = {}) => {
    const result = await instantiate.call(WebAssembly, source, imports);
    const exported = (result.instance ?? result).exports ?? {};
    for (const module of [exported, ...Object.values(imports)]) {
      for (const value of Object.values(module)) if (value instanceof WebAssembly.Memory) memories.add(value);
    }
    return result;
  };
  window.heapBytes = () => Math.max(...[...memories].map((memory) => memory.buffer.byteLength));
"""

ONE_MODEL = """async () => {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 4096, activation: "relu", inputShape: [784] }));
  model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
  await model.trainOnBatch(tf.zeros([8, 784]), tf.ones([8, 10]));
  await model.fit(tf.zeros([8, 784]), tf.ones([8, 10]));
  await model.predict(tf.zeros([8, 784])).data();
}"""


def test_models_that_nobody_holds_take_no_memory(page: Page) -> None:
    """Each takes more than 40 MB: weights, the optimizer's moments, the step."""
    page.add_init_script(WATCH_MEMORY)

    load_engine(page)
    collector = page.context.new_cdp_session(page)
    heap = []
    for _ in range(12):
        run(page, ONE_MODEL)
        collector.send("HeapProfiler.collectGarbage")
        run(page, "() => new Promise((resolve) => setTimeout(resolve, 20))")
        heap.append(page.evaluate("() => window.heapBytes()"))
    assert heap[2] > 60e6  # it is Python's memory that is looked at
    assert heap[-1] == heap[2], heap


def test_one_batch_after_another_leaves_the_page_its_turns(engine: Page) -> None:
    run(
        engine,
        """async () => {
          const model = tf.sequential();
          model.add(tf.layers.dense({ units: 64, activation: "relu", inputShape: [64] }));
          model.add(tf.layers.dense({ units: 1 }));
          model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
          await model.trainOnBatch(tf.zeros([8, 64]), tf.zeros([8, 1])); // planned once, at once
          window.trained = model;
        }""",
    )
    with processor_tasks(engine) as tasks:
        turns = run(
            engine,
            """async () => {
              const [x, y] = [tf.zeros([8, 64]), tf.zeros([8, 1])];
              let turns = 0;
              const timer = setInterval(() => { turns += 1; }, 1);
              const end = performance.now() + 400;
              while (performance.now() < end) await trained.trainOnBatch(x, y);
              clearInterval(timer);
              return turns;
            }""",
        )
    assert turns >= 5
    assert tasks.longest < 200


def test_how_much_memory_a_model_takes_is_said_beforehand(engine: Page) -> None:
    estimates = run(
        engine,
        """async () => {
          const model = tf.sequential();
          model.add(tf.layers.dense({ units: 10, inputShape: [784] }));
          const before = model.memoryEstimate();
          model.compile({ optimizer: "adam", loss: "meanSquaredError" });
          return [before, model.memoryEstimate(64), model.memoryEstimate(128)];
        }""",
    )
    before, small, large = estimates
    assert before["parameters"] == small["parameters"] == 31400
    assert before["optimizer"] == 0
    assert 2 * 31400 <= small["optimizer"] < 2 * 31400 + 100
    assert 64 * 784 * 4 < small["step"] < large["step"]
    assert all(one["total"] == one["parameters"] + one["optimizer"] + one["step"] for one in estimates)


def test_what_does_not_fit_into_the_pages_memory_is_refused_in_words(engine: Page) -> None:
    wide, batch, itself = run(
        engine,
        """async () => {
          const words = [];
          const attempt = async (action) => {
            const refusal = await Promise.resolve().then(action).catch((error) => error);
            words.push(`${refusal?.name}: ${refusal?.message}`);
          };
          const wide = tf.layers.dense({ units: 1e9, inputShape: [784], name: "wide" });
          await attempt(() => tf.sequential().add(wide));
          const model = tf.sequential();
          model.add(tf.layers.conv2d({ filters: 64, kernelSize: 3, padding: "same", inputShape: [256, 256, 1] }));
          model.add(tf.layers.conv2d({ filters: 64, kernelSize: 3, padding: "same" }));
          model.add(tf.layers.globalAveragePooling2d({}));
          model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
          const [x, y] = [tf.zeros([512, 256, 256, 1]), tf.zeros([512, 64])];
          await attempt(() => model.fit(x, y, { batchSize: 512 }));
          await attempt(() => model.add(model));
          return words;
        }""",
    )
    assert wide.startswith(
        "OutOfMemoryError: Dense 'wide': kernel expects a weight that fits into memory (4.3 GB"
    )
    assert batch.startswith(
        "OutOfMemoryError: model.fit: batchSize expects a batch for which there is memory"
    )
    assert batch.endswith("`batchSize: 64` would fit.")
    assert itself.endswith("A model cannot be one of its own layers.")
