/** Objects that live in Python, as this side has them: layers, symbolic tensors, weights, optimizers, … */

import { INWARD, call, defined } from "./border.js";
import { described, refusal } from "./errors.js";
import { Tensor, TensorLike, tensor } from "./tensor.js";

/** Something of Python's, held by a handle. */
export class Handle {
  /** @type {any} */
  #python;

  /** @param {any} python */
  constructor(python) {
    if (typeof python?.destroy !== "function") {
      throw refusal({
        where: `new tf.${new.target.name}`,
        expected: "an object of the engine",
        got: described(python),
        fix: "Use a function that makes one: `tf.sequential()`, `tf.model()`, `tf.layers.dense()`, `tf.train.adam()`, …",
      });
    }
    this.#python = python;
  }

  /**
   * The class of the object, as Keras names it.
   *
   * @returns {string}
   * @example
   * tf.layers.conv2d({ filters: 8, kernelSize: 3 }).getClassName()  // "Conv2D"
   */
  getClassName() {
    return call("className", this);
  }

  /**
   * The arguments it was made with, defaults filled in.
   *
   * @returns {Record<string, any>}
   * @example
   * tf.layers.dense({ units: 2 }).getConfig().units  // 2
   */
  getConfig() {
    return call("config", this);
  }

  /**
   * The object as Python prints it.
   *
   * @returns {string}
   * @example
   * String(tf.train.sgd(0.5))  // "SGD(learning_rate=0.5)"
   */
  toString() {
    return call("described", this);
  }

  [INWARD]() {
    return this.#python;
  }
}

/** An optimizer; its learning rate may be changed at any time. */
export class Optimizer extends Handle {
  /**
   * The size of the next step, a number of at least 0. Setting it takes effect with the next update.
   *
   * @returns {number}
   * @throws {PyEngineError} when it is set to something else, or follows a schedule
   */
  get learningRate() {
    return call("get", this, "learning_rate");
  }

  set learningRate(rate) {
    call("put", this, "learning_rate", rate);
  }

  /** The number of updates so far. @returns {number} */
  get iterations() {
    return call("get", this, "iterations").read().dataSync()[0];
  }

  /**
   * Sets the learning rate, as `optimizer.learningRate = rate` does.
   *
   * @param {number} rate  size of a step, at least 0
   * @returns {void}
   * @throws {PyEngineError} for another rate, or where the rate follows a schedule
   * @example
   * const optimizer = tf.train.sgd(0.5);
   * optimizer.setLearningRate(0.25);
   * optimizer.learningRate  // 0.25
   */
  setLearningRate(rate) {
    this.learningRate = rate;
  }
}

/** A weight: a name, a shape and numbers that training changes. */
export class LayerVariable extends Handle {
  /** Its full name: layer and weight, "dense/kernel". @returns {string} */
  get name() {
    return call("get", this, "name");
  }

  /** The same as `name`. @returns {string} */
  get originalName() {
    return this.name;
  }

  /** Its lengths, one per axis. @returns {number[]} */
  get shape() {
    return call("get", this, "shape");
  }

  /** The kind of its numbers. @returns {string} */
  get dtype() {
    return call("get", this, "dtype");
  }

  /** Whether an optimizer may change it. @returns {boolean} */
  get trainable() {
    return call("get", this, "trainable");
  }

  /** The numbers as they are now, in a Tensor of this side's own. @returns {Tensor} */
  get val() {
    return this.read();
  }

  /**
   * The numbers as they are now, in a Tensor of this side's own.
   *
   * @returns {Tensor}
   * @example
   * const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: "ones" });
   * layer.build([null, 3]);
   * layer.weights[1].read().arraySync()  // [0, 0]
   */
  read() {
    return call("call", this, "numpy", [], {});
  }

  /**
   * Overwrites the numbers.
   *
   * @param {any} value  a tensor or nested arrays of the same shape
   * @returns {LayerVariable}  itself
   * @throws {PyEngineError} for another shape
   * @example
   * const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: "ones" });
   * layer.build([null, 3]);
   * layer.weights[1].write([1, 2]).read().arraySync()  // [1, 2]
   */
  write(value) {
    call("call", this, "set", [tensor(value)], {});
    return this;
  }
}

/** Data to come: what `tf.input` gives and layers make of it. */
export class SymbolicTensor extends Handle {
  /** Lengths, the batch first; null where a length is not known. @returns {(number | null)[]} */
  get shape() {
    return call("get", this, "shape").map((/** @type {number | undefined} */ length) => length ?? null);
  }

  /** The number of axes, with the batch. @returns {number} */
  get rank() {
    return this.shape.length;
  }

  /** The kind of its numbers. @returns {string} */
  get dtype() {
    return call("get", this, "dtype");
  }

  /** The name of the layer that makes it. @returns {string} */
  get name() {
    return call("get", this, "name");
  }

  /** The layer that makes it. @returns {Layer} */
  get sourceLayer() {
    return call("get", this, "layer");
  }
}

/**
 * Shapes with null for what is not known: Python's None arrives as undefined.
 *
 * @param {any} shape  or a list of shapes
 * @returns {any}
 */
