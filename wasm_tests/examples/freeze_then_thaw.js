/** Two phases without callbacks, on images. */

import { convolutionalTransfer, pictures } from "./base.js";
import { equal, holds, largestDifference, numbersOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { baseModel, transferModel } = convolutionalTransfer(tf);
  const { xs, ys } = pictures(tf, 24);
  const before = numbersOf(baseModel);

  baseModel.layers.forEach((/** @type {any} */ layer) => { layer.trainable = false; });
  transferModel.compile({
    optimizer: tf.train.adam(0.01),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await transferModel.fit(xs, ys, { epochs: 3 });
  equal(numbersOf(baseModel), before, "the frozen base, moving statistics and all");

  for (let place = baseModel.layers.length - 3; place < baseModel.layers.length; place++) {
    baseModel.layers[place].trainable = true;
  }
  transferModel.compile({
    optimizer: tf.train.adam(0.0001),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await transferModel.fit(xs, ys, { epochs: 3 });

  const moved = largestDifference(numbersOf(baseModel), before);
  holds(moved > 0, "the thawed layers moved");
  equal(numbersOf(baseModel.layers[0]), before.slice(0, 30), "the first convolution, frozen all the time");
}
