/** Python's errors as JavaScript's: plain words in the message, the traceback beside it. */

/**
 * What an error says: what was called, which of its arguments is wrong, what would have been right, what came
 * instead, and how to mend it.
 *
 * @typedef {{ where: string, argument: string, expected: string, got: string, fix: string }} Parts
 */

/**
 * An error of the engine: what went wrong, what was expected, how to mend it.
 *
 * `name` is the class of the Python error (ShapeError, DataError, UnknownNameError, …), `traceback` where in
 * Python it happened; `where`, `argument`, `expected`, `got` and `fix` are the parts of its message.
 */
export class PyEngineError extends Error {
  /**
   * @param {string} message
   * @param {string} name
   * @param {string} traceback
   * @param {Partial<Parts>} [parts]
   */
  constructor(message, name, traceback, parts = {}) {
    super(message);
    this.name = name;
    /** Where in Python it happened. */
    this.traceback = traceback;
    this.where = parts.where ?? "";
    this.argument = parts.argument ?? "";
    this.expected = parts.expected ?? "";
    this.got = parts.got ?? "";
    this.fix = parts.fix ?? "";
  }
}

/**
 * An error for what the page itself refuses, with the parts that those of the engine have.
 *
 * @param {Partial<Parts> & { expected: string, got: string, fix: string }} parts
 * @param {typeof TypeError | typeof RangeError} [Kind]
 * @returns {Error & Parts}
 */
export function refusal({ where = "", argument = "", expected, got, fix }, Kind = TypeError) {
  const subject = [where, argument].filter(Boolean).join(": ");
  const error = new Kind(`${subject} expects ${expected}, but got ${got}. ${fix}`);
  return Object.assign(error, { where, argument, expected, got, fix });
}

/**
 * What a user gave, briefly.
 *
 * @param {any} value
 * @returns {string}
 */
export function described(value) {
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (typeof value === "bigint") return `\`${value}n\``;
  if (typeof value === "string") return `\`${JSON.stringify(value)}\``;
  if (typeof value !== "object" || value === null) return `\`${String(value)}\``;
  if (typeof value.then === "function") return "a promise";
  if (typeof value.next === "function") return "a generator";
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const text = Array.isArray(value) ? JSON.stringify(value) ?? "" : "";
    return text && text.length <= 40 ? `\`${text}\`` : `an array of ${/** @type {any} */ (value).length}`;
  }
  if (Array.isArray(value.shape)) return `a tensor of shape [${value.shape.join(", ")}]`;
  const name = value.constructor?.name ?? "Object";
  return name === "Object" ? `an object with ${Object.keys(value).join(", ") || "nothing"}` : `a ${name}`;
}

/** What a function of the page threw that is no Error, on its way through Python. */
export class Thrown extends Error {
  /** @param {unknown} value */
  constructor(value) {
    super("A function of the page threw something that is no Error.");
    this.value = value;
  }
}

/**
 * What to throw for something that was thrown at the border. An error that began in JavaScript (in a callback,
 * a loss, a dataset) comes back as the same object.
 *
 * @param {unknown} thrown
 * @param {(number: number) => unknown} takeThrown
 * @returns {unknown}
 */
export function translated(thrown, takeThrown) {
  if (!(thrown instanceof Error) || !("type" in thrown)) return thrown;
  const text = thrown.message.trimEnd();
  const line = text.slice(text.lastIndexOf("\n") + 1);
  const begin = line.indexOf("Failure: {");
  if (begin < 0) return new PyEngineError(line, String(thrown.type), text);
  const { name, message, traceback, number, parts } = JSON.parse(line.slice(begin + "Failure: ".length));
  if (number !== undefined) return takeThrown(number);
  return new PyEngineError(message, name, traceback, parts);
}
