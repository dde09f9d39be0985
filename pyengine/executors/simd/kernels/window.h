// Which numbers of an image a window's taps see: the geometry of convolutions and of their gradients.
//
// A convolution makes every result from taps at fixed distances in its source, and so does its input gradient, which
// is a convolution of the gradient: with a stride, one for each phase of the result. Where taps would see padding
// they are left out: an axis falls into stretches that see the same taps, so nothing is padded and nothing multiplied
// by zeros.
#pragma once
#include "pyengine.h"

// x: (B, H, W, C)  kernel: (KH, KW, C / groups, F)  gradient: (B, OH, OW, F)
typedef struct {
  ptrdiff_t images, height, width, channels;
  ptrdiff_t rows, columns, filters;
  ptrdiff_t high, wide;   // the kernel
  ptrdiff_t down, right;  // strides
  ptrdiff_t tall, broad;  // dilation: from tap to tap
  ptrdiff_t top, left;    // padding
  ptrdiff_t groups;
} geometry;

INLINE geometry read_geometry(const word *w) {
  ptrdiff_t field[sizeof(geometry) / sizeof(ptrdiff_t)];
  for (size_t i = 0; i < sizeof field / sizeof *field; i++) field[i] = (ptrdiff_t)w[i].i;
  geometry g;
  memcpy(&g, field, sizeof g);
  return g;
}

// One axis of a result: position u, at `target + u · target_step` of it, sees with its tap i the source's number
// `u · source_step + shift + i · shift_step`, if that is one of `length`; that is the kernel's tap `tap + i · tap_step`.
typedef struct {
  ptrdiff_t count, target, target_step;
  ptrdiff_t source_step, length;
  ptrdiff_t taps, tap, tap_step;
  ptrdiff_t shift, shift_step;
} axis;

INLINE axis forward_axis(ptrdiff_t count, ptrdiff_t length, ptrdiff_t taps, ptrdiff_t stride, ptrdiff_t dilation,
                         ptrdiff_t before) {
  return (axis){count, 0, 1, stride, length, taps, 0, 1, -before, dilation};
}

// The input's positions phase, phase + stride, …: tap k of output o looked at o · stride + k · dilation - before, so
// these positions meet the taps for which (phase + before - k · dilation) is a multiple of the stride.
INLINE axis backward_axis(ptrdiff_t phase, ptrdiff_t count, ptrdiff_t length, ptrdiff_t taps, ptrdiff_t stride,
                          ptrdiff_t dilation, ptrdiff_t before) {
  axis a = {phase < length ? (length - phase - 1) / stride + 1 : 0, phase, stride, 1, count, 0, 0, -1, 0, 1};
  for (ptrdiff_t k = 0; k < taps; k++)
    if ((phase + before - k * dilation) % stride == 0) {
      if (a.taps++) a.tap_step = a.tap - k;
      a.tap = k;
    }
  if (!a.taps) return a;
  a.shift = (phase + before - a.tap * dilation) / stride;
  if (a.taps > 1) a.shift_step = -a.tap_step * dilation / stride;
  return a;
}

// Positions [from, to) for which the taps [first, last), and no others, lie within the source.
typedef struct {
  ptrdiff_t from, to, first, last;
} stretch;

INLINE ptrdiff_t rounded_up(ptrdiff_t x, ptrdiff_t y) { return x > 0 ? (x + y - 1) / y : -(-x / y); }
INLINE ptrdiff_t within(ptrdiff_t x, ptrdiff_t most) { return x < 0 ? 0 : x > most ? most : x; }

// The stretch behind this one (behind all zeros: the first). 0 when there is none.
INLINE int next_stretch(const axis *a, stretch *s) {
  s->from = s->to;
  if (s->from >= a->count) return 0;
  ptrdiff_t start = s->from * a->source_step + a->shift;
  s->first = within(rounded_up(-start, a->shift_step), a->taps);
  s->last = within(rounded_up(a->length - start, a->shift_step), a->taps);
  s->to = a->count;
  if (s->first > 0) { // the next tap before these comes in
    ptrdiff_t in = rounded_up(-a->shift - (s->first - 1) * a->shift_step, a->source_step);
    if (in < s->to) s->to = in;
  }
  if (s->last > 0) { // the last of these goes out
    ptrdiff_t out = rounded_up(a->length - a->shift - (s->last - 1) * a->shift_step, a->source_step);
    if (out < s->to) s->to = out;
  }
  return 1;
}

INLINE ptrdiff_t taps_of(const stretch *s) { return s->last - s->first; }

