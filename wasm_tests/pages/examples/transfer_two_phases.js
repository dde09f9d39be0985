import { expect, pretrained, stripes, withHead } from "./supply.js";

/** First the head, then the last layers of the base, too. */
export default async function example(tf) {
  const baseModel = pretrained(tf);
  const transferModel = withHead(tf, baseModel, 2, "softmax");
  const { images, kinds } = stripes(tf, 40);
  baseModel.layers.forEach((layer) => {
    layer.trainable = false;
  });
  transferModel.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const frozen = await baseModel.getWeights()[0].data();
  const first = await transferModel.fit(images, kinds, {
    epochs: 3,
    batchSize: 16,
    validationSplit: 0.2,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_accuracy", patience: 2, mode: "max", restoreBestWeights: true }),
  });
  expect(first.history.val_accuracy.slice(-1)[0] >= 0, "val_accuracy can be read");
  const still = await baseModel.getWeights()[0].data();
  expect(frozen.every((weight, place) => weight === still[place]), "what is frozen does not change");
  for (let place = baseModel.layers.length - 10; place < baseModel.layers.length; place++) {
    baseModel.layers[place].trainable = true;
  }
  transferModel.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const second = await transferModel.fit(images, kinds, {
    epochs: 2,
    batchSize: 16,
    validationSplit: 0.2,
    callbacks: tf.callbacks.earlyStopping({ monitor: "val_loss", patience: 4, restoreBestWeights: true }),
  });
  expect(second.epoch.length >= 1, "the second phase trains");
}
