/** Data for the examples: always the same numbers. */

/**
 * A generator of numbers in [0, 1): mulberry32, public domain, by Tommy Ettinger.
 *
 * @param {number} seed
 */
export function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Rows of numbers around a centre of their class, which goes round: 0, 1, …, 0, 1, ….
 *
 * @param {number} count
 * @param {number} columns
 * @param {number} classes
 * @param {number} [spread]  how far around the centre
 */
export function clusters(count, columns, classes, spread = 0.5) {
  const next = numbers(count * columns * classes);
  const centres = Array.from({ length: classes }, () => Array.from({ length: columns }, next));
  const labels = Array.from({ length: count }, (_, row) => row % classes);
  return {
    rows: labels.map((label) => centres[label].map((centre) => centre + spread * (next() - 0.5))),
    labels,
    oneHot: labels.map((label) => Array.from({ length: classes }, (_, place) => Number(place === label))),
  };
}

/**
 * Images of one channel, brighter in the half that is their class: above (0) or below (1).
 *
 * @param {number} count
 * @param {number} side
 */
export function halves(count, side) {
  const next = numbers(count * side);
  const labels = Array.from({ length: count }, (_, place) => place % 2);
  const images = labels.map((label) =>
    Array.from({ length: side }, (_, row) =>
      Array.from({ length: side }, () => [next() * 0.5 + 0.5 * Number(Math.floor((2 * row) / side) === label)]),
    ),
  );
  return { images, oneHot: labels.map((label) => [1 - label, label]) };
}
