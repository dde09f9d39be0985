import { expect, groups } from "./supply.js";

/** Rows held back, and a stop when they no longer gain. */
export default async function example(tf) {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, activation: "softmax", inputShape: [6] })] });
  model.compile({ optimizer: tf.train.sgd(200), loss: "categoricalCrossentropy" });
  const { points, classes } = groups(tf, 50);
  const history = await model.fit(points, classes, {
    epochs: 90,
    batchSize: 16,
    validationSplit: 0.3,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 2 }),
  });
  expect(history.epoch.length < 90, "training stopped before its last epoch");
  expect(history.history.loss[history.history.loss.length - 1] >= 0, "the last loss can be read");
}
