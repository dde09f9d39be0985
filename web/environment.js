/** What this browser can do, asked once; and how to give control back to it. */

const channel = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** @type {{ postTask(task: () => void, options: { priority: string }): Promise<void> } | undefined} */
const scheduler = /** @type {any} */ (globalThis).scheduler;
const FRAME = 16; // milliseconds
let lastTurn = performance.now();
const PATIENCE = 50; // milliseconds that a busy page may keep us waiting

/**
 * Lets the page have its turn: paint, clicks, timers.
 *
 * In a page that is seen, by a task of the lowest priority, which comes after a frame that is due (a message comes
 * before it, and frames then wait a tenth of a second), but soon even if the page is never idle. In a hidden one, and
 * where browsers lack such tasks, by a message: timers and animation frames hardly come there at all.
 *
 * @returns {Promise<void>}
 */
export async function pause() {
  const hidden = globalThis.document?.hidden ?? true;
  await (hidden || !scheduler?.postTask ? message() : afterFrame());
  lastTurn = performance.now();
}

/**
 * `pause`, if the page has had no turn for the length of a frame: for calls that are quick, but may come one after the
 * other. Besides what is seen, the page gives back the memory of models that nobody holds in a turn of its own.
 *
 * @returns {Promise<void>}
 */
export async function breathe() {
  if (performance.now() - lastTurn > FRAME) await pause();
}

/** @returns {Promise<void>} */
function message() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}

/** @returns {Promise<void>} */
function afterFrame() {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const hurry = () => document.hidden && resolve();
    document.addEventListener("visibilitychange", hurry, { once: true });
    scheduler?.postTask(
      () => {
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", hurry);
        resolve();
      },
      { priority: "background" },
    );
  });
}

export const abilities = {
  webAssembly: typeof WebAssembly === "object",
  /** WebAssembly that can wait for promises (stack switching): blocking Python code then lets the page live on. */
  stackSwitching: typeof WebAssembly === "object" && "Suspending" in WebAssembly,
};

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Says in words what is missing, where Python cannot run at all. */
export function requireAbilities() {
  if (!abilities.webAssembly) {
    throw new Error(
      "pyengine needs WebAssembly, which this browser lacks or has switched off. Use a current Chrome, Edge, " +
        "Firefox or Safari, or allow WebAssembly (some protection modes forbid it).",
    );
  }
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch (error) {
    throw new Error(
      "pyengine needs WebAssembly, which the Content-Security-Policy of this page forbids. Add 'wasm-unsafe-eval' " +
        "to its script-src.",
      { cause: error },
    );
  }
}
