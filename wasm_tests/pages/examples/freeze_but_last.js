import { expect, pretrained } from "./supply.js";

/** Only the last layers learn. */
export default async function example(tf) {
  const baseModel = pretrained(tf);
  baseModel.trainable = false;
  for (let place = baseModel.layers.length - 4; place < baseModel.layers.length; place++) {
    baseModel.layers[place].trainable = true;
  }
  const lines = [];
  baseModel.layers.forEach((layer, place) => {
    lines.push(`${place}: ${layer.name} ${layer.trainable}`);
  });
  expect(lines.filter((line) => line.endsWith("true")).length === 4, `four layers learn: ${lines}`);
}
