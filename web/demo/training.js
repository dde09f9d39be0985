/** One training run: build, fit with pause and stop, then read all test digits. Knows nothing of the page. */

import { PIXELS, oneHotLabels, pixelValues } from "./mnist.js";
import { MODELS, makeOptimizer } from "./models.js";
import { painted, slices } from "./pace.js";
import { bestGuess } from "./predictor.js";
import { Speed } from "./speed.js";

/** @typedef {import("pyengine").Engine} Engine */
/** @typedef {import("pyengine").Logs} Logs */
/** @typedef {import("pyengine").Tensor} Tensor */
/** @typedef {import("./mnist.js").Digits} Digits */
/** @typedef {import("./predictor.js").Predictor} Predictor */
/** @typedef {import("./settings.js").Settings} Settings */

/** @typedef {"idle" | "preparing" | "training" | "paused" | "testing"} Phase */

/**
 * @typedef {object} Progress
 * @property {number} epoch  from 0
 * @property {number} epochs
 * @property {number} batch  from 0, the last that ended
 * @property {number} batches  in one epoch
 * @property {Logs} logs  of the last batch or epoch
 * @property {number} samplesPerSecond
 * @property {number} secondsLeft
 */

/**
 * @typedef {object} Result
 * @property {number} testAccuracy  0 to 1, of all test digits
 * @property {Record<string, number[]>} history  by epoch
 * @property {Uint8Array} guesses  (test digits,)
 * @property {number} seconds  of training, pauses left out
 * @property {boolean} stopped  before its last epoch was over
 */

/**
 * @typedef {object} Listener
 * @property {(phase: Phase) => void} phase
 * @property {(progress: Progress) => void} batch  called after every batch: be quick
 * @property {(epoch: number, logs: Logs) => void} epoch
 */

/** Test digits read in one go; between two goes a drawn digit is answered. */
const READ_AT_ONCE = 1000;

export class Training {
  /** @type {Phase} */
  phase = "idle";
  /** @type {Progress} */
  progress = { epoch: 0, epochs: 0, batch: 0, batches: 0, logs: {}, samplesPerSecond: 0, secondsLeft: 0 };
  /** @type {Record<string, number[]>} */
  history = {};

  #paused = false;
  #stopping = false;
  #speed = new Speed();
  /** @type {() => void} wakes a paused training to look around */
  #wake = () => {};

  /**
   * @param {Engine} tf
   * @param {{ train: Digits, test: Digits }} mnist
   * @param {Predictor} predictor
   * @param {Listener} listener
   */
  constructor(tf, mnist, predictor, listener) {
    this.tf = tf;
    this.mnist = mnist;
    this.predictor = predictor;
    this.listener = listener;
    predictor.onQuestion = () => this.#wake();
  }

  /**
   * Trains a new model from its beginning.
   *
   * @param {Settings} settings
   * @returns {Promise<Result>}
   */
  async run(settings) {
    if (this.phase !== "idle") throw new Error("A training is running already. Stop it first.");
    this.#paused = false;
    this.#stopping = false;
    this.history = {};
    this.#enter("preparing");
    await this.predictor.hold();
    try {
      return await this.#trainAndTest(settings);
    } finally {
      this.#enter("idle");
      this.predictor.release();
    }
  }

  pause() {
    if (this.phase !== "training") return;
    this.#paused = true;
    this.#speed.pause();
    this.#enter("paused");
  }

  resume() {
    if (this.phase !== "paused") return;
    this.#paused = false;
    this.#speed.resume();
    this.#enter("training");
    this.#wake();
  }

  /** Ends training after the running batch. */
  stop() {
    this.#stopping = true;
    if (this.predictor.model) this.predictor.model.stopTraining = true;
    this.resume();
  }

