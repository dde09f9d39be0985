/** Rows from generators, shuffled and batched, for training and validation. */

import { equal, holds, isSeries } from "./check.js";
import { numbers } from "./data.js";

export default async function (/** @type {any} */ tf) {
  tf.setRandomSeed(6);
  const next = numbers(6);
  let made = 0;

  const training = tf.data
    .generator(function* () {
      for (let row = 0; row < 120; row++) {
        made += 1;
        const point = Array.from({ length: 4 }, () => next());
        const side = point[1] > point[3] ? [0, 1] : [1, 0];
        yield { value: { xs: point, ys: side } };
      }
    })
    .shuffle(40)
    .batch(16);

  const validation = tf.data
    .generator(function* () {
      for (let row = 0; row < 50; row++) {
        const point = Array.from({ length: 4 }, () => next());
        const side = point[1] > point[3] ? [0, 1] : [1, 0];
        yield { value: { xs: point, ys: side } };
      }
    })
    .batch(16);
  equal(made, 0, "rows made before anyone asked");

  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: "relu", inputShape: [4] }));
  model.add(tf.layers.dense({ units: 2, activation: "softmax" }));
  model.compile({ optimizer: tf.train.adam(0.02), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  let batches = 0;
  const counting = { onBatchEnd: () => void (batches += 1) };

  const history = await model.fitDataset(training, {
    epochs: 15,
    validationData: validation,
    callbacks: [tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 2 }), counting],
  });

  const epochs = history.epoch.length;
  equal(made, 120 * epochs, "rows made: each epoch goes through the generator anew");
  equal(batches, 8 * epochs, "batches: seven of 16, one of 8");
  isSeries(history.history.val_acc, epochs, "val_acc");
  holds(history.history.val_acc.at(-1) > 0.75, `it learns to compare: ${history.history.val_acc}`);

  const once = await model.fitDataset(training, {
    epochs: 2,
    validationData: validation,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 3 }),
  });
  equal(once.epoch, [0, 1], "epochs with a callback given without a list");
}
