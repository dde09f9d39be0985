/** Models: networks of layers, and their training. */

import { refuseUndefined } from "./arity.js";
import { call, callAsync, defined, isPlain } from "./border.js";
import { callbacksInward } from "./callbacks.js";
import { Dataset } from "./data.js";
import { breathe } from "./environment.js";
import { described, refusal } from "./errors.js";
import { copied, one, tensorsOf } from "./feeding.js";
import { Handle, Layer, SymbolicTensor } from "./handles.js";
import { Pending, finishPending } from "./pending.js";
import { Tensor, tensor } from "./tensor.js";

/** @typedef {{ epoch: number[], history: Record<string, number[]>, params: Record<string, any> }} History */
/** @typedef {Record<string, any>} Settings  arguments of fit and its kin, as TensorFlow.js has them */

const REQUIRED = ["optimizer", "loss"];
const OPTIONAL = ["metrics", "weightedMetrics", "lossWeights"];

/** A network of layers with the face of training. It is a layer itself. */
export class LayersModel extends Layer {
  /** @type {History | null} What the last fit resolved to. */
  history = null;

  /** Its layers, inputs first. A new array each time. @returns {Layer[]} */
  get layers() {
    return call("get", this, "layers");
  }

  /** Its symbolic inputs. A new array each time. @returns {SymbolicTensor[]} */
  get inputs() {
    return call("get", this, "inputs");
  }

  /** Its symbolic outputs. A new array each time. @returns {SymbolicTensor[]} */
  get outputs() {
    return call("get", this, "outputs");
  }

  /** The names of its inputs. A new array each time. @returns {string[]} */
  get inputNames() {
    return call("get", this, "input_names");
  }

  /** The names of its outputs. A new array each time. @returns {string[]} */
  get outputNames() {
    return call("get", this, "output_names");
  }

  /** The optimizer that compile was given. @returns {any} */
  get optimizer() {
    return call("get", this, "optimizer");
  }

  /**
   * Set it to true to end a training after the running batch. Hooks and data that it then waits for get one second.
   *
   * @returns {boolean}
   */
  get stopTraining() {
    return call("get", this, "stop_training");
  }

  set stopTraining(stop) {
    call("put", this, "stop_training", Boolean(stop));
  }

  /**
   * The layer of a name, or the one at a place in `layers`.
   *
   * @param {string | number} nameOrIndex  its name, or its place from 0
   * @param {number} [index]  its place, where no name is given; default none
   * @returns {Layer}
   * @throws {PyEngineError} where there is none
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.getLayer(0).getClassName()  // "Dense"
   */
  getLayer(nameOrIndex, index) {
    return call("call", this, "get_layer", [index ?? nameOrIndex], {});
  }

  /**
   * Prints name, output shape and parameters of every layer, and the totals.
   *
   * @param {number} [lineLength]  width in characters; default as wide as the content needs
   * @param {number[]} [positions]  where the columns end, as fractions of the width or in characters; default as the
   *   content needs
   * @param {(line: string) => void} [printFn=console.log]  called with each line
   * @returns {void}
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * const lines = [];
   * model.summary(undefined, undefined, (line) => lines.push(line));
   * lines.some((line) => line.includes("Dense"))  // true
   */
  summary(lineLength, positions, printFn = console.log) {
    for (const line of call("summary", this, lineLength ?? null, positions ?? null)) printFn(line);
  }

  /**
   * Binds optimizer, loss and metrics to the model; changes no weight.
   *
   * @param {Settings} settings  optimizer (default "rmsprop") and loss (needed): a name, or an object of `tf.train` or
   *   `tf.losses`; metrics, lossWeights, weightedMetrics (default none)
   * @returns {void}
   * @throws {PyEngineError} for unknown names, a missing loss, and while a fit runs
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError", metrics: ["mae"] });
   */
  compile(settings) {
    const given = settingsOf("model.compile", settings);
    settings ??= {};
    for (const name of REQUIRED) if (name in settings) refuseUndefined("model.compile", name, settings[name]);
    for (const name of OPTIONAL) refuseUndefined("model.compile", name, settings[name] ?? null);
    finishPending((model, kind) => model === this && kind !== "predict");
    call("compile", this, given);
  }

