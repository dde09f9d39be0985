import { expect, groups } from "./supply.js";

/** Everything by its name. */
export default async function example(tf) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 12, activation: "relu", inputShape: [6] }));
  model.add(tf.layers.dense({ units: 3, activation: "softmax" }));
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const { points, classes } = groups(tf, 60);
  const { history } = await model.fit(points, classes, { epochs: 12 });
  expect(history.loss.at(-1) < history.loss[0], "the loss falls");
  expect(Object.keys(history).join() === "loss,acc", "the keys are loss and acc");
}
