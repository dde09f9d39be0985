/** A group of test digits, each a button that shows what the network reads in it, right or wrong. */

import { showInk } from "./ink.js";
import { PIXELS } from "./mnist.js";

/** @typedef {import("./mnist.js").Digits} Digits */

export class Tiles {
  /** @type {{ index: number, button: HTMLButtonElement, guess: HTMLElement }[]} */
  #tiles = [];

  /**
   * @param {HTMLElement} place
   * @param {Digits} digits
   * @param {(index: number) => void} onChoose  a tile was pressed: the digit's place among the digits
   */
  constructor(place, digits, onChoose) {
    this.place = place;
    this.digits = digits;
    this.onChoose = onChoose;
    place.addEventListener("keydown", (event) => this.#walk(event));
  }

  /**
   * Shows whole rows only: a ragged last row looks like something is missing.
   *
   * @param {number[]} indices  the digits that may be shown, in order
   * @param {number} least  how many, unless there are fewer; then the row is filled up
   */
  show(indices, least) {
    const columns = this.#columns();
    const shown = Math.min(indices.length, Math.ceil(least / columns) * columns);
    this.#tiles = indices.slice(0, shown).map((index) => this.#tile(index));
    for (const { button } of this.#tiles.slice(1)) button.tabIndex = -1;
    this.place.replaceChildren(...this.#tiles.map((tile) => tile.button));
  }

  /** How many digits are shown. */
  get count() {
    return this.#tiles.length;
  }

  /**
   * @param {(index: number) => number} guessOf  what the network reads in the digit of this place
   * @returns {number} how many are right
   */
  mark(guessOf) {
    let right = 0;
    for (const { index, button, guess } of this.#tiles) {
      const read = guessOf(index);
      const label = this.digits.labels[index];
      const isRight = read === label;
      right += Number(isRight);
      button.dataset.reading = isRight ? "right" : "wrong";
      guess.textContent = isRight ? String(read) : `${read}, is ${label}`;
      button.setAttribute(
        "aria-label",
        `${guess.textContent}: read ${isRight ? "right" : "wrong"}. Show its probabilities.`,
      );
    }
    return right;
  }

  /**
   * The group is one stop for the Tab key; within it the arrow keys walk.
   *
   * @param {KeyboardEvent} event
   */
  #walk(event) {
    const columns = this.#columns();
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    const here = this.#tiles.findIndex((tile) => tile.button === event.target);
    const next = this.#tiles[here + step];
    if (here < 0 || !next) return;
    event.preventDefault();
    this.#tiles[here].button.tabIndex = -1;
    next.button.tabIndex = 0;
    next.button.focus();
  }

  #columns() {
    return getComputedStyle(this.place).gridTemplateColumns.split(" ").length;
  }

  /** @param {number} index */
  #tile(index) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tile";
    button.setAttribute(
      "aria-label",
      `–: a ${this.digits.labels[index]}, not read yet. Show its probabilities.`,
    );
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 28;
    showInk(canvas, this.digits.images.subarray(index * PIXELS, (index + 1) * PIXELS), 255);
    const guess = document.createElement("span");
    guess.className = "guess";
    guess.textContent = "–";
    button.append(canvas, guess);
    button.addEventListener("click", () => this.onChoose(index));
    return { index, button, guess };
  }
}
