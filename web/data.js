/** Datasets: Python's, fed by JavaScript and read by it. Nothing runs until they are read. */

import { refuseUnknown } from "./arity.js";
import { Raw, answering, call, callAsync, guarded, inward, isPlain } from "./border.js";
import { described, refusal } from "./errors.js";
import { Handle } from "./handles.js";
import { dtypeOf, flattened, isRegular, isTypedArray, shapeOf } from "./nested.js";
import { Tensor, tensor } from "./tensor.js";

/** @typedef {import("./border.js").Crossed} Crossed */

/**
 * An element as Python takes it, in one parcel: all its numbers in one row, and a layout that says what they are.
 * `unpacked` in `pyengine/bridge/data.py` opens it. What a parcel cannot hold (text above all) crosses part by part.
 *
 * @param {any} value
 * @param {Crossed} crossed
 * @returns {any}
 */
function elementInward(value, crossed) {
  /** @type {ArrayLike<number>[]} */
  const pieces = [];
  const layout = layoutOf(value, pieces);
  if (layout === null) return inward([value], crossed);
  const payload = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let place = 0;
  for (const piece of pieces) {
    payload.set(piece, place);
    place += piece.length;
  }
  return [JSON.stringify(layout), payload];
}

/**
 * What an element consists of; arrays of numbers become arrays, other arrays tuples, objects maps.
 *
 * @param {any} value
 * @param {ArrayLike<number>[]} pieces  is given the numbers
 * @returns {any}  null if there is something else
 */
function layoutOf(value, pieces) {
  if (typeof value === "number" || typeof value === "boolean") {
    pieces.push([Number(value)]);
    return typeof value;
  }
  if (value instanceof Tensor || isTypedArray(value)) {
    const { shape, dtype } = tensor(value);
    pieces.push(tensor(value).dataSync());
    return { tensor: shape, dtype };
  }
  if (Array.isArray(value) && isRegular(value)) {
    const shape = shapeOf(value);
    const dtype = dtypeOf(value);
    pieces.push(flattened(value, shape, dtype));
    return { plain: shape, dtype };
  }
  if (Array.isArray(value)) {
    const parts = value.map((part) => layoutOf(part, pieces));
    return parts.includes(null) ? null : { list: parts };
  }
  if (!isPlain(value)) return null;
  /** @type {Record<string, any>} */
  const map = {};
  for (const [name, part] of Object.entries(value)) {
    map[name] = layoutOf(part, pieces);
    if (map[name] === null) return null;
  }
  return { map };
}

/**
 * What a source gave, as something to call `next` on.
 *
 * @param {any} produced
 * @returns {{ next: () => any, return?: () => any }}
 */
function iteratorOf(produced) {
  const iterator = produced?.[Symbol.asyncIterator]?.() ?? produced?.[Symbol.iterator]?.() ?? produced;
  if (typeof iterator?.next === "function") return iterator;
  throw refusal({
    where: "tf.data.generator",
    argument: "produce",
    expected: "a generator function, or a function that returns an iterator or an array",
    got: `a function that returned ${produced === undefined ? "nothing" : described(produced)}`,
    fix: "Use, for example, `function* () { yield { xs, ys }; }`.",
  });
}

/**
 * A dataset whose elements come from here: `open` gives an iterator for every pass.
 *
 * @param {() => any} open
 * @param {string} name
 * @param {number | null} [size]  how many elements a pass has, if that is known
 * @returns {Dataset}
 */
function fromIterators(open, name, size = null) {
  const openReader = () => {
    /** @type {any} */
    let iterator;
    let closed = false;
    /** @type {Crossed} What was handed over before is Python's by now. */
    let crossed = [];
    /** @param {any} item */
    const taken = (item) => {
      for (const proxy of crossed) proxy.destroy();
      crossed = [];
      if (item.done || closed) return null;
      return elementInward(item.value, crossed);
    };
    const next = () => {
      const item = iterator.next();
      return typeof item?.then === "function" ? item.then(taken) : taken(item);
    };
    return {
      next: guarded(() => {
        if (iterator) return next();
        const produced = open();
        if (typeof produced?.then !== "function") {
          iterator = iteratorOf(produced);
          return next();
        }
        return produced.then((/** @type {any} */ result) => {
          iterator = iteratorOf(result);
          return next();
        });
      }),
      close: guarded(() => {
        closed = true;
        for (const proxy of crossed) proxy.destroy();
        crossed = [];
        return iterator?.return?.();
      }),
    };
  };
  return call("dataset", "reader", new Raw(openReader), name || "generator", size);
}

