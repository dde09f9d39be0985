/** Ways to make tensors. */

import { guard, refuseSurplus } from "./arity.js";
import { call } from "./border.js";
import { refusal } from "./errors.js";
import { Tensor, tensor } from "./tensor.js";
import { dataOf } from "./nested.js";

/** @typedef {import("./nested.js").Dtype} Dtype */

const WORDS = ["a scalar", "one axis", "two axes", "three axes", "four axes", "five axes", "six axes"];

/**
 * `tf.tensor2d` and its kin: `tensor` that insists on a number of axes.
 *
 * @param {number} rank
 */
function ofRank(rank) {
  /**
   * @param {any} values
   * @param {number[] | Dtype} [shape]
   * @param {Dtype} [dtype]
   */
  return (values, shape, dtype) => {
    const name = `tf.${rank === 0 ? "scalar" : `tensor${rank}d`}`;
    if (typeof shape === "string") refuseSurplus(name, [values, shape, dtype], 2);
    const result =
      typeof shape === "string" ? tensor(values, undefined, shape) : tensor(values, shape ?? undefined, dtype);
    if (result.rank !== rank) {
      throw refusal(
        {
          where: name,
          argument: "values",
          expected: `values of ${WORDS[rank]}`,
          got: `values of shape [${result.shape.join(", ")}]`,
          fix: rank > 1 && result.rank === 1 ? "Give the shape as well." : "Use `tf.tensor(values)` for any number of axes.",
        },
        RangeError,
      );
    }
    return result;
  };
}

/**
 * A tensor of one number everywhere.
 *
 * @param {number[]} shape  its lengths
 * @param {number} value  the number
 * @param {Dtype} [dtype="float32"]  of the numbers
 * @returns {Tensor}
 * @example
 * tf.fill([2], 7).arraySync()  // [7, 7]
 */
function fill(shape, value, dtype = "float32") {
  const count = shape.reduce((product, length) => product * length, 1);
  return new Tensor(dataOf(new Float32Array(count).fill(value), dtype), [...shape], dtype);
}

/**
 * Numbers at equal distances: start, start + step, … before stop.
 *
 * @param {number} start  the first number
 * @param {number} stop  where it ends, itself left out
 * @param {number} [step]  the distance, not 0; default 1, or -1 where stop is below start
 * @param {Dtype} [dtype="float32"]  of the numbers
 * @returns {Tensor}
 * @throws {RangeError} for a step of 0
 * @example
 * tf.range(0, 6, 2).arraySync()  // [0, 2, 4]
 */
function range(start, stop, step = start <= stop ? 1 : -1, dtype = "float32") {
  if (step === 0) {
    const fix = "Use, for example, `tf.range(0, 10, 2)`.";
    throw refusal({ where: "tf.range", argument: "step", expected: "a step other than 0", got: "`0`", fix }, RangeError);
  }
  const count = Math.max(0, Math.ceil((stop - start) / step));
  const values = Array.from({ length: count }, (_, index) => start + index * step);
  return tensor(values, [count], dtype);
}

/**
 * Numbers at equal distances from start to stop, both included.
 *
 * @param {number} start  the first number
 * @param {number} stop  the last number
 * @param {number} count  how many, at least 1
 * @returns {Tensor}
 * @example
 * tf.linspace(0, 1, 3).arraySync()  // [0, 0.5, 1]
 */
function linspace(start, stop, count) {
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  return tensor(
    Array.from({ length: count }, (_, index) => start + index * step),
    [count],
  );
}

/**
 * An identity matrix: 1 on the diagonal, 0 elsewhere.
 *
 * @param {number} rows  its rows, at least 0
 * @param {number} [columns=rows]  its columns
 * @returns {Tensor}
 * @example
 * tf.eye(2).arraySync()  // [[1, 0], [0, 1]]
 */
function eye(rows, columns = rows) {
  const data = new Float32Array(rows * columns);
  for (let index = 0; index < Math.min(rows, columns); index += 1) data[index * columns + index] = 1;
  return new Tensor(data, [rows, columns], "float32");
}

/**
 * Random numbers from the engine's one seed, or from a seed of their own.
 *
 * @param {"uniform" | "normal" | "truncated_normal"} distribution
 * @param {number} defaultFirst
 */
function drawn(distribution, defaultFirst) {
  /**
   * @param {number[]} shape
   * @param {number} [first]
   * @param {number} [second]
   * @param {Dtype} [dtype]
   * @param {number} [seed]
   * @returns {Tensor}
   */
  return (shape, first = defaultFirst, second = 1, dtype = "float32", seed) => {
    const result = call("draw", distribution, shape, first, second, seed ?? null);
    return dtype === "float32" ? result : tensor(dataOf(result.dataSync(), dtype), shape, dtype);
  };
}

/** How many arguments those with defaults take. */
const COUNTS = {
  tensor: 3,
  fill: 3,
  zeros: 2,
  ones: 2,
  range: 4,
  linspace: 3,
  eye: 2,
  randomUniform: 5,
  randomNormal: 5,
  truncatedNormal: 5,
};

