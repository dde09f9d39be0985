/** The rules of load.py in JavaScript: the same bits from the same spec. */

/** @param {number} count @param {number} seed @returns {number[]} numbers in [0, 1), multiples of 2**-24 */
export function fractions(count, seed) {
  return Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i + 1, 2654435761) + Math.imul(seed, 2246822519)) >>> 0;
    h ^= h >>> 15;
    h = Math.imul(h, 2246822519);
    h ^= h >>> 13;
    h = Math.imul(h, 3266489917);
    h ^= h >>> 16;
    return (h >>> 8) / 2 ** 24;
  });
}

/**
 * @param {{shape: number[], rule: string, seed: number, low?: number, high?: number}} spec
 * @returns {Float32Array} row-major
 */
export function make({ shape, rule, seed, low = -1, high = 1 }) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (rule === "uniform") return Float32Array.from(fractions(count, seed), (f) => low + (high - low) * f);
  if (rule === "integers") {
    return Float32Array.from(fractions(count, seed), (f) => low + Math.floor((high - low) * f));
  }
  if (rule === "one_hot") {
    const classes = shape[shape.length - 1];
    const result = new Float32Array(count);
    fractions(count / classes, seed).forEach((f, row) => {
      result[row * classes + Math.floor(classes * f)] = 1;
    });
    return result;
  }
  throw new Error(`unknown rule '${rule}': known are uniform, integers, one_hot`);
}

/** @param {number[]} shape @param {number} seed */
export const uniform = (shape, seed, low = -1, high = 1) => ({ shape, rule: "uniform", seed, low, high });

/** @param {number[]} shape @param {number} seed @param {number} high */
export const integers = (shape, seed, high) => ({ shape, rule: "integers", seed, low: 0, high, dtype: "float32" });

/** @param {number[]} shape @param {number} seed */
export const oneHot = (shape, seed) => ({ shape, rule: "one_hot", seed });

/** @param {number} value @returns {number|string} nine significant digits */
export const short = (value) => (Number.isFinite(value) ? Number(value.toPrecision(9)) : String(value));

/** @param {number[]} shape @param {ArrayLike<number>} values */
export const stored = (shape, values) => ({ shape, values: Array.from(values, short) });
