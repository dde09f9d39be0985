/** Tensors: a shape and a typed array of this page's own; and values of a step that is being written down. */

import { refuseSurplus } from "./arity.js";
import { INWARD, call } from "./border.js";
import { described, refusal } from "./errors.js";
import { dataOf, dtypeOf, flattened, isTypedArray, nest, shapeOf } from "./nested.js";

/** @typedef {import("./nested.js").Data} Data */
/** @typedef {import("./nested.js").Dtype} Dtype */
/** @typedef {import("./border.js").Crossed} Crossed */

/**
 * What is still being computed.
 *
 * @typedef {object} Source
 * @property {() => Tensor} finish  computes the rest at once
 * @property {() => Promise<Tensor>} wait  lets the page have its turns meanwhile
 */

/** What tensors and graph values have in common: the methods that `operations.js` gives them. */
export class TensorLike {
  /**
   * Its lengths, one per axis.
   *
   * @returns {number[]}
   * @throws {TypeError} of this base itself
   */
  get shape() {
    throw new TypeError("A TensorLike has no shape of its own.");
  }

  /** The number of axes. @returns {number} */
  get rank() {
    return this.shape.length;
  }

  /** The number of its numbers. @returns {number} */
  get size() {
    return this.shape.reduce((product, length) => product * length, 1);
  }
}

/**
 * Numbers and their shape. The typed array is used as it is given, not copied; nothing needs to be disposed of.
 */
export class Tensor extends TensorLike {
  /** @type {Data | null} */
  #data;
  /** @type {number[] | null} */
  #shape;
  /** @type {Dtype} */
  #dtype;
  /** @type {Source | null} */
  #source = null;
  /** @type {string | null} */
  #signature = null;

  /**
   * @param {Data | null} data
   * @param {number[] | null} shape
   * @param {Dtype} dtype
   */
  constructor(data, shape, dtype) {
    super();
    refuseSurplus("new tf.Tensor", arguments, 3);
    this.#data = data;
    this.#shape = shape;
    this.#dtype = dtype;
  }

  /**
   * A tensor whose numbers are still being computed.
   *
   * @param {Source} source  what computes them
   * @param {number[] | null} shape  null if it is known only afterwards
   * @returns {Tensor}
   * @example
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
   * model.predict([[1, 2]]).shape  // [1, 1]
   */
  static later(source, shape) {
    const tensor = new Tensor(null, shape, "float32");
    tensor.#source = source;
    return tensor;
  }

