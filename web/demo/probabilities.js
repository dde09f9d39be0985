/** The ten probabilities as bars, and in words. */

import { CLASSES } from "./mnist.js";
import { bestGuess } from "./predictor.js";
import { percent } from "./words.js";

export class Probabilities {
  /** @type {{ row: HTMLElement, fill: HTMLElement, value: HTMLElement }[]} */
  #rows = [];

  /** @param {HTMLElement} place  an ordered list */
  constructor(place) {
    for (let digit = 0; digit < CLASSES; digit++) {
      const row = document.createElement("li");
      const name = document.createElement("span");
      name.className = "digit";
      name.textContent = String(digit);
      const track = document.createElement("span");
      track.className = "track";
      const fill = document.createElement("span");
      fill.className = "fill";
      track.append(fill);
      const value = document.createElement("span");
      value.className = "value";
      value.textContent = "–";
      row.append(name, track, value);
      place.append(row);
      this.#rows.push({ row, fill, value });
    }
  }

  /**
   * @param {Float32Array | null} probabilities  (10,); null for none
   * @returns {string} the verdict in words
   */
  show(probabilities) {
    const best = probabilities ? bestGuess(probabilities, 0) : -1;
    for (const [digit, { row, fill, value }] of this.#rows.entries()) {
      const share = probabilities ? probabilities[digit] : 0;
      row.classList.toggle("best", digit === best);
      fill.style.transform = `scaleX(${share})`;
      value.textContent = probabilities ? percent(share, 0) : "–";
    }
    if (!probabilities) return "";
    const share = probabilities[best];
    const sureness =
      share > 0.95 ? "Surely" : share > 0.7 ? "Most likely" : share > 0.4 ? "Perhaps" : "Hard to say, maybe";
    return `${sureness} a ${best}: ${percent(share)}`;
  }
}
