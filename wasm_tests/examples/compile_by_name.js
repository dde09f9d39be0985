/** Optimizer, loss and metrics by name; compiling changes no weight. */

import { equal, holds, isSeries, numbersOf } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(48, 20, 4);

  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 24, activation: "relu", inputShape: [20] }));
  model.add(tf.layers.dense({ units: 4, activation: "softmax" }));
  const before = numbersOf(model);

  const returned = model.compile({
    optimizer: "adam",
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });

  equal(returned, undefined, "what compile returns");
  equal(numbersOf(model), before, "weights after compile");
  equal(model.optimizer.learningRate, 0.001, "learning rate of 'adam'");
  const { history } = await model.fit(tf.tensor2d(rows), tf.tensor2d(oneHot), { epochs: 8 });
  equal(Object.keys(history), ["loss", "acc"], "names in the history");
  isSeries(history.loss, 8, "loss");
  isSeries(history.acc, 8, "acc");
  holds(history.loss[7] < history.loss[0], "the loss falls");

  for (const [name, rate] of Object.entries({ sgd: 0.01, rmsprop: 0.001, adagrad: 0.01, adadelta: 0.001, adamax: 0.002 })) {
    model.compile({ optimizer: name, loss: "categoricalCrossentropy" });
    equal(model.optimizer.learningRate, rate, `learning rate of '${name}'`);
  }
}