  /** @param {Tensor} computed */
  #settle(computed) {
    this.#data = computed.#data;
    this.#shape = computed.#shape;
    this.#dtype = computed.#dtype;
    this.#source = null;
    this.#signature = null;
  }

  /** Its lengths, one per axis. A new array each time. @returns {number[]} */
  get shape() {
    if (!this.#shape) this.dataSync();
    return [.../** @type {number[]} */ (this.#shape)];
  }

  /** The kind of its numbers. @returns {Dtype} */
  get dtype() {
    return this.#dtype;
  }

  /** Dtype and shape in one text, as "float32[2,3]". @returns {string} */
  get signature() {
    this.#signature ??= `${this.#dtype}[${this.shape}]`;
    return this.#signature;
  }

  /** Always false: nothing is ever taken away from a tensor. @returns {boolean} */
  get isDisposed() {
    return false;
  }

  /**
   * The numbers in one row; the page goes on meanwhile.
   *
   * @returns {Promise<Data>}
   * @throws {TypeError} where the typed array was transferred away
   * @example
   * Array.from(await tf.tensor([[1, 2]]).data())  // [1, 2]
   */
  async data() {
    const computed = await this.#source?.wait();
    if (computed && this.#source) this.#settle(computed);
    return this.#whole();
  }

  /**
   * The numbers in one row, at once: what is still being computed blocks the page.
   *
   * @returns {Data}
   * @throws {TypeError} where the typed array was transferred away
   * @example
   * Array.from(tf.tensor([[1, 2]]).dataSync())  // [1, 2]
   */
  dataSync() {
    if (this.#source) this.#settle(this.#source.finish());
    return this.#whole();
  }

  /** The numbers, if they are still as many as the shape says. */
  #whole() {
    const data = /** @type {Data} */ (this.#data);
    if (data.length !== this.size) throw incomplete(data.length, this.size, /** @type {number[]} */ (this.#shape));
    return data;
  }

  /**
   * The numbers as nested arrays; the page goes on meanwhile.
   *
   * @returns {Promise<any>}
   * @example
   * await tf.tensor([[1, 2]]).array()  // [[1, 2]]
   */
  async array() {
    await this.data();
    return this.arraySync();
  }

  /**
   * The numbers as nested arrays, at once.
   *
   * @returns {any}
   * @example
   * tf.tensor([[1, 2]]).arraySync()  // [[1, 2]]
   */
  arraySync() {
    return nest(this.dataSync(), this.shape);
  }

  /**
   * The numbers, to be read by their places; the page goes on meanwhile.
   *
   * @returns {Promise<{ get: (...place: number[]) => number }>}
   * @example
   * (await tf.tensor([[1, 2]]).buffer()).get(0, 1)  // 2
   */
  async buffer() {
    await this.data();
    return this.bufferSync();
  }

  /**
   * The numbers, to be read by their places, at once.
   *
   * @returns {{ values: Data, shape: number[], get: (...place: number[]) => number }}
   * @example
   * tf.tensor([[1, 2]]).bufferSync().get(0, 1)  // 2
   */
  bufferSync() {
    const values = this.dataSync();
    const shape = this.shape;
    return {
      values,
      shape,
      get: (/** @type {number[]} */ ...place) =>
        values[place.reduce((index, position, axis) => index * shape[axis] + position, 0)],
    };
  }

  /**
   * The same numbers in a typed array of their own.
   *
   * @returns {Tensor}
   * @example
   * tf.tensor([1, 2]).clone().arraySync()  // [1, 2]
   */
  clone() {
    return new Tensor(this.dataSync().slice(), this.shape, this.#dtype);
  }

  /**
   * Does nothing: memory is given back by itself. Here for programs that call it.
   *
   * @returns {void}
   * @example
   * tf.tensor([1, 2]).dispose();
   */
  dispose() {}

  /**
   * Writes the numbers to the console.
   *
   * @param {boolean} [verbose=false]  whether dtype and shape are written, too
   * @returns {void}
   * @example
   * tf.tensor([1, 2]).print();
   */
  print(verbose = false) {
    console.log(verbose ? `${this.#dtype} [${this.shape}]\n${this}` : String(this));
  }

  /**
   * The numbers as text, their middle left out where they are many.
   *
   * @returns {string}
   * @example
   * String(tf.tensor([1, 2]))  // "Tensor\n    [1, 2]"
   */
  toString() {
    return `Tensor\n    ${shown(this.arraySync(), this.rank, this.#dtype)}`;
  }

  /** @param {Crossed} crossed */
  [INWARD](crossed) {
    const array = call("array", this.dataSync(), this.shape, this.#dtype);
    crossed.push(array);
    return array;
  }
}

/**
 * @param {number} found
 * @param {number} expected
 * @param {number[]} shape
 */
export function incomplete(found, expected, shape) {
  return new TypeError(
    `A tensor of shape [${shape}] expects ${expected} values, but its typed array has ${found}. ` +
      "Its buffer was probably transferred away (postMessage, structuredClone): transfer a copy, data.slice().buffer.",
  );
}

const MOST_SHOWN = 20;
const EDGE = 3;

/**
 * Nested arrays as text, their middle left out where they are long.
 *
 * @param {any} values
 * @param {number} rank
 * @param {Dtype} dtype
 * @param {string} [indent]
 * @returns {string}
 */
function shown(values, rank, dtype, indent = "    ") {
  if (rank === 0) return String(dtype === "bool" ? Boolean(values) : Number(values.toPrecision(7)));
  const parts = values.map((/** @type {any} */ part) => part);
  const long = parts.length > MOST_SHOWN;
  const kept = long ? [...parts.slice(0, EDGE), ...parts.slice(-EDGE)] : parts;
  const texts = kept.map((/** @type {any} */ part) => shown(part, rank - 1, dtype, `${indent} `));
  if (long) texts.splice(EDGE, 0, "...");
  return `[${texts.join(rank === 1 ? ", " : `,\n${indent} `)}]`;
}

/** A value of a step that is being written down: custom losses and metrics compute with these. */
export class GraphTensor extends TensorLike {
  /** @type {any} */
  #python;

  /** @param {any} python  a Value */
  constructor(python) {
    super();
    this.#python = python;
  }

  /** @returns {number[]} */
  get shape() {
    return call("get", this, "shape");
  }

  /** @returns {string} */
  get dtype() {
    return call("get", this, "dtype");
  }

  /** @returns {never} */
  dataSync() {
    throw new TypeError(
      "This is a value of a step that is still being recorded: it has a shape, but no numbers yet. " +
        "Compute with tf.add, tf.mean, tf.where, … and return the result.",
    );
  }

  /** @returns {never} */
  [Symbol.iterator]() {
    throw new TypeError(
      "A value of a step that is still being recorded has no rows to loop over. Compute with tf.add, tf.mean, " +
        "tf.where, … on all rows at once: axis 0 is the batch.",
    );
  }

  async data() {
    return this.dataSync();
  }

  dispose() {}

  [INWARD]() {
    return this.#python;
  }
}

/**
 * A tensor of numbers, nested arrays or a typed array.
 *
 * @param {any} values  a number, nested arrays, a typed array (used as it is, not copied) or a tensor
 * @param {number[]} [shape]  needed for a typed array of more than one axis; default that of the values
 * @param {Dtype} [dtype]  default float32 for numbers, bool for booleans, that of a typed array
 * @param {import("./nested.js").Named} [named]  what the values are, for errors; default none
 * @returns {Tensor}
 * @throws {RangeError} where shape and number of values differ; {TypeError} for ragged arrays and what is no number
 * @example
 * tf.tensor([[1, 2], [3, 4]]).shape  // [2, 2]
 * tf.tensor(new Float32Array([1, 2, 3, 4]), [2, 2]).arraySync()  // [[1, 2], [3, 4]]
 */
export function tensor(values, shape, dtype, named) {
  if (values instanceof Tensor) {
    const shaped = shape ? reshaped(values, shape) : values;
    if (!dtype || dtype === values.dtype) return shaped;
    return new Tensor(dataOf(shaped.dataSync(), dtype), shaped.shape, dtype);
  }
  const chosen = dtype ?? dtypeOf(values);
  const found = shapeOf(values);
  const wanted = shape ? wholeShape(shape) : found;
  const count = wanted.reduce((product, length) => product * length, 1);
  const flat =
    found.length === 1 && isTypedArray(values) ? dataOf(values, chosen) : flattened(values, found, chosen, named);
  if (flat.length !== count) {
    throw refusal(
      {
        where: "tf.tensor",
        argument: "values",
        expected: `${count} numbers for the shape [${wanted.join(", ")}]`,
        got: String(flat.length),
        fix: "Give as many, or another shape.",
      },
      RangeError,
    );
  }
  return new Tensor(flat, wanted, chosen);
}

/**
 * The same numbers in another shape; one length may be -1.
 *
 * @param {Tensor} values
 * @param {number[]} shape
 * @returns {Tensor}
 */
export function reshaped(values, shape) {
  const known = shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const wanted = wholeShape(shape.map((length) => (length === -1 && known > 0 ? values.size / known : length)));
  const count = wanted.reduce((product, length) => product * length, 1);
  if (count !== values.size) {
    throw refusal(
      {
        where: "tensor.reshape",
        argument: "shape",
        expected: `a shape of ${values.size} numbers, as [${values.shape.join(", ")}] has`,
        got: `[${shape.join(", ")}]`,
        fix: "One length may be -1: it is worked out.",
      },
      RangeError,
    );
  }
  return new Tensor(values.dataSync(), wanted, values.dtype);
}

/** @param {number[]} shape */
function wholeShape(shape) {
  if (!Array.isArray(shape) || shape.some((length) => !Number.isInteger(length) || length < 0)) {
    throw refusal({
      where: "tf.tensor",
      argument: "shape",
      expected: "an array of whole numbers",
      got: described(shape),
      fix: "Use, for example, `[32, 784]`.",
    });
  }
  return [...shape];
}
