import { expect, pretrained, stripes, withHead } from "./supply.js";

/** A low rate and a stop that puts the best weights back. */
export default async function example(tf) {
  const transferModel = withHead(tf, pretrained(tf), 2, "softmax");
  transferModel.compile({ optimizer: tf.train.adam(0.0005), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const { images, kinds } = stripes(tf, 40);
  const history = await transferModel.fit(images, kinds, {
    epochs: 5,
    batchSize: 16,
    validationSplit: 0.2,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 2, restoreBestWeights: true }),
  });
  const best = Math.min(...history.history.val_loss);
  const [loss] = transferModel.evaluate(images.slice([32], [8]), kinds.slice([32], [8]));
  expect(Math.abs((await loss.data())[0] - best) < 1e-4, "the weights are those of the best epoch");
}
