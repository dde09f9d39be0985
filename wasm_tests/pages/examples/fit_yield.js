import { expect, groups } from "./supply.js";

/** A word on the page after every epoch. */
export default async function example(tf) {
  const status = document.body.appendChild(document.createElement("p"));
  status.id = "status";
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, activation: "softmax", inputShape: [6] })] });
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
  const { points, classes } = groups(tf, 64);
  await model.fit(points, classes, {
    epochs: 5,
    batchSize: 16,
    yieldEvery: "epoch",
    callbacks: {
      onEpochEnd: (epoch, logs) => {
        document.getElementById("status").textContent = `Epoch ${epoch + 1} of 5: ${logs.loss.toFixed(4)}`;
      },
    },
  });
  expect(status.textContent.startsWith("Epoch 5 of 5: "), "the page says so");
  status.remove();
}
