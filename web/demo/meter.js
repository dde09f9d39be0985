/**
 * The frame meter: how long the page waited between two frames. A page that is blocked cannot draw, and it
 * shows.
 */

import { byId, color, context2d, onColorScheme } from "./dom.js";
import { atMostEvery } from "./pace.js";

const SHOWN_MILLISECONDS = 5000;
/** Above this a person begins to feel it. */
const FELT_MILLISECONDS = 50;
const SCALE_MILLISECONDS = 80;

/** @typedef {{ at: number, gap: number }} Frame  when it came, and how long after the one before */

export function startMeter() {
  const canvas = byId("gaps", HTMLCanvasElement);
  const words = byId("gap-worst", HTMLElement);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Frame[]} */
  const frames = [];
  let last = 0;

  const showWords = atMostEvery(500, () => {
    const worst = worstGap(frames);
    words.textContent = `${Math.round(worst)} ms`;
    words.classList.toggle("felt", worst > FELT_MILLISECONDS);
    canvas.setAttribute(
      "aria-label",
      `Gaps between the page's frames; the longest of the last 5 seconds: ${Math.round(worst)} milliseconds`,
    );
  });
  const drawSoon = atMostEvery(100, () => drawGaps(canvas, frames));
  const drawSeldom = atMostEvery(2000, () => drawGaps(canvas, frames));

  /** @param {number} now */
  const frame = (now) => {
    if (last > 0) frames.push({ at: now, gap: now - last });
    while (frames.length > 0 && now - frames[0].at > SHOWN_MILLISECONDS) frames.shift();
    last = now;
    showWords();
    if (still.matches) drawSeldom();
    else drawSoon();
    requestAnimationFrame(frame);
  };
  // A hidden tab draws no frames at all; that is the browser's choice, not our delay.
  document.addEventListener("visibilitychange", () => {
    last = 0;
    frames.length = 0;
  });
  onColorScheme(drawSoon);
  requestAnimationFrame(frame);
}

/** @param {Frame[]} frames */
function worstGap(frames) {
  return frames.reduce((worst, { gap }) => Math.max(worst, gap), 0);
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
  const now = performance.now();
  const perMillisecond = width / SHOWN_MILLISECONDS;
  const calm = color("--training");
  const felt = color("--wrong");
  for (const { at, gap } of frames) {
    const tall = Math.max(1, Math.min(1, gap / SCALE_MILLISECONDS) * height);
    const wide = gap * perMillisecond;
    context.fillStyle = gap > FELT_MILLISECONDS ? felt : calm;
    context.fillRect(
      width - (now - at) * perMillisecond - wide,
      height - tall,
      Math.max(0.5, wide - 0.75),
      tall,
    );
  }
}
