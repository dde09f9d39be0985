import { expect } from "./supply.js";

/** Exclusive or, with validation data of its own. */
export default async function example(tf) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: "tanh", inputShape: [2] }));
  model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
  model.compile({ optimizer: tf.train.adam(0.1), loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const corners = tf.tensor2d([[0, 0], [0, 1], [1, 0], [1, 1]]);
  const differ = tf.tensor2d([[0], [1], [1], [0]]);
  const nearCorners = tf.tensor2d([[0.1, 0.05], [0.95, 0.9]]);
  const nearDiffer = tf.tensor2d([[0], [0]]);
  const history = await model.fit(corners, differ, {
    epochs: 120,
    batchSize: 4,
    validationData: [nearCorners, nearDiffer],
    shuffle: true,
  });
  expect(history.history.acc.at(-1) === 1, "all four are learnt");
  expect(history.history.val_acc.at(-1) === 1, "and their neighbours");
}
