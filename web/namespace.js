/** The namespace `tf`, made of what Python offers: a new layer or optimizer there is offered here at once. */

import { guard, refuseSurplus, refuseUnknown } from "./arity.js";
import { INWARD, call, defined, isPlain } from "./border.js";
import { Callback, CustomCallback } from "./callbacks.js";
import { creation } from "./creation.js";
import { Dataset, data } from "./data.js";
import { pause } from "./environment.js";
import { Handle, Layer, LayerVariable, Optimizer, SymbolicTensor } from "./handles.js";
import { LayersModel, Sequential, models } from "./models.js";
import { operations } from "./operations.js";
import { GraphTensor, Tensor, TensorLike } from "./tensor.js";

/** @typedef {import("pyengine").Engine} Engine */

/**
 * What makes an object: arguments in one object by name, or in their order.
 *
 * @param {string} kind
 * @param {string} name
 * @param {string[]} parameters
 * @returns {(...inputs: any[]) => any}
 */
function factory(kind, name, parameters) {
  return (...inputs) => {
    const named = isPlain(inputs[0]);
    refuseSurplus(`tf.${kind}.${name}`, inputs, named ? 1 : parameters.length);
    const positional = named ? [] : inputs.map((value) => value ?? null);
    return call("make", kind, name, positional, named ? defined(inputs[0]) : {});
  };
}

/**
 * Losses and metrics are functions of (yTrue, yPred), too, and stand for themselves in compile.
 *
 * @param {string} kind
 * @param {string} name
 * @param {string[]} parameters
 * @returns {(...inputs: any[]) => any}
 */
function measure(kind, name, parameters) {
  const make = factory(kind, name, parameters);
  const both = (/** @type {any[]} */ ...inputs) => {
    const values = inputs.length >= 2 && inputs.slice(0, 2).every((x) => x instanceof TensorLike || Array.isArray(x));
    if (!values) return make(...inputs);
    refuseSurplus(`tf.${kind}.${name}`, inputs, 2);
    return call("measure", kind, name, ...inputs.slice(0, 2).map(arrayOf));
  };
  Object.defineProperty(both, INWARD, { value: (/** @type {any[]} */ crossed) => make()[INWARD](crossed) });
  return both;
}

/** @param {any} value */
function arrayOf(value) {
  return value instanceof TensorLike ? value : creation.tensor(value);
}

/**
 * @param {Record<string, string[]>} offered
 * @param {(name: string, parameters: string[]) => any} make
 * @returns {Record<string, (...inputs: any[]) => any>}
 */
function table(offered, make) {
  return Object.fromEntries(Object.entries(offered).map(([name, parameters]) => [name, make(name, parameters)]));
}

/**
 * The namespace in the manner of TensorFlow.js Layers.
 *
 * @param {{ version: Record<string, string>, offers: Record<string, any> }} python  what Python says of itself
 * @returns {Engine}
 */
