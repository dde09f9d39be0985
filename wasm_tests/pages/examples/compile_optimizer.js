import { expect, groups } from "./supply.js";

/** An optimizer of one's own settings. */
export default async function example(tf) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 5, activation: "relu", inputShape: [6] }));
  model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
  const optimizer = tf.train.adam(0.002);
  model.compile({ optimizer: optimizer, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  expect(model.optimizer === optimizer, "the optimizer is the given one");
  expect(Math.abs(optimizer.learningRate - 0.002) < 1e-9, "its rate is the given one");
  const { points, labels } = groups(tf, 40, 6, 2);
  const { history } = await model.fit(points, labels, { epochs: 2, verbose: 0 });
  expect(history.acc.length === 2, "there is an accuracy per epoch");
}
