/** Another optimizer in the middle of the training: the weights stay. */

import { equal, holds, largestDifference, numbersOf } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(60, 16, 3);
  const xs = tf.tensor2d(rows);
  const ys = tf.tensor2d(oneHot);

  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 18, activation: "relu", inputShape: [16] }));
  model.add(tf.layers.dense({ units: 3, activation: "softmax" }));

  model.compile({
    optimizer: tf.train.adam(0.01),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const first = await model.fit(xs, ys, { epochs: 12 });

  const trained = numbersOf(model);
  model.compile({
    optimizer: tf.train.sgd(0.001),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  equal(numbersOf(model), trained, "weights after compiling again");

  const second = await model.fit(xs, ys, { epochs: 4 });
  holds(second.history.loss[0] < first.history.loss[0], "training goes on from where it was");
  holds(second.history.loss[3] < second.history.loss[0], "the second optimizer lowers the loss further");
  const moved = largestDifference(numbersOf(model), trained);
  holds(moved > 0 && moved < 0.01, `steps are those of sgd with a small rate, not ${moved} long`);
  equal(model.optimizer.getClassName(), "SGD", "class of the optimizer now");
}
