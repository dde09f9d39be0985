/**
 * Make tfjs_training.json with TensorFlow.js on its CPU backend in Node.
 * Run it in a folder where `npm install @tensorflow/tfjs@4.22.0` was done: `node <here>/make_tfjs.mjs`.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { integers, make, oneHot, short, stored, uniform } from "./rules.mjs";

const require = createRequire(`${process.cwd()}/`);
const tf = require("@tensorflow/tfjs");
tf.env().set("PROD", true);
await tf.setBackend("cpu");

const camel = (word) => word.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const camelKeys = (config) => Object.fromEntries(Object.entries(config).map(([key, value]) => [camel(key), value]));
const dense = (name, units, more = {}) => ({ layer: "Dense", config: { name, units, ...more } });
const layer = (kind, name, config = {}) => ({ layer: kind, config: { name, ...config } });
const sequential = (inputShape, ...layers) => ({ kind: "sequential", input_shape: inputShape, layers });

const FACTORIES = {
  Dense: "dense", Conv2D: "conv2d", MaxPooling2D: "maxPooling2d", Flatten: "flatten", Dropout: "dropout",
  BatchNormalization: "batchNormalization", DepthwiseConv2D: "depthwiseConv2d", Activation: "activation",
  ReLU: "reLU", GlobalAveragePooling2D: "globalAveragePooling2d",
};

const ADADELTA = "TF.js divides by the accumulated gradient of before this step";

function build(description) {
  const model = tf.sequential();
  description.layers.forEach((item, i) => {
    const first = i === 0 ? { inputShape: description.input_shape } : {};
    model.add(tf.layers[FACTORIES[item.layer]]({ ...camelKeys(item.config), ...first }));
  });
  return model;
}

const tensor = (spec) => tf.tensor(make(spec), spec.shape);

/** The first weights: matrices as Glorot would size them, moving variances positive, the rest small. */
function weightSpecs(model) {
  return model.weights.map((weight, i) => {
    const shape = weight.shape;
    const name = weight.originalName;
    const trainable = model.trainableWeights.some((other) => other.originalName === name);
    if (name.endsWith("moving_variance")) return { name, trainable, ...uniform(shape, 100 + i, 0.4, 1.6) };
    const size = shape.length < 2 ? 0.2 : Math.sqrt(6 / (shape[shape.length - 1] + shape[shape.length - 2]));
    const bound = Number(size.toFixed(3));
    return { name, trainable, ...uniform(shape, 100 + i, -bound, bound) };
  });
}

function callbacksOf(fit) {
  if (!fit.early_stopping) return undefined;
  const settings = camelKeys(fit.early_stopping);
  return [tf.callbacks.earlyStopping(settings)];
}

function optimizerOf(optimizer) {
  if (typeof optimizer === "string") return optimizer;
  return tf.train[optimizer.function](...optimizer.arguments);
}

async function trainingRow(name, description, compile, x, y, fit) {
  const model = build(description);
  const weights = weightSpecs(model);
  // setWeights wants trainable weights first, as model.weights has them.
  model.setWeights(weights.map(tensor));
  model.compile({ optimizer: optimizerOf(compile.optimizer), loss: compile.loss, metrics: compile.metrics });
  const settings = { batch_size: 4, epochs: 3, shuffle: false, ...fit };
  const { early_stopping: _, validation_data: validation, ...plain } = settings;
  const given = { ...camelKeys(plain), verbose: 0 };
  const callbacks = callbacksOf(settings);
  if (callbacks) given.callbacks = callbacks;
  if (validation) given.validationData = validation.map(tensor);
  const history = await model.fit(tensor(x), tensor(y), given);
  const predicted = model.predict(tensor(x));
  const evaluated = [model.evaluate(tensor(x), tensor(y), { batchSize: 4 })].flat();
  const values = Object.entries(history.history).map(([key, list]) => [key, list.map(short)]);
  const row = {
    name, model: description, weights, compile, x, y, fit: settings,
    learning_rate: model.optimizer.learningRate,
    epoch: history.epoch,
    history: Object.fromEntries(values),
    final_weights: model.getWeights().map((weight) => stored(weight.shape, weight.dataSync())),
    evaluate: evaluated.map((value) => short(value.dataSync()[0])),
    predict: stored(predicted.shape, predicted.dataSync()),
  };
  if (settings.early_stopping) row.stopped_epoch = history.epoch[history.epoch.length - 1];
  return row;
}

