// Convolutions and their gradients, as products of windows and kernel without writing the windows down.
//
// The core is one small block of the product that stays in registers: ROWS windows times VECTORS vectors of filters.
// Each window is a pointer into the image, behind which its numbers lie in runs: as long as there is no dilation, the
// taps of a kernel row and all their channels are one run. The kernel is packed into panels, VECTORS vectors wide.
// Sums are taken one number after the other, in the order of the taps: the same in every build.
#include "window.h"

enum {
  // V8 and SSE have 16 registers: 8 sums, 2 vectors of the kernel, 4 of products run at full speed, 10 sums at half.
  ROWS = LANES == 16 ? 8 : 4,
  VECTORS = 2,
  PANEL = VECTORS * LANES,
  DEEPEST = WORKSPACE / (VECTORS * 16 * 4), // rows of the widest panel that any build has
  GROUP = 8 * ROWS, // windows that meet one panel while it is in the fastest cache
};

// What a block is made of: `rows` × `runs` runs of `length` numbers, and where they begin in source and panel.
typedef struct {
  ptrdiff_t rows, runs, length;
  ptrdiff_t source_row, source_run;
  ptrdiff_t first, panel_row, panel_run; // in rows of the panel
} taps;

// What becomes of a sum: x + bias, not below `low`, not above `high`. NaN stays.
typedef struct {
  const float *bias; // or 0
  float low, high;
  int goes_on, last; // added to what is there; nothing is added later
} ending;

INLINE vf get(const float *p, ptrdiff_t n) { return n < LANES ? load_some(p, n) : load(p); }
INLINE void put(float *p, vf x, ptrdiff_t n) {
  if (n < LANES) store_some(p, x, n);
  else store(p, x);
}

INLINE vf limited(vf x, const ending *e) {
  x = choose(x < e->low, splat(e->low), x);
  return choose(x > e->high, splat(e->high), x);
}

// A sum that is not the first and only of its place, or does not fill a vector.
static __attribute__((noinline)) void put_sum(float *out, vf x, ptrdiff_t n, ptrdiff_t f, const ending *e) {
  if (e->goes_on) {
    x += get(out, n);
    if (e->last) x = limited(e->bias ? x + get(e->bias + f, n) : x, e);
  }
  put(out, x, n);
}

// out[row][f …] of `count` ≤ ROWS windows, `width` ≤ vectors · LANES filters of them.
INLINE void block(float *const *out, const float *const *window, ptrdiff_t count, const float *panel, const taps *t,
                  ptrdiff_t f, ptrdiff_t width, const ending *e, const int vectors) {
  vf sum[ROWS][VECTORS];
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < vectors; v++) sum[r][v] = splat(0);
  for (ptrdiff_t i = 0; i < t->rows; i++)
    for (ptrdiff_t j = 0; j < t->runs; j++) {
      const float *x[ROWS];
      for (int r = 0; r < ROWS; r++) x[r] = window[r] + i * t->source_row + j * t->source_run;
      const float *k = panel + (t->first + i * t->panel_row + j * t->panel_run) * vectors * LANES;
      // Not unrolled: in V8 that would cost more additions of addresses than it saves.
      for (ptrdiff_t n = 0; n < t->length; n++, k += vectors * LANES) {
        vf part[VECTORS];
        for (int v = 0; v < vectors; v++) part[v] = load(k + v * LANES);
        for (int r = 0; r < ROWS; r++)
          for (int v = 0; v < vectors; v++) sum[r][v] = madd(splat(x[r][n]), part[v], sum[r][v]);
      }
    }
  if (e->last && !e->goes_on) {
    for (int v = 0; v < vectors; v++) {
      vf bias = e->bias ? get(e->bias + f + v * LANES, within(width - v * LANES, LANES)) : splat(0);
      for (int r = 0; r < ROWS; r++) sum[r][v] = limited(sum[r][v] + bias, e);
    }
    if (count >= ROWS && width == vectors * LANES) {
      for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < vectors; v++) store(out[r] + f + v * LANES, sum[r][v]);
      return;
    }
  }
  vf rest[ROWS][VECTORS]; // a copy: sums that a loop goes through by number would not stay in registers above
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < vectors; v++) rest[r][v] = sum[r][v];
  for (int v = 0; v < vectors; v++) {
    const ptrdiff_t n = within(width - v * LANES, LANES), g = f + v * LANES;
    for (int r = 0; r < ROWS; r++)
      if (n && r < count) put_sum(out[r] + g, rest[r][v], n, g, e);
  }
}

