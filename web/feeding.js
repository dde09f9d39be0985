/** What users train on, on its way into Python: tensors, typed arrays, nested arrays, lists and maps of them. */

import { arrayInSlices, isPlain } from "./border.js";
import { described, refusal } from "./errors.js";
import { isTypedArray } from "./nested.js";
import { Tensor, tensor } from "./tensor.js";

/**
 * One array per input (or output) of the model, as the user grouped them: one, a list, or a map by name.
 *
 * @param {any} given
 * @param {number} count  how many the model has
 * @param {string} where  what was called, "model.fit", for errors
 * @param {string} argument  "x", for errors
 * @returns {any}  the same grouping of Tensors
 */
export function tensorsOf(given, count, where, argument) {
  if (given instanceof Tensor) return given;
  if (isPlain(given) && typeof given.next !== "function") {
    const named = Object.entries(given).map(([name, part]) => [name, one(part, where, `${argument}.${name}`)]);
    return Object.fromEntries(named);
  }
  if (Array.isArray(given) && given.length > 0) {
    const arrays = given.every((part) => part instanceof Tensor);
    const perInput = count > 1 && given.length === count && given.every((part) => !isNumber(part));
    if (arrays || perInput) return given.map((part, place) => one(part, where, `${argument}[${place}]`));
  }
  return one(given, where, argument);
}

/** @param {any} value */
function isNumber(value) {
  return typeof value === "number" || typeof value === "boolean";
}

/**
 * One of them.
 *
 * @param {any} given
 * @param {string} where
 * @param {string} argument
 * @returns {Tensor}
 */
export function one(given, where, argument) {
  if (given instanceof Tensor || isTypedArray(given) || Array.isArray(given)) {
    return tensor(given, undefined, undefined, { where, argument });
  }
  throw refusal({
    where,
    argument,
    expected: "a tensor, a typed array or nested arrays of numbers",
    got: described(given),
    fix: remedy(given),
  });
}

/** @param {any} given */
function remedy(given) {
  if (typeof given?.then === "function") return "Await it first.";
  if (typeof given?.next === "function" || typeof given === "function") {
    return "Make a dataset: `model.fitDataset(tf.data.generator(rows).batch(32), { epochs: 5 })`.";
  }
  return "Give, for example, `tf.tensor2d([[1, 2], [3, 4]])`.";
}

/**
 * Copies them into Python in slices; `let go` of the copies when the work is over.
 *
 * @param {any} tensors  as `tensorsOf` gives them
 * @param {any[]} copies  is given what was made
 * @returns {Promise<any>}
 */
export async function copied(tensors, copies) {
  if (tensors === null) return null;
  if (tensors instanceof Tensor) {
    const array = await arrayInSlices(await tensors.data(), tensors.shape, tensors.dtype);
    copies.push(array);
    return array;
  }
  if (Array.isArray(tensors)) {
    const list = [];
    for (const part of tensors) list.push(await copied(part, copies));
    return list;
  }
  /** @type {Record<string, any>} */
  const map = {};
  for (const [name, part] of Object.entries(tensors)) map[name] = await copied(part, copies);
  return map;
}
