/** The models one can choose, and what suits each of them. */

/** @typedef {import("pyengine").Engine} Engine */
/** @typedef {import("pyengine").LayersModel} Model */
/** @typedef {import("pyengine").Optimizer} Optimizer */

/**
 * @typedef {object} ModelChoice
 * @property {number[]} inputShape  of one image
 * @property {string} note  said under the choice
 * @property {{ epochs: number, batchSize: number, trainingImages: number }} suits
 * @property {(tf: Engine) => Model} build
 */

/** @type {Record<"mlp" | "cnn", ModelChoice>} */
export const MODELS = {
  mlp: {
    inputShape: [784],
    note: "One hidden layer of 128 units, 101,770 weights. Some 97.7 % of the test digits after five epochs.",
    suits: { epochs: 5, batchSize: 32, trainingImages: 60000 },
    build(tf) {
      const model = tf.sequential();
      model.add(tf.layers.dense({ units: 128, activation: "relu", inputShape: [784] }));
      model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
      return model;
    },
  },
  cnn: {
    inputShape: [28, 28, 1],
    note:
      "Two convolutions with pooling, 5,258 weights. Slow for now: convolutions run on plain NumPy here, " +
      "so it starts with fewer images.",
    suits: { epochs: 3, batchSize: 64, trainingImages: 10000 },
    build(tf) {
      const model = tf.sequential();
      model.add(tf.layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }));
      model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
      model.add(tf.layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu" }));
      model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
      model.add(tf.layers.flatten());
      model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
      return model;
    },
  },
};

/**
 * Optimizers with the learning rates they have unless told otherwise; those the engine lacks are not
 * offered.
 */
export const LEARNING_RATES = {
  adam: 0.001,
  sgd: 0.01,
  momentum: 0.01,
  rmsprop: 0.001,
  adagrad: 0.01,
  adadelta: 0.001,
  adamax: 0.002,
  nadam: 0.001,
  adamw: 0.001,
  lion: 0.0001,
};

const MOMENTUM = 0.9;

/**
 * @param {Engine} tf
 * @param {string} name
 * @param {number} learningRate
 */
export function makeOptimizer(tf, name, learningRate) {
  if (name === "momentum") return tf.train.momentum(learningRate, MOMENTUM);
  /** @type {Record<string, ((learningRate: number) => Optimizer) | undefined>} */
  const makers = { ...tf.train };
  const make = makers[name];
  if (!make) throw new Error(`The engine has no optimizer "${name}"; it has ${Object.keys(makers).join(", ")}.`);
  return make(learningRate);
}
