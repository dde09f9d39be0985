// Depthwise convolutions, every channel on its own, and their gradients.
//
// Nothing is summed over channels, so LANES of them are worked on together; results next to each other share the
// kernel's numbers. Sums are taken in the order of the taps, or of the windows.
#include "window.h"

enum {
  SIDE = 4, // results at a time
  TAPS = 9, // sums of the kernel's gradient at a time
};

// Channels behind the last whole vector are rare: not worth copies of this code.
static __attribute__((noinline)) vf get_some(const float *p, ptrdiff_t n) { return load_some(p, n); }
static __attribute__((noinline)) void put_some(float *p, vf x, ptrdiff_t n) { store_some(p, x, n); }
INLINE vf get(const float *p, ptrdiff_t n) {
  if (__builtin_constant_p(n) && n < LANES) return load_some(p, n); // a single move
  return n < LANES ? get_some(p, n) : load(p);
}
INLINE void put(float *p, vf x, ptrdiff_t n) {
  if (__builtin_constant_p(n) && n < LANES) store_some(p, x, n);
  else if (n < LANES) put_some(p, x, n);
  else store(p, x);
}

typedef struct {
  const float *source, *kernel, *bias; // bias: or 0
  float *out;
  ptrdiff_t images, channels, wide; // wide: the kernel
  pitches from, to;
  axis vertical, horizontal;
  float low, high;
} convolution;

// The taps that a stretch sees, and the steps between them.
typedef struct {
  ptrdiff_t rows, columns;
  pitches source, kernel;
} taps;

INLINE vf limited(const convolution *c, vf x) {
  x = choose(x < c->low, splat(c->low), x); // NaN stays
  return choose(x > c->high, splat(c->high), x);
}

// n ≤ LANES channels of SIDE results: where each one's first tap lies, and where it goes.
INLINE void block(const convolution *c, float *const *out, const float *const *source, const float *kernel,
                  const taps *t, ptrdiff_t f, ptrdiff_t n) {
  vf sum[SIDE];
  for (int s = 0; s < SIDE; s++) sum[s] = splat(0);
  for (ptrdiff_t i = 0; i < t->rows; i++)
    for (ptrdiff_t j = 0; j < t->columns; j++) {
      const vf weight = get(kernel + i * t->kernel.row + j * t->kernel.column + f, n);
      const ptrdiff_t at = i * t->source.row + j * t->source.column + f;
      for (int s = 0; s < SIDE; s++) sum[s] = madd(get(source[s] + at, n), weight, sum[s]);
    }
  const vf bias = c->bias ? get(c->bias + f, n) : splat(0);
  for (int s = 0; s < SIDE; s++) put(out[s] + f, limited(c, sum[s] + bias), n);
}

// All windows of a stretch.
static void any_taps(const convolution *c, const stretch *down, const stretch *right, const float *kernel,
                     const taps *t) {
  walk w = begin_walk(c->images, &c->vertical, &c->horizontal, down, right, c->from, c->to);
  for (ptrdiff_t left = w.count; left > 0; left -= SIDE) {
    const float *source[SIDE];
    float *out[SIDE];
    for (int s = 0; s < SIDE; s++) {
      source[s] = c->source + w.source, out[s] = c->out + w.to; // behind the end the last one again
      if (s + 1 < left) step(&w);
    }
    ptrdiff_t f = 0;
    for (; f + LANES <= c->channels; f += LANES) block(c, out, source, kernel, t, f, LANES);
    if (LANES > 8 && f + 8 <= c->channels) block(c, out, source, kernel, t, f, 8), f += 8;
    if (f < c->channels) block(c, out, source, kernel, t, f, c->channels - f);
  }
}

