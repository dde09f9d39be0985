/** Python's errors as JavaScript's: plain words in the message, the traceback beside it. */

/**
 * An error of the engine: what went wrong, what was expected, how to mend it.
 *
 * `name` is the class of the Python error (ShapeError, DataError, UnknownNameError, …), `traceback` where in
 * Python it happened.
 */
export class PyEngineError extends Error {
  /**
   * @param {string} message
   * @param {string} name
   * @param {string} traceback
   */
  constructor(message, name, traceback) {
    super(message);
    this.name = name;
    /** Where in Python it happened. */
    this.traceback = traceback;
  }
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
  const { name, message, traceback, number } = JSON.parse(line.slice(begin + "Failure: ".length));
  if (number !== undefined) return takeThrown(number);
  return new PyEngineError(message, name, traceback);
}
