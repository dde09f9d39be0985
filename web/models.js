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

  /** @returns {Layer[]} */
  get layers() {
    return call("get", this, "layers");
  }

  /** @returns {SymbolicTensor[]} */
  get inputs() {
    return call("get", this, "inputs");
  }

  /** @returns {SymbolicTensor[]} */
  get outputs() {
    return call("get", this, "outputs");
  }

  /** @returns {string[]} */
  get inputNames() {
    return call("get", this, "input_names");
  }

  /** @returns {string[]} */
  get outputNames() {
    return call("get", this, "output_names");
  }

  /** @returns {any} */
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
   * @param {string | number | null} nameOrIndex
   * @param {number} [index]  decides where both are given, as in TensorFlow.js
   * @returns {Layer}
   */
  getLayer(nameOrIndex, index) {
    return call("call", this, "get_layer", [index ?? nameOrIndex], {});
  }

  /**
   * Prints name, output shape and parameters of every layer, and the totals.
   *
   * @param {number} [lineLength]
   * @param {number[]} [positions]
   * @param {(line: string) => void} [printFn]
   */
  summary(lineLength, positions, printFn = console.log) {
    for (const line of call("summary", this, lineLength ?? null, positions ?? null)) printFn(line);
  }

  /**
   * Binds optimizer, loss and metrics to the model; changes no weight.
   *
   * @param {Settings} settings  optimizer, loss, metrics, lossWeights, weightedMetrics
   */
  compile(settings) {
    for (const name of REQUIRED) if (name in settings) refuseUndefined("model.compile", name, settings[name]);
    for (const name of OPTIONAL) refuseUndefined("model.compile", name, settings[name] ?? null);
    finishPending((model, kind) => model === this && kind !== "predict");
    call("compile", this, defined(settings));
  }

  /**
   * Trains on arrays in memory.
   *
   * @param {any} x  tensor, typed array or nested arrays; a list or a map of them for several inputs
   * @param {any} y
   * @param {Settings} [settings]  epochs, batchSize, validationSplit, callbacks, yieldEvery, …
   * @returns {Promise<History>}
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
   * @param {Dataset} dataset
   * @param {Settings} settings  epochs, batchesPerEpoch, validationData, …
   * @returns {Promise<History>}
   */
  async fitDataset(dataset, settings) {
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
    const given = defined(settings);
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
   * @param {any} x
   * @param {Settings} [settings]  batchSize, verbose
   * @returns {any}  a Tensor, or one per output
   */
  predict(x, settings = {}) {
    refuseDataset("model.predict", x, "model.predictOnBatch(x)");
    const inputs = this.#forInputs("model.predict", x);
    const pending = new Pending(call("begin", this, "predict", [inputs], defined(settings)), this, "predict");
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
   * @param {any} x
   * @returns {any}  a Tensor, or one per output
   */
  predictOnBatch(x) {
    return call("onBatch", this, "predict_on_batch", [this.#forInputs("model.predictOnBatch", x)], {});
  }

  /**
   * Loss and metrics on data, in inference mode.
   *
   * @param {any} x
   * @param {any} y
   * @param {Settings} [settings]  batchSize, sampleWeight, steps
   * @returns {any}  a scalar, or one for the loss and each metric
   */
  evaluate(x, y, settings = {}) {
    refuseDataset("model.evaluate", x, "model.evaluateDataset(dataset)");
    const data = [this.#forInputs("model.evaluate", x), this.#forOutputs("model.evaluate", y)];
    const given = defined(settings);
    if (given.callbacks !== undefined) given.callbacks = callbacksInward(given.callbacks);
    if (given.sampleWeight !== undefined) given.sampleWeight = one(given.sampleWeight, "model.evaluate", "sampleWeight");
    return this.#measured(call("begin", this, "evaluate", data, given));
  }

  /**
   * `evaluate` on a dataset of batches.
   *
   * @param {Dataset} dataset
   * @param {Settings} [settings]  batches
   * @returns {Promise<any>}
   */
  async evaluateDataset(dataset, settings = {}) {
    const job = call("begin", this, "evaluate_dataset", [dataset], defined(settings));
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
   * @param {any} x
   * @param {any} y
   * @param {Settings} [settings]  sampleWeight, classWeight
   * @returns {Promise<number | number[]>}  its loss, or loss and metrics
   */
  async trainOnBatch(x, y, settings = {}) {
    return this.#onBatch("train_on_batch", x, y, settings);
  }

  /**
   * Loss and metrics of one batch, in inference mode.
   *
   * @param {any} x
   * @param {any} y
   * @param {Settings} [settings]  sampleWeight
   * @returns {Promise<number | number[]>}
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
    const given = defined(settings);
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
   * Puts a layer on top.
   *
   * @param {Layer | SymbolicTensor} layer
   */
  add(layer) {
    this.#finishPending();
    call("call", this, "add", [layer], {});
  }

  /** Takes the topmost layer off. */
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
 * @param {string} where
 * @param {any} x
 * @param {string} instead  what takes a dataset
 */
function refuseDataset(where, x, instead) {
  if (!(x instanceof Dataset)) return;
  throw refusal({ where, argument: "x", expected: "arrays", got: "a dataset", fix: `Use \`${instead}\`.` });
}

export const models = {
  /** @param {Settings} [settings]  layers, name @returns {Sequential} */
  sequential: (settings = {}) => call("sequential", defined(settings)),
  /** @param {Settings} settings  inputs, outputs, name @returns {LayersModel} */
  model: (settings) => call("model", defined(settings)),
  /** @param {Settings} settings  shape, batchSize, dtype, name @returns {SymbolicTensor} */
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
