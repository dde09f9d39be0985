/** What this browser can do, asked once; and how to give control back to it. */

const channel = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();

/**
 * Lets the page have its turn: paint, clicks, timers.
 *
 * A message, not a timer or an animation frame: those wait, and in a hidden tab they hardly come at all.
 *
 * @returns {Promise<void>}
 */
export function pause() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}

export const abilities = {
  webAssembly: typeof WebAssembly === "object",
  /** WebAssembly that can wait for promises (stack switching): blocking Python code then lets the page live on. */
  stackSwitching: typeof WebAssembly === "object" && "Suspending" in WebAssembly,
};

/** Says in words what is missing, where Python cannot run at all. */
export function requireAbilities() {
  if (!abilities.webAssembly) {
    throw new Error(
      "pyengine needs WebAssembly, which this browser lacks or has switched off. Use a current Chrome, Edge, " +
        "Firefox or Safari, or allow WebAssembly (some protection modes forbid it).",
    );
  }
}