/** A lazy stream of elements; every method gives a new dataset. */
export class Dataset extends Handle {
  /** How many elements one pass has; Infinity, or null where only reading tells. @returns {number | null} */
  get size() {
    return call("get", this, "size") ?? null;
  }

  /**
   * @param {string} method
   * @param {...any} positional
   * @returns {Dataset}
   */
  #then(method, ...positional) {
    return call("call", this, method, positional, {});
  }

  /**
   * The elements, several at a time, stacked along a new first axis.
   *
   * @param {number} batchSize  elements per batch, at least 1
   * @param {boolean} [smallLastBatch=true]  whether a last batch that is smaller is kept
   * @returns {Dataset}
   * @throws {PyEngineError} for another number
   * @example
   * (await tf.data.array([1, 2, 3]).batch(2).toArray()).map((batch) => batch.arraySync())  // [[1, 2], [3]]
   */
  batch(batchSize, smallLastBatch = true) {
    return this.#then("batch", batchSize, !smallLastBatch);
  }

  /**
   * The rows of every element one by one: undoes `batch`.
   *
   * @returns {Dataset}
   * @example
   * (await tf.data.array([1, 2, 3]).batch(2).unbatch().toArray()).length  // 3
   */
  unbatch() {
    return this.#then("unbatch");
  }

  /**
   * The elements in random order, as far as a buffer of them reaches.
   *
   * @param {number} bufferSize  elements that wait in memory to be drawn, at least 1
   * @param {number | string} [seed]  whole number for the same order each time; default the engine's one seed
   * @param {boolean} [reshuffleEachIteration=true]  whether every pass has a new order
   * @returns {Dataset}
   * @throws {PyEngineError} for another number
   * @example
   * (await tf.data.array([1, 2, 3]).shuffle(3).toArray()).sort()  // [1, 2, 3]
   */
  shuffle(bufferSize, seed, reshuffleEachIteration = true) {
    return this.#then("shuffle", bufferSize, seed === undefined ? null : Number(seed), reshuffleEachIteration);
  }

  /**
   * The first elements.
   *
   * @param {number} count  how many, at least 0; -1 takes all
   * @returns {Dataset}
   * @throws {PyEngineError} for another number
   * @example
   * await tf.data.array([1, 2, 3]).take(2).toArray()  // [1, 2]
   */
  take(count) {
    return this.#then("take", count);
  }

  /**
   * All but the first elements.
   *
   * @param {number} count  how many are left out, at least 0
   * @returns {Dataset}
   * @throws {PyEngineError} for another number
   * @example
   * await tf.data.array([1, 2, 3]).skip(2).toArray()  // [3]
   */
  skip(count) {
    return this.#then("skip", count);
  }

  /**
   * Several passes one after another.
   *
   * @param {number} [count]  how many, at least 0; default for ever
   * @returns {Dataset}
   * @throws {PyEngineError} for another number
   * @example
   * await tf.data.array([1, 2, 3]).repeat(2).toArray()  // [1, 2, 3, 1, 2, 3]
   */
  repeat(count) {
    return this.#then("repeat", count ?? null);
  }

  /**
   * The same elements: where sources wait, some are asked for while earlier ones are used.
   *
   * @param {number} count  elements that wait in memory at most, at least 1
   * @returns {Dataset}
   * @throws {PyEngineError} for another number
   * @example
   * await tf.data.array([1, 2, 3]).prefetch(2).toArray()  // [1, 2, 3]
   */
  prefetch(count) {
    return this.#then("prefetch", count);
  }

  /**
   * The same elements, kept in memory in the first complete pass.
   *
   * @returns {Dataset}
   * @example
   * await tf.data.array([1, 2, 3]).cache().toArray()  // [1, 2, 3]
   */
  cache() {
    return this.#then("cache");
  }

  /**
   * All elements of this dataset, then all of another.
   *
   * @param {Dataset} other  the other one
   * @returns {Dataset}
   * @throws {PyEngineError} for anything but a dataset
   * @example
   * await tf.data.array([1, 2, 3]).concatenate(tf.data.array([4])).toArray()  // [1, 2, 3, 4]
   */
  concatenate(other) {
    return this.#then("concatenate", other);
  }

  /**
   * What a function makes of every element.
   *
   * @param {(element: any) => any} transform  may be async
   * @returns {Dataset}
   * @example
   * await tf.data.array([1, 2, 3]).map((x) => x * x).toArray()  // [1, 4, 9]
   */
  map(transform) {
    return call("dataset", "map", this, new Raw(answering(transform, elementInward)), transform.name);
  }

  /**
   * What an async function makes of every element; the same as `map`.
   *
   * @param {(element: any) => Promise<any>} transform  awaited
   * @returns {Dataset}
   * @example
   * await tf.data.array([1, 2, 3]).mapAsync(async (x) => x * x).toArray()  // [1, 4, 9]
   */
  mapAsync(transform) {
    return this.map(transform);
  }

  /**
   * The elements for which a function says true.
   *
   * @param {(element: any) => boolean | Promise<boolean>} predicate  may be async
   * @returns {Dataset}
   * @example
   * await tf.data.array([1, 2, 3]).filter((x) => x > 1).toArray()  // [2, 3]
   */
  filter(predicate) {
    return call("dataset", "filter", this, new Raw(predicate), predicate.name);
  }

  async *[Symbol.asyncIterator]() {
    const reading = call("reading", this);
    try {
      for (;;) {
        const item = await callAsync("next", reading);
        if (item === undefined || item === null) return;
        yield item[0];
      }
    } finally {
      await callAsync("close", reading);
      reading.destroy();
    }
  }

  /**
   * An iterator to call `next` on, as TensorFlow.js gives it.
   *
   * @returns {Promise<AsyncGenerator<any>>}
   * @example
   * (await (await tf.data.array([1, 2, 3]).iterator()).next()).value  // 1
   */
  async iterator() {
    return this[Symbol.asyncIterator]();
  }

  /**
   * All elements, in an array.
   *
   * @returns {Promise<any[]>}
   * @example
   * await tf.data.array([1, 2, 3]).toArray()  // [1, 2, 3]
   */
  async toArray() {
    const elements = [];
    for await (const element of this) elements.push(element);
    return elements;
  }

  /**
   * Calls a function with every element.
   *
   * @param {(element: any) => any} action  awaited where it is async
   * @returns {Promise<void>}
   * @example
   * let sum = 0;
   * await tf.data.array([1, 2, 3]).forEachAsync((x) => (sum += x));
   * sum  // 6
   */
  async forEachAsync(action) {
    for await (const element of this) await action(element);
  }

  /**
   * The columns of a dataset whose elements are objects, features before labels.
   *
   * @returns {Promise<string[]>}
   * @example
   * await tf.data.array([{ a: 1, b: 2 }]).columnNames()  // ["a", "b"]
   */
  async columnNames() {
    for await (const element of this.take(1)) {
      const { xs, ys, ...others } = element;
      const split = isPlain(xs) && isPlain(ys) && Object.keys(others).length === 0;
      return Object.keys(split ? { ...xs, ...ys } : element);
    }
    return [];
  }
}

