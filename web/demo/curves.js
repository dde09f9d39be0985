/** The curves of one training: the running mean of the training batches, and the test at each epoch's end. */

import { atMostEvery } from "./pace.js";
import { Plot } from "./plot.js";
import { lossWords, percent } from "./words.js";

/** @typedef {import("pyengine").Logs} Logs */
/** @typedef {import("./training.js").Progress} Progress */

const POINTS_OF_A_RUN = 600;
const REDRAW_MILLISECONDS = 200;
/** The running mean forgets after this share of an epoch. */
const MEMORY_IN_EPOCHS = 1 / 25;

export class Curves {
  #accuracy = new Plot("accuracy", (value) => percent(value), { floor: 0, ceiling: 1 });
  #loss = new Plot("loss", lossWords, { floor: 0 });
  #mean = { loss: 0, acc: 0, weight: 0 };
  #sincePoint = 0;
  #epochs = 1;
  #redraw = atMostEvery(REDRAW_MILLISECONDS, () => {
    this.#accuracy.redraw();
    this.#loss.redraw();
  });

  /** @param {number} epochs */
  begin(epochs) {
    this.#mean = { loss: 0, acc: 0, weight: 0 };
    this.#sincePoint = 0;
    this.#epochs = epochs;
    this.#accuracy.begin(epochs);
    this.#loss.begin(epochs);
    this.#redraw();
  }

  /** @param {Progress} progress */
  addBatch({ epoch, epochs, batch, batches, logs }) {
    const mean = this.#mean;
    const keep = Math.exp(-1 / Math.max(1, batches * MEMORY_IN_EPOCHS));
    mean.loss = keep * mean.loss + (1 - keep) * logs.loss;
    mean.acc = keep * mean.acc + (1 - keep) * logs.acc;
    mean.weight = keep * mean.weight + (1 - keep);
    this.#sincePoint += 1;
    if (this.#sincePoint < (batches * epochs) / POINTS_OF_A_RUN) return;
    this.#sincePoint = 0;
    const at = epoch + (batch + 1) / batches;
    this.#accuracy.addTraining(at, mean.acc / mean.weight);
    this.#loss.addTraining(at, mean.loss / mean.weight);
    this.#redraw();
  }

  /**
   * @param {number} epoch
   * @param {Logs} logs
   */
  addEpoch(epoch, logs) {
    if (typeof logs.val_acc !== "number") return;
    const when = `after epoch ${epoch + 1} of ${this.#epochs}`;
    this.#accuracy.addTest(epoch + 1, logs.val_acc);
    this.#loss.addTest(epoch + 1, logs.val_loss);
    this.#accuracy.describe(`Accuracy ${when}: training ${percent(logs.acc)}, test ${percent(logs.val_acc)}`);
    this.#loss.describe(`Loss ${when}: training ${lossWords(logs.loss)}, test ${lossWords(logs.val_loss)}`);
    this.#redraw();
  }
}
