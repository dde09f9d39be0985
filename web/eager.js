/**
 * Operations on tensors without a way through Python: planned there once per shape, then run from here.
 *
 * Python's counterpart is `pyengine/bridge/eager.py`. A plan is memory inside WebAssembly, with an address for every
 * input and for the result, and a function of the engine's C library that does the work.
 */

import { call } from "./border.js";
import { Tensor } from "./tensor.js";

/** @typedef {import("./nested.js").Data} Data */
/** @typedef {import("./nested.js").Dtype} Dtype */
/**
 * @typedef {object} Plan
 * @property {number} function  the library's, by its number in WebAssembly's table
 * @property {number} control  address of the block that the function is called with
 * @property {number[]} inputs  addresses
 * @property {number} output  address
 * @property {number[]} shape
 * @property {Dtype} dtype
 * @property {(control: number) => number} [run]  the function, once it has been looked up
 * @property {number[]} dropped  control blocks of older plans that are no more
 */

/** So often an operation must come with the same shapes until it is planned: planning takes some milliseconds. */
const WORTH = 3;
const REMEMBERED = 1024;
const KINDS = { float32: new Float32Array(0), int32: new Int32Array(0), bool: new Uint8Array(0) };

/** @type {any} the module that Python runs in: its memory and its table of functions */
let module = null;
/** @type {Map<string, number | Plan | null>} by operation and shapes: how often it came, its plan, or null: not here */
const known = new Map();

/**
 * The engine has been loaded into this Pyodide.
 *
 * @param {any} pyodide
 */
export function share(pyodide) {
  module = pyodide._module;
}

/**
 * The operation's result, or null where Python has to do it.
 *
 * @param {string} name
 * @param {any[]} inputs
 * @returns {Tensor | null}
 */
export function quickly(name, inputs) {
  if (!inputs.some((value) => value instanceof Tensor) || !inputs.every(isPlainInput)) return null;
  let key = name;
  for (const value of inputs) key += value instanceof Tensor ? ` ${value.signature}` : ` ${JSON.stringify(value)}`;
  let plan = known.get(key);
  if (plan === undefined && known.size >= REMEMBERED) known.clear();
  if (plan === undefined || typeof plan === "number") {
    const times = (plan ?? 0) + 1;
    known.set(key, times);
    if (times < WORTH) return null;
    plan = planned(name, JSON.stringify(inputs.map(description)));
    known.set(key, plan);
  }
  return plan && run(plan, inputs);
}

/** @param {any} value */
function isPlainInput(value) {
  if (value instanceof Tensor || value === null || isNumbers(value)) return true;
  return typeof value !== "object" && typeof value !== "function";
}

/** @param {any} value */
function isNumbers(value) {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}

/** @param {any} value */
function description(value) {
  return value instanceof Tensor ? { shape: value.shape, dtype: value.dtype } : value;
}

/**
 * @param {string} name
 * @param {string} described
 * @returns {Plan | null}
 */
function planned(name, described) {
  const answer = call("planned", name, described);
  if (!answer) return null; // Python's None arrives as undefined
  const plan = /** @type {Plan} */ (JSON.parse(answer));
  for (const [key, older] of known) {
    if (typeof older === "object" && older && plan.dropped.includes(older.control)) known.delete(key);
  }
  return plan;
}

/**
 * @param {Plan} plan
 * @param {any[]} inputs
 * @returns {Tensor | null}
 */
function run(plan, inputs) {
  let number = 0;
  for (const input of inputs) {
    if (!(input instanceof Tensor)) continue;
    const data = input.dataSync();
    place(data, plan.inputs[number], data.length).set(data);
    number += 1;
  }
  place(KINDS.int32, plan.control, 2).fill(0); // the position: where to begin
  plan.run ??= module.wasmTable.get(plan.function);
  const done = plan.run?.(plan.control) === 0;
  // An index out of range: Python says so in words.
  if (!done) return null;
  const size = plan.shape.reduce((product, length) => product * length, 1);
  return new Tensor(place(KINDS[plan.dtype], plan.output, size).slice(), [...plan.shape], plan.dtype);
}

/**
 * Numbers in WebAssembly's memory, in an array of the same kind as another one. Asked for anew each time: the memory
 * moves when it grows.
 *
 * @param {Data} like
 * @param {number} address
 * @param {number} length
 * @returns {Data}
 */
function place(like, address, length) {
  const heap = like instanceof Float32Array ? module.HEAPF32 : like instanceof Int32Array ? module.HEAP32 : module.HEAPU8;
  const begin = address / heap.BYTES_PER_ELEMENT;
  return heap.subarray(begin, begin + length);
}
