/** Results that are still being computed: begun at once, finished when someone asks. */

import { call, callAsync } from "./border.js";
import { Tensor } from "./tensor.js";

/** @type {Set<Pending>} */
const unfinished = new Set();

/** Before weights change: results that were begun with the old ones are finished with them. */
export function finishPending() {
  for (const pending of unfinished) pending.finish();
}

/** A job in Python, and the tensors that wait for it. */
export class Pending {
  /** @type {any} */
  #job;
  /** @type {Tensor[] | null} */
  #tensors = null;
  /** @type {Promise<Tensor[]> | null} */
  #waiting = null;

  /** @param {any} job  of Python */
  constructor(job) {
    this.#job = job;
    unfinished.add(this);
    if (job.done) this.finish();
  }

  /** Computes the rest at once. */
  finish() {
    if (!this.#tensors) {
      unfinished.delete(this);
      this.#take(call("finish", this.#job));
    }
    return /** @type {Tensor[]} */ (this.#tensors);
  }

  /** The page has its turns meanwhile. */
  async wait() {
    if (this.#tensors) return this.#tensors;
    this.#waiting ??= callAsync("wait", this.#job)
      .finally(() => unfinished.delete(this))
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
