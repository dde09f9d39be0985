/**
 * Strokes become an image as MNIST's makers prepared theirs: the digit fills a 20 × 20 box with its
 * proportions kept,
 * antialiased, and its centre of mass lies in the middle of 28 × 28.
 *
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
 */

const SIDE = 28;
const BOX = 20;
/**
 * Where the training images have their centre of mass: in the middle of the pixel right of and below the
 * field's middle.
 */
const CENTRE = 14.5;
/** Half the width of a pen stroke; in the training images the median stroke is 2.4 pixels across. */
const PEN_RADIUS = 1.2;

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {Point[]} Stroke */

/**
 * The drawing as the network's input, ink 1 and paper 0.
 *
 * The pen's width is that of MNIST whatever the size of the drawing: a small 3 and a large 3 are the same 3.
 *
 * @param {Stroke[]} strokes  in any unit, y downwards
 * @returns {Float32Array}  (784,); all zero without strokes
 */
export function normalizeStrokes(strokes) {
  const drawn = strokes.filter((stroke) => stroke.length > 0);
  if (drawn.length === 0) return new Float32Array(SIDE * SIDE);
  const fitted = fitBox(drawn);
  const mass = centreOfMass(rasterize(fitted));
  const dx = CENTRE - mass.x;
  const dy = CENTRE - mass.y;
  return rasterize(fitted.map((stroke) => stroke.map(({ x, y }) => ({ x: x + dx, y: y + dy }))));
}

/**
 * Scaled so that the longer side, pen included, is 20, and placed in the middle.
 *
 * @param {Stroke[]} strokes
 * @returns {Stroke[]}
 */
function fitBox(strokes) {
  const points = strokes.flat();
  const left = Math.min(...points.map((point) => point.x));
  const right = Math.max(...points.map((point) => point.x));
  const top = Math.min(...points.map((point) => point.y));
  const bottom = Math.max(...points.map((point) => point.y));
  const longer = Math.max(right - left, bottom - top);
  const scale = longer > 0 ? (BOX - 2 * PEN_RADIUS) / longer : 0;
  const middleX = (left + right) / 2;
  const middleY = (top + bottom) / 2;
  return strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({ x: CENTRE + (x - middleX) * scale, y: CENTRE + (y - middleY) * scale })),
  );
}

/**
 * Ink by distance: full inside the pen's width, none a pixel further, a ramp between.
 *
 * @param {Stroke[]} strokes  in pixels of the 28 × 28 field
 * @returns {Float32Array}
 */
function rasterize(strokes) {
  const pixels = new Float32Array(SIDE * SIDE);
  const reach = PEN_RADIUS + 0.5;
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i++) {
      const from = stroke[Math.max(0, i - 1)];
      const to = stroke[i];
      const firstRow = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach));
      const lastRow = Math.min(SIDE - 1, Math.ceil(Math.max(from.y, to.y) + reach));
      const firstColumn = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach));
      const lastColumn = Math.min(SIDE - 1, Math.ceil(Math.max(from.x, to.x) + reach));
      for (let row = firstRow; row <= lastRow; row++) {
        for (let column = firstColumn; column <= lastColumn; column++) {
          const ink = reach - distanceToSegment(column + 0.5, row + 0.5, from, to);
          const at = row * SIDE + column;
          pixels[at] = Math.max(pixels[at], Math.min(1, Math.max(0, ink)));
        }
      }
    }
  }
  return pixels;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {Point} from
 * @param {Point} to
 */
function distanceToSegment(x, y, from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const squared = dx * dx + dy * dy;
  const along = squared > 0 ? Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / squared)) : 0;
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

/** @param {Float32Array} pixels */
function centreOfMass(pixels) {
  let ink = 0;
  let x = 0;
  let y = 0;
  for (let at = 0; at < pixels.length; at++) {
    ink += pixels[at];
    x += pixels[at] * ((at % SIDE) + 0.5);
    y += pixels[at] * (Math.floor(at / SIDE) + 0.5);
  }
  return { x: x / ink, y: y / ink };
}