static __attribute__((noinline)) void block_1(float *const *out, const float *const *window, ptrdiff_t count,
                                              const float *panel, const taps *t, ptrdiff_t f, ptrdiff_t width,
                                              const ending *e) {
  block(out, window, count, panel, t, f, width, e, 1);
}
static __attribute__((noinline)) void block_2(float *const *out, const float *const *window, ptrdiff_t count,
                                              const float *panel, const taps *t, ptrdiff_t f, ptrdiff_t width,
                                              const ending *e) {
  block(out, window, count, panel, t, f, width, e, 2);
}

// One convolution of one group: out[p][f] = Σ source[p's taps][c] kernel[tap][c][f].
typedef struct {
  const float *source, *kernel;
  float *out;
  ptrdiff_t images, channels, filters; // channels: summed, filters: made
  pitches from, to;
  ptrdiff_t high, wide, channel, filter; // steps in the kernel: from tap to tap, channel to channel, filter to filter
  axis vertical, horizontal;
  ending end;
} convolution;

// How wide the panel is that begins with filter f.
INLINE int vectors_at(const convolution *c, ptrdiff_t f) { return c->filters - f > LANES ? VECTORS : 1; }

// Channels [first, last) and filters [f, …) of all the axes' taps, a panel's width of filters to a row.
static void pack(float *panel, const convolution *c, ptrdiff_t first, ptrdiff_t last, ptrdiff_t f) {
  const int wide = vectors_at(c, f) * LANES;
  const ptrdiff_t n = smaller(wide, c->filters - f);
  for (ptrdiff_t i = 0; i < c->vertical.taps; i++)
    for (ptrdiff_t j = 0; j < c->horizontal.taps; j++) {
      const float *tap = c->kernel + (c->vertical.tap + i * c->vertical.tap_step) * c->high +
                         (c->horizontal.tap + j * c->horizontal.tap_step) * c->wide + f * c->filter;
      if (c->filter == 1)
        for (ptrdiff_t channel = first; channel < last; channel++, panel += wide)
          for (int v = 0; v < wide; v += LANES)
            store(panel + v, get(tap + channel * c->channel + v, within(n - v, LANES)));
      else {
        for (ptrdiff_t g = 0; g < wide; g++)
          for (ptrdiff_t channel = first; channel < last; channel++)
            panel[(channel - first) * wide + g] = g < n ? tap[channel * c->channel + g * c->filter] : 0;
        panel += (last - first) * wide;
      }
    }
}

// All windows of one stretch of rows and one of columns, against panels of `size` numbers for filters [f, end).
static void convolve_stretch(const convolution *c, const stretch *down, const stretch *right, const taps *t,
                             ptrdiff_t first, const float *panels, ptrdiff_t depth, ptrdiff_t f, ptrdiff_t end,
                             const ending *e) {
  walk w = begin_walk(c->images, &c->vertical, &c->horizontal, down, right, c->from, c->to);
  for (ptrdiff_t left = w.count; left > 0; left -= GROUP) {
    const float *window[GROUP];
    float *out[GROUP];
    const ptrdiff_t count = smaller(left, GROUP);
    for (ptrdiff_t i = 0; i < count; i++, step(&w)) window[i] = c->source + w.source + first, out[i] = c->out + w.to;
    for (ptrdiff_t i = count; i % ROWS; i++) window[i] = window[count - 1]; // computed, not stored
    const float *panel = panels;
    for (ptrdiff_t g = f; g < end; g += PANEL, panel += depth * PANEL) {
      const ptrdiff_t width = smaller(end - g, PANEL);
      for (ptrdiff_t i = 0; i < count; i += ROWS)
        (vectors_at(c, g) == 1 ? block_1 : block_2)(out + i, window + i, count - i, panel, t, g, width, e);
    }
  }
}

