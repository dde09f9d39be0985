/** What Python makes this side's objects with; see `Page` in `pyengine/bridge/crossing.py`. */

import { Dataset } from "./data.js";
import { pause } from "./environment.js";
import { Handle, Layer, LayerVariable, Optimizer, SymbolicTensor } from "./handles.js";
import { logs } from "./logs.js";
import { LayersModel, Sequential } from "./models.js";
import { GraphTensor, Tensor } from "./tensor.js";

/** @type {Record<string, new (python: any) => any>} */
const WRAPPERS = {
  sequential: Sequential,
  model: LayersModel,
  layer: Layer,
  symbolic: SymbolicTensor,
  variable: LayerVariable,
  value: GraphTensor,
  optimizer: Optimizer,
  dataset: Dataset,
  object: Handle,
};

/** @type {Map<number, WeakRef<any>>} the wrapper that an object had before is the one it keeps */
const wrappers = new Map();
const forgotten = new FinalizationRegistry((/** @type {number} */ number) => {
  if (!wrappers.get(number)?.deref()) wrappers.delete(number);
});

/**
 * @param {string} kind
 * @param {number} number  of the object, 0 if it has none
 * @param {any} proxy
 */
function handle(kind, number, proxy) {
  if (kind === "job") return proxy;
  const known = number ? wrappers.get(number)?.deref() : undefined;
  if (known) {
    proxy.destroy();
    return known;
  }
  const wrapper = new WRAPPERS[kind](proxy);
  if (number) {
    wrappers.set(number, new WeakRef(wrapper));
    forgotten.register(wrapper, number);
  }
  return wrapper;
}

/**
 * @param {...any} flat  name, value, name, value, …
 * @returns {Record<string, any>}
 */
function map(...flat) {
  /** @type {Record<string, any>} */
  const result = {};
  for (let place = 0; place < flat.length; place += 2) result[flat[place]] = flat[place + 1];
  return result;
}

/**
 * A page's own truth values, which tensors hold as 0 and 1.
 *
 * @param {any} values
 * @returns {any}
 */
function truths(values) {
  return Array.isArray(values) ? values.map(truths) : Boolean(values);
}

export const makers = {
  list: (/** @type {any[]} */ ...items) => items,
  map,
  tensor: (/** @type {any} */ data, /** @type {number[]} */ shape, /** @type {any} */ dtype) =>
    new Tensor(data, shape, dtype),
  nested: (/** @type {Tensor} */ tensor) => (tensor.dtype === "bool" ? truths(tensor.arraySync()) : tensor.arraySync()),
  handle,
  logs,
  history: (/** @type {number[]} */ epoch, /** @type {any} */ history, /** @type {any} */ params) => ({
    epoch,
    history,
    params,
  }),
  warn: (/** @type {string} */ words) => console.warn(words),
  pause,
};