/** @param {any} structure */
function datasetsIn(structure) {
  const parts = Array.isArray(structure) ? structure : Object.values(structure ?? {});
  if (parts.length === 0 || !parts.every((part) => part instanceof Dataset)) {
    throw refusal({
      where: "tf.data.zip",
      argument: "datasets",
      expected: "a list of datasets, or an object of them",
      got: described(structure),
      fix: "Use, for example, `tf.data.zip({ xs: first, ys: second })`.",
    });
  }
  return structure;
}

const CSV_SETTINGS = ["hasHeader", "columnNames", "delimiter", "configuredColumnsOnly", "columnConfigs"];

/**
 * The rows of a CSV file that is fetched when it is first read.
 *
 * Each element is an object of columns; with labels it is { xs, ys }, an object of each.
 *
 * @param {string} address  of the file
 * @param {{ hasHeader?: boolean, columnNames?: string[], delimiter?: string, configuredColumnsOnly?: boolean,
 *   columnConfigs?: Record<string, { isLabel?: boolean, required?: boolean, default?: any }> }} [settings={}]  hasHeader:
 *   whether the first line holds the names (default true); columnNames (default those of the header); delimiter (default
 *   ","); configuredColumnsOnly: whether other columns are left out (default false); columnConfigs: by column, isLabel
 *   (default false), required (default false) and default, what stands for a missing value
 * @returns {Dataset}
 * @throws {PyEngineError} for settings that do not exist; when it is read, for values that are missing or no numbers
 * @example
 * const address = URL.createObjectURL(new Blob(["a,b\n1,2\n3,4\n"]));
 * await tf.data.csv(address, { columnConfigs: { b: { isLabel: true } } }).toArray()  // [{ "xs": { "a": 1 }, "ys": { "b": 2 } }, { "xs": { "a": 3 }, "ys": { "b": 4 } }]
 */
