/** What the examples assert with: each failure says what was expected and what came. */

/**
 * @param {boolean} condition
 * @param {string} words  what holds
 */
export function holds(condition, words) {
  if (!condition) throw new Error(`It does not hold that ${words}.`);
}

/**
 * Equal as JSON writes it, so lists and plain objects too.
 *
 * @param {any} actual
 * @param {any} expected
 * @param {string} what
 */
export function equal(actual, expected, what) {
  const [have, want] = [actual, expected].map((value) => JSON.stringify(value));
  if (have !== want) throw new Error(`${what}: expected ${want}, but got ${have}.`);
}

/**
 * @param {ArrayLike<number>} actual
 * @param {ArrayLike<number>} expected
 * @param {number} tolerance  the largest difference allowed
 * @param {string} what
 */
export function near(actual, expected, tolerance, what) {
  equal(actual.length, expected.length, `${what}, how many numbers`);
  const worst = largestDifference(actual, expected);
  // Written so that NaN fails.
  if (!(worst <= tolerance)) throw new Error(`${what}: off by ${worst}, allowed is ${tolerance}.`);
}

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function largestDifference(a, b) {
  return Array.from(a).reduce((worst, value, place) => {
    const difference = Math.abs(value - b[place]);
    return difference <= worst ? worst : difference;
  }, 0);
}

/**
 * Plain numbers, all finite, one per epoch.
 *
 * @param {any} series
 * @param {number} length
 * @param {string} what
 */
export function isSeries(series, length, what) {
  holds(Array.isArray(series), `${what} is a plain array`);
  equal(series.length, length, `length of ${what}`);
  holds(series.every(Number.isFinite), `${what} has only finite numbers, not ${series}`);
}

/**
 * All weights of a model as one list of numbers.
 *
 * @param {any} model
 * @returns {number[]}
 */
export function numbersOf(model) {
  return model.getWeights().flatMap((/** @type {any} */ weight) => Array.from(weight.dataSync()));
}

/**
 * What `action` writes to the console.
 *
 * @param {() => any} action
 * @returns {Promise<string[]>}  the lines
 */
export async function linesOf(action) {
  /** @type {string[]} */
  const lines = [];
  const log = console.log;
  console.log = (...words) => void lines.push(...words.join(" ").split("\n"));
  try {
    await action();
  } finally {
    console.log = log;
  }
  return lines;
}
