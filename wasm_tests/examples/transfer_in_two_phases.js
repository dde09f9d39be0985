/** The head first, watched by val_accuracy; then the last layers of the base too, compiled anew. */

import { deepTransfer, points } from "./base.js";
import { equal, holds, largestDifference, linesOf, numbersOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { baseModel, transferModel } = deepTransfer(tf, 2);
  const { xs, ys } = points(tf, 50, 2);
  const before = baseModel.layers.map(numbersOf);

  baseModel.layers.forEach((/** @type {any} */ layer) => { layer.trainable = false; });
  transferModel.compile({
    optimizer: tf.train.adam(0.01),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const headHistory = await transferModel.fit(xs, ys, {
    epochs: 12,
    batchSize: 10,
    validationSplit: 0.2,
    callbacks: tf.callbacks.earlyStopping({
      monitor: "val_accuracy",
      patience: 2,
      mode: "max",
      restoreBestWeights: true,
    }),
  });
  equal(baseModel.layers.map(numbersOf), before, "the frozen base after the first phase");
  const lines = await linesOf(() => {
    console.log("val_accuracy after the head:", headHistory.history.val_accuracy.slice(-1)[0]);
  });
  equal(lines, [`val_accuracy after the head: ${headHistory.history.val_acc.at(-1)}`], "the alias");
  equal(Object.keys(headHistory.history), ["loss", "acc", "val_loss", "val_acc"], "names: an alias is no name");

  for (let place = baseModel.layers.length - 4; place < baseModel.layers.length; place++) {
    baseModel.layers[place].trainable = true;
  }
  transferModel.compile({
    optimizer: tf.train.adam(0.0005),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const wholeHistory = await transferModel.fit(xs, ys, {
    epochs: 8,
    batchSize: 10,
    validationSplit: 0.2,
    callbacks: tf.callbacks.earlyStopping({
      monitor: "val_loss",
      patience: 2,
      restoreBestWeights: true,
    }),
  });

  holds(wholeHistory.epoch.length <= 8, "the second phase ended");
  const moved = baseModel.layers.map(
    (/** @type {any} */ layer, /** @type {number} */ place) => largestDifference(numbersOf(layer), before[place]) > 0,
  );
  equal(moved, Array.from({ length: 12 }, (_, place) => place >= 8), "layers of the base that moved");
}