// Whether some tap of some position sees padding.
INLINE int padded(const axis *a) {
  return a->shift < 0 || (a->count - 1) * a->source_step + a->shift + (a->taps - 1) * a->shift_step >= a->length;
}

// Numbers from image to image, row to row, column to column.
typedef struct {
  ptrdiff_t image, row, column;
} pitches;

INLINE pitches pitches_of(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t channels) {
  return (pitches){rows * columns * channels, columns * channels, channels};
}

INLINE ptrdiff_t smaller(ptrdiff_t x, ptrdiff_t y) { return x < y ? x : y; }

// Where a stretch's first window sees the first of its taps.
INLINE ptrdiff_t corner(const axis *a, const stretch *s) {
  return s->from * a->source_step + a->shift + s->first * a->shift_step;
}

// A walk over the windows of a stretch of rows and one of columns, image after image: the places of the first number
// that a window sees, and of its result.
typedef struct {
  ptrdiff_t count; // of windows
  ptrdiff_t source, to;
  ptrdiff_t rows, columns, row, column;
  ptrdiff_t row_source, row_to, image_source, image_to; // where the row and the image began
  pitches from_step, to_step;
} walk;

INLINE walk begin_walk(ptrdiff_t images, const axis *vertical, const axis *horizontal, const stretch *down,
                       const stretch *right, pitches from, pitches to) {
  const ptrdiff_t rows = down->to - down->from, columns = right->to - right->from;
  // Where there are no taps, there is no number that the window could point to.
  const int any = taps_of(down) && taps_of(right);
  const ptrdiff_t source = any ? corner(vertical, down) * from.row + corner(horizontal, right) * from.column : 0;
  const ptrdiff_t place = (vertical->target + down->from * vertical->target_step) * to.row +
                          (horizontal->target + right->from * horizontal->target_step) * to.column;
  from.row *= vertical->source_step, from.column *= horizontal->source_step;
  to.row *= vertical->target_step, to.column *= horizontal->target_step;
  if (!any) from = (pitches){0, 0, 0};
  return (walk){images * rows * columns, source, place, rows, columns, 0, 0, source, place, source, place, from, to};
}

INLINE void step(walk *w) {
  if (++w->column < w->columns) {
    w->source += w->from_step.column, w->to += w->to_step.column;
    return;
  }
  w->column = 0;
  if (++w->row < w->rows) w->row_source += w->from_step.row, w->row_to += w->to_step.row;
  else {
    w->row = 0;
    w->row_source = w->image_source += w->from_step.image, w->row_to = w->image_to += w->to_step.image;
  }
  w->source = w->row_source, w->to = w->row_to;
}

// Windows of a stretch of rows and one of columns for the kernel's gradient, which goes over the same ones again and
// again: some whole images at a time where they are small, else some rows of one, so that they stay in the cache.
typedef struct {
  ptrdiff_t images, rows, columns;
  ptrdiff_t source, given; // where the first one's first number lies, and its gradient
  pitches x, gradient;
  ptrdiff_t image, row, high, deep, all_images, all_rows;
  ptrdiff_t source_corner, given_corner;
} chunk;

enum { CHUNK = 24 << 10 }; // bytes of image and gradient

INLINE chunk begin_chunks(ptrdiff_t images, const axis *vertical, const axis *horizontal, const stretch *down,
                          const stretch *right, pitches from, pitches to) {
  chunk c = {
      .columns = right->to - right->from,
      .all_images = images,
      .all_rows = down->to - down->from,
      .x = {from.image, vertical->source_step * from.row, horizontal->source_step * from.column},
      .gradient = to,
      .source_corner = corner(vertical, down) * from.row + corner(horizontal, right) * from.column,
      .given_corner = down->from * to.row + right->from * to.column,
  };
  const ptrdiff_t bytes = 4 * c.columns * (to.column + vertical->source_step * c.x.column);
  c.high = smaller(c.all_rows, CHUNK / bytes + 1);
  c.deep = c.high < c.all_rows ? 1 : CHUNK / (bytes * c.all_rows) + 1;
  c.row = -c.high;
  return c;
}

// The next chunk, or 0.
INLINE int next_chunk(chunk *c) {
  c->row += c->high;
  if (c->row >= c->all_rows) c->row = 0, c->image += c->deep;
  if (c->image >= c->all_images) return 0;
  c->images = smaller(c->deep, c->all_images - c->image);
  c->rows = smaller(c->high, c->all_rows - c->row);
  c->source = c->source_corner + c->image * c->x.image + c->row * c->x.row;
  c->given = c->given_corner + c->image * c->gradient.image + c->row * c->gradient.row;
  return 1;
}
