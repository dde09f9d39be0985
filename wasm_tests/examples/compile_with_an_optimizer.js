/** An optimizer object with a rate of its own, on a binary loss. */

import { equal, holds, largestDifference, numbersOf } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, labels } = clusters(40, 8, 2);

  const network = tf.sequential();
  network.add(tf.layers.dense({ units: 12, activation: "relu", inputShape: [8] }));
  network.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));

  const optimizer = tf.train.adam(0.0005);
  network.compile({
    optimizer: optimizer,
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
  });

  holds(network.optimizer === optimizer, "the model has the very optimizer it was given");
  const before = numbersOf(network);
  const { history } = await network.fit(tf.tensor2d(rows), tf.tensor2d(labels, [40, 1]), { batchSize: 40 });
  // Adam's first step is the learning rate itself, up or down, for every weight with a gradient.
  const step = largestDifference(numbersOf(network), before);
  holds(step > 0.00049 && step < 0.00051, `the first step is about 0.0005, not ${step}`);
  const right = history.acc[0] * 40;
  holds(Math.abs(right - Math.round(right)) < 1e-4, "acc is a share of the 40 samples");
  equal(history.loss.length, 1, "epochs by default");
}