function shapeWithNulls(shape) {
  return shape.map((/** @type {any} */ part) => (Array.isArray(part) ? shapeWithNulls(part) : (part ?? null)));
}

/** A layer: a function on arrays with weights of its own. */
export class Layer extends Handle {
  /** What errors and summaries call it. @returns {string} */
  get name() {
    return call("get", this, "name");
  }

  /** Whether training may change its weights; takes effect at the next compile. @returns {boolean} */
  get trainable() {
    return call("get", this, "trainable");
  }

  set trainable(trainable) {
    call("put", this, "trainable", Boolean(trainable));
  }

  /** Whether its weights exist. @returns {boolean} */
  get built() {
    return call("get", this, "built");
  }

  /** All its weights. A new array each time. @returns {LayerVariable[]} */
  get weights() {
    return call("get", this, "weights");
  }

  /** The weights that training changes. A new array each time. @returns {LayerVariable[]} */
  get trainableWeights() {
    return call("get", this, "trainable_weights");
  }

  /** The weights that training leaves alone. A new array each time. @returns {LayerVariable[]} */
  get nonTrainableWeights() {
    return call("get", this, "non_trainable_weights");
  }

  /** What it was called on, if it was called once. @returns {SymbolicTensor | SymbolicTensor[]} */
  get input() {
    return call("get", this, "input");
  }

  /** What it made, if it was called once. @returns {SymbolicTensor | SymbolicTensor[]} */
  get output() {
    return call("get", this, "output");
  }

  /** The shape of its input, or one per input; null where a length is not known. @returns {any} */
  get inputShape() {
    return shapeWithNulls(call("get", this, "input_shape"));
  }

  /** The shape of its output, or one per output; null where a length is not known. @returns {any} */
  get outputShape() {
    return shapeWithNulls(call("get", this, "output_shape"));
  }

  /**
   * The number of numbers in its weights.
   *
   * @returns {number}
   * @throws {PyEngineError} before it is built
   * @example
   * const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: "ones" });
   * layer.build([null, 3]);
   * layer.countParams()  // 8
   */
  countParams() {
    return call("call", this, "count_params", [], {});
  }

  /**
   * Makes the weights for inputs of a shape.
   *
   * @param {(number | null)[]} shape  the batch first: [null, 784]
   * @returns {void}
   * @throws {PyEngineError} for a shape that it cannot take
   * @example
   * const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: "ones" });
   * layer.build([null, 3]);
   * layer.weights[0].shape  // [3, 2]
   */
  build(shape) {
    call("call", this, "build", [shape], {});
  }

  /**
   * Copies of all weights.
   *
   * @returns {Tensor[]}
   * @example
   * const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: "ones" });
   * layer.build([null, 3]);
   * layer.getWeights().map((weight) => weight.shape)  // [[3, 2], [2]]
   */
  getWeights() {
    return call("call", this, "get_weights", [], {});
  }

  /**
   * Overwrites all weights.
   *
   * @param {any[]} weights  tensors or nested arrays, in the order of `getWeights`
   * @returns {void}
   * @throws {PyEngineError} for another number of them, or another shape; no weight is changed then
   * @example
   * const layer = tf.layers.dense({ units: 2, inputShape: [3], kernelInitializer: "ones" });
   * layer.build([null, 3]);
   * layer.setWeights([[[1, 2], [3, 4], [5, 6]], [7, 8]]);
   * layer.getWeights()[1].arraySync()  // [7, 8]
   */
  setWeights(weights) {
    call("call", this, "set_weights", [weights.map((weight) => tensor(weight))], {});
  }

  /**
   * The layer called on symbolic tensors (it becomes part of a model) or on tensors (computed at once).
   *
   * @param {any} inputs  one or several
   * @param {{ training?: boolean, [name: string]: any }} [settings={}]  training: whether to behave as in training; and what
   *   else the layer takes when it is called: initialState, attentionMask, useCausalMask, …
   * @returns {any}  a tensor of the same kind as the inputs, or several
   * @throws {PyEngineError} for inputs of a shape that it cannot take
   * @example
   * tf.layers.dense({ units: 1, kernelInitializer: "ones" }).apply(tf.tensor([[1, 2]])).arraySync()  // [[3]]
   */
  apply(inputs, settings = {}) {
    /** @param {any} one */
    const accepted = (one) => (one instanceof SymbolicTensor || one instanceof TensorLike ? one : tensor(one));
    const several = Array.isArray(inputs) && (inputs[0] instanceof Handle || inputs[0] instanceof TensorLike);
    const given = several ? inputs.map(accepted) : accepted(inputs);
    const { training, ...words } = defined(settings);
    return call("apply", this, given, training ?? null, words);
  }

  /**
   * Does nothing: memory is given back by itself. Here for programs that call it.
   *
   * @returns {{ refCountAfterDispose: number, numDisposedVariables: number }}  zeros
   * @example
   * tf.layers.dense({ units: 1 }).dispose().numDisposedVariables  // 0
   */
  dispose() {
    return { refCountAfterDispose: 0, numDisposedVariables: 0 };
  }
}