export function namespace({ version, offers }) {
  const made = (/** @type {string} */ kind) => table(offers[kind], (name, parameters) => factory(kind, name, parameters));
  const measures = (/** @type {string} */ kind) => table(offers[kind], (name, parameters) => measure(kind, name, parameters));
  const initializers = made("initializers");
  guardMethods();
  const tf = guard("tf", {
    ...operations(offers.ops),
    ...creation,
    ...models,
    layers: { ...made("layers"), ...guard("tf.layers", { input: models.input }) },
    train: made("train"),
    schedules: made("schedules"),
    initializers: { ...initializers, leCunNormal: initializers.lecunNormal, leCunUniform: initializers.lecunUniform },
    regularizers: made("regularizers"),
    constraints: made("constraints"),
    losses: measures("losses"),
    metrics: measures("metrics"),
    callbacks: made("callbacks"),
    data,

    Tensor,
    SymbolicTensor,
    LayersModel,
    Sequential,
    Layer,
    LayerVariable,
    Optimizer,
    Callback,
    CustomCallback,

    version,
    /** What the engine runs on: versions, executor, build, self-test, and what had to run on NumPy instead. */
    engineConfig,
    /**
     * Writes what the engine runs on to the console.
     *
     * @returns {void}
     * @example
     * tf.showConfig();
     */
    showConfig: () => console.log(call("showConfig")),
    /**
     * Who runs what is planned from now on: "simd", the C library, or "numpy".
     *
     * @returns {string}
     * @example
     * tf.getBackend()  // "simd"
     */
    getBackend: () => engineConfig().executor,
    setBackend,
    /**
     * Resolves at once: the engine is ready as soon as there is a `tf`.
     *
     * @returns {Promise<void>}
     * @example
     * await tf.ready();
     */
    ready: async () => {},
    /**
     * Resolves when the page has had a turn: it may have drawn a frame and handled input.
     *
     * @returns {Promise<void>}
     * @example
     * await tf.nextFrame();
     */
    nextFrame: pause,
    /**
     * Sets the one seed of initialization, shuffling and dropout: two runs after it give the same bits.
     *
     * @param {number} seed  whole number of at least 0
     * @returns {void}
     * @throws {PyEngineError} for another seed
     * @example
     * tf.setRandomSeed(7);
     * const first = tf.randomUniform([2]).arraySync();
     * tf.setRandomSeed(7);
     * tf.randomUniform([2]).arraySync().join() === first.join()  // true
     */
    setRandomSeed: (/** @type {number} */ seed) => call("setRandomSeed", seed),
    /**
     * Runs a function; there is nothing to tidy up.
     *
     * @param {...any} inputs  the function, or a name for it and the function
     * @returns {any}  what the function returns
     * @example
     * tf.tidy(() => tf.square(3)).arraySync()  // 9
     */
    tidy: (/** @type {any[]} */ ...inputs) => inputs[inputs.length - 1](),
    /**
     * Does nothing: memory is given back by itself. Here for programs that call it.
     *
     * @returns {void}
     * @example
     * tf.dispose();
     */
    dispose: () => {},
    /**
     * Says that tensors are not counted. Here for programs that call it.
     *
     * @returns {{ unreliable: boolean, reasons: string[] }}
     * @example
     * tf.memory().unreliable  // true
     */
    memory: () => ({
      unreliable: true,
      reasons: ["Tensors are plain typed arrays, which JavaScript gives back by itself: they are not counted."],
    }),
    /**
     * The same tensor: nothing is ever disposed of before its time. Here for programs that call it.
     *
     * @param {any} tensor  returned as it is
     * @returns {any}
     * @example
     * tf.keep(tf.scalar(3)).arraySync()  // 3
     */
    keep: (/** @type {any} */ tensor) => tensor,
  }, { dispose: 1, tidy: 2, setBackend: 2, sequential: 1 });
  return /** @type {any} */ (tf); // a Tensor's methods are those of the operations, attached by name
}

/** The methods of everything that a page is given refuse what they do not take. */
function guardMethods() {
  guard("tensor", Tensor.prototype, { print: 1 });
  guard("tensor", GraphTensor.prototype);
  guard("layer", Handle.prototype);
  guard("layer", Layer.prototype, { apply: 2 });
  guard("weight", LayerVariable.prototype);
  guard("tensor", SymbolicTensor.prototype);
  guard("optimizer", Optimizer.prototype);
  guard("model", Sequential.prototype);
  guard("model", LayersModel.prototype, {
    summary: 3,
    fit: 3,
    fitDataset: 2,
    predict: 2,
    evaluate: 3,
    evaluateDataset: 2,
    trainOnBatch: 3,
    testOnBatch: 3,
  });
  guard("dataset", Dataset.prototype, { batch: 2, shuffle: 3 });
  guard("callback", Callback.prototype);
  guard("tf.data", data, { csv: 2 });
}

/**
 * What the engine runs on: versions, executor, build, self-test, and what had to run on NumPy instead.
 *
 * @returns {Record<string, any>}
 * @example
 * tf.engineConfig().executor  // "simd"
 */
function engineConfig() {
  return JSON.parse(call("engineConfig"));
}

/**
 * Chooses who runs what is planned from now on.
 *
 * @param {string} name  "simd", the C library, or "numpy"
 * @param {{ mode?: "strict" | "relaxed" }} [settings={}]  mode of "simd": "strict" (default) gives the same bits in every
 *   browser, "relaxed" is what this CPU does fastest
 * @returns {Promise<boolean>}  true
 * @throws {PyEngineError} for another name or mode
 * @example
 * await tf.setBackend("simd", { mode: "strict" })  // true
 */
async function setBackend(name, settings = {}) {
  refuseUnknown("tf.setBackend", settings, ["mode"]);
  call("setExecutor", name, settings.mode ?? null);
  return true;
}
