import { expect, groups } from "./supply.js";

/** Going on where a first training ended. */
export default async function example(tf) {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, activation: "softmax", inputShape: [6] })] });
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const { points, classes } = groups(tf, 50);
  const first = await model.fit(points, classes, { epochs: 3, batchSize: 16, validationSplit: 0.2 });
  const second = await model.fit(points, classes, { epochs: 7, initialEpoch: 3, batchSize: 16, validationSplit: 0.2 });
  expect(first.epoch.join() === "0,1,2" && second.epoch.join() === "3,4,5,6", "epochs are numbered on");
}
