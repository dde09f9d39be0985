/** What the examples are given: small models and data, and a way to say what must be true. */

/** @param {unknown} truth @param {string} words */
export function expect(truth, words) {
  if (!truth) throw new Error(`Expected that ${words}.`);
}

/** Two groups of points that lines can tell apart: (samples, features) and one-hot (samples, classes). */
export function groups(tf, samples, features = 6, classes = 3) {
  const labels = Array.from({ length: samples }, (_, row) => row % classes);
  const points = labels.map((label, row) =>
    Array.from({ length: features }, (_, column) => Number(column % classes === label) + Math.sin(row * 7 + column) / 4),
  );
  return { points: tf.tensor2d(points), classes: tf.oneHot(tf.tensor1d(labels, "int32"), classes), labels };
}

/** A base of twelve layers for images of 8 × 8, as a pretrained one would be. */
export function pretrained(tf) {
  const image = tf.input({ shape: [8, 8, 1] });
  let x = image;
  for (const filters of [4, 4]) {
    x = tf.layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false }).apply(x);
    x = tf.layers.batchNormalization().apply(x);
    x = tf.layers.reLU().apply(x);
  }
  x = tf.layers.depthwiseConv2d({ kernelSize: 3, padding: "same" }).apply(x);
  x = tf.layers.maxPooling2d({ poolSize: 2 }).apply(x);
  x = tf.layers.dropout({ rate: 0.1 }).apply(x);
  x = tf.layers.flatten().apply(x);
  return tf.model({ inputs: image, outputs: x });
}

/** The base with a new head on top. */
export function withHead(tf, base, units, activation) {
  const width = base.outputs[0].shape.at(-1);
  expect(width === 64, "the base gives 64 features");
  const head = tf.layers.dense({ units, activation, name: "head" });
  return tf.model({ inputs: base.inputs, outputs: head.apply(base.outputs[0]) });
}

/** Striped images of 8 × 8, lying or standing, and their labels, one-hot and as numbers. */
export function stripes(tf, samples) {
  const labels = Array.from({ length: samples }, (_, row) => row % 2);
  const pixels = new Float32Array(samples * 64);
  for (const [row, label] of labels.entries()) {
    for (let place = 0; place < 64; place += 1) {
      const line = label ? place % 8 : Math.floor(place / 8);
      pixels[row * 64 + place] = Number((line + row) % 2 === 0) + Math.cos(row * 13 + place) / 10;
    }
  }
  return {
    images: tf.tensor4d(pixels, [samples, 8, 8, 1]),
    kinds: tf.oneHot(tf.tensor1d(labels, "int32"), 2),
    flags: tf.tensor2d(labels, [samples, 1]),
  };
}
