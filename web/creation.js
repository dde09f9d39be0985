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
 * @param {number[]} shape
 * @param {number} value
 * @param {Dtype} [dtype]
 */
function fill(shape, value, dtype = "float32") {
  const count = shape.reduce((product, length) => product * length, 1);
  return new Tensor(dataOf(new Float32Array(count).fill(value), dtype), [...shape], dtype);
}

/**
 * @param {number} start
 * @param {number} stop
 * @param {number} [step]
 * @param {Dtype} [dtype]
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
 * @param {number} start
 * @param {number} stop
 * @param {number} count
 */
function linspace(start, stop, count) {
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  return tensor(
    Array.from({ length: count }, (_, index) => start + index * step),
    [count],
  );
}

/** @param {number} rows @param {number} [columns] */
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
  scalar: ofRank(0),
  tensor1d: ofRank(1),
  tensor2d: ofRank(2),
  tensor3d: ofRank(3),
  tensor4d: ofRank(4),
  tensor5d: ofRank(5),
  tensor6d: ofRank(6),
  fill,
  zeros: (/** @type {number[]} */ shape, /** @type {Dtype} */ dtype = "float32") => fill(shape, 0, dtype),
  ones: (/** @type {number[]} */ shape, /** @type {Dtype} */ dtype = "float32") => fill(shape, 1, dtype),
  range,
  linspace,
  eye,
  randomUniform: drawn("uniform", 0),
  randomNormal: drawn("normal", 0),
  truncatedNormal: drawn("truncated_normal", 0),
}, COUNTS);
