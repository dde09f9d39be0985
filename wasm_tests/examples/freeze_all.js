/** Every layer of the base frozen: nothing of it is left to train. */

import { deepTransfer } from "./base.js";
import { equal, linesOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { baseModel, transferModel } = deepTransfer(tf, 2);
  equal(baseModel.trainableWeights.length, 24, "trainable weights before");

  baseModel.layers.forEach((/** @type {any} */ layer) => {
    layer.trainable = false;
  });

  const lines = await linesOf(() => {
    console.log("left to train:", baseModel.trainableWeights.length);
  });
  equal(lines, ["left to train: 0"], "what is printed");
  equal(baseModel.nonTrainableWeights.length, 24, "weights of the base that are frozen");
  equal(transferModel.trainableWeights.length, 4, "weights of the head");
  equal(baseModel.weights.length, 24, "weights of the base in all");
}
