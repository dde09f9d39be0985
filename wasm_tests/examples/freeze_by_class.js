/** Convolutions frozen by their class names; parameters counted over the shapes of the weights. */

import { convolutionalTransfer, pictures } from "./base.js";
import { equal, holds, largestDifference, linesOf, numbersOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { baseModel, transferModel } = convolutionalTransfer(tf);

  baseModel.layers.forEach((/** @type {any} */ layer) => {
    if (layer.getClassName() === "Conv2D" || layer.getClassName() === "DepthwiseConv2D") {
      layer.trainable = false;
    }
  });

  const trainable = baseModel.trainableWeights.reduce(
    (/** @type {number} */ sum, /** @type {any} */ w) =>
      sum + w.shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1), 0,
  );
  const frozen = baseModel.nonTrainableWeights.reduce(
    (/** @type {number} */ sum, /** @type {any} */ w) =>
      sum + w.shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1), 0,
  );
  const lines = await linesOf(() => {
    console.log(`to train: ${trainable}`);
    console.log(`frozen: ${frozen}`);
  });
  // Each normalization has 3 gammas and 3 betas to train, 3 means and 3 variances that it keeps itself;
  // the convolutions have 27 + 3 and 27 + 3 weights.
  equal(lines, ["to train: 12", "frozen: 72"], "counts");

  const { xs, ys } = pictures(tf, 24);
  transferModel.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy" });
  const before = baseModel.layers.map(numbersOf);
  await transferModel.fit(xs, ys, { epochs: 2, batchSize: 8 });
  const moved = baseModel.layers.map((/** @type {any} */ layer, /** @type {number} */ place) =>
    largestDifference(numbersOf(layer), before[place]) > 0);
  equal(moved, [false, true, false, true, false], "layers that moved");
  holds(transferModel.layers[0] === baseModel, "the base is the very layer that was added");
}
