/** Low rate, validation split, early stopping; the best weights come back. */

import { deepTransfer, points } from "./base.js";
import { equal, holds, near, numbersOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  tf.setRandomSeed(8);
  const { baseModel, transferModel } = deepTransfer(tf, 3);
  const { xs, ys } = points(tf, 60, 3, 2);
  baseModel.layers.forEach((/** @type {any} */ layer) => {
    layer.trainable = false;
  });
  const base = numbersOf(baseModel);
  transferModel.compile({
    optimizer: tf.train.adam(0.03), // high, so that it overshoots soon
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });

  /** @type {number[][]} */
  const kept = [];
  const history = await transferModel.fit(xs, ys, {
    epochs: 60,
    batchSize: 12,
    validationSplit: 0.2,
    callbacks: [
      { onEpochEnd: () => void kept.push(numbersOf(transferModel)) },
      tf.callbacks.earlyStopping({
        monitor: "val_loss",
        patience: 3,
        restoreBestWeights: true,
      }),
    ],
  });

  const { val_loss: losses } = history.history;
  const best = losses.indexOf(Math.min(...losses));
  holds(losses.length < 60, "early stopping stopped");
  equal(losses.length - 1 - best, 3, "epochs after the best one");
  equal(numbersOf(transferModel), kept[best], "weights: those of the best epoch");
  equal(numbersOf(baseModel), base, "frozen weights");

  const [loss] = transferModel.evaluate(xs.slice([48, 0], [12, 6]), ys.slice([48, 0], [12, 3]));
  near(await loss.data(), [losses[best]], 1e-5, "evaluate and the best epoch's validation");
}
