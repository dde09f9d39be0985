import { expect } from "./supply.js";

/** Numbers instead of classes. */
export default async function example(tf) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 10, activation: "relu", inputShape: [7] }));
  model.add(tf.layers.dense({ units: 5, activation: "relu" }));
  model.add(tf.layers.dense({ units: 1 }));
  model.compile({ optimizer: tf.train.rmsprop(0.005), loss: "meanSquaredError", metrics: ["mse"] });
  const x = tf.randomNormal([50, 7]);
  const { history } = await model.fit(x, x.sum(1, true), { epochs: 8 });
  expect(Math.abs(history.mse.at(-1) - history.loss.at(-1)) < 1e-5, "metric and loss are the same here");
  expect(history.mse.at(-1) < history.mse[0], "the error falls");
}
