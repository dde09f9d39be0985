/** Training steps in this page, through the API that a page's author uses: of the engine, or of TensorFlow.js. */

/**
 * @typedef {object} Workload
 * @property {number[]} inputShape
 * @property {number} batch
 * @property {[string, number]} optimizer
 * @property {string} loss
 * @property {[string, any][]} layers
 * @property {number[]} x
 * @property {number[]} y
 * @property {number[]} yShape
 * @property {[number[], number[]][][]} weights  of each layer: values and shape of each
 * @property {number} checked
 * @property {number} blocks
 * @property {number} blockSeconds
 * @property {number} repeated
 */

/**
 * @param {any} tf
 * @param {Workload} workload
 * @param {boolean} foreign  it is TensorFlow.js
 */
export async function measure(tf, workload, foreign) {
  const trainer = foreign ? stepByStep(tf, workload) : byFit(tf, workload);
  const begin = performance.now();
  const losses = [await trainer.step()];
  const first = performance.now() - begin;
  while (losses.length < workload.checked) losses.push(await trainer.step());
  await trainer.run(workload.repeated);
  const one = await trainer.run(workload.repeated);
  const rounds = Math.max(1, Math.round((1000 * workload.blockSeconds) / (one * workload.repeated)));
  const milliseconds = [];
  for (let block = 0; block < workload.blocks; block += 1) {
    milliseconds.push(await trainer.run(rounds * workload.repeated));
  }
  return { losses, first, milliseconds };
}

/**
 * As a user trains: `fit` over a data set that holds the batch some times.
 *
 * @param {any} tf @param {Workload} workload
 */
function byFit(tf, workload) {
  const { batch, repeated } = workload;
  const model = build(tf, workload, workload.layers, workload.weights, workload.inputShape);
  compile(tf, model, workload);
  const [x, y] = tensors(tf, workload, 1);
  const [manyX, manyY] = tensors(tf, workload, repeated);
  const settings = { batchSize: batch, shuffle: false, verbose: 0, yieldEvery: "never" };
  return {
    step: async () => lossOf(await model.trainOnBatch(x, y)),
    /** @param {number} steps */
    run: (steps) => clock(steps, () => model.fit(manyX, manyY, { ...settings, epochs: steps / repeated })),
  };
}

/**
 * As TensorFlow.js is quickest: batch by batch, from tensors that are there. What is frozen stands in a model of its
 * own, for its batch normalization would otherwise use and change the batch's statistics.
 *
 * @param {any} tf @param {Workload} workload
 */
function stepByStep(tf, workload) {
  const { layers, weights, inputShape, batch } = workload;
  const frozen = layers.findLastIndex(([, settings]) => settings.trainable === false);
  const cut = frozen < 0 ? 0 : layers.length - 1;
  const base = cut ? build(tf, workload, layers.slice(0, cut), weights.slice(0, cut), inputShape) : null;
  const shape = base ? base.outputs[0].shape.slice(1) : inputShape;
  const model = build(tf, workload, layers.slice(cut), weights.slice(cut), shape);
  compile(tf, model, workload);
  const [x, y] = tensors(tf, workload, 1);
  const step = async () => {
    if (!base) return lossOf(await model.trainOnBatch(x, y));
    const features = base.predict(x, { batchSize: batch });
    const loss = lossOf(await model.trainOnBatch(features, y));
    features.dispose();
    return loss;
  };
  const run = (/** @type {number} */ steps) =>
    clock(steps, async () => {
      for (let number = 0; number < steps; number += 1) await step();
    });
  return { step, run };
}

/** @param {number | number[]} logs */
const lossOf = (logs) => (Array.isArray(logs) ? logs[0] : logs);

/**
 * Milliseconds of one step.
 *
 * @param {number} steps @param {() => Promise<unknown>} work
 */
async function clock(steps, work) {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / steps;
}

/**
 * @param {any} tf @param {Workload} workload @param {Workload["layers"]} layers @param {Workload["weights"]} weights
 * @param {number[]} inputShape
 */
function build(tf, workload, layers, weights, inputShape) {
  const model = tf.sequential();
  const made = layers.map(([name, settings], number) => {
    const layer = tf.layers[name](number ? settings : { ...settings, inputShape });
    model.add(layer);
    return layer;
  });
  made.forEach((layer, number) => {
    const arrays = weights[number].map(([values, shape]) => tf.tensor(Float32Array.from(values), shape));
    if (arrays.length) layer.setWeights(arrays);
  });
  return model;
}

/** @param {any} tf @param {any} model @param {Workload} workload */
function compile(tf, model, { optimizer: [name, rate], loss }) {
  model.compile({ optimizer: tf.train[name](rate), loss });
}

/**
 * The batch, some times.
 *
 * @param {any} tf @param {Workload} workload @param {number} times
 */
function tensors(tf, { x, y, inputShape, batch, yShape }, times) {
  const shapes = [[batch * times, ...inputShape], [batch * times, ...yShape]];
  return [x, y].map((values, number) => {
    const many = new Float32Array(values.length * times);
    for (let time = 0; time < times; time += 1) many.set(values, time * values.length);
    return tf.tensor(many, shapes[number]);
  });
}

/**
 * GFLOP/s of a square matrix product by itself: called, and its result read.
 *
 * @param {any} tf @param {number[]} sizes
 */
export async function products(tf, sizes) {
  const rates = [];
  for (const size of sizes) {
    const [a, b] = [1, 2].map(() => tf.randomUniform([size, size]));
    const once = async () => {
      const product = tf.matMul(a, b);
      await product.data();
      product.dispose();
    };
    await once();
    const times = Math.max(1, Math.ceil(30 / (await clock(1, once))));
    let best = Infinity;
    for (let block = 0; block < 7; block += 1) {
      const milliseconds = await clock(times, async () => {
        for (let time = 0; time < times; time += 1) await once();
      });
      best = Math.min(best, milliseconds);
    }
    rates.push((2 * size ** 3) / best / 1e6);
  }
  return rates;
}
