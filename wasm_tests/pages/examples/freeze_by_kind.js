import { expect, pretrained } from "./supply.js";

/** Convolutions stand still, normalizations learn. */
export default async function example(tf) {
  const baseModel = pretrained(tf);
  baseModel.layers.forEach((layer) => {
    if (layer.getClassName() === "Conv2D" || layer.getClassName() === "DepthwiseConv2D") {
      layer.trainable = false;
    }
  });
  const count = (weights) => weights.reduce((sum, w) => sum + w.shape.reduce((a, b) => a * b, 1), 0);
  expect(count(baseModel.trainableWeights) === 2 * 2 * 4, "gammas and betas learn");
  expect(count(baseModel.nonTrainableWeights) === 36 + 144 + 40 + 2 * 2 * 4, "kernels and moving statistics do not");
}
