/** The last few layers thawed again, and each layer's state read back. */

import { deepTransfer } from "./base.js";
import { equal, linesOf } from "./check.js";

export default async function (/** @type {any} */ tf) {
  const { baseModel } = deepTransfer(tf, 2);
  for (const layer of baseModel.layers) layer.trainable = false;

  for (let place = baseModel.layers.length - 3; place < baseModel.layers.length; place++) {
    baseModel.layers[place].trainable = true;
  }

  const lines = await linesOf(() => {
    baseModel.layers.forEach((/** @type {any} */ layer, /** @type {number} */ place) => {
      console.log(`${place} ${layer.name}: ${layer.trainable}`);
    });
  });
  equal(
    lines.map((line) => line.replace(/ dense(_\d+)?:/, "")),
    Array.from({ length: 12 }, (_, place) => `${place} ${place >= 9}`),
    "layers that train",
  );
  equal(baseModel.trainableWeights.length, 6, "weights left to train");
}
