/** Python, started in this page from the files beside this one. */

import { requireAbilities } from "./environment.js";

/** @typedef {{ stage: string, loaded?: number, total?: number }} Progress  words for people, and bytes if known */
/** @typedef {(progress: Progress) => void} OnProgress */

/**
 * Starts Pyodide and loads the engine's wheel with what it needs.
 *
 * @param {URL} folder  of the runtime: Pyodide, NumPy, the engine's wheel
 * @param {OnProgress} onProgress
 * @param {Record<string, string>} environment  variables that Python finds in os.environ
 * @returns {Promise<any>}  Pyodide
 */
export async function startPython(folder, onProgress, environment) {
  requireAbilities();
  onProgress({ stage: "Fetching Python" });
  const { loadPyodide } = await fromSite(import(new URL("pyodide.mjs", folder).href), folder);
  onProgress({ stage: "Starting Python" });
  const settings = { indexURL: folder.href, convertNullToNone: true, env: environment };
  const pyodide = await fromSite(loadPyodide(settings), folder);
  onProgress({ stage: "Fetching NumPy and the engine" });
  /** @type {string[]} */
  const complaints = [];
  const loaded = await pyodide.loadPackage("pyengine", {
    messageCallback: () => {},
    errorCallback: (/** @type {string} */ complaint) => complaints.push(complaint),
  });
  if (!loaded.some((/** @type {{ name: string }} */ one) => one.name === "pyengine")) {
    throw new Error(
      `The engine's wheel could not be loaded from ${folder.href}: ${complaints.join(" ") || "it is not listed"}. ` +
        "Build the site again (make site) and serve its whole folder.",
    );
  }
  return pyodide;
}

/**
 * @template Result
 * @param {Promise<Result>} loading
 * @param {URL} folder
 * @returns {Promise<Result>}
 */
async function fromSite(loading, folder) {
  try {
    return await loading;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Python could not be loaded from ${folder.href}: ${reason} Build the site (make site) and serve its whole ` +
        "folder over http; opening the file itself does not work.",
      { cause: error },
    );
  }
}