  /**
   * How much memory the model takes with batches of a size: in training where it is compiled, else in predict. The step
   * is planned, not allocated.
   *
   * @param {number} [batchSize]  samples per batch, 32 by default
   * @returns {{ parameters: number, optimizer: number, step: number, total: number }}  in bytes
   * @throws {Error} for a model whose inputs have lengths that are not known
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
   * model.memoryEstimate(64).parameters  // 32
   */
  memoryEstimate(batchSize) {
    const [parameters, optimizer, step] = call("call", this, "memory_estimate", [batchSize ?? 32], {});
    return { parameters, optimizer, step, total: parameters + optimizer + step };
  }

  /**
   * Trains on arrays in memory.
   *
   * @param {any} x  tensor, typed array or nested arrays, (samples, …); a list or a map of them for several inputs
   * @param {any} y  the targets, likewise, for the outputs
   * @param {Settings} [settings={}]  epochs (default 1), batchSize (samples per update, default 32), validationSplit (fraction
   *   of the last rows, 0 ≤ fraction < 1, default 0), validationData ([x, y] or [x, y, sampleWeight]), shuffle (default
   *   true), callbacks, classWeight, sampleWeight, initialEpoch (default 0), stepsPerEpoch, validationSteps,
   *   validationBatchSize, validationFreq (default 1), verbose, yieldEvery ("auto", "batch", "epoch", milliseconds or
   *   "never", default "auto")
   * @returns {Promise<History>}  `history.history.loss`, … one number per epoch
   * @throws {PyEngineError} before the first step: not compiled, wrong shapes, unequal numbers of samples, labels out of
   *   range, numbers that are not finite, a fit that runs already
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * const history = await model.fit([[1], [2]], [[2], [4]], { epochs: 2 });
   * history.epoch  // [0, 1]
   */
  async fit(x, y, settings = {}) {
    refuseDataset("model.fit", x, "model.fitDataset(dataset, { epochs: 5 })");
    const inputs = this.#forInputs("model.fit", x);
    const targets = this.#forOutputs("model.fit", y);
    return this.#train("fit", [inputs, targets], settings);
  }

  /**
   * Trains on a dataset of batches.
   *
   * @param {Dataset} dataset  of elements { xs, ys }, already batched
   * @param {Settings} settings  epochs (needed), batchesPerEpoch (default the whole dataset), validationData (a dataset or
   *   [x, y]), validationBatches (default all), and callbacks, classWeight, initialEpoch, verbose, yieldEvery as in `fit`
   * @returns {Promise<History>}
   * @throws {PyEngineError} as `fit`; what is wrong with a batch is known only when the batch comes
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * const rows = tf.data.array([{ xs: [1], ys: [2] }, { xs: [2], ys: [4] }]);
   * (await model.fitDataset(rows.batch(2), { epochs: 2 })).epoch  // [0, 1]
   */
  async fitDataset(dataset, settings) {
    requireDataset("model.fitDataset", dataset, "model.fit(x, y, { epochs: 5 })");
    return this.#train("fit_dataset", [dataset], settings);
  }

