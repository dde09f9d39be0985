/** The summary counts what trains and what does not. */

import { convolutionalTransfer } from "./base.js";
import { equal, holds, linesOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { baseModel, transferModel } = convolutionalTransfer(tf);
  for (const layer of baseModel.layers) layer.trainable = false;

  const lines = await linesOf(() => transferModel.summary());

  const text = lines.join("\n");
  const count = (/** @type {string} */ words) => text.match(new RegExp(`^${words}: (\\d+)`, "im"))?.[1];
  equal(count("Total params"), "92", `total in\n${text}\n`);
  equal(count("Trainable params"), "8", `trainable in\n${text}\n`);
  equal(count("Non-trainable params"), "84", `non-trainable in\n${text}\n`);
  holds(text.includes("dense"), "the head has its row");

  /** @type {string[]} */
  const kept = [];
  transferModel.summary(60, [0.5, 0.8, 1], (/** @type {string} */ line) => void kept.push(line));
  holds(kept.length > 0 && kept.every((line) => line.length <= 60), "a width and a printer of one's own");
}
