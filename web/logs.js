/** Values by name, in which `accuracy` finds what is recorded as `acc`. */

const ALIASES = { acc: "accuracy", accuracy: "acc" };

/**
 * A plain object; the other name of each accuracy is there too, but not among its keys.
 *
 * @param {...any} flat  name, value, name, value, …
 * @returns {Record<string, any>}
 */
export function logs(...flat) {
  /** @type {Record<string, any>} */
  const values = {};
  for (let place = 0; place < flat.length; place += 2) values[flat[place]] = flat[place + 1];
  for (const name of Object.keys(values)) {
    const cut = name.lastIndexOf("_") + 1;
    const last = name.slice(cut);
    if (last !== "acc" && last !== "accuracy") continue;
    const other = name.slice(0, cut) + ALIASES[last];
    if (!(other in values)) Object.defineProperty(values, other, { get: () => values[name], configurable: true });
  }
  return values;
}