export const creation = guard("tf", {
  tensor,
  /**
   * A tensor of one number, without an axis.
   *
   * @param {any} values  a number
   * @param {Dtype} [dtype]  default float32 for a number, bool for a boolean
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.scalar(3).arraySync()  // 3
   */
  scalar: ofRank(0),
  /**
   * A tensor of one axis.
   *
   * @param {any} values  nested arrays or a typed array
   * @param {number[] | Dtype} [shape]  may be left out; default that of the values
   * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.tensor1d([1, 2]).shape  // [2]
   */
  tensor1d: ofRank(1),
  /**
   * A tensor of two axes.
   *
   * @param {any} values  nested arrays or a typed array
   * @param {number[] | Dtype} [shape]  needed for flat values of several axes; default that of the values
   * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.tensor2d([1, 2, 3, 4], [2, 2]).arraySync()  // [[1, 2], [3, 4]]
   */
  tensor2d: ofRank(2),
  /**
   * A tensor of three axes.
   *
   * @param {any} values  nested arrays or a typed array
   * @param {number[] | Dtype} [shape]  needed for flat values of several axes; default that of the values
   * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.tensor3d([[[1], [2]]]).shape  // [1, 2, 1]
   */
  tensor3d: ofRank(3),
  /**
   * A tensor of four axes.
   *
   * @param {any} values  nested arrays or a typed array
   * @param {number[] | Dtype} [shape]  needed for flat values of several axes; default that of the values
   * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]).shape  // [1, 2, 2, 1]
   */
  tensor4d: ofRank(4),
  /**
   * A tensor of five axes.
   *
   * @param {any} values  nested arrays or a typed array
   * @param {number[] | Dtype} [shape]  needed for flat values of several axes; default that of the values
   * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.tensor5d([1, 2], [1, 1, 1, 1, 2]).rank  // 5
   */
  tensor5d: ofRank(5),
  /**
   * A tensor of six axes.
   *
   * @param {any} values  nested arrays or a typed array
   * @param {number[] | Dtype} [shape]  needed for flat values of several axes; default that of the values
   * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
   * @returns {Tensor}
   * @throws {RangeError} for values with another number of axes
   * @example
   * tf.tensor6d([1, 2], [1, 1, 1, 1, 1, 2]).rank  // 6
   */
  tensor6d: ofRank(6),
  fill,
  /**
   * A tensor of zeros.
   *
   * @param {number[]} shape  its lengths
   * @param {Dtype} [dtype="float32"]  of the numbers
   * @returns {Tensor}
   * @example
   * tf.zeros([2]).arraySync()  // [0, 0]
   */
  zeros: (/** @type {number[]} */ shape, /** @type {Dtype} */ dtype = "float32") => fill(shape, 0, dtype),
  /**
   * A tensor of ones.
   *
   * @param {number[]} shape  its lengths
   * @param {Dtype} [dtype="float32"]  of the numbers
   * @returns {Tensor}
   * @example
   * tf.ones([2], "int32").arraySync()  // [1, 1]
   */
  ones: (/** @type {number[]} */ shape, /** @type {Dtype} */ dtype = "float32") => fill(shape, 1, dtype),
  range,
  linspace,
  eye,
  /**
   * Random numbers spread evenly over minval ≤ x < maxval.
   *
   * @param {number[]} shape  of the tensor
   * @param {number} [minval=0]  the lower bound
   * @param {number} [maxval=1]  the upper bound
   * @param {Dtype} [dtype="float32"]  of the numbers
   * @param {number} [seed]  whole number for the same numbers each time; default the engine's one seed
   * @returns {Tensor}
   * @example
   * tf.randomUniform([3], 0, 1, "float32", 1).arraySync().every((x) => x >= 0 && x < 1)  // true
   */
  randomUniform: drawn("uniform", 0),
  /**
   * Random numbers from the normal distribution N(mean, stdDev²).
   *
   * @param {number[]} shape  of the tensor
   * @param {number} [mean=0]  their mean
   * @param {number} [stdDev=1]  their standard deviation
   * @param {Dtype} [dtype="float32"]  of the numbers
   * @param {number} [seed]  whole number for the same numbers each time; default the engine's one seed
   * @returns {Tensor}
   * @example
   * tf.randomNormal([2, 3]).shape  // [2, 3]
   */
  randomNormal: drawn("normal", 0),
  /**
   * Random numbers from the normal distribution N(mean, stdDev²), none further than 2 · stdDev from the mean.
   *
   * @param {number[]} shape  of the tensor
   * @param {number} [mean=0]  their mean
   * @param {number} [stdDev=1]  the standard deviation before the truncation
   * @param {Dtype} [dtype="float32"]  of the numbers
   * @param {number} [seed]  whole number for the same numbers each time; default the engine's one seed
   * @returns {Tensor}
   * @example
   * tf.truncatedNormal([100]).arraySync().every((x) => Math.abs(x) <= 2)  // true
   */
  truncatedNormal: drawn("truncated_normal", 0),
}, COUNTS);