static void convolve(const convolution *c, context *context) {
  const axis *vertical = &c->vertical, *horizontal = &c->horizontal;
  const ptrdiff_t all = vertical->taps * horizontal->taps;
  float *panels = (float *)context->workspace;
  // Channels at a time, so that a panel finds room; then panels at a time. A sum begins anew with other channels, so
  // how many these are may depend on the shape alone, not on how wide this machine's vectors are.
  const ptrdiff_t some = all * c->channels > DEEPEST ? DEEPEST / all : c->channels;
  const ptrdiff_t depth = all * some;
  const ptrdiff_t room = WORKSPACE / (ptrdiff_t)(PANEL * sizeof(float));
  const ptrdiff_t filters = depth ? smaller(room / depth * PANEL, c->filters) : c->filters;
  for (ptrdiff_t first = 0; first == 0 || first < c->channels; first += some ? some : 1) {
    const ptrdiff_t last = smaller(first + some, c->channels), channels = last - first;
    ending e = c->end;
    e.goes_on = first > 0, e.last = last == c->channels;
    for (ptrdiff_t f = 0, end; f < c->filters; f = end) {
      end = smaller(f + filters, c->filters);
      for (ptrdiff_t g = f; g < end; g += PANEL) pack(panels + (g - f) * depth, c, first, last, g);
      for (stretch down = {0}; next_stretch(vertical, &down);)
        for (stretch right = {0}; next_stretch(horizontal, &right);) {
          // Neighbouring taps whose channels follow each other are one run.
          const int joined = horizontal->shift_step * c->from.column == channels;
          const ptrdiff_t seen = taps_of(&right);
          const taps t = {
              .rows = taps_of(&down),
              .runs = joined ? seen > 0 : seen,
              .length = joined ? seen * channels : channels,
              .source_row = vertical->shift_step * c->from.row,
              .source_run = horizontal->shift_step * c->from.column,
              .first = (down.first * horizontal->taps + right.first) * channels,
              .panel_row = horizontal->taps * channels,
              .panel_run = channels,
          };
          convolve_stretch(c, &down, &right, &t, first, panels, depth, f, end, &e);
        }
    }
  }
}

// Whether no number is infinite or NaN.
static int all_finite(const float *x, ptrdiff_t n) {
  vf sum = splat(0);
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES) sum += load(x + i) * splat(0);
  if (i < n) sum += load_some(x + i, n - i) * splat(0);
  return total(sum) == 0;
}

// Of these convolutions the reference multiplies the padding too: 0 · infinity is NaN there. Where that can happen,
// which is rare, it is asked to do it.
static int counts_padding(const geometry *g) { return g->groups == 1 || g->channels > g->groups; }

// out, x, kernel, bias (or 0), the least and the most that goes out, geometry
int kernel_conv2d(word *w, context *context) {
  const geometry g = read_geometry(w + 6);
  const ptrdiff_t channels = g.channels / g.groups, filters = g.filters / g.groups;
  const float *x = w[1].p, *kernel = w[2].p, *bias = w[3].p;
  float *out = w[0].p;
  convolution c = {
      .images = g.images,
      .channels = channels,
      .filters = filters,
      .from = pitches_of(g.height, g.width, g.channels),
      .to = pitches_of(g.rows, g.columns, g.filters),
      .high = g.wide * channels * g.filters,
      .wide = channels * g.filters,
      .channel = g.filters,
      .filter = 1,
      .vertical = forward_axis(g.rows, g.height, g.high, g.down, g.tall, g.top),
      .horizontal = forward_axis(g.columns, g.width, g.wide, g.right, g.broad, g.left),
      .end = {.low = (float)w[4].f, .high = (float)w[5].f},
  };
  if ((padded(&c.vertical) || padded(&c.horizontal)) && counts_padding(&g) &&
      !all_finite(kernel, g.high * g.wide * channels * g.filters))
    return WRONG;
  for (ptrdiff_t group = 0; group < g.groups; group++) {
    c.source = x + group * channels, c.kernel = kernel + group * filters, c.out = out + group * filters;
    c.end.bias = bias ? bias + group * filters : NULL;
    convolve(&c, context);
  }
  return DONE;
}

