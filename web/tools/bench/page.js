/** The steps of the engine in this page, through the same API that a page's author uses. */

/**
 * @param {any} tf
 * @param {{
 *   inputShape: number[], batch: number, optimizer: [string, number], loss: string, layers: [string, any][],
 *   x: number[], y: number[], yShape: number[], weights: [number[], number[]][],
 *   checked: number, blocks: number, blockSeconds: number,
 * }} workload  weights: values and shape of each
 */
export async function measure(tf, workload) {
  const model = build(tf, workload);
  const x = Float32Array.from(workload.x);
  const y = Float32Array.from(workload.y);
  const [xs, ys] = tensors(tf, workload, x, y, 1);
  const losses = [];
  for (let step = 0; step < workload.checked; step += 1) {
    const loss = await model.trainOnBatch(xs, ys);
    losses.push(Array.isArray(loss) ? loss[0] : loss);
  }
  await fitSteps(tf, model, workload, x, y, 20);
  const one = await fitSteps(tf, model, workload, x, y, 20);
  const steps = Math.max(20, Math.round((1000 * workload.blockSeconds) / one));
  const milliseconds = [];
  for (let block = 0; block < workload.blocks; block += 1) {
    milliseconds.push(await fitSteps(tf, model, workload, x, y, steps));
  }
  return { losses, milliseconds };
}

/** Layer names as JavaScript has them: Conv2D is conv2d, MaxPooling2D is maxPooling2d. */
const camel = (/** @type {string} */ name) => name[0].toLowerCase() + name.slice(1).replace(/([12])D$/, "$1d");
const camelSetting = (/** @type {string} */ name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** @param {any} tf @param {Parameters<typeof measure>[1]} workload */
function build(tf, { inputShape, optimizer, loss, layers, weights }) {
  const model = tf.sequential();
  layers.forEach(([name, settings], number) => {
    const words = Object.entries(settings).map(([key, value]) => [camelSetting(key), value]);
    if (number === 0) words.push(["inputShape", inputShape]);
    model.add(tf.layers[camel(name)](Object.fromEntries(words)));
  });
  model.compile({ optimizer: tf.train[optimizer[0]](optimizer[1]), loss: camelSetting(loss) });
  model.setWeights(weights.map(([values, shape]) => tf.tensor(Float32Array.from(values), shape)));
  return model;
}

/**
 * The batch, repeated.
 *
 * @param {any} tf @param {Parameters<typeof measure>[1]} workload
 * @param {Float32Array} x @param {Float32Array} y @param {number} times
 */
function tensors(tf, { inputShape, batch, yShape }, x, y, times) {
  const shapes = [[batch * times, ...inputShape], [batch * times, ...yShape]];
  return [x, y].map((values, number) => {
    const many = new Float32Array(values.length * times);
    for (let time = 0; time < times; time += 1) many.set(values, time * values.length);
    return tf.tensor(many, shapes[number]);
  });
}

/**
 * Milliseconds of one step of `fit`, as a mean over some.
 *
 * @param {any} tf @param {any} model @param {Parameters<typeof measure>[1]} workload
 * @param {Float32Array} x @param {Float32Array} y @param {number} steps
 */
async function fitSteps(tf, model, workload, x, y, steps) {
  const [xs, ys] = tensors(tf, workload, x, y, steps);
  const begin = performance.now();
  await model.fit(xs, ys, { batchSize: workload.batch, epochs: 1, shuffle: false, verbose: 0, yieldEvery: "never" });
  return (performance.now() - begin) / steps;
}
