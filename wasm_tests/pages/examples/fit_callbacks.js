import { expect, groups } from "./supply.js";

/** Functions of one's own beside the training. */
export default async function example(tf) {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, activation: "softmax", inputShape: [6] })] });
  model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });
  const { points, classes } = groups(tf, 48);
  const lines = [];
  await model.fit(points, classes, {
    epochs: 4,
    batchSize: 12,
    validationSplit: 0.25,
    callbacks: {
      onEpochEnd: (epoch, logs) => {
        lines.push(`${epoch}: ${logs.loss.toFixed(3)} and ${logs.val_loss.toFixed(3)}`);
      },
      onTrainEnd: () => {
        lines.push("over");
      },
    },
  });
  expect(lines.length === 5 && lines[0].startsWith("0: ") && lines[4] === "over", `the hooks ran: ${lines}`);
}
