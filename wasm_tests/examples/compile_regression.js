/** A linear output, the mean squared error, and the same as a metric. */

import { equal, holds, near } from "./check.js";
import { numbers } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const next = numbers(5);
  const rows = Array.from({ length: 60 }, () => Array.from({ length: 7 }, next));
  const targets = rows.map((row) => [3 * row[0] - 2 * row[6] + 1]);

  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 20, activation: "relu", inputShape: [7] }));
  model.add(tf.layers.dense({ units: 10, activation: "relu" }));
  model.add(tf.layers.dense({ units: 1 })); // no activation: any number can come out

  model.compile({
    optimizer: tf.train.rmsprop(0.005),
    loss: "meanSquaredError",
    metrics: ["mse"],
  });

  const { history } = await model.fit(tf.tensor2d(rows), tf.tensor2d(targets), { epochs: 25, batchSize: 15 });
  equal(Object.keys(history), ["loss", "mse"], "names in the history");
  near(history.mse, history.loss, 1e-6, "mse as loss and as metric");
  holds(history.loss[24] < 0.25 * history.loss[0], `the loss falls: ${history.loss[0]} to ${history.loss[24]}`);
  const guess = model.predict(tf.tensor2d(rows.slice(0, 3)));
  equal(guess.shape, [3, 1], "shape of the predictions");
}
