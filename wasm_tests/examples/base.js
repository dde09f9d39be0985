/** A network that stands for a trained one, and a head of one's own on top of it. */

import { clusters, halves } from "./data.js";

/**
 * Twelve dense layers, and a model that adds a head to them.
 *
 * @param {any} tf
 * @param {number} classes  1: one sigmoid
 */
export function deepTransfer(tf, classes) {
  const baseModel = tf.sequential();
  baseModel.add(tf.layers.dense({ units: 10, activation: "tanh", inputShape: [6] }));
  for (let depth = 1; depth < 12; depth++) baseModel.add(tf.layers.dense({ units: 10, activation: "tanh" }));
  const features = baseModel.outputs[0];
  const hidden = tf.layers.dense({ units: features.shape.at(-1), activation: "relu" }).apply(features);
  const head = { units: classes, activation: classes === 1 ? "sigmoid" : "softmax" };
  const transferModel = tf.model({ inputs: baseModel.inputs, outputs: tf.layers.dense(head).apply(hidden) });
  return { baseModel, transferModel };
}

/**
 * Convolutions with batch normalization between them, used as one layer of another model.
 *
 * @param {any} tf
 */
export function convolutionalTransfer(tf) {
  const baseModel = tf.sequential();
  baseModel.add(tf.layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: [8, 8, 1] }));
  baseModel.add(tf.layers.batchNormalization());
  baseModel.add(tf.layers.depthwiseConv2d({ kernelSize: 3, activation: "relu" }));
  baseModel.add(tf.layers.batchNormalization());
  baseModel.add(tf.layers.globalAveragePooling2d({}));
  const transferModel = tf.sequential();
  transferModel.add(baseModel);
  transferModel.add(tf.layers.dense({ units: 2, activation: "softmax" }));
  return { baseModel, transferModel };
}

/**
 * @param {any} tf
 * @param {number} count
 * @param {number} classes
 * @param {number} [spread]
 */
export function points(tf, count, classes, spread) {
  const { rows, labels, oneHot } = clusters(count, 6, classes, spread);
  return { xs: tf.tensor2d(rows), ys: tf.tensor2d(oneHot), labels: tf.tensor2d(labels, [count, 1]) };
}

/**
 * @param {any} tf
 * @param {number} count
 */
export function pictures(tf, count) {
  const { images, oneHot } = halves(count, 8);
  return { xs: tf.tensor4d(images), ys: tf.tensor2d(oneHot) };
}
