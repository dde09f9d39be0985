import { expect, pretrained } from "./supply.js";

/** A base that does not learn any more. */
export default async function example(tf) {
  const baseModel = pretrained(tf);
  baseModel.layers.forEach((layer) => {
    layer.trainable = false;
  });
  expect(baseModel.trainableWeights.length === 0, "no weight is left to train");
}
