/** The engine as this page uses it, and the line of facts about it. */

/**
 * @typedef {object} Tensor
 * @property {() => Promise<ArrayLike<number>>} data
 * @property {() => void} dispose
 */

/** @typedef {Record<string, number>} Logs */

/**
 * @typedef {object} Callbacks
 * @property {(epoch: number) => void} [onEpochBegin]
 * @property {(batch: number, logs: Logs) => void | Promise<void>} [onBatchEnd]
 * @property {(epoch: number, logs: Logs) => void | Promise<void>} [onEpochEnd]
 */

/**
 * @typedef {object} FitOptions
 * @property {number} epochs
 * @property {number} batchSize
 * @property {[Tensor, Tensor]} validationData
 * @property {string | number} yieldEvery
 * @property {number} verbose
 * @property {Callbacks} callbacks
 */

/**
 * @typedef {object} CompileOptions
 * @property {object} optimizer
 * @property {string} loss
 * @property {string[]} metrics
 */

/** @typedef {{ history: Record<string, number[]> }} History */

/**
 * @typedef {object} Model
 * @property {(layer: object) => void} add
 * @property {(options: CompileOptions) => void | Promise<void>} compile
 * @property {(x: Tensor, y: Tensor, options: FitOptions) => Promise<History>} fit
 * @property {(x: Tensor, options?: { batchSize?: number }) => Tensor | Promise<Tensor>} predict
 * @property {boolean} stopTraining
 */

/**
 * @typedef {object} Engine
 * @property {() => Model} sequential
 * @property {Record<string, (options?: object) => object>} layers
 * @property {Record<string, (...settings: number[]) => object>} train
 * @property {(values: Float32Array, shape: number[]) => Tensor} tensor
 * @property {string | Record<string, string>} [version]
 * @property {() => { executor: string, build: string | null }} [engineConfig]
 */

/**
 * One line about what is running: its version, and who does the arithmetic.
 *
 * @param {Engine} tf
 */
export function factsOf(tf) {
  const version = typeof tf.version === "string" ? tf.version : tf.version?.pyengine;
  const { executor = "", build = "" } = tf.engineConfig?.() ?? {};
  const cores = navigator.hardwareConcurrency;
  return [
    `pyengine ${version ?? ""}`.trim(),
    executor && `executor ${[executor, build].filter(Boolean).join(" ")}`,
    cores ? `${cores} ${cores === 1 ? "core" : "cores"} in this machine` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
