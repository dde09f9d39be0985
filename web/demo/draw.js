/** The box to draw in: finger, pen or mouse leave strokes. */

import { byId, context2d } from "./dom.js";
import { showInk } from "./ink.js";

/** @typedef {import("./normalize.js").Stroke} Stroke */

const PEN_SHARE_OF_BOX = 0.085;

export class DrawingBox {
  #canvas = byId("paper", HTMLCanvasElement);
  #context = context2d(this.#canvas);
  /** @type {Stroke[]} */
  #strokes = [];
  /** @type {HTMLCanvasElement | null} */
  #placed = null;
  /** @type {number | null} the pointer that draws; a second finger changes nothing */
  #pointer = null;

  /**
   * @param {(strokes: Stroke[]) => void} onChange  after each movement of the pen
   * @param {() => void} onDone  when the pen is lifted
   */
  constructor(onChange, onDone) {
    this.onChange = onChange;
    this.onDone = onDone;
    this.#canvas.addEventListener("pointerdown", (event) => this.#down(event));
    this.#canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      this.#canvas.addEventListener(name, (event) => this.#up(event));
    }
  }

  clear() {
    this.#strokes = [];
    this.#placed = null;
    this.#redraw();
  }

  /**
   * Shows an image in place of strokes; the next stroke begins a new drawing.
   *
   * @param {Float32Array} pixels  (784,)
   */
  place(pixels) {
    const image = document.createElement("canvas");
    image.width = image.height = 28;
    showInk(image, pixels, 1);
    this.#strokes = [];
    this.#placed = image;
    this.#redraw();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (this.#pointer !== null || event.button !== 0) return;
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#placed = null;
    this.#strokes.push([this.#point(event)]);
    this.#redraw();
    this.onChange(this.#strokes);
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const stroke = this.#strokes[this.#strokes.length - 1];
    // A fast hand moves many times within one frame; without the points between, curves become corners.
    const between = event.getCoalescedEvents?.() ?? [];
    for (const moved of between.length > 0 ? between : [event]) stroke.push(this.#point(moved));
    this.#redraw();
    this.onChange(this.#strokes);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.onDone();
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { width, height } = this.#canvas.getBoundingClientRect();
    return {
      x: (event.offsetX / width) * this.#canvas.width,
      y: (event.offsetY / height) * this.#canvas.height,
    };
  }

  #redraw() {
    const { width, height } = this.#canvas;
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    context.lineWidth = width * PEN_SHARE_OF_BOX;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#000";
    if (this.#placed) context.drawImage(this.#placed, 0, 0, width, height);
    for (const stroke of this.#strokes) {
      context.beginPath();
      context.moveTo(stroke[0].x, stroke[0].y);
      for (const { x, y } of stroke) context.lineTo(x, y);
      context.stroke();
    }
  }
}
