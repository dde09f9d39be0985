/**
 * The JavaScript side of the border: what crosses, as what. The Python side is `pyengine/bridge/crossing.py`.
 *
 * JavaScript owns Tensors (a shape and a typed array); Python owns models, layers, optimizers and datasets, which
 * JavaScript holds by handles. Arrays are copied, so nothing needs to be disposed of.
 */

import { pause } from "./environment.js";
import { Thrown, translated } from "./errors.js";

/** @typedef {any} PyProxy  an object that lives in Python */
/** @typedef {PyProxy[]} Crossed  proxies made for one call, to be let go after it */

/** How an object becomes one of Python's: a method under this name. */
export const INWARD = Symbol("inward");

/** Bytes copied into Python's memory without giving the page its turn. */
const SLICE_BYTES = 1 << 22;
const SLICE_MILLISECONDS = 8;

/** @type {Record<string, (...inputs: any[]) => any>} */
let calls = {};

/**
 * Opens the border.
 *
 * @param {any} python  Pyodide
 * @param {object} makers  functions that Python makes this side's objects with
 * @returns {{ version: Record<string, string>, offers: Record<string, any> }}  what Python says of itself
 */
export function open(python, makers) {
  const table = python.pyimport("pyengine.bridge.calls").CALLS;
  calls = table.toJs({ depth: 1, dict_converter: Object.fromEntries });
  table.destroy();
  return JSON.parse(call("connect", new Raw(makers)));
}

/**
 * Calls Python; its errors are thrown as words.
 *
 * @param {string} name  in CALLS of `pyengine/bridge/calls.py`
 * @param {...any} inputs
 * @returns {any}
 */
export function call(name, ...inputs) {
  if (!(name in calls)) throw new Error("The engine is not loaded. Await loadPyEngine() first.");
  /** @type {Crossed} */
  const crossed = [];
  try {
    return calls[name](...inputs.map((value) => inward(value, crossed)));
  } catch (error) {
    throw translated(error, takeThrown);
  } finally {
    for (const proxy of crossed) proxy.destroy();
  }
}

/**
 * Calls an async function of Python.
 *
 * @param {string} name
 * @param {...any} inputs
 * @returns {Promise<any>}
 */
export async function callAsync(name, ...inputs) {
  const coroutine = call(name, ...inputs);
  try {
    return await coroutine;
  } catch (error) {
    throw translated(error, takeThrown);
  } finally {
    coroutine.destroy();
  }
}

/** @param {number} number */
function takeThrown(number) {
  const thrown = calls.takeThrown(number);
  return thrown instanceof Thrown ? thrown.value : thrown;
}

/**
 * A value as Python takes it: arrays become lists, plain objects dictionaries.
 *
 * @param {any} value
 * @param {Crossed} crossed  is given the proxies that were made
 * @returns {any}
 */
export function inward(value, crossed) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return value;
  if (value[INWARD]) return value[INWARD](crossed);
  if (typeof value === "function") return keep(functionInward(value), crossed);
  if (Array.isArray(value)) return keep(calls.list(...value.map((part) => inward(part, crossed))), crossed);
  if (isPlain(value)) {
    const flat = Object.entries(value).flatMap(([name, part]) => [name, inward(part, crossed)]);
    return keep(calls.map(...flat), crossed);
  }
  return value;
}

/**
 * @param {PyProxy} proxy
 * @param {Crossed} crossed
 */
function keep(proxy, crossed) {
  crossed.push(proxy);
  return proxy;
}

/** @param {any} value */
export function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * An object without the entries that are undefined: TensorFlow.js takes those as left out.
 *
 * @param {object} [settings]
 * @returns {Record<string, any>}
 */
export function defined(settings = {}) {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/**
 * A function as Python may call it: as a loss, a metric, a callable of any kind.
 *
 * @param {(...inputs: any[]) => any} javascript
 * @returns {PyProxy}
 */
function functionInward(javascript) {
  return calls.function(guarded(answering(javascript)), javascript.name);
}

/**
 * A function for Python to call: what it throws, or its promise rejects with, comes back from there as it was.
 *
 * @param {(...inputs: any[]) => any} javascript
 * @returns {(...inputs: any[]) => any}
 */
export function guarded(javascript) {
  /** @param {unknown} thrown */
  const fail = (thrown) => {
    // Pyodide knows as an Error what can bear a traceback; not a DOMException, such as the AbortError of a fetch.
    const known = Object.prototype.toString.call(thrown) === "[object Error]" && Object.isExtensible(thrown);
    throw known ? thrown : new Thrown(thrown);
  };
  return (...inputs) => {
    try {
      const result = javascript(...inputs);
      return typeof result?.then === "function" && !result[INWARD] ? Promise.resolve(result).catch(fail) : result;
    } catch (thrown) {
      return fail(thrown);
    }
  };
}

/** A function or an object of functions that crosses as it is: what they give back must be Python's already. */
export class Raw {
  /** @type {object} */
  #javascript;

  /** @param {object} javascript */
  constructor(javascript) {
    this.#javascript = typeof javascript === "function" ? guarded(/** @type {any} */ (javascript)) : javascript;
  }

  [INWARD]() {
    return this.#javascript;
  }
}

/**
 * A function whose result, or the result of the promise it returns, is made Python's.
 *
 * @param {(...inputs: any[]) => any} javascript
 * @param {(value: any, crossed: Crossed) => any} [convert]
 * @returns {(...inputs: any[]) => any}
 */
export function answering(javascript, convert = inward) {
  /** @type {Crossed} What the last call returned is Python's by now. */
  let last = [];
  return (...inputs) => {
    for (const proxy of last) proxy.destroy();
    last = [];
    const result = javascript(...inputs);
    if (typeof result?.then === "function" && !result[INWARD]) {
      return Promise.resolve(result).then((value) => convert(value, last));
    }
    return convert(result, last);
  };
}

/**
 * A large array copied into Python in slices, so that no task is long.
 *
 * @param {import("./nested.js").Data} data
 * @param {number[]} shape
 * @param {import("./nested.js").Dtype} dtype
 * @returns {Promise<PyProxy>}
 */
export async function arrayInSlices(data, shape, dtype) {
  const target = call("empty", shape, dtype);
  const step = SLICE_BYTES / data.BYTES_PER_ELEMENT;
  const count = data.length;
  let began = performance.now();
  for (let begin = 0; begin < count; begin += step) {
    if (data.length !== count) {
      throw new TypeError(
        `An array of ${count} values expects to stay whole while it is copied into the engine, but its buffer was ` +
          "transferred away meanwhile. Transfer a copy: data.slice().buffer.",
      );
    }
    call("fill", target, begin, data.subarray(begin, begin + step));
    if (performance.now() - began > SLICE_MILLISECONDS) {
      await pause();
      began = performance.now();
    }
  }
  return target;
}
