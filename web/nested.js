/** Nested arrays of numbers: their shape, their numbers in one row, and back. */

import { described, refusal } from "./errors.js";

/** @typedef {Float32Array | Int32Array | Uint8Array} Data  what a Tensor holds */
/** @typedef {Data | Float64Array | Int8Array | Int16Array | Uint16Array | Uint32Array | Uint8ClampedArray} TypedArray */
/** @typedef {"float32" | "int32" | "bool"} Dtype */
/** @typedef {number | boolean | TypedArray | any[]} Nested */

/**
 * What was called, and which of its arguments the content is, for errors.
 *
 * @typedef {{ where: string, argument: string }} Named
 */

const TENSOR = { where: "tf.tensor", argument: "values" };

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/**
 * @param {unknown} value
 * @returns {value is TypedArray}
 */
export function isTypedArray(value) {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/**
 * Numbers in the array that suits a dtype; the same array where it does already.
 *
 * @param {ArrayLike<number>} values
 * @param {Dtype} dtype
 * @returns {Data}
 */
export function dataOf(values, dtype) {
  const wanted = ARRAYS[dtype];
  if (wanted === undefined) throw unknownDtype(dtype);
  if (values instanceof wanted) return values;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    throw refusal({
      ...TENSOR,
      expected: "numbers",
      got: `a ${values.constructor.name}`,
      fix: "Convert it: `Float64Array.from(values, Number)`.",
    });
  }
  return dtype === "bool" ? Uint8Array.from(values, (value) => Number(Boolean(value))) : wanted.from(values);
}

/**
 * The dtype that content has when none is named: whole-number arrays are int32, plain numbers float32.
 *
 * @param {unknown} values
 * @returns {Dtype}
 */
export function dtypeOf(values) {
  if (isTypedArray(values)) {
    return values instanceof Float32Array || values instanceof Float64Array ? "float32" : "int32";
  }
  let first = values;
  while (Array.isArray(first)) first = first[0];
  if (isTypedArray(first)) return dtypeOf(first);
  return typeof first === "boolean" ? "bool" : "float32";
}

/**
 * The lengths of nested arrays, read along their first entries.
 *
 * @param {unknown} values
 * @returns {number[]}
 */
export function shapeOf(values) {
  /** @type {number[]} */
  const shape = [];
  let level = values;
  while (Array.isArray(level) || isTypedArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

/**
 * Whether all is numbers (or truth values), nested regularly.
 *
 * @param {unknown} values
 * @param {number[]} [shape]
 * @returns {values is Nested}
 */
export function isRegular(values, shape = shapeOf(values)) {
  if (shape.length === 0) return typeof values === "number" || typeof values === "boolean";
  const [length, ...rest] = shape;
  if (isTypedArray(values)) return rest.length === 0 && values.length === length;
  return Array.isArray(values) && values.length === length && values.every((part) => isRegular(part, rest));
}

/**
 * All numbers of nested arrays in one row.
 *
 * @param {unknown} values
 * @param {number[]} shape
 * @param {Dtype} dtype
 * @param {Named} [named]  what they are, for errors
 * @returns {Data}
 */
export function flattened(values, shape, dtype, named = TENSOR) {
  if (isTypedArray(values)) return dataOf(values, dtype);
  if (ARRAYS[dtype] === undefined) throw unknownDtype(dtype);
  const count = shape.reduce((product, length) => product * length, 1);
  const flat = new ARRAYS[dtype](count);
  let filled = 0;
  /** @type {number[]} */
  const place = [];
  /**
   * @param {any} part
   * @param {number} depth
   */
  const write = (part, depth) => {
    if (depth === shape.length) {
      if (typeof part !== "number" && typeof part !== "boolean") throw irregular(part, place, shape, named);
      flat[filled++] = Number(part);
      return;
    }
    const typed = isTypedArray(part);
    if (!(typed || Array.isArray(part)) || part.length !== shape[depth] || (typed && depth !== shape.length - 1)) {
      throw irregular(part, place.slice(0, depth), shape, named);
    }
    if (typed) {
      flat.set(part, filled);
      filled += part.length;
      return;
    }
    for (let index = 0; index < part.length; index += 1) {
      place[depth] = index;
      write(part[index], depth + 1);
    }
  };
  write(values, 0);
  return flat;
}

/**
 * What is wrong with a part of nested arrays.
 *
 * @param {unknown} part
 * @param {number[]} place  where it is
 * @param {number[]} shape  that of the first entries
 * @param {Named} named
 */
function irregular(part, place, shape, named) {
  const at = place.length > 0 ? ` at [${place.join("][")}]` : "";
  const rows = Array.isArray(part) || isTypedArray(part);
  if (rows || typeof part === "number" || typeof part === "boolean") {
    return refusal({
      ...named,
      expected: `numbers of a regular shape, here [${shape.join(", ")}] as the first entries are`,
      got: `${rows ? `an array of ${/** @type {any} */ (part).length}` : described(part)}${at}`,
      fix: "Give all rows the same length: pad the shorter ones, for example with 0.",
    });
  }
  const numeric = typeof part === "bigint" || (typeof part === "string" && part.trim() !== "" && !Number.isNaN(Number(part)));
  let fix = "Convert it to a number first.";
  if (numeric) fix = `Convert it: \`Number(${typeof part === "bigint" ? `${part}n` : JSON.stringify(part)})\`.`;
  else if (part === undefined || part === null) fix = "Replace or remove missing values first.";
  else if (typeof part === "string") fix = "Encode text as numbers first.";
  return refusal({ ...named, expected: "numbers", got: `${described(part)}${at}`, fix });
}

/** @param {unknown} dtype */
function unknownDtype(dtype) {
  return refusal({
    where: "tf.tensor",
    argument: "dtype",
    expected: '"float32", "int32" or "bool"',
    got: described(dtype),
    fix: 'Use, for example, `"float32"`.',
  });
}

/**
 * Numbers in one row as nested arrays.
 *
 * @param {Data} data
 * @param {number[]} shape
 * @returns {any}
 */
export function nest(data, shape) {
  let place = 0;
  /** @param {number} depth @returns {any} */
  const level = (depth) =>
    depth === shape.length ? data[place++] : Array.from({ length: shape[depth] }, () => level(depth + 1));
  return level(0);
}
