/**
 * Asking the model about images at any time, also while it trains: then questions are answered between two
 * batches.
 */

import { CLASSES } from "./mnist.js";

/** @typedef {import("pyengine").Engine} Engine */
/** @typedef {import("pyengine").LayersModel} Model */

/**
 * @typedef {object} Question
 * @property {Float32Array} pixels  (count, 784)
 * @property {(probabilities: Float32Array) => void} answer
 */

const BATCH = 250;

export class Predictor {
  /** @type {Map<string, Question>} */
  #questions = new Map();
  /** @type {Promise<void> | null} */
  #answering = null;
  #busy = false;
  /** @type {() => void} wakes a training that holds the model: it may sleep in a pause */
  onQuestion = () => {};

  /** @param {Engine} tf */
  constructor(tf) {
    this.tf = tf;
    /** @type {Model | null} */
    this.model = null;
    /** @type {number[]} */
    this.inputShape = [784];
  }

  /**
   * @param {Model} model
   * @param {number[]} inputShape
   */
  use(model, inputShape) {
    this.model = model;
    this.inputShape = inputShape;
  }

  get hasQuestions() {
    return this.#questions.size > 0;
  }

  /**
   * Asks; a newer question of the same name replaces one that is still waiting.
   *
   * @param {string} name
   * @param {Float32Array} pixels  (count, 784)
   * @param {(probabilities: Float32Array) => void} answer  is given (count, 10)
   */
  ask(name, pixels, answer) {
    this.#questions.set(name, { pixels, answer });
    if (this.#busy) this.onQuestion();
    else void this.serve();
  }

  /** A training takes the model: from now on it serves the questions itself, between its steps. */
  async hold() {
    this.#busy = true;
    await this.#answering;
  }

  release() {
    this.#busy = false;
    void this.serve();
  }

  /**
   * Answers all waiting questions, one after the other.
   *
   * @returns {Promise<void>}
   */
  serve() {
    this.#answering ??= this.#answerAll().finally(() => {
      this.#answering = null;
    });
    return this.#answering;
  }

  async #answerAll() {
    // A question that comes in meanwhile is answered in the same round: a Map's walk meets what is added to
    // it.
    for (const [name, question] of this.#questions) {
      if (!this.model) return;
      this.#questions.delete(name);
      question.answer(await this.predict(question.pixels));
    }
  }

  /**
   * @param {Float32Array} pixels  (count, 784)
   * @returns {Promise<Float32Array>}  (count, 10)
   */
  async predict(pixels) {
    if (!this.model) throw new Error("There is no model to ask yet.");
    const rows = pixels.length / 784;
    const input = this.tf.tensor(pixels, [rows, ...this.inputShape]);
    const output = await this.model.predict(input, { batchSize: Math.min(rows, BATCH) });
    const probabilities = Float32Array.from(await output.data());
    input.dispose();
    output.dispose();
    if (probabilities.length !== rows * CLASSES) {
      throw new Error(
        `The model answered ${probabilities.length} numbers for ${rows} images; expected ${rows * CLASSES}.`,
      );
    }
    return probabilities;
  }
}

/**
 * The digit with the highest probability in a row of (count, 10).
 *
 * @param {Float32Array} probabilities
 * @param {number} row
 */
export function bestGuess(probabilities, row) {
  let best = 0;
  for (let digit = 1; digit < CLASSES; digit++) {
    if (probabilities[row * CLASSES + digit] > probabilities[row * CLASSES + best]) best = digit;
  }
  return best;
}
