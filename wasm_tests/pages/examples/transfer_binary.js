import { expect, pretrained, stripes, withHead } from "./supply.js";

/** Two classes in one number; callbacks in a list. */
export default async function example(tf) {
  const transferModel = withHead(tf, pretrained(tf), 1, "sigmoid");
  const { images, flags } = stripes(tf, 24);
  transferModel.compile({ optimizer: tf.train.adam(0.001), loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const history = await transferModel.fit(images, flags, {
    epochs: 2,
    batchSize: 8,
    validationSplit: 0.25,
    callbacks: [tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 3, restoreBestWeights: true })],
  });
  expect(history.history.acc.length === 2, "accuracy is the binary one");
}
