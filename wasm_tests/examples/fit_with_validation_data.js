/** Four rows that no straight line divides, and rows of their own for the validation. */

import { equal, isSeries, near } from "./check.js";

export default async function (/** @type {any} */ tf) {
  tf.setRandomSeed(2);
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 10, activation: "tanh", inputShape: [2] }));
  model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
  model.compile({ optimizer: tf.train.adam(0.05), loss: "binaryCrossentropy", metrics: ["accuracy"] });

  const trainXs = tf.tensor2d([[1, 1], [1, 0], [0, 1], [0, 0]]);
  const trainYs = tf.tensor2d([[1], [0], [0], [1]]);
  const valXs = tf.tensor2d([[0.9, 0.8], [0.1, 0.9], [0.2, 0.1]]);
  const valYs = tf.tensor2d([[1], [0], [1]]);

  const history = await model.fit(trainXs, trainYs, {
    epochs: 160,
    batchSize: 2,
    validationData: [valXs, valYs],
    shuffle: true,
  });

  equal(Object.keys(history.history), ["loss", "acc", "val_loss", "val_acc"], "names in the history");
  isSeries(history.history.val_loss, 160, "val_loss");
  equal(history.history.acc.at(-1), 1, "accuracy at the end");
  const [loss] = model.evaluate(valXs, valYs);
  near(await loss.data(), [history.history.val_loss.at(-1)], 1e-6, "evaluate and the last validation");
}
