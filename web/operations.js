/** What one can compute: the ops of Python under their names and under those of TensorFlow.js. */

import { guard, refuseSurplus, taking } from "./arity.js";
import { call } from "./border.js";
import { quickly } from "./eager.js";
import { described, refusal } from "./errors.js";
import { GraphTensor, Tensor, TensorLike, reshaped, tensor } from "./tensor.js";

/** @typedef {(...inputs: any[]) => any} Operation */

/** Parameters of Python's ops that are arrays; nested arrays given for them become tensors. */
const ARRAYS = new Set(["x", "a", "b", "condition", "indices", "updates", "kernel", "gradient", "y"]);

/** TensorFlow.js name → Python's, where the arguments are the same. */
const OTHER_NAMES = {
  sub: "subtract",
  mul: "multiply",
  pow: "power",
  neg: "negative",
  floorDiv: "floorDivide",
  matMul: "matmul",
  clipByValue: "clip",
  isNaN: "isnan",
  isFinite: "isfinite",
  logSumExp: "logsumexp",
};

/**
 * The ops that Python offers, and what is made of them.
 *
 * @param {Record<string, string[]>} offered  names and their parameters
 * @returns {import("pyengine").Operations}
 */
export function operations(offered) {
  /** @type {Record<string, Operation>} */
  const direct = {};
  for (const [name, parameters] of Object.entries(offered)) direct[name] = operation(name, parameters);
  for (const [name, python] of Object.entries(OTHER_NAMES)) direct[name] = direct[python];
  /** @type {Record<string, number>} */
  const counts = {};
  for (const [name, parameters] of Object.entries(offered)) counts[name] = parameters.length;
  for (const [name, python] of Object.entries(OTHER_NAMES)) counts[name] = counts[python];
  const own = composed(direct);
  for (const name of Object.keys(own)) counts[name] = COUNTS[name] ?? own[name].length;
  const tf = { ...direct, ...own };
  attach(tf, counts);
  return /** @type {any} */ (guard("tf", tf, counts)); // Python's types are made of the same offers
}

/** How many arguments the composed operations take that have defaults. @type {Record<string, number>} */
const COUNTS = { oneHot: 5, argMax: 2, argMin: 2, concat: 2, split: 3, cumsum: 4, expandDims: 2, pad: 3, unstack: 2, norm: 4, leakyRelu: 2 };

/**
 * @param {string} name
 * @param {string[]} parameters
 * @returns {Operation}
 */
function operation(name, parameters) {
  return (...inputs) => {
    const given = inputs.map((value, place) => {
      if (value === undefined) return null;
      if (parameters[place] === "arrays") return value.map((/** @type {any} */ array) => arrayLike(array));
      if (parameters[place] === "indices") return arrayLike(value, "int32");
      return ARRAYS.has(parameters[place]) ? arrayLike(value) : value;
    });
    return quickly(name, given) ?? call("operate", name, given);
  };
}

/**
 * @param {any} value
 * @param {"int32"} [dtype]
 */
function arrayLike(value, dtype) {
  if (value instanceof TensorLike || typeof value === "number" || typeof value === "boolean") return value;
  return tensor(value, undefined, dtype);
}

/**
 * Operations whose arguments or defaults in TensorFlow.js are others than in Python.
 *
 * @param {Record<string, Operation>} ops
 * @returns {Record<string, Operation>}
 */