// n ≤ LANES channels from f on of a chunk of windows with 3 × 3 taps: the kernel stays in registers.
INLINE void nine(const convolution *c, const chunk *s, const float *kernel, const taps *t, ptrdiff_t f, ptrdiff_t n) {
  const vf bias = c->bias ? get(c->bias + f, n) : splat(0);
  vf weight[9];
  for (int i = 0; i < 9; i++) weight[i] = get(kernel + i / 3 * t->kernel.row + i % 3 * t->kernel.column + f, n);
  for (ptrdiff_t image = 0; image < s->images; image++)
    for (ptrdiff_t row = 0; row < s->rows; row++) {
      const float *x[9];
      for (int i = 0; i < 9; i++)
        x[i] = c->source + s->source + image * s->x.image + row * s->x.row + i / 3 * t->source.row +
               i % 3 * t->source.column + f;
      float *out = c->out + s->given + image * c->to.image + row * c->to.row + f;
      for (ptrdiff_t column = 0, at = 0; column < s->columns; column++, at += s->x.column, out += c->to.column) {
        vf sum = splat(0); // as any_taps begins: -0 stays -0 in none of the two
        for (int i = 0; i < 9; i++) sum = madd(get(x[i] + at, n), weight[i], sum);
        put(out, limited(c, sum + bias), n);
      }
    }
}

static void nine_taps(const convolution *c, const stretch *down, const stretch *right, const float *kernel,
                      const taps *t) {
  chunk s = begin_chunks(c->images, &c->vertical, &c->horizontal, down, right, c->from, c->to);
  while (next_chunk(&s)) {
    ptrdiff_t f = 0;
    for (; f + LANES <= c->channels; f += LANES) nine(c, &s, kernel, t, f, LANES);
    if (LANES > 8 && f + 8 <= c->channels) nine(c, &s, kernel, t, f, 8), f += 8; // one move, not a tail
    if (f < c->channels) nine(c, &s, kernel, t, f, c->channels - f);
  }
}

static void convolve(const convolution *c) {
  const axis *vertical = &c->vertical, *horizontal = &c->horizontal;
  for (stretch down = {0}; next_stretch(vertical, &down);)
    for (stretch right = {0}; next_stretch(horizontal, &right);) {
      const taps t = {
          .rows = taps_of(&down),
          .columns = taps_of(&right),
          .source = {0, vertical->shift_step * c->from.row, horizontal->shift_step * c->from.column},
          .kernel = {0, vertical->tap_step * c->wide * c->channels, horizontal->tap_step * c->channels},
      };
      const float *kernel = c->kernel + (vertical->tap + down.first * vertical->tap_step) * c->wide * c->channels +
                            (horizontal->tap + right.first * horizontal->tap_step) * c->channels;
      const int nine = t.rows == 3 && t.columns == 3 && vertical->target_step == 1 && horizontal->target_step == 1;
      if (nine) nine_taps(c, &down, &right, kernel, &t);
      else any_taps(c, &down, &right, kernel, &t);
    }
}

// out, x, kernel, bias (or 0), the least and the most that goes out, geometry
int kernel_depthwise(word *w, context *context) {
  (void)context;
  const geometry g = read_geometry(w + 6);
  const convolution c = {
      .out = w[0].p,
      .source = w[1].p,
      .kernel = w[2].p,
      .bias = w[3].p,
      .low = (float)w[4].f,
      .high = (float)w[5].f,
      .images = g.images,
      .channels = g.channels,
      .wide = g.wide,
      .from = pitches_of(g.height, g.width, g.channels),
      .to = pitches_of(g.rows, g.columns, g.channels),
      .vertical = forward_axis(g.rows, g.height, g.high, g.down, g.tall, g.top),
      .horizontal = forward_axis(g.columns, g.width, g.wide, g.right, g.broad, g.left),
  };
  convolve(&c);
  return DONE;
}

