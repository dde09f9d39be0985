/** Numbers as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const NARROW_SPACE = "\u202f";

/** @param {number} value */
export function count(value) {
  return whole.format(value);
}

/**
 * 0.9762 becomes "97.6 %".
 *
 * @param {number} share  0 to 1
 * @param {number} [digits]  after the point
 */
export function percent(share, digits = 1) {
  // Rounded down: 99.96 % correct must not read as 100.0 %.
  const scale = 10 ** digits;
  const floored = Math.floor(share * 100 * scale + 1e-6) / scale;
  return `${floored.toFixed(digits)}${NARROW_SPACE}%`;
}

/** @param {number} value  a loss: three digits that matter, whatever its size */
export function lossWords(value) {
  if (!Number.isFinite(value)) return String(value);
  return value < 10 ? value.toFixed(value < 0.1 ? 4 : 3) : value.toPrecision(3);
}

/**
 * 75 becomes "1:15", 3 becomes "0:03".
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  const rounded = Math.max(0, Math.round(seconds));
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor(rounded / 60) % 60;
  const rest = String(rounded % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