function composed(ops) {
  /** @param {any} x @returns {TensorLike} */
  const like = (x) => (x instanceof TensorLike ? x : tensor(x));
  return {
    /**
     * The quotient a / b; whole numbers by whole numbers are rounded down to whole numbers.
     *
     * @param {any} a  tensor, nested arrays or number
     * @param {any} b  likewise; shapes broadcast
     * @returns {any}
     * @example
     * tf.div(tf.tensor([5, 4]), 2).arraySync()  // [2.5, 2]
     */
    div: (a, b) => (isWhole(a) && isWhole(b) ? ops.floorDivide(a, b) : ops.divide(arrayLike(a), arrayLike(b))),
    /**
     * A number at the place each index names, another elsewhere.
     *
     * @param {any} indices  whole numbers; one outside 0 … depth - 1 gives offValue everywhere
     * @param {number} depth  number of places, at least 1
     * @param {number} [onValue=1]  at the named places
     * @param {number} [offValue=0]  elsewhere
     * @param {string} [dtype="int32"]  of the result
     * @returns {any}
     * @throws {PyEngineError} for a depth below 1
     * @example
     * tf.oneHot([2, 0], 3).arraySync()  // [[0, 0, 1], [1, 0, 0]]
     */
    oneHot: (indices, depth, onValue = 1, offValue = 0, dtype = "int32") => {
      const hot = ops.oneHot(indices, depth);
      const plain = onValue === 1 && offValue === 0;
      return ops.cast(plain ? hot : ops.where(ops.greater(hot, 0), onValue, offValue), dtype);
    },
    /**
     * The place of the largest number along an axis (the first of equals), int32.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} [axis=0]  the axis, negative from the end
     * @returns {any}
     * @example
     * tf.argMax([[3, 1], [2, 5]], 1).arraySync()  // [0, 1]
     */
    argMax: (x, axis = 0) => ops.argmax(x, axis),
    /**
     * The place of the smallest number along an axis (the first of equals), int32.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} [axis=0]  the axis, negative from the end
     * @returns {any}
     * @example
     * tf.argMin([[3, 1], [2, 5]], 1).arraySync()  // [1, 0]
     */
    argMin: (x, axis = 0) => ops.argmin(x, axis),
    /**
     * Tensors one after another along an axis.
     *
     * @param {any[]} tensors  of shapes that differ on that axis alone
     * @param {number} [axis=0]  the axis, negative from the end
     * @returns {any}
     * @example
     * tf.concat([[1], [2, 3]]).arraySync()  // [1, 2, 3]
     */
    concat: (tensors, axis = 0) => ops.concatenate(tensors, axis),
    /**
     * A list of equal pieces along an axis.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} count  how many, a divisor of the axis's length
     * @param {number} [axis=0]  the axis, negative from the end
     * @returns {any[]}
     * @example
     * tf.split([1, 2], 2).map((part) => part.arraySync())  // [[1], [2]]
     */
    split: (x, count, axis = 0) => ops.split(x, count, axis),
    /**
     * The running sums along an axis.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} [axis=0]  the axis, negative from the end
     * @param {boolean} [exclusive=false]  whether each is without its own number
     * @param {boolean} [reverse=false]  whether they run from the end
     * @returns {any}
     * @example
     * tf.cumsum([1, 2, 3]).arraySync()  // [1, 3, 6]
     */
    cumsum: (x, axis = 0, exclusive = false, reverse = false) => cumsum(ops, like(x), axis, exclusive, reverse),
    /**
     * The same numbers with a new axis of length 1.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} [axis=0]  the place of the new axis, negative from the end
     * @returns {any}
     * @example
     * tf.expandDims([1, 2], 1).shape  // [2, 1]
     */
    expandDims: (x, axis = 0) => ops.expandDims(x, axis),
    /**
     * A tensor with one number around it.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number[][]} widths  one [before, after] per axis
     * @param {number} [value=0]  that number
     * @returns {any}
     * @example
     * tf.pad([1, 2], [[1, 2]]).arraySync()  // [0, 1, 2, 0, 0]
     */
    pad: (x, widths, value = 0) => pad(ops, like(x), widths, value),
    /**
     * The same numbers in another dtype; floats to whole numbers are cut towards 0.
     *
     * @param {any} x  tensor or nested arrays
     * @param {string} dtype  "float32", "int32" or "bool"
     * @returns {any}
     * @example
     * tf.cast([1.5, -1.5], "int32").arraySync()  // [1, -1]
     */
    cast: (x, dtype) => ops.cast(x, dtype),
    /**
     * The same numbers in one row.
     *
     * @param {any} x  tensor or nested arrays
     * @returns {any}
     * @example
     * tf.flatten([[1, 2], [3, 4]]).arraySync()  // [1, 2, 3, 4]
     */
    flatten: (x) => ops.reshape(x, [like(x).size]),
    /**
     * The same numbers in another shape.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number[]} shape  one length may be -1, which is worked out
     * @returns {any}
     * @example
     * tf.reshape([1, 2, 3, 4], [2, -1]).shape  // [2, 2]
     */
    reshape: (x, shape) => (x instanceof GraphTensor ? ops.reshape(x, shape) : reshaped(tensor(x), shape)),
    /**
     * A part of a tensor.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number | number[]} begin  first place per axis, from 0
     * @param {number | number[]} [size]  length per axis; default, and for -1, to the end
     * @returns {any}
     * @example
     * tf.slice([1, 2, 3, 4], 1, 2).arraySync()  // [2, 3]
     */
    slice: (x, begin, size) => slice(ops, like(x), begin, size),
    /**
     * The same numbers in the opposite order along axes.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number | number[]} [axis]  the axis, or the axes; default all
     * @returns {any}
     * @example
     * tf.reverse([1, 2]).arraySync()  // [2, 1]
     */
    reverse: (x, axis) => reverse(ops, like(x), axis),
    /**
     * The squared difference (a - b)².
     *
     * @param {any} a  tensor, nested arrays or number
     * @param {any} b  likewise; shapes broadcast
     * @returns {any}
     * @example
     * tf.squaredDifference([1, 5], [3, 3]).arraySync()  // [4, 4]
     */
    squaredDifference: (a, b) => ops.square(ops.subtract(a, b)),
    /**
     * 1 / x.
     *
     * @param {any} x  tensor or nested arrays
     * @returns {any}
     * @example
     * tf.reciprocal([2, 4]).arraySync()  // [0.5, 0.25]
     */
    reciprocal: (x) => ops.divide(1, x),
    /**
     * Zeros in the shape of a tensor.
     *
     * @param {any} x  tensor or nested arrays
     * @returns {any}
     * @example
     * tf.zerosLike([1, 2]).arraySync()  // [0, 0]
     */
    zerosLike: (x) => ops.multiply(x, 0),
    /**
     * Ones in the shape of a tensor.
     *
     * @param {any} x  tensor or nested arrays
     * @returns {any}
     * @example
     * tf.onesLike([1, 2]).arraySync()  // [1, 1]
     */
    onesLike: (x) => ops.add(ops.multiply(x, 0), 1),
    /**
     * The sum of several tensors.
     *
     * @param {any[]} tensors  at least one; shapes broadcast
     * @returns {any}
     * @example
     * tf.addN([[1, 2], [3, 4], [5, 6]]).arraySync()  // [9, 12]
     */
    addN: (tensors) => tensors.reduce((/** @type {any} */ sum, /** @type {any} */ x) => ops.add(sum, x)),
    /**
     * A list of the entries along an axis, which goes.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} [axis=0]  the axis, negative from the end
     * @returns {any[]}
     * @example
     * tf.unstack([[1, 2], [3, 4]]).map((row) => row.arraySync())  // [[1, 2], [3, 4]]
     */
    unstack: (x, axis = 0) =>
      ops.split(x, like(x).shape.at(axis), axis).map((/** @type {any} */ part) => ops.squeeze(part, axis)),
    /**
     * The norm of vectors (one axis), of matrices (two axes) or of all numbers (no axis).
     *
     * @param {any} x  tensor or nested arrays
     * @param {number | string} [order="euclidean"]  "euclidean", 1, Infinity, -Infinity, 2 (of vectors) or "fro" (of matrices)
     * @param {number | number[] | null} [axis=null]  the axis, or the two
     * @param {boolean} [keepDims=false]  whether the axes stay, with length 1
     * @returns {any}
     * @throws {PyEngineError} for another order or more axes
     * @example
     * tf.norm([3, 4]).arraySync()  // 5
     */
    norm: (x, order = "euclidean", axis = null, keepDims = false) => norm(ops, like(x), order, axis, keepDims),
    /**
     * The product of vectors or matrices: sums over the last axis of a and the first of b.
     *
     * @param {any} a  tensor or nested arrays, of one or two axes
     * @param {any} b  likewise; of fitting length
     * @returns {any}
     * @example
     * tf.dot([1, 2], [3, 4]).arraySync()  // 11
     */
    dot: (a, b) => dot(ops, like(a), like(b)),
    /**
     * x for x > 0, alpha · x below.
     *
     * @param {any} x  tensor or nested arrays
     * @param {number} [alpha=0.2]  slope below 0
     * @returns {any}
     * @example
     * tf.leakyRelu([-1, 2]).arraySync()[1]  // 2
     */
    leakyRelu: (x, alpha = 0.2) => call("activation", "leakyRelu", arrayLike(x), alpha),
    ...Object.fromEntries(
      ["elu", "selu", "gelu", "silu", "swish", "softsign", "relu6", "hardSigmoid", "mish"].map((name) => [
        name,
        (/** @type {any} */ x) => call("activation", name, arrayLike(x)),
      ]),
    ),
  };
}

