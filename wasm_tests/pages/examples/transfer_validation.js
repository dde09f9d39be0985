import { expect, pretrained, stripes, withHead } from "./supply.js";

/** Validation data of its own, and a smallest gain that counts. */
export default async function example(tf) {
  const transferModel = withHead(tf, pretrained(tf), 2, "softmax");
  const { images, kinds } = stripes(tf, 24);
  const { images: valImages, kinds: valKinds } = stripes(tf, 8);
  transferModel.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const history = await transferModel.fit(images, kinds, {
    epochs: 3,
    batchSize: 8,
    validationData: [valImages, valKinds],
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 4, minDelta: 0.002, restoreBestWeights: true }),
  });
  const { loss, val_loss, acc, val_acc } = history.history;
  expect([loss, val_loss, acc, val_acc].every((series) => series.length === loss.length), "all four are recorded");
}
