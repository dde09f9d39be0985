/** The engine as this page uses it, and the line of facts about it. */

/** @typedef {import("pyengine").Engine} Engine */

/**
 * One line about what is running: its version, and who does the arithmetic.
 *
 * @param {Engine} tf
 */
export function factsOf(tf) {
  const { executor, build } = tf.engineConfig();
  const cores = navigator.hardwareConcurrency;
  return [
    `pyengine ${tf.version.pyengine}`,
    executor && `executor ${[executor, build].filter(Boolean).join(" ")}`,
    cores ? `${cores} ${cores === 1 ? "core" : "cores"} in this machine` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
