/** The files of the runtime: fetched, checked, and named in words when one of them is bad. */

const REBUILD = "Build the site (make site) and put the whole folder dist/site on the server, its files unchanged.";
const KINDS = { mjs: "a JavaScript module", wasm: "WebAssembly", zip: "a ZIP archive", whl: "a ZIP archive", json: "JSON" };
const END_OF_ZIP = [0x50, 0x4b, 0x05, 0x06];
const LONGEST_END_OF_ZIP = 22 + 0xffff; // bytes: the record and the longest comment
const MODULE_TYPES = /(java|ecma)script/;

/**
 * @param {URL} url  of the bad file
 * @param {string} complaint  goes on after the file's name: "is missing: …"
 * @param {unknown} [cause]
 * @param {string} [fix]
 */
function badFile(url, complaint, cause, fix = REBUILD) {
  return new Error(`Python could not be started: ${url.href} ${complaint}. ${fix}`, { cause });
}

/** @param {unknown} error */
export function reasonOf(error) {
  return error instanceof Error ? error.message.trim().replace(/\.$/, "") : String(error);
}

/** @param {URL} url */
const kindOf = (url) => KINDS[/** @type {keyof typeof KINDS} */ (url.pathname.split(".").at(-1))];

/**
 * @param {URL} url
 * @returns {Promise<Response>}  with a good status
 */
async function fetched(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw badFile(
      url,
      `did not arrive (${reasonOf(error)})`,
      error,
      "Is the server running, and does the page's Content-Security-Policy (connect-src) allow the address?",
    );
  }
  if (!response.ok) {
    throw badFile(url, `is missing: the server answered ${`${response.status} ${response.statusText}`.trim()}`);
  }
  return response;
}

/** @param {Response} response */
const typeOf = (response) => response.headers.get("Content-Type") ?? "no Content-Type";

/**
 * @param {URL} url
 * @param {Uint8Array} bytes  what came
 * @param {unknown} [cause]  why they cannot be used
 */
function damaged(url, bytes, cause) {
  const start = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart();
  if (start.startsWith("<")) {
    return badFile(url, `is not ${kindOf(url)} but a page of HTML, which servers send in place of missing files`, cause);
  }
  const reason = cause === undefined ? "" : `: ${reasonOf(cause)}`;
  return badFile(url, `is damaged or cut off: its ${bytes.length} bytes are not ${kindOf(url)}${reason}`, cause);
}

/**
 * Compiles while the file arrives where the server names its type, and else when it has arrived.
 *
 * @param {URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compiled(url) {
  const response = await fetched(url);
  const streaming = typeOf(response).trim().toLowerCase() === "application/wasm";
  const copy = streaming ? null : new Uint8Array(await response.arrayBuffer());
  try {
    return await (copy ? WebAssembly.compile(copy) : WebAssembly.compileStreaming(response));
  } catch (error) {
    throw damaged(url, copy ?? new Uint8Array(await (await fetched(url)).arrayBuffer()), error);
  }
}

/**
 * @param {URL} url
 * @returns {Promise<any>}
 */
export async function json(url) {
  const bytes = new Uint8Array(await (await fetched(url)).arrayBuffer());
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged(url, bytes, error);
  }
}

/**
 * Imports a module, also from servers that do not know that .mjs is JavaScript: browsers refuse that by itself.
 *
 * @param {URL} url
 * @returns {Promise<any>}
 */
export async function imported(url) {
  try {
    return await import(url.href);
  } catch (error) {
    const response = await fetched(url);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const type = typeOf(response);
    if (MODULE_TYPES.test(type) || type.startsWith("text/html")) throw damaged(url, bytes, error);
    const copy = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
    try {
      return await import(copy);
    } catch (refusal) {
      if (refusal instanceof SyntaxError) throw damaged(url, bytes, refusal);
      throw badFile(
        url,
        `is sent as ${type}, which browsers do not import`,
        refusal,
        "Let the server send .mjs files as text/javascript.",
      );
    } finally {
      URL.revokeObjectURL(copy);
    }
  }
}

/**
 * Complains about an archive that is missing or not whole; asked when something went wrong, so that the good case
 * costs nothing.
 *
 * @param {URL} url
 * @param {string} [sha256]  that it must have, in hexadecimal
 * @returns {Promise<void>}
 */
export async function checkArchive(url, sha256) {
  const bytes = new Uint8Array(await (await fetched(url)).arrayBuffer());
  if (!hasEndOfZip(bytes)) throw damaged(url, bytes);
  // Browsers offer digests to pages from https and localhost only.
  if (!sha256 || !globalThis.crypto?.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) {
    throw badFile(url, `is not the file that pyodide-lock.json lists (its SHA-256 is ${found}, not ${sha256})`);
  }
}

/** @param {Uint8Array} bytes */
function hasEndOfZip(bytes) {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - LONGEST_END_OF_ZIP); at -= 1) {
    if (END_OF_ZIP.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

/**
 * @param {URL} url  of the list of packages
 * @param {string} name  of a package that it does not list
 */
export function unlisted(url, name) {
  return badFile(url, `does not list ${name}`);
}