/** @param {any} x */
function isWhole(x) {
  return x instanceof TensorLike && /** @type {any} */ (x).dtype === "int32";
}

/**
 * Running sums: each without its own value where `exclusive`, from the end where `reverse`.
 *
 * @param {Record<string, Operation>} ops
 * @param {TensorLike} x
 * @param {number} axis
 * @param {boolean} exclusive
 * @param {boolean} reverse
 */
function cumsum(ops, x, axis, exclusive, reverse) {
  if (!exclusive) return ops.cumsum(x, axis, reverse);
  // The values one place further along, a zero before them.
  const shape = x.shape;
  const place = axis < 0 ? axis + shape.length : axis;
  const widths = shape.map((_, other) => (other !== place ? [0, 0] : reverse ? [0, 1] : [1, 0]));
  const start = shape.map((_, other) => (other === place && reverse ? 1 : 0));
  const end = shape.map((length, other) => start[other] + length);
  return ops.cumsum(ops.slice(ops.pad(x, widths), start, end), axis, reverse);
}

/**
 * @param {Record<string, Operation>} ops
 * @param {TensorLike} x
 * @param {number[][]} widths  one [before, after] per axis
 * @param {number} value
 */
function pad(ops, x, widths, value) {
  const padded = ops.pad(x, widths);
  if (value === 0) return padded;
  const inside = ops.pad(tensor(new Float32Array(x.size).fill(1), x.shape), widths);
  return ops.where(ops.greater(inside, 0), padded, value);
}

