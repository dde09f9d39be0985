/** Showing 28 × 28 pixels: ink is opaque, paper is clear, so that style.css decides the colours. */

import { context2d } from "./dom.js";

/**
 * @param {HTMLCanvasElement} canvas  28 × 28; black ink, which style.css inverts in the dark
 * @param {ArrayLike<number>} pixels  (784,)
 * @param {number} full  the value of full ink: 255 for bytes, 1 for network inputs
 */
export function showInk(canvas, pixels, full) {
  const image = new ImageData(28, 28);
  for (let i = 0; i < 784; i++) image.data[4 * i + 3] = (pixels[i] / full) * 255;
  context2d(canvas).putImageData(image, 0, 0);
}