function csv(address, settings = {}) {
  refuseUnknown("tf.data.csv", settings, CSV_SETTINGS);
  const configs = settings.columnConfigs ?? {};
  for (const [column, config] of Object.entries(configs)) {
    refuseUnknown(`tf.data.csv: columnConfigs.${column}`, config, ["isLabel", "required", "default"]);
  }
  /** @type {Record<string, any>} */
  const given = {
    header: settings.hasHeader ?? true,
    delimiter: settings.delimiter ?? ",",
    names: settings.columnNames ?? null,
    columns: settings.configuredColumnsOnly ? Object.keys(configs) : null,
    labels: Object.keys(configs).filter((name) => configs[name].isLabel),
    required: Object.keys(configs).filter((name) => configs[name].required),
    defaults: Object.fromEntries(
      Object.entries(configs).flatMap(([name, config]) => (config.default === undefined ? [] : [[name, config.default]])),
    ),
  };
  const text = async () => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} could not be fetched: the server answered ${answer.status}.`);
    return answer.text();
  };
  return call("dataset", "csv", new Raw(text), address, given);
}

export const data = {
  /**
   * The elements that a function yields; it is called anew for every pass.
   *
   * @param {() => any} produce  a generator function, also async, or one that returns an iterator or an array
   * @returns {Dataset}
   * @throws {PyEngineError} for anything but a function
   * @example
   * const squares = tf.data.generator(function* () { for (let x = 0; x < 3; x += 1) yield x * x; });
   * await squares.toArray()  // [0, 1, 4]
   */
  generator(produce) {
    if (typeof produce !== "function") {
      throw refusal({
        where: "tf.data.generator",
        argument: "produce",
        expected: "a generator function, or a function that returns an iterator or an array",
        got: described(produce),
        fix: "Use, for example, `function* () { yield { xs, ys }; }`.",
      });
    }
    return fromIterators(produce, produce.name);
  },

  /**
   * The items of an array.
   *
   * @param {any[]} items  one element each
   * @returns {Dataset}
   * @throws {PyEngineError} for anything but an array
   * @example
   * await tf.data.array([1, 2, 3]).toArray()  // [1, 2, 3]
   */
  array(items) {
    if (!Array.isArray(items) && !isTypedArray(items)) {
      throw refusal({
        where: "tf.data.array",
        argument: "items",
        expected: "an array of elements",
        got: described(items),
        fix: "Use, for example, `tf.data.array([1, 2, 3])`.",
      });
    }
    return fromIterators(() => items, "array", items.length);
  },

  /**
   * What a function returns, call after call, until it returns { done: true }.
   *
   * @param {() => any} next  may be async
   * @returns {Dataset}
   * @example
   * let x = 0;
   * await tf.data.func(() => (x += 1)).take(2).toArray()  // [1, 2]
   */
  func: (next) => fromIterators(() => ({ next: () => wrapped(next()) }), next.name || "func"),

  /**
   * One element of each dataset side by side, until the shortest ends.
   *
   * @param {Dataset[] | Record<string, Dataset>} datasets  the elements get the same structure
   * @returns {Dataset}
   * @throws {PyEngineError} for anything but datasets
   * @example
   * await tf.data.zip({ xs: tf.data.array([1, 2]), ys: tf.data.array([3, 4]) }).toArray()  // [{ "xs": 1, "ys": 3 }, { "xs": 2, "ys": 4 }]
   */
  zip: (datasets) => call("dataset", "zip", datasetsIn(datasets)),

  csv,
  Dataset,
};

/** @param {any} item */
function wrapped(item) {
  if (typeof item?.then === "function") return item.then(wrapped);
  return item && typeof item === "object" && ("done" in item || "value" in item) ? item : { value: item, done: false };
}

