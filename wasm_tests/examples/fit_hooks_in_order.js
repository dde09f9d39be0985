/** Every hook, in order, awaited; plain objects and callbacks of the engine in one list. */

import { equal } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(10, 3, 2);
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 2, activation: "softmax", inputShape: [3] }));
  model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });

  /** @type {string[]} */
  const heard = [];
  const wait = () => new Promise((resolve) => setTimeout(resolve, 5));
  const slow = {
    onTrainBegin: async () => {
      await wait();
      heard.push("train begin");
    },
    onEpochBegin: async (/** @type {number} */ epoch) => {
      await wait();
      heard.push(`epoch ${epoch} begin`);
    },
    onBatchEnd: async (/** @type {number} */ batch, /** @type {any} */ logs) => {
      await wait();
      heard.push(`batch ${batch} end ${logs.batch} ${logs.size} ${typeof logs.loss}`);
    },
  };
  const quick = {
    onBatchBegin: (/** @type {number} */ batch) => void heard.push(`batch ${batch} begin`),
    onBatchEnd: () => void heard.push("quick too"),
    onEpochEnd: (/** @type {number} */ epoch) => void heard.push(`epoch ${epoch} end`),
    onTrainEnd: () => void heard.push("train end"),
  };
  await model.fit(rows, oneHot, {
    batchSize: 5,
    validationSplit: 0.4,
    callbacks: [slow, tf.callbacks.earlyStopping({ patience: 3 }), quick],
  });
  equal(
    heard,
    [
      "train begin",
      "epoch 0 begin",
      "batch 0 begin",
      "batch 0 end 0 5 number",
      "quick too",
      "batch 1 begin",
      "batch 1 end 1 1 number",
      "quick too",
      "epoch 0 end",
      "train end",
    ],
    "hooks",
  );
}
