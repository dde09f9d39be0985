/**
 * pyengine in a page: neural networks trained by Python and NumPy, in the manner of TensorFlow.js Layers.
 *
 *     import { loadPyEngine } from "./pyengine.js";
 *     const tf = await loadPyEngine();
 *
 * pyengine.js   loading (python.js, files.js)  border.js      what crosses to Python, as what
 * namespace.js  `tf`, made of Python's offers  handles.js     layers, weights, optimizers
 * tensor.js creation.js operations.js eager.js  models.js     compile, fit, predict (pending.js, feeding.js)
 * data.js       datasets                       callbacks.js   hooks (logs.js)
 */

import { refuseSurplus, refuseUnknown } from "./arity.js";
import { open } from "./border.js";
import { share } from "./eager.js";
import { PyEngineError, described, refusal } from "./errors.js";
import { makers } from "./makers.js";
import { namespace } from "./namespace.js";
import { startPython } from "./python.js";

/** @typedef {import("pyengine").Engine} Engine */
/** @typedef {import("./python.js").OnProgress} OnProgress */
/** @typedef {import("./python.js").Progress} Progress */
/** @typedef {"strict" | "relaxed" | "off"} Simd */

/** What Python is told through its environment. */
const EXECUTORS = { strict: "simd:strict", relaxed: "simd:relaxed", off: "numpy" };

/** @type {{ simd: Simd | undefined, engine: Promise<Engine>, listeners: Set<OnProgress> } | null} */
let loading = null;

/**
 * Loads the engine; a second call gives the same one.
 *
 * @param {{ onProgress?: OnProgress, simd?: Simd }} [settings={}]  onProgress is told each stage in words; simd chooses
 *   the build of the C library: "strict" gives the same bits in every browser, "relaxed" is what this CPU does fastest,
 *   "off" leaves everything to NumPy. Left out: the engine's own choice, which `tf.engineConfig()` tells.
 * @returns {Promise<Engine>}
 * @throws {PyEngineError} for another build than the engine was loaded with, and for settings that do not exist; an
 *   error that names the file where one cannot be loaded
 * @example
 * const { loadPyEngine } = await import("/pyengine.js");
 * const tf = await loadPyEngine();
 * tf.add(1, 2).arraySync()  // 3
 */
export async function loadPyEngine(settings = {}) {
  refuseSurplus("loadPyEngine", arguments, 1);
  refuseUnknown("loadPyEngine", settings, ["onProgress", "simd"]);
  const { onProgress, simd } = settings;
  if (loading && simd !== undefined && simd !== loading.simd) {
    throw refusal({
      where: "loadPyEngine",
      argument: "simd",
      expected: "what the engine was loaded with before",
      got: described(simd),
      fix: `Use \`tf.setBackend("simd", { mode: "strict" })\` to change it.`,
    });
  }
  /** @type {Set<OnProgress>} */
  const listeners = loading?.listeners ?? new Set();
  if (onProgress) listeners.add(onProgress);
  const tell = (/** @type {Progress} */ progress) => listeners.forEach((listen) => listen(progress));
  const current = (loading ??= { simd, listeners, engine: load(tell, simd) });
  try {
    return await current.engine;
  } catch (error) {
    if (loading === current) loading = null;
    throw error;
  }
}

/**
 * @param {OnProgress} onProgress
 * @param {Simd} [simd]
 * @returns {Promise<Engine>}
 */
async function load(onProgress, simd) {
  if (simd !== undefined && !(simd in EXECUTORS)) {
    const fix = "Leave it out for the engine's own choice.";
    throw refusal({
      where: "loadPyEngine",
      argument: "simd",
      expected: '"strict", "relaxed" or "off"',
      got: described(simd),
      fix,
    });
  }
  /** @type {Record<string, string>} */
  const environment = simd ? { PYENGINE_EXECUTOR: EXECUTORS[simd] } : {};
  const pyodide = await startPython(new URL("./pyodide/", import.meta.url), onProgress, environment);
  onProgress({ stage: "Starting the engine" });
  const offered = open(pyodide, makers);
  share(pyodide);
  onProgress({ stage: "Ready" });
  return namespace(offered);
}

export { PyEngineError };