/**
 * The norm of vectors (along one axis) or matrices (two axes), of all numbers where no axis is given.
 *
 * @param {Record<string, Operation>} ops
 * @param {TensorLike} x
 * @param {number | string} order  "euclidean", "fro", 1, 2, Infinity or -Infinity
 * @param {number | number[] | null} axis
 * @param {boolean} keepDims
 */
function norm(ops, x, order, axis, keepDims) {
  const axes = axis === null || axis === undefined ? null : Array.isArray(axis) ? axis : [axis];
  const matrix = axes?.length === 2;
  const euclidean = order === "euclidean" || order === (matrix ? "fro" : 2);
  if ((axes && axes.length !== 1 && !matrix) || !(euclidean || order === 1 || order === Infinity || order === -Infinity)) {
    throw refusal({
      where: "tf.norm",
      argument: "ord",
      expected: '"euclidean", 1, Infinity, -Infinity, 2 (of vectors) or "fro" (of matrices), and at most two axes',
      got: `${described(order)} and axis ${JSON.stringify(axis)}`,
      fix: 'Use, for example, `tf.norm(x, "euclidean", -1)`.',
    });
  }
  const every = axes ?? x.shape.map((_, place) => place);
  if (euclidean) return ops.sqrt(ops.sum(ops.square(x), every, keepDims));
  const size = ops.abs(x);
  const extreme = order === -Infinity ? ops.min : ops.max;
  if (!matrix) return order === 1 ? ops.sum(size, every, keepDims) : extreme(size, every, keepDims);
  const [rows, columns] = every;
  const sums = ops.sum(size, order === 1 ? rows : columns, true);
  const result = order === 1 ? ops.max(sums, columns, true) : extreme(sums, rows, true);
  return keepDims ? result : ops.squeeze(result, every);
}

/**
 * @param {Record<string, Operation>} ops
 * @param {TensorLike} x
 * @param {number | number[]} begin
 * @param {number | number[]} [size]  -1: to the end
 */
function slice(ops, x, begin, size) {
  const shape = x.shape;
  const first = Array.isArray(begin) ? begin : [begin];
  const lengths = size === undefined ? [] : Array.isArray(size) ? size : [size];
  const start = shape.map((_, axis) => first[axis] ?? 0);
  const end = shape.map((length, axis) => {
    const wanted = lengths[axis] ?? -1;
    return wanted === -1 ? length : start[axis] + wanted;
  });
  for (const [axis, length] of shape.entries()) {
    if (start[axis] < 0 || end[axis] > length || end[axis] < start[axis]) {
      throw refusal(
        {
          where: "tf.slice",
          argument: "begin",
          expected: `places within shape [${shape.join(", ")}]`,
          got: `[${start.join(", ")}] to [${end.join(", ")}]`,
          fix: `On axis ${axis} use 0 to ${length}.`,
        },
        RangeError,
      );
    }
  }
  return x instanceof Tensor ? sliced(x, start, end) : ops.slice(x, start, end);
}

