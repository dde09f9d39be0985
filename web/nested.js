/** Nested arrays of numbers: their shape, their numbers in one row, and back. */

/** @typedef {Float32Array | Int32Array | Uint8Array} Data  what a Tensor holds */
/** @typedef {Data | Float64Array | Int8Array | Int16Array | Uint16Array | Uint32Array | Uint8ClampedArray} TypedArray */
/** @typedef {"float32" | "int32" | "bool"} Dtype */
/** @typedef {number | boolean | TypedArray | any[]} Nested */

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
  if (wanted === undefined) {
    throw new TypeError(`dtype must be "float32", "int32" or "bool", but is ${JSON.stringify(dtype)}.`);
  }
  if (values instanceof wanted) return values;
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
 * @returns {Data}
 */
export function flattened(values, shape, dtype) {
  if (isTypedArray(values)) return dataOf(values, dtype);
  const count = shape.reduce((product, length) => product * length, 1);
  const flat = new ARRAYS[dtype](count);
  let place = 0;
  /**
   * @param {any} part
   * @param {number} depth
   */
  const write = (part, depth) => {
    if (depth === shape.length) {
      if (typeof part !== "number" && typeof part !== "boolean") throw irregular(values, part);
      flat[place++] = Number(part);
      return;
    }
    if (!(Array.isArray(part) || isTypedArray(part)) || part.length !== shape[depth]) throw irregular(values, part);
    if (isTypedArray(part)) {
      if (depth !== shape.length - 1) throw irregular(values, part);
      flat.set(part, place);
      place += part.length;
    } else for (const inner of part) write(inner, depth + 1);
  };
  write(values, 0);
  return flat;
}

/**
 * @param {unknown} values
 * @param {unknown} part
 */
function irregular(values, part) {
  const found = Array.isArray(part) ? `an array of ${part.length}` : JSON.stringify(part) ?? String(part);
  return new TypeError(
    `Nested arrays must be numbers of a regular shape: the first entries have shape [${shapeOf(values)}], ` +
      `but there is ${found} that does not fit. Give all rows the same length.`,
  );
}

/**
 * Numbers in one row as nested arrays.
 *
 * @param {Data} data
 * @param {number[]} shape
 * @param {Dtype} dtype
 * @returns {any}
 */
export function nest(data, shape, dtype) {
  let place = 0;
  const read = dtype === "bool" ? () => Boolean(data[place++]) : () => data[place++];
  /** @param {number} depth @returns {any} */
  const level = (depth) =>
    depth === shape.length ? read() : Array.from({ length: shape[depth] }, () => level(depth + 1));
  return level(0);
}
