/** One chart: a training line and test points over epochs. uPlot draws it; this decides what is in view. */

import uPlot from "uplot";

import { byId, color, onColorScheme } from "./dom.js";

const HEIGHT = 220;
/** The wild first tenth of an epoch would squeeze everything after it; it may leave the view. */
const WILD_EPOCHS = 0.1;

export class Plot {
  /** @type {number[]} */
  #x = [];
  /** @type {(number | null)[]} */
  #training = [];
  /** @type {(number | null)[]} */
  #test = [];
  #epochs = 1;
  /** @type {uPlot} */
  #chart;

  /**
   * @param {string} name  the ids in index.html begin with it
   * @param {(value: number) => string} words
   * @param {{ floor: number, ceiling?: number }} bounds  the values that can be
   */
  constructor(name, words, bounds) {
    this.place = byId(`${name}-chart`, HTMLElement);
    this.trainingWords = byId(`${name}-training`, HTMLElement);
    this.testWords = byId(`${name}-test`, HTMLElement);
    this.words = words;
    this.bounds = bounds;
    this.#chart = new uPlot(this.#options(), this.#data(), this.place);
    new ResizeObserver(() => this.#chart.setSize({ width: this.place.clientWidth, height: HEIGHT })).observe(
      this.place,
    );
    onColorScheme(() => this.#chart.redraw(false));
  }

  /** @param {number} epochs */
  begin(epochs) {
    this.#epochs = epochs;
    this.#x = [];
    this.#training = [];
    this.#test = [];
  }

  /**
   * @param {number} x  epochs, fractions too
   * @param {number} value
   */
  addTraining(x, value) {
    this.#x.push(x);
    this.#training.push(Number.isFinite(value) ? value : null);
    this.#test.push(null);
  }

  /**
   * @param {number} x
   * @param {number} value
   */
  addTest(x, value) {
    const last = this.#x.length - 1;
    if (last >= 0 && this.#x[last] === x) {
      this.#test[last] = value;
      return;
    }
    this.#x.push(x);
    this.#training.push(null);
    this.#test.push(value);
  }

  redraw() {
    this.#chart.setData(this.#data());
    this.#showWords(null);
  }

  /** @param {string} sentence  the chart for those who cannot see it */
  describe(sentence) {
    this.place.setAttribute("aria-label", sentence);
  }

  /** @returns {uPlot.AlignedData} */
  #data() {
    return [this.#x, this.#training, this.#test];
  }

  /** @param {number | null} index  the point under the pointer; null for the newest */
  #showWords(index) {
    this.trainingWords.textContent = this.#wordsAt(this.#training, index);
    this.testWords.textContent = this.#wordsAt(this.#test, index);
  }

  /**
   * @param {(number | null)[]} values
   * @param {number | null} index
   */
  #wordsAt(values, index) {
    for (let i = index ?? values.length - 1; i >= 0; i--) {
      const value = values[i];
      if (value !== null) return this.words(value);
    }
    return "–";
  }

  /** What is in view: everything after the wild beginning, with a little air. */
  #range() {
    const { floor, ceiling } = this.bounds;
    let low = Infinity;
    let high = -Infinity;
    const settled = this.#x.length > 0 && this.#x[this.#x.length - 1] > 2 * WILD_EPOCHS;
    for (const [i, x] of this.#x.entries()) {
      if (settled && x < WILD_EPOCHS) continue;
      for (const value of [this.#training[i], this.#test[i]]) {
        if (value === null || !Number.isFinite(value)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (high < low) return { low: floor, high: ceiling ?? 2.5 };
    // Accuracy is read from its ceiling, loss from its floor.
    if (ceiling !== undefined)
      return { low: Math.max(floor, Math.floor(low * 20 - 0.2) / 20), high: ceiling };
    return { low: floor, high: high * 1.08 || 1 };
  }

  /** @returns {uPlot.Options} */
  #options() {
    const axis = {
      stroke: () => color("--muted"),
      font: `12px ${getComputedStyle(this.place).fontFamily}`,
      grid: { stroke: () => color("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      width: Math.max(this.place.clientWidth, 200),
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: () => [0, this.#epochs] },
        y: { range: () => [this.#range().low, this.#range().high] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200],
          values: (_, ticks) => ticks.map((tick) => String(tick)),
        },
        { ...axis, size: 52, space: 36, values: (_, ticks) => ticks.map((tick) => this.#tickWords(tick)) },
      ],
      series: [
        {},
        { stroke: () => color("--training"), width: 2, spanGaps: true, points: { show: false } },
        {
          stroke: () => color("--test"),
          width: 2,
          spanGaps: true,
          points: { show: true, size: 8, stroke: () => color("--test"), fill: () => color("--test") },
        },
      ],
      hooks: { setCursor: [(chart) => this.#showWords(chart.cursor.idx ?? null)] },
    };
  }

  /** @param {number} tick */
  #tickWords(tick) {
    return this.bounds.ceiling === 1
      ? `${Math.round(tick * 1000) / 10}\u202f%`
      : String(Math.round(tick * 1000) / 1000);
  }
}
