/** The namespace `tf`, made of what Python offers: a new layer or optimizer there is offered here at once. */

import { INWARD, call, defined, isPlain } from "./border.js";
import { Callback, CustomCallback } from "./callbacks.js";
import { creation } from "./creation.js";
import { data } from "./data.js";
import { pause } from "./environment.js";
import { Layer, LayerVariable, Optimizer, SymbolicTensor } from "./handles.js";
import { LayersModel, Sequential, models } from "./models.js";
import { operations } from "./operations.js";
import { Tensor, TensorLike } from "./tensor.js";

/**
 * What makes an object: arguments in one object by name, or in their order.
 *
 * @param {string} kind
 * @param {string} name
 * @returns {(...inputs: any[]) => any}
 */
function factory(kind, name) {
  return (...inputs) => {
    const named = inputs.length === 1 && isPlain(inputs[0]);
    const positional = named ? [] : inputs.map((value) => value ?? null);
    return call("make", kind, name, positional, named ? defined(inputs[0]) : {});
  };
}

/**
 * Losses and metrics are functions of (yTrue, yPred), too, and stand for themselves in compile.
 *
 * @param {string} kind
 * @param {string} name
 * @returns {(...inputs: any[]) => any}
 */
function measure(kind, name) {
  const make = factory(kind, name);
  const both = (/** @type {any[]} */ ...inputs) => {
    const values = inputs.length >= 2 && inputs.slice(0, 2).every((x) => x instanceof TensorLike || Array.isArray(x));
    return values ? call("measure", kind, name, ...inputs.slice(0, 2).map(arrayOf)) : make(...inputs);
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
 * @param {(name: string) => any} make
 * @returns {Record<string, (...inputs: any[]) => any>}
 */
function table(offered, make) {
  return Object.fromEntries(Object.keys(offered).map((name) => [name, make(name)]));
}

/**
 * The namespace in the manner of TensorFlow.js Layers.
 *
 * @param {{ version: Record<string, string>, offers: Record<string, any> }} python  what Python says of itself
 */
export function namespace({ version, offers }) {
  const made = (/** @type {string} */ kind) => table(offers[kind], (name) => factory(kind, name));
  const initializers = made("initializers");
  return {
    ...operations(offers.ops),
    ...creation,
    ...models,
    layers: { ...made("layers"), input: models.input },
    train: made("train"),
    schedules: made("schedules"),
    initializers: { ...initializers, leCunNormal: initializers.lecunNormal, leCunUniform: initializers.lecunUniform },
    regularizers: made("regularizers"),
    constraints: made("constraints"),
    losses: table(offers.losses, (name) => measure("losses", name)),
    metrics: table(offers.metrics, (name) => measure("metrics", name)),
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
    /** The same on the console. */
    showConfig: () => console.log(call("showConfig")),
    /** Who runs the program's calls: "simd", the C library, or "numpy". */
    getBackend: () => engineConfig().executor,
    setBackend,
    /** The engine is ready as soon as there is a `tf`. */
    ready: async () => {},
    nextFrame: pause,
    /** One seed for initialization, shuffling and dropout. */
    setRandomSeed: (/** @type {number} */ seed) => call("setRandomSeed", seed),
    /** Runs the function; there is nothing to tidy up. */
    tidy: (/** @type {any[]} */ ...inputs) => inputs[inputs.length - 1](),
    /** Here for programs that call it: memory is given back by itself. */
    dispose: () => {},
    memory: () => ({
      unreliable: true,
      reasons: ["Tensors are plain typed arrays, which JavaScript gives back by itself: they are not counted."],
    }),
    /** Here for programs that call it: nothing is ever disposed of before its time. */
    keep: (/** @type {any} */ tensor) => tensor,
  };
}

/** @returns {Record<string, any>} */
function engineConfig() {
  return JSON.parse(call("engineConfig"));
}

/**
 * Chooses who runs what is planned from now on.
 *
 * @param {string} name  "simd" or "numpy"
 * @param {{ mode?: "strict" | "relaxed" }} [settings]  of "simd"
 */
async function setBackend(name, { mode } = {}) {
  call("setExecutor", name, mode ?? null);
  return true;
}
