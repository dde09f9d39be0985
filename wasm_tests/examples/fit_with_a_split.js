/** The last share of the rows validates, and early stopping, given without a list, ends the training. */

import { equal, holds, isSeries } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(50, 6, 5, 2);
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 32, activation: "tanh", inputShape: [6] }),
      tf.layers.dense({ units: 5, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.05), loss: "categoricalCrossentropy" });

  const history = await model.fit(tf.tensor2d(rows), tf.tensor2d(oneHot), {
    epochs: 150,
    batchSize: 16,
    validationSplit: 0.3,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 4 }),
  });

  const last = history.history.loss[history.history.loss.length - 1];
  holds(Number.isFinite(last), `the last loss is a number, not ${last}`);
  const epochs = history.epoch.length;
  holds(epochs < 150, "noise is not learnt for long: early stopping stopped");
  isSeries(history.history.val_loss, epochs, "val_loss");
  const best = history.history.val_loss.indexOf(Math.min(...history.history.val_loss));
  equal(epochs - 1 - best, 4, "epochs after the best one");
  equal(history.params.epochs, 150, "epochs that were asked for");
}
