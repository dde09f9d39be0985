import { expect, pretrained, stripes, withHead } from "./supply.js";

/** Frozen, trained, thawed, compiled again, trained. */
export default async function example(tf) {
  const baseModel = pretrained(tf);
  const transferModel = withHead(tf, baseModel, 2, "softmax");
  const { images, kinds } = stripes(tf, 24);
  baseModel.layers.forEach((layer) => { layer.trainable = false; });
  transferModel.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  await transferModel.fit(images, kinds, { epochs: 2 });
  for (let place = baseModel.layers.length - 10; place < baseModel.layers.length; place++) {
    baseModel.layers[place].trainable = true;
  }
  transferModel.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const before = await baseModel.getWeights()[0].data();
  await transferModel.fit(images, kinds, { epochs: 2 });
  const after = await baseModel.getWeights()[0].data();
  expect(before.some((weight, place) => weight !== after[place]), "what was thawed learns");
}
