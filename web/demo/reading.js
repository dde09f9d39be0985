/** What the network reads: in test digits, in the mistakes it makes, and in what the person draws. */

import { bringIntoView, byId } from "./dom.js";
import { DrawingBox } from "./draw.js";
import { showInk } from "./ink.js";
import { CLASSES, PIXELS } from "./mnist.js";
import { normalizeStrokes } from "./normalize.js";
import { atMostEvery } from "./pace.js";
import { bestGuess } from "./predictor.js";
import { Probabilities } from "./probabilities.js";
import { Tiles } from "./tiles.js";
import { count } from "./words.js";

/** @typedef {import("./mnist.js").Digits} Digits */
/** @typedef {import("./normalize.js").Stroke} Stroke */
/** @typedef {import("./predictor.js").Predictor} Predictor */

const LEAST_SHOWN = 24;
const REFRESH_MILLISECONDS = 600;
const DRAWN_MILLISECONDS = 60;

export class Reading {
  #probabilities = new Probabilities(byId("probabilities", HTMLElement));
  #seen = byId("seen", HTMLCanvasElement);
  #verdict = byId("verdict", HTMLElement);
  #hint = byId("paper-hint", HTMLElement);
  /** @type {Digits | null} */
  #test = null;
  /** @type {Tiles | null} */
  #tiles = null;
  /** @type {Tiles | null} */
  #mistakes = null;
  /** @type {Predictor | null} */
  #predictor = null;
  /** @type {Float32Array | null} the image whose probabilities are shown */
  #probe = null;
  /** @type {Stroke[]} */
  #strokes = [];
  /** A sentence for those who listen follows a finished stroke, not every movement of the pen. */
  #sayVerdict = true;

  #box = new DrawingBox(
    (strokes) => this.#draw(strokes),
    () => this.#penUp(),
  );

  constructor() {
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
  }

  #drawn = atMostEvery(DRAWN_MILLISECONDS, () => {
    if (this.#strokes.length === 0) return;
    this.#probe = normalizeStrokes(this.#strokes);
    showInk(this.#seen, this.#probe, 1);
    this.#askProbe();
  });

  /** @param {Stroke[]} strokes */
  #draw(strokes) {
    this.#strokes = strokes;
    this.#hint.hidden = true;
    this.#sayVerdict = false;
    this.#drawn();
  }

  #penUp() {
    this.#sayVerdict = true;
    this.#drawn();
  }

  #clear() {
    this.#box.clear();
    this.#strokes = [];
    this.#probe = null;
    this.#hint.hidden = false;
    // Setting a canvas's size clears it.
    this.#seen.width = 28;
    this.#probabilities.show(null);
    this.#verdict.textContent = "Draw, or choose a test digit.";
  }

  /** @param {number} index  the test digit that is put into the box */
  #choose(index) {
    if (!this.#test) return;
    this.#strokes = [];
    this.#hint.hidden = true;
    this.#sayVerdict = true;
    this.#probe = Float32Array.from(
      this.#test.images.subarray(index * PIXELS, (index + 1) * PIXELS),
      (ink) => ink / 255,
    );
    this.#box.place(this.#probe);
    showInk(this.#seen, this.#probe, 1);
    this.#askProbe();
    bringIntoView(byId("probabilities", HTMLElement), "nearest");
  }

  /** @param {Digits} test */
  showDigits(test) {
    this.#test = test;
    this.#tiles = new Tiles(byId("digits", HTMLElement), test, (index) => this.#choose(index));
    this.#tiles.show(
      Array.from({ length: 2 * LEAST_SHOWN }, (_, index) => index),
      LEAST_SHOWN,
    );
    this.#mistakes = new Tiles(byId("mistakes", HTMLElement), test, (index) => this.#choose(index));
  }

  /** @param {Predictor} predictor */
  connect(predictor) {
    this.#predictor = predictor;
    this.refresh();
  }

  /** Asks again about everything in view; the model has learnt since. */
  refresh = atMostEvery(REFRESH_MILLISECONDS, () => {
    this.#askDigits();
    this.#askProbe();
  });

  hideMistakes() {
    byId("mistakes-part", HTMLElement).hidden = true;
  }

  /** @param {Uint8Array} guesses  for every test digit */
  showMistakes(guesses) {
    if (!this.#test || !this.#mistakes) return;
    const labels = this.#test.labels;
    /** @type {number[]} */
    const wrong = [];
    for (const [index, guess] of guesses.entries()) if (guess !== labels[index]) wrong.push(index);
    // Spread over the whole test, not only its first pages.
    const step = Math.max(1, Math.floor(wrong.length / (2 * LEAST_SHOWN)));
    byId("mistakes-part", HTMLElement).hidden = wrong.length === 0;
    this.#mistakes.show(
      wrong.filter((_, i) => i % step === 0),
      LEAST_SHOWN,
    );
    this.#mistakes.mark((index) => guesses[index]);
    byId("mistakes-score", HTMLElement).textContent = `${count(wrong.length)} of ${count(guesses.length)}`;
  }

  #askDigits() {
    const tiles = this.#tiles;
    if (!this.#test || !tiles || !this.#predictor) return;
    // The shown digits are the test's first, so a digit's place is its row.
    const shown = tiles.count;
    const pixels = Float32Array.from(this.#test.images.subarray(0, shown * PIXELS), (ink) => ink / 255);
    this.#predictor.ask("digits", pixels, (probabilities) => {
      const right = tiles.mark((index) => bestGuess(probabilities, index));
      byId("digits-score", HTMLElement).textContent = `${right} of these ${shown} right`;
    });
  }

  #askProbe() {
    const probe = this.#probe;
    if (!probe || !this.#predictor) return;
    this.#predictor.ask("probe", probe, (probabilities) => {
      if (this.#probe === probe) this.#show(probabilities.slice(0, CLASSES));
    });
  }

  /** @param {Float32Array} probabilities  (10,) */
  #show(probabilities) {
    const words = this.#probabilities.show(probabilities);
    if (this.#sayVerdict) this.#verdict.textContent = words;
  }
}
