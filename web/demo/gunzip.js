/**
 * Unpacking gzip in small pieces: the network hands over megabytes at once, and inflating those in one go
 * would be felt.
 */

import { slices } from "./pace.js";

const PIECE_BYTES = 65536;
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * All bytes of a gzipped body. Some servers announce .gz files as compressed transport; the browser has
 * then unpacked
 * them already, and they are taken as they are.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @param {(bytes: number) => void} [onProgress]  unpacked bytes so far
 * @returns {Promise<Uint8Array>}
 */
export async function gunzip(body, onProgress) {
  const source = body.getReader();
  const first = await source.read();
  const isGzip = !first.done && GZIP_MAGIC.every((byte, i) => first.value[i] === byte);
  // An identity stream takes the place of the inflater, so that there is one way for both.
  const { readable, writable } = isGzip ? new DecompressionStream("gzip") : new TransformStream();
  const [, bytes] = await Promise.all([
    feed(first, source, writable.getWriter()),
    collect(readable.getReader(), onProgress),
  ]);
  return bytes;
}

/**
 * @param {ReadableStreamReadResult<Uint8Array<ArrayBuffer>>} first
 * @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} source
 * @param {WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>} sink
 */
async function feed(first, source, sink) {
  const pace = slices();
  for (let read = first; !read.done; read = await source.read()) {
    for (let start = 0; start < read.value.length; start += PIECE_BYTES) {
      await sink.write(read.value.subarray(start, start + PIECE_BYTES));
      await pace();
    }
  }
  await sink.close();
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} reader
 * @param {(bytes: number) => void} [onProgress]
 */
async function collect(reader, onProgress) {
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    pieces.push(read.value);
    length += read.value.length;
    onProgress?.(length);
  }
  const bytes = new Uint8Array(length);
  const pace = slices();
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
    await pace();
  }
  return bytes;
}
