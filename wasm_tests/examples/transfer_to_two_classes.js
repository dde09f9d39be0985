/** One sigmoid, the binary loss, callbacks in a list. */

import { deepTransfer, points } from "./base.js";
import { equal, holds } from "./check.js";

export default async function (/** @type {any} */ tf) {
  tf.setRandomSeed(4);
  const { transferModel } = deepTransfer(tf, 1);
  const { xs, labels } = points(tf, 60, 2);

  transferModel.compile({
    optimizer: tf.train.adam(0.003),
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
  });
  const history = await transferModel.fit(xs, labels, {
    epochs: 25,
    batchSize: 12,
    validationSplit: 0.15,
    callbacks: [
      tf.callbacks.earlyStopping({
        monitor: "val_loss",
        patience: 4,
        restoreBestWeights: true,
      }),
    ],
  });

  holds(history.history.val_acc.at(-1) > 0.8, `two clusters are told apart: ${history.history.val_acc}`);
  equal((await transferModel.predict(xs).data()).length, 60, "one probability a row");
}
