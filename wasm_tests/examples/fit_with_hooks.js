/** Callbacks as a plain object with some of the hooks. */

import { equal, holds, linesOf } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(40, 5, 2);
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 2, activation: "softmax", inputShape: [5] }));
  model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy", metrics: ["accuracy"] });

  /** @type {any[]} */
  const seen = [];
  /** @type {any} */
  let history;
  const lines = await linesOf(async () => {
    history = await model.fit(tf.tensor2d(rows), tf.tensor2d(oneHot), {
      epochs: 6,
      batchSize: 12,
      validationSplit: 0.25,
      callbacks: {
        onEpochEnd: (/** @type {number} */ epoch, /** @type {any} */ logs) => {
          seen.push(logs);
          console.log(`${epoch}: ${logs.loss.toFixed(3)} ` + `and ${logs.val_loss.toFixed(3)}`);
        },
        onTrainEnd: () => {
          console.log("That was all.");
        },
      },
    });
  });

  equal(lines.length, 7, "lines on the console");
  holds(/^5: \d\.\d{3} and \d\.\d{3}$/.test(lines[5]), `line 5 tells of epoch 5: ${lines[5]}`);
  equal(lines[6], "That was all.", "the last line");
  equal(seen.map((logs) => logs.loss), history.history.loss, "losses that the hook saw");
  equal(Object.keys(seen[0]), ["loss", "acc", "val_loss", "val_acc"], "names in the logs");
  equal(seen[0].val_accuracy, seen[0].val_acc, "the alias val_accuracy");
}
