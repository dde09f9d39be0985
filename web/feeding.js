/** What users train on, on its way into Python: tensors, typed arrays, nested arrays, lists and maps of them. */

import { arrayInSlices, isPlain } from "./border.js";
import { isTypedArray } from "./nested.js";
import { Tensor, tensor } from "./tensor.js";

/**
 * One array per input (or output) of the model, as the user grouped them: one, a list, or a map by name.
 *
 * @param {any} given
 * @param {number} count  how many the model has
 * @param {string} what  "x", for errors
 * @returns {any}  the same grouping of Tensors
 */
export function tensorsOf(given, count, what) {
  if (given === undefined || given === null) return null;
  if (given instanceof Tensor) return given;
  if (isPlain(given)) {
    return Object.fromEntries(Object.entries(given).map(([name, part]) => [name, one(part, `${what}.${name}`)]));
  }
  if (Array.isArray(given) && given.length > 0) {
    const arrays = given.every((part) => part instanceof Tensor);
    const perInput = count > 1 && given.length === count && given.every((part) => !isNumber(part));
    if (arrays || perInput) return given.map((part, place) => one(part, `${what}[${place}]`));
  }
  return one(given, what);
}

/** @param {any} value */
function isNumber(value) {
  return typeof value === "number" || typeof value === "boolean";
}

/**
 * @param {any} given
 * @param {string} what
 */
function one(given, what) {
  if (given instanceof Tensor || isTypedArray(given) || Array.isArray(given)) return tensor(given);
  throw new TypeError(
    `${what} must be a tensor, a typed array or nested arrays of numbers, but is ` +
      `${typeof given === "object" ? (given?.constructor?.name ?? "null") : JSON.stringify(given)}.`,
  );
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
