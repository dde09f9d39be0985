import { expect } from "./supply.js";

/** Samples that are made while training runs. */
export default async function example(tf) {
  const stream = (samples) =>
    tf.data.generator(function* () {
      for (let made = 0; made < samples; made += 1) {
        const numbers = Array.from({ length: 5 }, () => Math.random());
        const kind = numbers[1] + numbers[2] > 1 ? [1, 0] : [0, 1];
        yield { value: { xs: numbers, ys: kind } };
      }
    });
  const training = stream(160).shuffle(50).batch(16);
  const validation = stream(40).batch(16);
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: "softmax", inputShape: [5] })] });
  model.compile({ optimizer: tf.train.adam(0.05), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const history = await model.fitDataset(training, {
    epochs: 6,
    validationData: validation,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 6 }),
  });
  expect(history.history.val_loss.at(-1) < history.history.val_loss[0], "it learns from the stream");
}
