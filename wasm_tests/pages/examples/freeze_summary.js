import { expect, pretrained, withHead } from "./supply.js";

/** The summary tells what learns and what does not. */
export default async function example(tf) {
  const baseModel = pretrained(tf);
  baseModel.layers.forEach((layer) => { layer.trainable = false; });
  const transferModel = withHead(tf, baseModel, 2, "softmax");
  const lines = [];
  transferModel.summary(undefined, undefined, (line) => lines.push(line));
  const text = lines.join("\n");
  expect(/Total params: 382\b/.test(text), text);
  expect(/Trainable params: 130\b/.test(text), text);
  expect(/Non-trainable params: 252\b/.test(text), text);
  transferModel.summary();
}
