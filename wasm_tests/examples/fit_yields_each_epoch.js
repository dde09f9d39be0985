/** With yieldEvery 'epoch' the page has its turn after each epoch: what a hook writes can be seen. */

import { equal, holds } from "./check.js";
import { clusters } from "./data.js";

export default async function (/** @type {any} */ tf) {
  const { rows, oneHot } = clusters(32, 4, 2);
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 2, activation: "softmax", inputShape: [4] }));
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });

  const paragraph = document.createElement("p");
  paragraph.id = "progress";
  document.body.append(paragraph);
  let turns = 0;
  let running = true;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    if (!running) return;
    turns += 1;
    channel.port2.postMessage(null);
  };
  channel.port2.postMessage(null);

  const history = await model.fit(tf.tensor2d(rows), tf.tensor2d(oneHot), {
    epochs: 20,
    batchSize: 8,
    yieldEvery: "epoch",
    callbacks: {
      onEpochEnd: (/** @type {number} */ epoch, /** @type {any} */ logs) => {
        const place = /** @type {HTMLElement} */ (document.getElementById("progress"));
        place.textContent = `${epoch + 1} of 20, ` + `loss ${logs.loss.toFixed(2)}`;
      },
    },
  });

  running = false;
  paragraph.remove();
  equal(history.epoch.length, 20, "epochs");
  holds(/^20 of 20, loss \d\.\d\d$/.test(paragraph.textContent ?? ""), `the page says: ${paragraph.textContent}`);
  holds(turns >= 20, `the page had a turn after each of 20 epochs, not ${turns}`);
}