/**
 * A part of a tensor, row by row of its last axis; whole rows of the first axis share their memory with it.
 *
 * @param {Tensor} x
 * @param {number[]} start
 * @param {number[]} end
 */
function sliced(x, start, end) {
  const data = x.dataSync();
  const shape = x.shape;
  const lengths = end.map((stop, axis) => stop - start[axis]);
  const count = lengths.reduce((product, length) => product * length, 1);
  if (shape.length === 0 || lengths.slice(1).every((length, axis) => length === shape[axis + 1])) {
    const row = shape.slice(1).reduce((product, length) => product * length, 1);
    const begin = (start[0] ?? 0) * row;
    return new Tensor(data.subarray(begin, begin + count), lengths, x.dtype);
  }
  const target = data.slice(0, count);
  const width = /** @type {number} */ (lengths.at(-1));
  let place = 0;
  /**
   * @param {number} axis
   * @param {number} offset  of the rows before
   */
  const copy = (axis, offset) => {
    if (axis === shape.length - 1) {
      const begin = offset * shape[axis] + start[axis];
      target.set(data.subarray(begin, begin + width), place);
      place += width;
      return;
    }
    for (let row = start[axis]; row < end[axis]; row += 1) copy(axis + 1, offset * shape[axis] + row);
  };
  copy(0, 0);
  return new Tensor(target, lengths, x.dtype);
}

/**
 * @param {Record<string, Operation>} ops
 * @param {TensorLike} x
 * @param {number | number[]} [axes]
 */
function reverse(ops, x, axes) {
  const all = axes === undefined ? x.shape.map((_, axis) => axis) : Array.isArray(axes) ? axes : [axes];
  return all.reduce((turned, axis) => ops.reverse(turned, axis), x);
}

/**
 * @param {Record<string, Operation>} ops
 * @param {TensorLike} a
 * @param {TensorLike} b
 */
function dot(ops, a, b) {
  if (a.rank === 1 && b.rank === 1) return ops.sum(ops.multiply(a, b));
  const left = a.rank === 1 ? ops.expandDims(a, 0) : a;
  const right = b.rank === 1 ? ops.expandDims(b, 1) : b;
  const product = ops.matmul(left, right);
  if (a.rank === 1) return ops.squeeze(product, 0);
  return b.rank === 1 ? ops.squeeze(product, 1) : product;
}

/** Not methods: their first argument is a list, or their name means something else on a tensor. */
const FUNCTIONS_ONLY = new Set(["concat", "concatenate", "stack", "addN", "copy"]);

/**
 * `x.add(y)` for `tf.add(x, y)`.
 *
 * @param {Record<string, Operation>} tf
 * @param {Record<string, number>} counts  how many arguments each takes
 */
function attach(tf, counts) {
  const prototype = /** @type {any} */ (TensorLike.prototype);
  for (const [name, operation] of Object.entries(tf)) {
    if (FUNCTIONS_ONLY.has(name)) continue;
    /** @this {any} @param {any[]} inputs */
    const method = function (...inputs) {
      return operation(this, ...inputs);
    };
    prototype[name] = taking(`tensor.${name}`, method, counts[name] - 1);
  }
  prototype.concat = function (/** @type {any} */ others, axis = 0) {
    return tf.concat([this, ...(Array.isArray(others) ? others : [others])], axis);
  };
  for (const rank of [1, 2, 3, 4]) {
    prototype[`as${rank}D`] = function (/** @type {number[]} */ ...shape) {
      refuseSurplus(`tensor.as${rank}D`, shape, rank);
      return tf.reshape(this, shape);
    };
  }
  prototype.asScalar = function () {
    return tf.reshape(this, []);
  };
  for (const dtype of ["int32", "float32", "bool"]) {
    const name = dtype === "bool" ? "toBool" : dtype === "int32" ? "toInt" : "toFloat";
    prototype[name] = function () {
      return tf.cast(this, dtype);
    };
  }
  // Those of several arguments have been guarded above, or check themselves.
  guard("tensor", prototype, { concat: 2, as1D: 1, as2D: 2, as3D: 3, as4D: 4 });
}

