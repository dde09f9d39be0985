import { expect, groups } from "./supply.js";

/** Another optimizer in the middle of the way; the weights stay. */
export default async function example(tf) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: "relu", inputShape: [6] }));
  model.add(tf.layers.dense({ units: 3, activation: "softmax" }));
  const { points, classes } = groups(tf, 30);
  model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  await model.fit(points, classes, { epochs: 3 });
  const before = await model.getWeights()[0].data();
  model.compile({ optimizer: tf.train.sgd(0.0005), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const after = await model.getWeights()[0].data();
  expect(before.every((weight, place) => weight === after[place]), "compiling changes no weight");
  await model.fit(points, classes, { epochs: 1 });
}