// out (like x), gradient, kernel, geometry
int kernel_conv2d_input_gradient(word *w, context *context) {
  const geometry g = read_geometry(w + 3);
  const ptrdiff_t channels = g.channels / g.groups, filters = g.filters / g.groups;
  const float *gradient = w[1].p, *kernel = w[2].p;
  float *out = w[0].p;
  convolution c = {
      .images = g.images,
      .channels = filters,
      .filters = channels,
      .from = pitches_of(g.rows, g.columns, g.filters),
      .to = pitches_of(g.height, g.width, g.channels),
      .high = g.wide * channels * g.filters,
      .wide = channels * g.filters,
      .channel = 1,
      .filter = g.filters,
      .end = {.low = -__builtin_inff(), .high = __builtin_inff()},
  };
  for (ptrdiff_t i = 0; i < g.down; i++)
    for (ptrdiff_t j = 0; j < g.right; j++) {
      c.vertical = backward_axis(i, g.rows, g.height, g.high, g.down, g.tall, g.top);
      c.horizontal = backward_axis(j, g.columns, g.width, g.wide, g.right, g.broad, g.left);
      for (ptrdiff_t group = 0; group < g.groups; group++) {
        c.source = gradient + group * filters, c.kernel = kernel + group * filters, c.out = out + group * channels;
        convolve(&c, context);
      }
    }
  return DONE;
}

// out[r][f …] += Σ over the windows x[r] · gradient[f …], for `count` ≤ ROWS numbers of each window.
INLINE void outer(float *const *out, const float *const *x, ptrdiff_t count, const float *gradient, const chunk *s,
                  ptrdiff_t width, const int vectors) {
  vf sum[ROWS][VECTORS];
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < vectors; v++) sum[r][v] = splat(0);
  for (ptrdiff_t image = 0; image < s->images; image++)
    for (ptrdiff_t row = 0; row < s->rows; row++) {
      ptrdiff_t at = image * s->x.image + row * s->x.row;
      const float *g = gradient + image * s->gradient.image + row * s->gradient.row;
      for (ptrdiff_t column = 0; column < s->columns; column++, at += s->x.column, g += s->gradient.column) {
        vf part[VECTORS];
        for (int v = 0; v < vectors; v++) part[v] = get(g + v * LANES, vectors == 1 ? width : LANES);
        for (int r = 0; r < ROWS; r++)
          for (int v = 0; v < vectors; v++) sum[r][v] = madd(splat(x[r][at]), part[v], sum[r][v]);
      }
    }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < vectors; v++)
      if (r < count) {
        ptrdiff_t n = vectors == 1 ? width : LANES;
        put(out[r] + v * LANES, get(out[r] + v * LANES, n) + sum[r][v], n);
      }
}

// What is left of a vector, by halves: loads of known length are single moves.
static __attribute__((noinline)) void outer_some(float *const *out, const float *const *x, ptrdiff_t count,
                                                 const float *gradient, const chunk *s, ptrdiff_t width) {
  if (LANES > 8 && width == 8) outer(out, x, count, gradient, s, 8, 1);
  else if (LANES > 4 && width == 4) outer(out, x, count, gradient, s, 4, 1);
  else if (width == 2) outer(out, x, count, gradient, s, 2, 1);
  else outer(out, x, count, gradient, s, 1, 1);
}
static __attribute__((noinline)) void outer_1(float *const *out, const float *const *x, ptrdiff_t count,
                                              const float *gradient, const chunk *s) {
  outer(out, x, count, gradient, s, LANES, 1);
}
static __attribute__((noinline)) void outer_2(float *const *out, const float *const *x, ptrdiff_t count,
                                              const float *gradient, const chunk *s) {
  outer(out, x, count, gradient, s, PANEL, 2);
}

