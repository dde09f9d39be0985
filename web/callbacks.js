/** Callbacks: plain objects with hooks, objects of `tf.callbacks`, and lists that mix them. */

import { refuseSurplus, refuseUndefined } from "./arity.js";
import { Raw, call, isPlain } from "./border.js";
import { described, refusal } from "./errors.js";
import { Handle } from "./handles.js";

const HOOK = /^on[A-Z]/;

/** A base for callbacks written as classes: define the hooks that you need. */
export class Callback {
  /** @type {any} The model in training. */
  model = null;
  /** @type {Record<string, any>} */
  params = {};

  constructor() {
    refuseSurplus("new tf.Callback", arguments, 0);
  }

  /**
   * Called before the training: keeps the model.
   *
   * @param {any} model  the model in training
   * @returns {void}
   * @example
   * class Stop extends tf.Callback {
   *   onEpochEnd() {
   *     this.model.stopTraining = true;
   *   }
   * }
   * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
   * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
   * (await model.fit([[1]], [[2]], { epochs: 9, callbacks: new Stop() })).epoch  // [0]
   */
  setModel(model) {
    this.model = model;
  }

  /**
   * Called before the training: keeps the facts about it.
   *
   * @param {Record<string, any>} params  epochs, steps, verbose, …
   * @returns {void}
   * @example
   * const callback = new tf.Callback();
   * callback.setParams({ epochs: 9 });
   * callback.params.epochs  // 9
   */
  setParams(params) {
    this.params = params;
  }
}

/** A callback made of hooks: `new tf.CustomCallback({ onEpochEnd: (epoch, logs) => … })`. */
export class CustomCallback extends Callback {
  /** @param {Record<string, (...inputs: any[]) => any>} [hooks] */
  constructor(hooks = {}) {
    super();
    refuseSurplus("new tf.CustomCallback", arguments, 1);
    if (!isPlain(hooks)) {
      throw refusal({
        where: "new tf.CustomCallback",
        argument: "hooks",
        expected: "an object of hooks",
        got: described(hooks),
        fix: "Use, for example, `{ onEpochEnd: (epoch, logs) => {} }`.",
      });
    }
    const unknown = Object.keys(hooks).find((name) => !HOOK.test(name));
    if (unknown !== undefined) {
      throw unknownHook("new tf.CustomCallback", "hooks", unknown);
    }
    Object.assign(this, hooks);
  }
}

/**
 * @param {string} where
 * @param {string} argument
 * @param {string} name
 */
function unknownHook(where, argument, name) {
  return refusal({
    where,
    argument,
    expected: "hooks, such as onEpochEnd or onBatchEnd",
    got: described(name),
    fix: "Correct its name, or leave it out.",
  });
}

/**
 * Callbacks as Python takes them, in order.
 *
 * @param {any} given  none, one or a list of them
 * @returns {any[]}
 */
export function callbacksInward(given) {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given)) {
    refuseUndefined("model.fit", "callbacks", given);
    return given.flatMap(callbacksInward);
  }
  if (given instanceof Handle) return [given];
  const hooks = typeof given === "object" ? hooksOf(given) : {};
  const introduced = typeof given.setModel === "function" || typeof given.setParams === "function";
  if (Object.keys(hooks).length === 0 && !introduced && !isPlain(given)) {
    throw refusal({
      where: "model.fit",
      argument: "callbacks",
      expected: "objects with hooks, or tf.callbacks.…",
      got: described(given),
      fix: "Use, for example, `callbacks: { onEpochEnd: (epoch, logs) => {} }`.",
    });
  }
  /** @type {Record<string, any>} */
  const description = { hooks };
  if (introduced) {
    description.introduce = new Raw((/** @type {string} */ what, /** @type {any} */ value) => {
      if (what === "model") given.setModel?.(value);
      else given.setParams?.(value);
    });
  }
  return [call("callback", description)];
}

/**
 * Its hooks by name, also those that its class has.
 *
 * @param {any} callback
 * @returns {Record<string, Raw>}
 */
function hooksOf(callback) {
  /** @type {Record<string, Raw>} */
  const hooks = {};
  const names = new Set(Object.keys(callback));
  for (let level = callback; level && !isEnd(level); level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
  }
  for (const name of names) {
    if (!HOOK.test(name) || callback[name] === undefined || callback[name] === null) {
      if (isPlain(callback) && !HOOK.test(name)) {
        throw unknownHook("model.fit", "callbacks", name);
      }
      continue;
    }
    if (typeof callback[name] !== "function") {
      throw refusal({
        where: "model.fit",
        argument: `callbacks.${name}`,
        expected: "a function",
        got: described(callback[name]),
        fix: "Use, for example, `(epoch, logs) => {}`.",
      });
    }
    hooks[name] = new Raw((/** @type {any[]} */ ...inputs) => {
      const result = callback[name](...inputs);
      return typeof result?.then === "function" ? result : undefined;
    });
  }
  return hooks;
}

/** @param {any} level */
function isEnd(level) {
  return level === Object.prototype || level === Callback.prototype || level === CustomCallback.prototype;
}
