/**
 * Results that are still being computed: begun at once, finished when someone asks. They come of the weights as they
 * were when they were begun, whatever has changed these since: Python sees to that.
 */

import { call, callAsync } from "./border.js";
import { Tensor } from "./tensor.js";

/** @typedef {import("./models.js").LayersModel} LayersModel */
/** @typedef {"predict" | "evaluate" | "evaluate_dataset"} Kind */

/** Held weakly: a result that nobody can ask for any more goes, with its data. @type {Set<WeakRef<Pending>>} */
const unfinished = new Set();
const forgotten = new FinalizationRegistry((/** @type {WeakRef<Pending>} */ held) => unfinished.delete(held));

/**
 * Before what a model is made of, or is compiled with, changes: what was begun with the old is finished with it.
 *
 * @param {(model: LayersModel, kind: Kind) => boolean} depends  whether a result does on what changes
 */
export function finishPending(depends) {
  for (const held of unfinished) {
    const pending = held.deref();
    if (pending && depends(pending.model, pending.kind)) pending.finish();
  }
}

/** A job in Python, and the tensors that wait for it. */
export class Pending {
  /** @type {any} */
  #job;
  /** @type {Tensor[] | null} */
  #tensors = null;
  /** @type {Promise<Tensor[]> | null} */
  #waiting = null;
  #held = new WeakRef(this);

  /**
   * @param {any} job  of Python
   * @param {LayersModel} model
   * @param {Kind} kind
   */
  constructor(job, model, kind) {
    this.#job = job;
    this.model = model;
    this.kind = kind;
    unfinished.add(this.#held);
    forgotten.register(this, this.#held);
    if (job.done) this.finish();
  }

  /** Computes the rest at once. */
  finish() {
    if (!this.#tensors) {
      unfinished.delete(this.#held);
      this.#take(call("finish", this.#job));
    }
    return /** @type {Tensor[]} */ (this.#tensors);
  }

  /** The page has its turns meanwhile. */
  async wait() {
    if (this.#tensors) return this.#tensors;
    this.#waiting ??= callAsync("wait", this.#job)
      .finally(() => unfinished.delete(this.#held))
      .then((result) => {
        if (!this.#tensors) this.#take(result);
        return /** @type {Tensor[]} */ (this.#tensors);
      });
    return this.#waiting;
  }

  /** @param {any} result  a tensor or a number, or a list of them */
  #take(result) {
    const several = Array.isArray(result) ? result : [result];
    this.#tensors = several.map((one) =>
      one instanceof Tensor ? one : new Tensor(Float32Array.of(one), [], "float32"),
    );
    this.#job.destroy();
  }

  /**
   * The tensor at a place of the result, now or later.
   *
   * @param {number} place
   * @param {number[] | null} shape  null if it is known only afterwards
   */
  tensor(place, shape) {
    if (this.#tensors) return this.#tensors[place];
    return Tensor.later(
      { finish: () => this.finish()[place], wait: async () => (await this.wait())[place] },
      shape,
    );
  }
}