// One group's kernel gradient: out[tap][c][f] += Σ x[p's tap][c] gradient[p][f].
typedef struct {
  const float *x, *gradient;
  float *out;
  ptrdiff_t channels, filters, all_filters;
  ptrdiff_t columns; // taps in a row of the kernel
  axis vertical, horizontal;
} kernel_gradient;

// The taps of one stretch of rows and one of columns, over a chunk of their windows.
static void sum_chunk(const kernel_gradient *k, const stretch *down, const stretch *right, const chunk *s,
                      ptrdiff_t row, ptrdiff_t column) {
  const ptrdiff_t taps_right = taps_of(right), depth = taps_of(down) * taps_right * k->channels;
  for (ptrdiff_t f = 0; f < k->filters;) {
    ptrdiff_t width = PANEL;
    while (width > k->filters - f) width /= 2;
    ptrdiff_t i = 0, j = 0, channel = 0;
    for (ptrdiff_t first = 0; first < depth; first += ROWS) {
      const ptrdiff_t count = smaller(depth - first, ROWS);
      const float *source[ROWS];
      float *out[ROWS];
      for (int r = 0; r < ROWS; r++) {
        if (r >= count) {
          source[r] = source[0];
          continue;
        }
        source[r] = k->x + s->source + i * row + j * column + channel;
        out[r] = k->out + (((down->first + i) * k->columns + right->first + j) * k->channels + channel) *
                              k->all_filters + f;
        if (++channel == k->channels) {
          channel = 0;
          if (++j == taps_right) j = 0, i++;
        }
      }
      const float *g = k->gradient + s->given + f;
      if (width == PANEL) outer_2(out, source, count, g, s);
      else if (width == LANES) outer_1(out, source, count, g, s);
      else outer_some(out, source, count, g, s, width);
    }
    f += width;
  }
}

// out (like the kernel), x, gradient, whether to add to what is in out, geometry
int kernel_conv2d_kernel_gradient(word *w, context *context) {
  (void)context;
  const geometry g = read_geometry(w + 4);
  const ptrdiff_t channels = g.channels / g.groups, filters = g.filters / g.groups;
  const float *x = w[1].p, *gradient = w[2].p;
  float *out = w[0].p;
  const pitches from = pitches_of(g.height, g.width, g.channels), to = pitches_of(g.rows, g.columns, g.filters);
  kernel_gradient k = {
      .channels = channels,
      .filters = filters,
      .all_filters = g.filters,
      .columns = g.wide,
      .vertical = forward_axis(g.rows, g.height, g.high, g.down, g.tall, g.top),
      .horizontal = forward_axis(g.columns, g.width, g.wide, g.right, g.broad, g.left),
  };
  const axis *vertical = &k.vertical, *horizontal = &k.horizontal;
  if ((padded(vertical) || padded(horizontal)) && counts_padding(&g) && !all_finite(gradient, g.images * to.image))
    return WRONG;
  if (!w[3].i) memset(out, 0, sizeof(float) * (size_t)(g.high * g.wide * channels * g.filters));
  for (stretch down = {0}; next_stretch(vertical, &down);)
    for (stretch right = {0}; next_stretch(horizontal, &right);) {
      if (!taps_of(&down) || !taps_of(&right)) continue;
      for (chunk s = begin_chunks(g.images, vertical, horizontal, &down, &right, from, to); next_chunk(&s);)
        for (ptrdiff_t group = 0; group < g.groups; group++) {
          k.x = x + group * channels, k.gradient = gradient + group * filters, k.out = out + group * filters;
          sum_chunk(&k, &down, &right, &s, g.tall * from.row, g.broad * from.column);
        }
    }
  return DONE;
}
