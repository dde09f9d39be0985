/**
 * The program that Train runs, as a reader would write it: the model is this page's own source, the numbers
 * are the form's.
 */

import { byId } from "./dom.js";
import { MODELS } from "./models.js";

/** @typedef {import("./settings.js").Settings} Settings */

/** @param {Record<keyof Settings, string>} words  the form's values as they stand, checked or not */
export function showProgram(words) {
  const choice = MODELS[words.model === "cnn" ? "cnn" : "mlp"];
  const yieldEvery = /^\d+$/.test(words.yieldEvery) ? words.yieldEvery : `"${words.yieldEvery}"`;
  const rate = words.optimizer === "momentum" ? `${words.learningRate}, 0.9` : words.learningRate;
  byId("program", HTMLElement).textContent = `import { loadPyEngine } from "./pyengine.js";

const tf = await loadPyEngine();
${bodyOf(choice.build)}
model.compile({
  optimizer: tf.train.${words.optimizer}(${rate}),
  loss: "categoricalCrossentropy",
  metrics: ["accuracy"],
});
await model.fit(images, labels, {
  epochs: ${words.epochs},
  batchSize: ${words.batchSize},
  yieldEvery: ${yieldEvery},
  validationData: [testImages, testLabels],
});`;
}

/**
 * What stands between a function's braces, its indentation and its return left out.
 *
 * @param {Function} build
 */
function bodyOf(build) {
  const lines = build.toString().split("\n").slice(1, -1);
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines
    .map((line) => line.slice(indent))
    .filter((line) => !line.startsWith("return"))
    .join("\n");
}
