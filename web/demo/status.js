/** Where the training is: bar, figures, words; and a sentence now and then for those who listen. */

import { byId } from "./dom.js";
import { atMostEvery } from "./pace.js";
import { clock, count, lossWords, percent } from "./words.js";

/** @typedef {import("pyengine").Logs} Logs */
/** @typedef {import("./training.js").Progress} Progress */
/** @typedef {import("./training.js").Result} Result */

/** As wide as a score, so that nothing moves when one comes. */
const NO_SCORE = "––.––\u202f%";
const UPDATE_MILLISECONDS = 100;

export class Status {
  #bar = byId("bar", HTMLElement);
  #fill = byId("bar-fill", HTMLElement);
  #status = byId("status", HTMLElement);
  #announcement = byId("announcement", HTMLElement);
  #score = byId("score", HTMLElement);
  #scoreLabel = byId("score-label", HTMLElement);
  #epoch = byId("stat-epoch", HTMLElement);
  #batch = byId("stat-batch", HTMLElement);
  #speed = byId("stat-speed", HTMLElement);
  #left = byId("stat-left", HTMLElement);
  #rows = byId("epoch-rows", HTMLElement);
  #title = document.title;
  /** @type {Progress | null} */
  #progress = null;
  #update = atMostEvery(UPDATE_MILLISECONDS, () => this.#showProgress());

  /**
   * @param {string} words
   * @param {"busy" | "idle" | "waiting"} [mood]  busy: the bar lives; waiting: paused
   */
  say(words, mood = "idle") {
    this.#status.textContent = words;
    this.#bar.dataset.mood = mood;
  }

  /** @param {string} sentence  said once to screen readers */
  announce(sentence) {
    this.#announcement.textContent = sentence;
  }

  /** @param {number} share  0 to 1 */
  fill(share) {
    this.#fill.style.transform = `scaleX(${share})`;
    this.#bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  }

  begin() {
    this.#progress = null;
    this.fill(0);
    this.#score.textContent = NO_SCORE;
    this.#score.classList.add("empty");
    this.#scoreLabel.textContent = "of 10,000 test digits read correctly";
    for (const figure of [this.#epoch, this.#batch, this.#speed, this.#left]) figure.textContent = "–";
    this.#rows.replaceChildren();
  }

  /** @param {Progress} progress */
  batch(progress) {
    this.#progress = progress;
    this.#update();
  }

  /**
   * @param {number} epoch
   * @param {Logs} logs
   */
  epoch(epoch, logs) {
    const row = document.createElement("tr");
    const values = [
      String(epoch + 1),
      lossWords(logs.loss),
      percent(logs.acc, 2),
      typeof logs.val_loss === "number" ? lossWords(logs.val_loss) : "–",
      typeof logs.val_acc === "number" ? percent(logs.val_acc, 2) : "–",
    ];
    for (const value of values) row.insertCell().textContent = value;
    this.#rows.append(row);
    if (typeof logs.val_acc !== "number") return;
    this.#showScore(logs.val_acc, `of the test digits read correctly after epoch ${epoch + 1}`);
    this.announce(`Epoch ${epoch + 1}: test accuracy ${percent(logs.val_acc)}`);
  }

  /** @param {Result} result */
  finish({ testAccuracy, seconds, stopped, guesses }) {
    this.#showProgress();
    if (!stopped) this.fill(1);
    this.#left.textContent = stopped ? "–" : "0:00";
    this.#showScore(testAccuracy, `of ${count(guesses.length)} test digits read correctly`);
    const words = `${stopped ? "Stopped" : "Finished"} after ${clock(seconds)}.`;
    this.say(words);
    this.announce(`${words} Test accuracy ${percent(testAccuracy, 2)}`);
    document.title = `${percent(testAccuracy)} · ${this.#title}`;
  }

  /**
   * @param {number} share
   * @param {string} label
   */
  #showScore(share, label) {
    this.#score.textContent = percent(share, 2);
    this.#score.classList.remove("empty");
    this.#scoreLabel.textContent = label;
  }

  #showProgress() {
    const progress = this.#progress;
    if (!progress) return;
    const share =
      (progress.epoch * progress.batches + progress.batch + 1) / (progress.epochs * progress.batches);
    this.fill(share);
    this.#epoch.textContent = `${progress.epoch + 1} of ${progress.epochs}`;
    this.#batch.textContent = `${count(progress.batch + 1)} of ${count(progress.batches)}`;
    this.#speed.textContent = progress.samplesPerSecond > 0 ? count(progress.samplesPerSecond) : "–";
    this.#left.textContent = Number.isFinite(progress.secondsLeft) ? clock(progress.secondsLeft) : "–";
    document.title = `${percent(share, 0)} · ${this.#title}`;
  }
}
