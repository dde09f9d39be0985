/** No public function ignores an argument: what it does not take is refused, and the function named. */

import { isPlain } from "./border.js";
import { refusal } from "./errors.js";

/** Marks a function that has been guarded already. */
const GUARDED = Symbol("guarded");

/**
 * The same function, which refuses more arguments than it takes. Trailing `undefined` counts as left out, and so does
 * what an array's method adds to the entry: `tensors.forEach(tf.dispose)` works with functions of one argument.
 *
 * @template {(...inputs: any[]) => any} Guarded
 * @param {string} name  as users call it: "tf.square"
 * @param {Guarded} run
 * @param {number} most  how many arguments it takes; by default as many as it declares without a default
 * @returns {Guarded}
 */
export function taking(name, run, most = run.length) {
  if (GUARDED in run) return run;
  /** @this {any} @param {any[]} inputs */
  const guarded = function (...inputs) {
    const own = most === 1 && isOfArray(inputs) ? inputs.slice(0, 1) : inputs;
    refuseSurplus(name, own, most);
    return run.apply(this, own);
  };
  // What else the function carries (how it crosses to Python) stays with it.
  Object.defineProperties(guarded, {
    ...Object.getOwnPropertyDescriptors(run),
    length: { value: run.length },
    [GUARDED]: { value: true },
  });
  return /** @type {Guarded} */ (guarded);
}

/**
 * Whether they are an entry, its index and the array itself, as forEach and map give them.
 *
 * @param {any[]} inputs
 */
function isOfArray(inputs) {
  const [entry, index, array] = inputs;
  return inputs.length === 3 && Array.isArray(array) && Number.isInteger(index) && Object.is(array[index], entry);
}

/**
 * Refuses more arguments than a function takes.
 *
 * @param {string} name  of the function
 * @param {ArrayLike<any>} inputs
 * @param {number} most
 */
export function refuseSurplus(name, inputs, most) {
  if (inputs.length <= most || Array.from(inputs).slice(most).every((value) => value === undefined)) return;
  throw refusal({
    where: name,
    expected: `at most ${most} argument${most === 1 ? "" : "s"}`,
    got: String(inputs.length),
    fix: "Leave out the rest: no argument is ignored.",
  });
}

/**
 * Guards all functions of an object, or of a class's prototype.
 *
 * @template {object} Owner
 * @param {string} place  as users call it: "tf", "dataset"
 * @param {Owner} owner  changed in place
 * @param {Record<string, number>} [counts]  arguments of the functions that take more than they declare
 * @returns {Owner}
 */
export function guard(place, owner, counts = {}) {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
    const run = descriptor.value;
    if (typeof run !== "function" || name === "constructor" || isClass(run)) continue;
    Object.defineProperty(owner, name, { ...descriptor, value: taking(`${place}.${name}`, run, counts[name]) });
  }
  return owner;
}

/** @param {Function} run */
function isClass(run) {
  return Object.getOwnPropertyDescriptor(run, "prototype")?.writable === false;
}

/**
 * Refuses `undefined` among what was given: mostly a name that is spelled wrong, `tf.metrics.acuracy`.
 *
 * @param {string} name  of the function
 * @param {string} argument
 * @param {any} value  is searched where it is an array or a plain object
 */
export function refuseUndefined(name, argument, value) {
  if (value === undefined) {
    const fix = "Is the name of what was meant spelled right? Leave the entry out if nothing was meant.";
    throw refusal({ where: name, argument, expected: "a value", got: "`undefined`", fix });
  }
  if (Array.isArray(value)) for (const [place, part] of value.entries()) refuseUndefined(name, `${argument}[${place}]`, part);
  else if (isPlain(value)) for (const [key, part] of Object.entries(value)) refuseUndefined(name, `${argument}.${key}`, part);
}

/**
 * Refuses entries of a settings object that a function does not know.
 *
 * @param {string} name  of the function
 * @param {object} settings
 * @param {string[]} known
 */
export function refuseUnknown(name, settings, known) {
  const unknown = Object.keys(settings).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw refusal({
      where: name,
      argument: "settings",
      expected: `only ${known.join(", ")}`,
      got: unknown.join(", "),
      fix: "Correct the name, or leave it out.",
    });
  }
}