// out (like x), gradient, kernel, geometry
int kernel_depthwise_input_gradient(word *w, context *context) {
  (void)context;
  const geometry g = read_geometry(w + 3);
  convolution c = {
      .out = w[0].p,
      .source = w[1].p,
      .kernel = w[2].p,
      .low = -__builtin_inff(),
      .high = __builtin_inff(),
      .images = g.images,
      .channels = g.channels,
      .wide = g.wide,
      .from = pitches_of(g.rows, g.columns, g.channels),
      .to = pitches_of(g.height, g.width, g.channels),
  };
  for (ptrdiff_t i = 0; i < g.down; i++)
    for (ptrdiff_t j = 0; j < g.right; j++) {
      c.vertical = backward_axis(i, g.rows, g.height, g.high, g.down, g.tall, g.top);
      c.horizontal = backward_axis(j, g.columns, g.width, g.wide, g.right, g.broad, g.left);
      convolve(&c);
    }
  return DONE;
}

// out[t] += Σ over the windows x[t] · gradient, for `count` ≤ most taps and n ≤ LANES channels.
INLINE void sum_taps(float *const *out, const float *const *x, const float *gradient, const chunk *s, ptrdiff_t n,
                     ptrdiff_t count, const int most) {
  vf sum[TAPS];
  for (int t = 0; t < most; t++) sum[t] = splat(0);
  for (ptrdiff_t image = 0; image < s->images; image++)
    for (ptrdiff_t row = 0; row < s->rows; row++) {
      ptrdiff_t at = image * s->x.image + row * s->x.row;
      const float *g = gradient + image * s->gradient.image + row * s->gradient.row;
      for (ptrdiff_t column = 0; column < s->columns; column++, at += s->x.column, g += s->gradient.column) {
        const vf given = get(g, n);
        for (int t = 0; t < most; t++) sum[t] = madd(get(x[t] + at, n), given, sum[t]);
      }
    }
  for (int t = 0; t < most; t++)
    if (t < count) put(out[t], get(out[t], n) + sum[t], n);
}

// out (like the kernel), x, gradient, whether to add to what is in out, geometry
int kernel_depthwise_kernel_gradient(word *w, context *context) {
  (void)context;
  const geometry g = read_geometry(w + 4);
  const float *x = w[1].p, *gradient = w[2].p;
  float *kernel = w[0].p;
  const axis vertical = forward_axis(g.rows, g.height, g.high, g.down, g.tall, g.top);
  const axis horizontal = forward_axis(g.columns, g.width, g.wide, g.right, g.broad, g.left);
  const pitches from = pitches_of(g.height, g.width, g.channels), to = pitches_of(g.rows, g.columns, g.channels);
  if (!w[3].i) memset(kernel, 0, sizeof(float) * (size_t)(g.high * g.wide * g.channels));
  for (stretch down = {0}; next_stretch(&vertical, &down);)
    for (stretch right = {0}; next_stretch(&horizontal, &right);) {
      const ptrdiff_t columns = taps_of(&right), all = taps_of(&down) * columns;
      if (!all) continue;
      for (chunk s = begin_chunks(g.images, &vertical, &horizontal, &down, &right, from, to); next_chunk(&s);)
        for (ptrdiff_t f = 0; f < g.channels; f += LANES)
          for (ptrdiff_t first = 0, count; first < all; first += count) {
            count = smaller(all - first, TAPS);
            const float *source[TAPS];
            float *out[TAPS];
            for (ptrdiff_t t = 0; t < TAPS; t++) { // behind the last one the first again: summed, not stored
              const ptrdiff_t tap = first + (t < count ? t : 0), i = tap / columns, j = tap % columns;
              source[t] = x + s.source + i * g.tall * from.row + j * g.broad * from.column + f;
              out[t] = kernel + ((down.first + i) * g.wide + right.first + j) * g.channels + f;
            }
            const ptrdiff_t n = g.channels - f;
            const float *given = gradient + s.given + f;
            if (n < LANES) sum_taps(out, source, given, &s, n, count, TAPS);
            else sum_taps(out, source, given, &s, LANES, count, TAPS);
          }
    }
  return DONE;
}