  /** @param {Phase} phase */
  #enter(phase) {
    this.phase = phase;
    this.listener.phase(phase);
  }

  /**
   * @param {Settings} settings
   * @returns {Promise<Result>}
   */
  async #trainAndTest(settings) {
    const { tf, mnist } = this;
    const choice = MODELS[settings.model];
    const count = Math.min(settings.trainingImages, mnist.train.count);
    const testPixels = await pixelValues(mnist.test, mnist.test.count);
    const tensors = [
      tf.tensor(await pixelValues(mnist.train, count), [count, ...choice.inputShape]),
      tf.tensor(oneHotLabels(mnist.train, count), [count, 10]),
      tf.tensor(testPixels, [mnist.test.count, ...choice.inputShape]),
      tf.tensor(oneHotLabels(mnist.test, mnist.test.count), [mnist.test.count, 10]),
    ];
    try {
      const model = choice.build(tf);
      await model.compile({
        optimizer: makeOptimizer(tf, settings.optimizer, settings.learningRate),
        loss: "categoricalCrossentropy",
        metrics: ["accuracy"],
      });
      this.predictor.use(model, choice.inputShape);
      const { history } = await this.#fit(settings, tensors, count);
      const stopped = this.#stopping;
      this.#enter("testing");
      const guesses = await this.#readTest(testPixels);
      const right = guesses.reduce((sum, guess, i) => sum + Number(guess === mnist.test.labels[i]), 0);
      return {
        testAccuracy: right / guesses.length,
        history,
        guesses,
        seconds: this.#speed.elapsed / 1000,
        stopped,
      };
    } finally {
      for (const tensor of tensors) tensor.dispose();
    }
  }

  /**
   * @param {Settings} settings
   * @param {Tensor[]} tensors  training images and labels, test images and labels
   * @param {number} count  training images
   */
  async #fit(settings, [xs, ys, testXs, testYs], count) {
    const model = this.predictor.model;
    if (!model) throw new Error("There is no model to train.");
    const batches = Math.ceil(count / settings.batchSize);
    this.progress = {
      epoch: 0,
      epochs: settings.epochs,
      batch: 0,
      batches,
      logs: {},
      samplesPerSecond: 0,
      secondsLeft: NaN,
    };
    if (this.#stopping) return { history: {} };
    this.#enter("training");
    await painted();
    this.#speed = new Speed();
    try {
      return await model.fit(xs, ys, {
        epochs: settings.epochs,
        batchSize: settings.batchSize,
        validationData: [testXs, testYs],
        yieldEvery: settings.yieldEvery,
        verbose: 0,
        callbacks: {
          onEpochBegin: (epoch) => this.#beginEpoch(epoch),
          onBatchEnd: (batch, logs) =>
            this.#endBatch(batch, logs, Math.min(settings.batchSize, count - batch * settings.batchSize)),
          onEpochEnd: (epoch, logs) => this.#endEpoch(epoch, logs),
        },
      });
    } finally {
      this.#speed.pause();
    }
  }

  /** @param {number} epoch */
  #beginEpoch(epoch) {
    this.progress.epoch = epoch;
    this.#speed.restartWindow();
  }

  /**
   * Every hook is awaited, so a promise that waits here is a pause.
   *
   * @param {number} batch
   * @param {Logs} logs
   * @param {number} size
   * @returns {void | Promise<void>}
   */
  #endBatch(batch, logs, size) {
    const progress = this.progress;
    this.#speed.add(size);
    progress.batch = batch;
    progress.logs = logs;
    progress.samplesPerSecond = this.#speed.samplesPerSecond;
    const done = progress.epoch * progress.batches + batch + 1;
    const all = progress.epochs * progress.batches;
    progress.secondsLeft = ((this.#speed.elapsed / done) * (all - done)) / 1000;
    this.listener.batch(progress);
    if (this.#paused || this.predictor.hasQuestions) return this.#between();
  }

  async #between() {
    await this.predictor.serve();
    while (this.#paused && !this.#stopping) {
      await new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
      });
      await this.predictor.serve();
    }
  }

  /**
   * @param {number} epoch
   * @param {Logs} logs
   */
  async #endEpoch(epoch, logs) {
    this.progress.logs = logs;
    for (const name of ["loss", "acc", "val_loss", "val_acc"]) {
      if (typeof logs[name] === "number") (this.history[name] ??= []).push(logs[name]);
    }
    this.listener.epoch(epoch, logs);
    await this.predictor.serve();
  }

  /** @param {Float32Array} pixels */
  async #readTest(pixels) {
    const guesses = new Uint8Array(pixels.length / PIXELS);
    const pace = slices();
    for (let start = 0; start < guesses.length; start += READ_AT_ONCE) {
      const end = Math.min(start + READ_AT_ONCE, guesses.length);
      const probabilities = await this.predictor.predict(pixels.subarray(start * PIXELS, end * PIXELS));
      for (let i = start; i < end; i++) guesses[i] = bestGuess(probabilities, i - start);
      await this.predictor.serve();
      await pace(); // an answer that is there at once is no turn of the page
    }
    return guesses;
  }
}
