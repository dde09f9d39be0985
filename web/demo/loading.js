/**
 * Everything that has to arrive first: the engine and the digits, side by side, with words on how far they
 * are.
 */

import { loadDigits } from "./mnist.js";
import { megabytes } from "./words.js";

/** @typedef {import("pyengine").Engine} Engine */
/** @typedef {import("./mnist.js").Digits} Digits */
/** @typedef {{ stage: string, loaded?: number, total?: number }} Stage */

const TRAIN_BYTES = 47040016;

/** How far the whole is, by part: the engine is what one waits for. */
const SHARE = { engine: 0.75, digits: 0.25 };

/**
 * @param {typeof import("pyengine").loadPyEngine} loadPyEngine
 * @param {(words: string, share: number) => void} tell
 * @param {(test: Digits) => void} onTestDigits  they come first, so that there is something to look at
 * @returns {Promise<{ tf: Engine, train: Digits, test: Digits }>}
 */
export async function loadAll(loadPyEngine, tell, onTestDigits) {
  const parts = { engine: 0, digits: 0 };
  let stageWords = "Starting Python";
  let stages = 0;
  const retell = () => tell(`${stageWords}…`, parts.engine * SHARE.engine + parts.digits * SHARE.digits);

  const engine = loadPyEngine({
    onProgress: ({ stage, loaded, total }) => {
      const known = loaded !== undefined && total !== undefined && total > 0;
      stageWords = known && total > 1e5 ? `${stage}: ${megabytes(loaded)} of ${megabytes(total)} MB` : stage;
      // The number of stages is the engine's business; each takes half of the way that is left.
      stages += 1;
      parts.engine = 1 - 0.5 ** (stages / 3);
      retell();
    },
  }).then((tf) => {
    parts.engine = 1;
    stageWords = "Fetching the digits";
    retell();
    return tf;
  });
  const digits = loadDigits("t10k").then(async (test) => {
    onTestDigits(test);
    const train = await loadDigits("train", (bytes) => {
      parts.digits = Math.min(1, bytes / TRAIN_BYTES);
      retell();
    });
    return { train, test };
  });
  const [tf, { train, test }] = await Promise.all([engine, digits]);
  return { tf, train, test };
}
