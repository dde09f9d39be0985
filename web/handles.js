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

  /** The class of the object, as Keras names it: `Conv2D`. */
  getClassName() {
    return call("className", this);
  }

  /** What it was made of. */
  getConfig() {
    return call("config", this);
  }

  toString() {
    return call("described", this);
  }

  [INWARD]() {
    return this.#python;
  }
}

/** An optimizer; its learning rate may be changed at any time. */
export class Optimizer extends Handle {
  /** @returns {number} */
  get learningRate() {
    return call("get", this, "learning_rate");
  }

  set learningRate(rate) {
    call("put", this, "learning_rate", rate);
  }

  /** How many updates it has made. */
  get iterations() {
    return call("get", this, "iterations").read().dataSync()[0];
  }

  /** @param {number} rate */
  setLearningRate(rate) {
    this.learningRate = rate;
  }
}

/** A weight: a name, a shape and numbers that training changes. */
export class LayerVariable extends Handle {
  /** @returns {string} */
  get name() {
    return call("get", this, "name");
  }

  get originalName() {
    return this.name;
  }

  /** @returns {number[]} */
  get shape() {
    return call("get", this, "shape");
  }

  /** @returns {string} */
  get dtype() {
    return call("get", this, "dtype");
  }

  /** @returns {boolean} */
  get trainable() {
    return call("get", this, "trainable");
  }

  /** The numbers as they are now, in a Tensor of this side's own. */
  get val() {
    return this.read();
  }

  /** @returns {Tensor} */
  read() {
    return call("call", this, "numpy", [], {});
  }

  /** @param {any} value  a tensor or nested arrays of the same shape */
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

  get rank() {
    return this.shape.length;
  }

  /** @returns {string} */
  get dtype() {
    return call("get", this, "dtype");
  }

  /** @returns {string} */
  get name() {
    return call("get", this, "name");
  }

  /** @returns {Layer} */
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
  /** @returns {string} */
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

  /** @returns {boolean} */
  get built() {
    return call("get", this, "built");
  }

  /** @returns {LayerVariable[]} */
  get weights() {
    return call("get", this, "weights");
  }

  /** @returns {LayerVariable[]} */
  get trainableWeights() {
    return call("get", this, "trainable_weights");
  }

  /** @returns {LayerVariable[]} */
  get nonTrainableWeights() {
    return call("get", this, "non_trainable_weights");
  }

  /** @returns {SymbolicTensor | SymbolicTensor[]} */
  get input() {
    return call("get", this, "input");
  }

  /** @returns {SymbolicTensor | SymbolicTensor[]} */
  get output() {
    return call("get", this, "output");
  }

  /** @returns {any} */
  get inputShape() {
    return shapeWithNulls(call("get", this, "input_shape"));
  }

  /** @returns {any} */
  get outputShape() {
    return shapeWithNulls(call("get", this, "output_shape"));
  }

  /** @returns {number} */
  countParams() {
    return call("call", this, "count_params", [], {});
  }

  /**
   * Makes the weights for inputs of a shape, the batch first: `layer.build([null, 784])`.
   *
   * @param {(number | null)[]} shape
   */
  build(shape) {
    call("call", this, "build", [shape], {});
  }

  /** Copies of all weights. @returns {Tensor[]} */
  getWeights() {
    return call("call", this, "get_weights", [], {});
  }

  /** @param {any[]} weights  tensors or nested arrays, in the order of `getWeights` */
  setWeights(weights) {
    call("call", this, "set_weights", [weights.map((weight) => tensor(weight))], {});
  }

  /**
   * The layer called on symbolic tensors (it becomes part of a model) or on tensors (computed at once).
   *
   * @param {any} inputs  one or several
   * @param {{ training?: boolean, [name: string]: any }} [settings]  and what else the layer takes when it is called:
   *   initialState, attentionMask, useCausalMask, …
   * @returns {any}
   */
  apply(inputs, settings = {}) {
    /** @param {any} one */
    const accepted = (one) => (one instanceof SymbolicTensor || one instanceof TensorLike ? one : tensor(one));
    const several = Array.isArray(inputs) && (inputs[0] instanceof Handle || inputs[0] instanceof TensorLike);
    const given = several ? inputs.map(accepted) : accepted(inputs);
    const { training, ...words } = defined(settings);
    return call("apply", this, given, training ?? null, words);
  }

  /** Here for programs that call it: memory is given back by itself. */
  dispose() {
    return { refCountAfterDispose: 0, numDisposedVariables: 0 };
  }
}