async function trainingRows() {
  const x = uniform([14, 5], 1);
  const labels = oneHot([14, 3], 2);
  const mlp = sequential([5], dense("hidden", 6, { activation: "relu" }), dense("head", 3, { activation: "softmax" }));
  const compile = { optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] };
  // Adam turns its float32 bias correction into differences of 1e-4 within an epoch; momentum keeps agreement tight.
  const momentum = { function: "momentum", arguments: [0.1, 0.9] };
  const binary = sequential([4], dense("hidden", 4, { activation: "tanh" }), dense("head", 1, { activation: "sigmoid" }));
  const bce = { optimizer: momentum, loss: "binaryCrossentropy", metrics: ["accuracy"] };
  const regression = sequential([4], dense("hidden", 5, { activation: "tanh" }), dense("head", 2));
  const mse = { optimizer: { function: "sgd", arguments: [0.1] }, loss: "meanSquaredError", metrics: ["mae"] };
  const cnn = sequential(
    [6, 6, 1],
    layer("Conv2D", "conv", { filters: 2, kernel_size: 3, padding: "same", activation: "relu" }),
    layer("BatchNormalization", "norm", { momentum: 0.9 }),
    layer("MaxPooling2D", "pool", { pool_size: 2 }),
    layer("DepthwiseConv2D", "depthwise", { kernel_size: 2 }),
    layer("Flatten", "flatten"),
    dense("head", 3, { activation: "softmax" }),
  );
  const sparse = { ...compile, optimizer: momentum, loss: "sparseCategoricalCrossentropy" };
  const validation = [uniform([6, 4], 21), uniform([6, 2], 22)];
  const stopping = { epochs: 40, validation_split: 0.3 };
  const rows = [];
  const add = async (...row) => rows.push(await trainingRow(...row));
  await add("validation_split", mlp, { ...compile, optimizer: momentum }, x, labels, { validation_split: 0.25 });
  await add("validation_data", regression, mse, uniform([11, 4], 5), uniform([11, 2], 6), { validation_data: validation });
  await add("binary", binary, bce, uniform([13, 4], 9), integers([13, 1], 7, 2), { validation_split: 0.3 });
  await add("sparse_labels_cnn", cnn, sparse, uniform([9, 6, 6, 1], 31), integers([9, 1], 32, 3), { validation_split: 0.25 });
  await add("initial_epoch", mlp, compile, x, labels, { initial_epoch: 4, epochs: 7 });
  const noisy = [uniform([14, 5], 3), oneHot([14, 3], 5)];
  for (const [name, early] of Object.entries({
    early_stopping_default: {},
    early_stopping_patience_3: { monitor: "val_loss", patience: 3 },
    early_stopping_min_delta: { monitor: "val_loss", patience: 1, min_delta: 0.05 },
    early_stopping_accuracy: { monitor: "val_acc", patience: 2 },
    early_stopping_mode_max: { monitor: "val_loss", patience: 2, mode: "max" },
    early_stopping_baseline: { monitor: "val_loss", patience: 2, baseline: 0.01 },
    early_stopping_training_loss: { monitor: "loss", patience: 1, min_delta: 0.02 },
  })) {
    await add(name, mlp, { ...compile, optimizer: momentum }, ...noisy, { ...stopping, early_stopping: early });
  }
  for (const optimizer of ["sgd", "adam", "rmsprop", "adagrad", "adadelta", "adamax"]) {
    await add(`optimizer_string_${optimizer}`, mlp, { ...compile, optimizer }, x, labels, { epochs: 5 });
  }
  for (const [fn, ...args] of [
    ["sgd", 0.1], ["momentum", 0.05, 0.9], ["momentum", 0.05, 0.9, true], ["adam", 0.02, 0.8, 0.95, 1e-7],
    ["rmsprop", 0.02, 0.8], ["rmsprop", 0.02, 0.9, 0.5, 1e-7, true], ["adagrad", 0.1, 0.2], ["adamax", 0.02, 0.8, 0.95],
    ["adadelta", 0.5, 0.9, 1e-6],
  ]) {
    const compileInstance = { ...compile, optimizer: { function: fn, arguments: args } };
    await add(`optimizer_${fn}_${args.join("_")}`, mlp, compileInstance, x, labels, { epochs: 5 });
  }
  const reasons = {
    early_stopping_baseline: "TF.js starts `best` at the baseline; Keras also lets a new best below it avert the stop",
    optimizer_string_adadelta: ADADELTA,
    "optimizer_adadelta_0.5_0.9_0.000001": ADADELTA,
    "optimizer_rmsprop_0.02_0.9_0.5_1e-7_true": "centered: TF.js subtracts epsilon inside the root, Keras adds it",
  };
  for (const row of rows) if (reasons[row.name]) row.differs_from_keras = reasons[row.name];
  return rows;
}

function summaryRow(name, model) {
  const lines = [];
  model.summary(undefined, undefined, (line) => lines.push(line));
  return { name, kind: "summary", lines, parameters: model.countParams() };
}

function summaryRows() {
  const small = sequential(
    [28, 28, 1],
    layer("Conv2D", "conv", { filters: 8, kernel_size: 3, activation: "relu" }),
    layer("BatchNormalization", "norm"),
    layer("MaxPooling2D", "pool", { pool_size: 2 }),
    layer("Flatten", "flatten"),
    layer("Dropout", "dropout", { rate: 0.25 }),
    dense("head", 10, { activation: "softmax" }),
  );
  const frozen = build(small);
  frozen.layers[0].trainable = false;
  const left = tf.input({ shape: [4], name: "left" });
  const right = tf.input({ shape: [4], name: "right" });
  const shared = tf.layers.dense({ units: 3, name: "shared" });
  const joined = tf.layers.concatenate({ name: "joined" }).apply([shared.apply(left), shared.apply(right)]);
  const outputs = tf.layers.dense({ units: 1, name: "out" }).apply(joined);
  return [
    { ...summaryRow("summary_sequential", build(small)), model: small },
    { ...summaryRow("summary_frozen_first_layer", frozen), model: small },
    summaryRow("summary_functional_shared", tf.model({ inputs: [left, right], outputs })),
  ];
}

const rows = [...(await trainingRows()), ...summaryRows()];
const versions = JSON.stringify({ "@tensorflow/tfjs": tf.version.tfjs, backend: "cpu", node: process.version });
const text = `{"made_with": ${versions},\n"rows": [\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]}\n`;
writeFileSync(fileURLToPath(new URL("tfjs_training.json", import.meta.url)), text);
console.log(`tfjs_training.json: ${rows.length} rows, ${Math.round(text.length / 1000)} kB`);
