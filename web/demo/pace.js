/** Keeping the page alive: give control back between slices of work, and do showing only so often. */

const SLICE_MILLISECONDS = 8;

const channel = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();

/**
 * Lets the browser draw and hear the user before the work goes on.
 *
 * A message rather than a timer: timers wait at least 4 ms when nested, and up to a minute in hidden tabs.
 *
 * @returns {Promise<void>}
 */
export function turn() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}

/**
 * Until the page has been drawn as it is now; a hidden page is never drawn, so there is a limit to the
 * waiting.
 *
 * @returns {Promise<void>}
 */
export function painted() {
  return new Promise((resolve) => {
    setTimeout(resolve, 100);
    // The frame's callback runs before its painting; a turn later it is on the screen.
    requestAnimationFrame(() => void turn().then(resolve));
  });
}

/**
 * A pace for long loops: `await pace()` inside the loop returns at once until a slice is used up, then
 * takes a turn.
 *
 * @returns {() => Promise<void> | undefined}
 */
export function slices() {
  let began = performance.now();
  return () => {
    if (performance.now() - began < SLICE_MILLISECONDS) return undefined;
    return turn().then(() => {
      began = performance.now();
    });
  };
}

/**
 * An action that happens at most so often, however often it is asked for; the last request is never lost.
 *
 * @param {number} milliseconds
 * @param {() => void} action
 * @returns {() => void}
 */
export function atMostEvery(milliseconds, action) {
  let last = -Infinity;
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    setTimeout(
      () => {
        pending = false;
        last = performance.now();
        action();
      },
      Math.max(0, last + milliseconds - performance.now()),
    );
  };
}
