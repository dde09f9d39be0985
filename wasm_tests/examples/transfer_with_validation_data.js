/** Validation rows of their own, a least improvement, and a look at all four series. */

import { deepTransfer, points } from "./base.js";
import { equal, holds, isSeries, linesOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { transferModel } = deepTransfer(tf, 3);
  const { xs: trainXs, ys: trainYs } = points(tf, 45, 3);
  const { xs: valXs, ys: valYs } = points(tf, 15, 3);

  transferModel.compile({
    optimizer: tf.train.adam(0.002),
    loss: "categoricalCrossentropy",
    metrics: ["accuracy"],
  });
  const history = await transferModel.fit(trainXs, trainYs, {
    epochs: 30,
    batchSize: 9,
    validationData: [valXs, valYs],
    callbacks: tf.callbacks.earlyStopping({
      monitor: "val_loss",
      patience: 2,
      minDelta: 0.2, // so much that hardly any epoch improves
      restoreBestWeights: true,
    }),
  });

  const epochs = history.epoch.length;
  holds(epochs >= 3 && epochs < 30, `two epochs without such an improvement end it, not after ${epochs}`);
  const lines = await linesOf(() => {
    console.log("loss:", history.history.loss);
    console.log("validation loss:", history.history.val_loss);
    console.log("accuracy:", history.history.acc);
    console.log("validation accuracy:", history.history.val_acc);
  });
  equal(lines.length, 4, "lines on the console");
  for (const name of ["loss", "val_loss", "acc", "val_acc"]) isSeries(history.history[name], epochs, name);
}
