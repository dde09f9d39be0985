/** The frame meter: how long the page waited between two frames. A page that is blocked cannot draw, and it shows. */

import { byId, color, context2d, onColorScheme } from "./dom.js";
import { atMostEvery } from "./pace.js";

const KEPT_FRAMES = 300;
const WORST_OF_MILLISECONDS = 5000;
/** Above this a person begins to feel it. */
const FELT_MILLISECONDS = 50;
const SCALE_MILLISECONDS = 80;

/** @typedef {{ at: number, gap: number }} Frame */

export function startMeter() {
  const canvas = byId("gaps", HTMLCanvasElement);
  const words = byId("gap-worst", HTMLElement);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Frame[]} */
  let frames = [];
  let last = 0;

  const showWords = atMostEvery(500, () => {
    const worst = worstGap(frames);
    words.textContent = `${Math.round(worst)} ms`;
    words.classList.toggle("felt", worst > FELT_MILLISECONDS);
    canvas.setAttribute("aria-label", `Gaps between the frames of this page; the longest of the last 5 seconds took ${Math.round(worst)} milliseconds`);
  });
  const drawSoon = atMostEvery(100, () => drawGaps(canvas, frames));
  const drawSeldom = atMostEvery(2000, () => drawGaps(canvas, frames));

  /** @param {number} now */
  const frame = (now) => {
    if (last > 0) frames.push({ at: now, gap: now - last });
    if (frames.length > KEPT_FRAMES) frames = frames.slice(-KEPT_FRAMES);
    last = now;
    showWords();
    if (still.matches) drawSeldom();
    else drawSoon();
    requestAnimationFrame(frame);
  };
  // A hidden tab draws no frames at all; that is the browser's choice, not our delay.
  document.addEventListener("visibilitychange", () => {
    last = 0;
    frames = [];
  });
  onColorScheme(drawSoon);
  requestAnimationFrame(frame);
}

/** @param {Frame[]} frames */
function worstGap(frames) {
  const since = performance.now() - WORST_OF_MILLISECONDS;
  return frames.reduce((worst, { at, gap }) => (at >= since ? Math.max(worst, gap) : worst), 0);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Frame[]} frames
 */
function drawGaps(canvas, frames) {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = context2d(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const feltY = height - (FELT_MILLISECONDS / SCALE_MILLISECONDS) * height;
  context.strokeStyle = color("--line");
  context.setLineDash([3, 4]);
  context.beginPath();
  context.moveTo(0, Math.round(feltY) + 0.5);
  context.lineTo(width, Math.round(feltY) + 0.5);
  context.stroke();
  context.setLineDash([]);
  const step = 3;
  const shown = frames.slice(-Math.floor(width / step));
  const calm = color("--training");
  const felt = color("--wrong");
  for (const [i, { gap }] of shown.entries()) {
    const bar = Math.max(1, Math.min(1, gap / SCALE_MILLISECONDS) * height);
    context.fillStyle = gap > FELT_MILLISECONDS ? felt : calm;
    context.fillRect(width - (shown.length - i) * step, height - bar, step - 1, bar);
  }
}
