/** Python, started in this page from the files beside this one. */

import { requireAbilities } from "./environment.js";
import { checkArchive, compiled, imported, json, reasonOf, unlisted } from "./files.js";

/** @typedef {{ stage: string, loaded?: number, total?: number }} Progress  words for people, and bytes if known */
/** @typedef {(progress: Progress) => void} OnProgress */
/** @typedef {{ packages: Record<string, { file_name: string, sha256: string, depends: string[] }> }} Lock */
/** @typedef {{ instantiateWasm?: (imports: any, receive: (...made: any[]) => void) => object }} ModuleSettings */

const ENGINE = "pyengine";

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
  const at = (/** @type {string} */ name) => new URL(name, folder);
  onProgress({ stage: "Fetching Python" });
  const factory = Promise.all([imported(at("pyodide.asm.mjs")), compiled(at("pyodide.asm.wasm"))]);
  factory.catch(() => {}); // told by createPyodideModule
  const [{ loadPyodide }, lock] = await Promise.all([imported(at("pyodide.mjs")), json(at("pyodide-lock.json"))]);
  const needed = listed(lock, at("pyodide-lock.json"));
  onProgress({ stage: "Starting Python" });
  try {
    const pyodide = await loadPyodide({
      // Pyodide fetches indexURL + "pyodide.asm.wasm" itself and, where that fails, neither says so nor ends. So it
      // gets a module that is compiled already, and its own request goes to a small file that is here by now.
      indexURL: `${at("pyodide-lock.json").href}#/`,
      createPyodideModule: async (/** @type {ModuleSettings} */ settings) => createModule(settings, ...(await factory)),
      stdLibURL: at("python_stdlib.zip").href,
      lockFileContents: lock,
      packageBaseUrl: folder.href,
      convertNullToNone: true,
      env: environment,
    });
    onProgress({ stage: "Fetching NumPy and the engine" });
    await loadPackages(pyodide, needed);
    return pyodide;
  } catch (error) {
    await factory;
    await checkArchive(at("python_stdlib.zip"));
    await Promise.all(needed.map((name) => checkArchive(at(lock.packages[name].file_name), lock.packages[name].sha256)));
    throw new Error(
      `Python could not be started from ${folder.href}: ${reasonOf(error)}. All its files arrived whole: ` +
        "are they of one version? Build the site again (make site) and serve its whole folder.",
      { cause: error },
    );
  }
}

/**
 * @param {Lock} lock
 * @param {URL} url  where it came from
 * @returns {string[]}  the engine and what it depends on
 */
function listed(lock, url) {
  const engine = lock.packages?.[ENGINE];
  const names = [ENGINE, ...(engine?.depends ?? [])];
  for (const name of names) if (!lock.packages?.[name]) throw unlisted(url, name);
  return names;
}

/**
 * Pyodide's module of the compiled WebAssembly; whatever fails on the way rejects the promise.
 *
 * @param {ModuleSettings} settings
 * @param {{ default: (settings: ModuleSettings) => Promise<any> }} factory
 * @param {WebAssembly.Module} compiledModule
 * @returns {Promise<any>}
 */
function createModule(settings, factory, compiledModule) {
  return new Promise((resolve, reject) => {
    settings.instantiateWasm = (imports, receive) => {
      // Python's sign that a call into JavaScript has failed, which Pyodide's own instantiateWasm adds in the same way.
      const failure = Symbol("error marker");
      imports.env.Jsv_GetError_import = () => failure;
      imports.env.JsvError_Check = (/** @type {unknown} */ value) => value === failure;
      WebAssembly.instantiate(compiledModule, imports)
        .then((instance) => receive(instance, compiledModule))
        .catch(reject);
      return {};
    };
    factory.default(settings).then(resolve, reject);
  });
}

/**
 * @param {any} pyodide
 * @param {string[]} needed
 */
async function loadPackages(pyodide, needed) {
  /** @type {string[]} */
  const complaints = [];
  const loaded = await pyodide.loadPackage(needed, {
    messageCallback: () => {},
    errorCallback: (/** @type {string} */ complaint) => complaints.push(complaint),
  });
  const names = loaded.map((/** @type {{ name: string }} */ item) => item.name);
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`${missing.join(" and ")} did not load. ${complaints.join(" ")}`);
}
