/** A second fit counts its epochs on from the first. */

import { equal, holds, isSeries } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(45, 6, 3);
  const xs = tf.tensor2d(rows);
  const ys = tf.tensor2d(oneHot);
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 3, activation: "softmax", inputShape: [6] }));
  model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy" });

  const first = await model.fit(xs, ys, {
    epochs: 7,
    batchSize: 9,
    validationSplit: 0.2,
  });
  const second = await model.fit(xs, ys, {
    epochs: 12,
    initialEpoch: 7,
    batchSize: 9,
    validationSplit: 0.2,
  });

  equal(first.epoch, [0, 1, 2, 3, 4, 5, 6], "epochs of the first fit");
  equal(second.epoch, [7, 8, 9, 10, 11], "epochs of the second fit");
  isSeries(second.history.val_loss, 5, "val_loss of the second fit");
  holds(second.history.loss[0] < first.history.loss[0], "the second goes on where the first ended");
  equal(first.history.loss.length, 7, "the first history, which the second leaves alone");
}
