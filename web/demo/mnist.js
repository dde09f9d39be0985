/**
 * The MNIST digits: fetched from the page's own site, unpacked and turned into numbers in slices that no
 * one feels.
 */

import { gunzip } from "./gunzip.js";
import { slices } from "./pace.js";

export const PIXELS = 784;
export const CLASSES = 10;

const IMAGES_MAGIC = 0x803;
const LABELS_MAGIC = 0x801;

/**
 * Handwritten digits as they are stored: one byte a pixel, 0 is paper and 255 is ink.
 *
 * @typedef {object} Digits
 * @property {number} count
 * @property {Uint8Array} images  (count, 28, 28)
 * @property {Uint8Array} labels  (count,)
 */

/**
 * @param {"train" | "t10k"} part
 * @param {(loadedBytes: number) => void} [onProgress]  unpacked bytes so far
 * @returns {Promise<Digits>}
 */
export async function loadDigits(part, onProgress) {
  const [images, labels] = await Promise.all([
    readIdx(`data/mnist/${part}-images-idx3-ubyte.gz`, IMAGES_MAGIC, 16, onProgress),
    readIdx(`data/mnist/${part}-labels-idx1-ubyte.gz`, LABELS_MAGIC, 8),
  ]);
  if (images.count !== labels.count || images.values.length !== images.count * PIXELS) {
    throw new Error(
      `data/mnist/${part}: ${images.count} images of ${images.values.length / images.count} pixels and ` +
        `${labels.count} labels do not belong together; expected as many labels as images, ` +
        `of ${PIXELS} pixels. Build the site again.`,
    );
  }
  return { count: images.count, images: images.values, labels: labels.values };
}

/**
 * Pixels as the network wants them: ink 1, paper 0.
 *
 * @param {Digits} digits
 * @param {number} count  how many, from the first
 * @returns {Promise<Float32Array>}  (count, 784)
 */
export async function pixelValues(digits, count) {
  const values = new Float32Array(count * PIXELS);
  const pace = slices();
  const step = 500 * PIXELS;
  for (let start = 0; start < values.length; start += step) {
    const end = Math.min(start + step, values.length);
    for (let i = start; i < end; i++) values[i] = digits.images[i] / 255;
    await pace();
  }
  return values;
}

/**
 * Labels as ten probabilities, the right one 1.
 *
 * @param {Digits} digits
 * @param {number} count
 * @returns {Float32Array}  (count, 10)
 */
export function oneHotLabels(digits, count) {
  const values = new Float32Array(count * CLASSES);
  for (let i = 0; i < count; i++) values[i * CLASSES + digits.labels[i]] = 1;
  return values;
}

/**
 * One IDX file: a magic number, the sizes, then the bytes.
 *
 * @param {string} address
 * @param {number} magic
 * @param {number} headerBytes
 * @param {(loadedBytes: number) => void} [onProgress]
 * @returns {Promise<{ count: number, values: Uint8Array }>}
 */
async function readIdx(address, magic, headerBytes, onProgress) {
  const bytes = await readGzip(address, onProgress);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length >= headerBytes ? view.getUint32(0) : 0;
  if (found !== magic) {
    throw new Error(
      `${address} is not the MNIST file it should be: it begins with ${found}, expected ${magic}. ` +
        "Build the site again.",
    );
  }
  return { count: view.getUint32(4), values: bytes.subarray(headerBytes) };
}

/**
 * @param {string} address
 * @param {(loadedBytes: number) => void} [onProgress]
 * @returns {Promise<Uint8Array>}
 */
async function readGzip(address, onProgress) {
  const response = await fetch(address);
  if (!response.ok || !response.body) {
    throw new Error(
      `${address} could not be fetched: the server answered ${response.status} ${response.statusText}. ` +
        "Build the site again and serve its whole folder.",
    );
  }
  try {
    return await gunzip(response.body, onProgress);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${address} could not be unpacked: ${reason}. Build the site again.`, { cause: error });
  }
}