  /**
   * What a user gave for the model's inputs, as tensors.
   *
   * @param {string} where  what was called, for errors
   * @param {any} given
   * @param {string} [argument]  for errors
   */
  #forInputs(where, given, argument = "x") {
    return tensorsOf(given, call("count", this, "inputs"), where, argument);
  }

  /**
   * The same for its outputs.
   *
   * @param {string} where
   * @param {any} given
   * @param {string} [argument]
   */
  #forOutputs(where, given, argument = "y") {
    return tensorsOf(given, call("count", this, "outputs"), where, argument);
  }

  /**
   * @param {"fit" | "fit_dataset"} kind
   * @param {any[]} data
   * @param {Settings} settings
   * @returns {Promise<History>}
   */
  async #train(kind, data, settings) {
    call("claim", this, kind);
    /** @type {any[]} */
    const copies = [];
    try {
      const given = await this.#settingsInward(kind === "fit" ? "model.fit" : "model.fitDataset", settings, copies);
      const positional = [];
      for (const part of data) positional.push(part instanceof Handle ? part : await copied(part, copies));
      const history = await callAsync("fit", this, kind, positional, given);
      this.history = history;
      return history;
    } finally {
      call("release", this);
      for (const copy of copies) copy.destroy();
    }
  }

  /**
   * @param {string} where  what was called, for errors
   * @param {Settings} settings
   * @param {any[]} copies
   */
  async #settingsInward(where, settings, copies) {
    const given = settingsOf(where, settings);
    given.callbacks = callbacksInward(given.callbacks);
    copies.push(...given.callbacks.filter((/** @type {any} */ callback) => !(callback instanceof Handle)));
    if (Array.isArray(given.validationData)) {
      const [x, y, ...weights] = given.validationData;
      const parts = [this.#forInputs(where, x, "validationData[0]"), this.#forOutputs(where, y, "validationData[1]")];
      for (const weight of weights) parts.push(this.#forOutputs(where, weight, "validationData[2]"));
      given.validationData = [];
      for (const part of parts) given.validationData.push(await copied(part, copies));
    }
    if (given.sampleWeight !== undefined) {
      given.sampleWeight = await copied(this.#forOutputs(where, given.sampleWeight, "sampleWeight"), copies);
    }
    return given;
  }

  /**
   * The outputs for all samples: begun at once, finished when their numbers are asked for.
   *
   * @param {any} x  tensor, typed array or nested arrays, (samples, …); a list or a map of them for several inputs
   * @param {Settings} [settings={}]  batchSize (samples at a time, default 32; it does not change the result), verbose
   * @returns {any}  a Tensor (samples, …), or one per output
   * @throws {PyEngineError} for data that do not fit
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * await model.predict([[1], [2]]).array()  // [[1], [2]]
   */
  predict(x, settings = {}) {
    refuseDataset("model.predict", x, "model.predictOnBatch(x)");
    const inputs = this.#forInputs("model.predict", x);
    const pending = new Pending(call("begin", this, "predict", [inputs], settingsOf("model.predict", settings)), this, "predict");
    const rows = this.#rowsOf(inputs);
    const results = this.outputs.map((output, place) => pending.tensor(place, outputShape(output, rows)));
    return results.length === 1 ? results[0] : results;
  }

  /** @param {any} tensors */
  #rowsOf(tensors) {
    const first = tensors instanceof Tensor ? tensors : Object.values(tensors)[0];
    return first.shape[0];
  }

  /**
   * The outputs for one batch, at once.
   *
   * @param {any} x  tensor, typed array or nested arrays, (samples, …); a list or a map of them for several inputs
   * @returns {any}  a Tensor (samples, …), or one per output
   * @throws {PyEngineError} for data that do not fit
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.predictOnBatch([[1], [2]]).arraySync()  // [[1], [2]]
   */
  predictOnBatch(x) {
    return call("onBatch", this, "predict_on_batch", [this.#forInputs("model.predictOnBatch", x)], {});
  }

  /**
   * Loss and metrics on arrays in memory, in inference mode: begun at once, finished when their numbers are asked for.
   *
   * @param {any} x  tensor, typed array or nested arrays, (samples, …); a list or a map of them for several inputs
   * @param {any} y  the targets, likewise, for the outputs
   * @param {Settings} [settings={}]  batchSize (samples at a time, default 32; it does not change the result), sampleWeight,
   *   steps (default all), callbacks, verbose
   * @returns {any}  a scalar, or one for the loss and each metric
   * @throws {PyEngineError} as `fit`
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * model.evaluate([[1], [2]], [[2], [4]]).arraySync()  // 2.5
   */
  evaluate(x, y, settings = {}) {
    refuseDataset("model.evaluate", x, "model.evaluateDataset(dataset)");
    const data = [this.#forInputs("model.evaluate", x), this.#forOutputs("model.evaluate", y)];
    const given = settingsOf("model.evaluate", settings);
    if (given.callbacks !== undefined) given.callbacks = callbacksInward(given.callbacks);
    if (given.sampleWeight !== undefined) given.sampleWeight = one(given.sampleWeight, "model.evaluate", "sampleWeight");
    return this.#measured(call("begin", this, "evaluate", data, given));
  }

  /**
   * Loss and metrics on a dataset of batches, in inference mode.
   *
   * @param {Dataset} dataset  of elements { xs, ys }, already batched
   * @param {Settings} [settings={}]  batches (default all)
   * @returns {Promise<any>}  a scalar, or one for the loss and each metric
   * @throws {PyEngineError} as `fit`
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * const rows = tf.data.array([{ xs: [1], ys: [2] }, { xs: [2], ys: [4] }]);
   * (await model.evaluateDataset(rows.batch(2))).arraySync()  // 2.5
   */
  async evaluateDataset(dataset, settings = {}) {
    requireDataset("model.evaluateDataset", dataset, "model.evaluate(x, y)");
    const job = call("begin", this, "evaluate_dataset", [dataset], settingsOf("model.evaluateDataset", settings));
    const pending = new Pending(job, this, "evaluate_dataset");
    const values = await pending.wait();
    return values.length === 1 ? values[0] : values;
  }

  /** @param {any} job */
  #measured(job) {
    const pending = new Pending(job, this, "evaluate");
    const values = Array.from({ length: call("valuesCount", this) }, (_, place) => pending.tensor(place, []));
    return values.length === 1 ? values[0] : values;
  }

  /**
   * One update on one batch.
   *
   * @param {any} x  one batch: tensor, typed array or nested arrays, (batch, …); a list or a map for several inputs
   * @param {any} y  its targets, likewise
   * @param {Settings} [settings={}]  sampleWeight, classWeight (default none)
   * @returns {Promise<number | number[]>}  the batch's loss before the update, or loss and metrics
   * @throws {PyEngineError} as `fit`
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * await model.trainOnBatch([[1], [2]], [[2], [4]])  // 2.5
   */
  async trainOnBatch(x, y, settings = {}) {
    return this.#onBatch("train_on_batch", x, y, settings);
  }

  /**
   * Loss and metrics of one batch, in inference mode.
   *
   * @param {any} x  one batch: tensor, typed array or nested arrays, (batch, …); a list or a map for several inputs
   * @param {any} y  its targets, likewise
   * @param {Settings} [settings={}]  sampleWeight (default none)
   * @returns {Promise<number | number[]>}  the loss, or loss and metrics
   * @throws {PyEngineError} as `fit`
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: "ones" })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * await model.testOnBatch([[1], [2]], [[2], [4]])  // 2.5
   */
  async testOnBatch(x, y, settings = {}) {
    return this.#onBatch("test_on_batch", x, y, settings);
  }

  /**
   * @param {string} method
   * @param {any} x
   * @param {any} y
   * @param {Settings} settings
   */
  async #onBatch(method, x, y, settings) {
    const where = method === "train_on_batch" ? "model.trainOnBatch" : "model.testOnBatch";
    const given = settingsOf(where, settings);
    if (given.sampleWeight !== undefined) given.sampleWeight = one(given.sampleWeight, where, "sampleWeight");
    const data = [this.#forInputs(where, x), this.#forOutputs(where, y)];
    const values = call("onBatch", this, method, data, given);
    await breathe();
    return values;
  }
}

/** A stack of layers. */
export class Sequential extends LayersModel {
  /**
   * Puts a layer on top. A compiled model must be compiled again afterwards.
   *
   * @param {Layer | SymbolicTensor} layer  a layer, a model with one input and one output, or, first, `tf.input(…)`
   * @returns {void}
   * @throws {PyEngineError} for a layer that does not fit or is in the model already, and while a fit runs
   * @example
   * const model = tf.sequential();
   * model.add(tf.layers.dense({ units: 4, inputShape: [3] }));
   * model.outputShape  // [null, 4]
   */
  add(layer) {
    this.#finishPending();
    call("call", this, "add", [layer], {});
  }

  /**
   * Takes the topmost layer off. A compiled model must be compiled again afterwards.
   *
   * @returns {Layer}
   * @throws {PyEngineError} where there is none, and while a fit runs
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] }), tf.layers.softmax()] });
   * model.pop().getClassName()  // "Softmax"
   */
  pop() {
    this.#finishPending();
    return call("call", this, "pop", [], {});
  }

  /** What was begun with the layers as they are is finished with them, also in models that this one is part of. */
  #finishPending() {
    finishPending((model) => call("sharesWeights", model, this));
  }
}

/**
 * @param {SymbolicTensor} output
 * @param {number} rows
 * @returns {number[] | null}
 */
function outputShape(output, rows) {
  const [, ...lengths] = output.shape;
  return lengths.includes(null) ? null : [rows, .../** @type {number[]} */ (lengths)];
}

/**
 * The settings of a call; null and undefined stand for none.
 *
 * @param {string} where
 * @param {any} settings
 * @returns {Record<string, any>}
 */
function settingsOf(where, settings) {
  if (settings === undefined || settings === null) return {};
  if (isPlain(settings)) return defined(settings);
  const fix = "Give an object, for example `{ batchSize: 32 }`.";
  throw refusal({ where, argument: "settings", expected: "an object", got: described(settings), fix });
}

/**
 * @param {string} where
 * @param {any} x
 * @param {string} instead  what takes a dataset
 */
function refuseDataset(where, x, instead) {
  if (!(x instanceof Dataset)) return;
  throw refusal({ where, argument: "x", expected: "arrays", got: "a dataset", fix: `Use \`${instead}\`.` });
}

/**
 * @param {string} where
 * @param {any} dataset
 * @param {string} instead  what takes arrays
 */
function requireDataset(where, dataset, instead) {
  if (dataset instanceof Dataset) return;
  throw refusal({
    where,
    argument: "dataset",
    expected: "a dataset of batches",
    got: described(dataset),
    fix: `For arrays use \`${instead}\`; datasets are made by tf.data.`,
  });
}

export const models = {
  /**
   * A model of layers one after another.
   *
   * @param {Settings} [settings={}]  layers (first to last; more may be added), name
   * @returns {Sequential}
   * @throws {PyEngineError} for layers that do not fit together
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] })] });
   * model.countParams()  // 16
   */
  sequential: (settings = {}) => call("sequential", defined(settings)),
  /**
   * A model of what lies between inputs and outputs.
   *
   * @param {Settings} settings  inputs and outputs (needed; one symbolic tensor, a list or a map of them), name
   * @returns {LayersModel}
   * @throws {PyEngineError} for outputs that need other inputs, and for anything but symbolic tensors
   * @example
   * const x = tf.input({ shape: [3] });
   * tf.model({ inputs: x, outputs: tf.layers.dense({ units: 4 }).apply(x) }).outputShape  // [null, 4]
   */
  model: (settings) => call("model", defined(settings)),
  /**
   * Where data enters a model.
   *
   * @param {Settings} settings  shape (of one sample, without the batch; null for a length that varies), batchShape (with
   *   it, instead), batchSize (default any), dtype (default "float32"; "int32" for indices), name
   * @returns {SymbolicTensor}
   * @throws {PyEngineError} unless one of shape and batchShape is given
   * @example
   * tf.input({ shape: [28, 28, 1] }).shape  // [null, 28, 28, 1]
   */
  input: (settings) => {
    if (!isPlain(settings)) {
      throw refusal({
        where: "tf.input",
        argument: "settings",
        expected: "an object",
        got: described(settings),
        fix: "Use, for example, `tf.input({ shape: [784] })`.",
      });
    }
    return call("input", defined(settings));
  },
};
