// Numbers brought to mean 0 and variance 1, then scaled and moved, over rows (layer_norm) or over columns (batch_norm);
// and the gradients of both. Sums go by blocks, and blocks of blocks, in an order that depends on the shape alone.
#define FOUR_LANES
#include "math.h"
#include "pyengine.h"

#define STRETCH 64 // vectors added up before they meet the others
#define ROWS 8     // rows of layer_norm_gradient that are done together
#define BLOCK 32   // rows of batch_norm that meet in registers
#define BLOCKS 16  // blocks of either that are added up before they meet the others
#define NARROW 32  // rows shorter than this are done several side by side

INLINE vf load_lanes(const float *p, ptrdiff_t count) { return count == LANES ? load(p) : load_some(p, count); }
INLINE void store_lanes(float *p, vf x, ptrdiff_t count) {
  if (count == LANES)
    store(p, x);
  else
    store_some(p, x, count);
}

// For each vector of n numbers, the last one maybe with fewer than LANES, body(first number, how many).
#define VECTORS(n, body)                                                                                               \
  do {                                                                                                                 \
    int64_t j_ = 0, n_ = (n);                                                                                          \
    for (; n_ - j_ >= LANES; j_ += LANES) body(j_, LANES);                                                             \
    if (j_ < n_) body(j_, (ptrdiff_t)(n_ - j_));                                                                       \
  } while (0)

// Σ (x - center), or Σ (x - center)²
INLINE float row_sum(const float *x, int64_t n, float center, int squared) {
  vf all = splat(0);
  int64_t i = 0;
  while (n - i >= 2 * LANES) {
    int64_t end = n - i < 2 * STRETCH * LANES ? n : i + 2 * STRETCH * LANES;
    vf a = splat(0), b = splat(0);
    for (; end - i >= 2 * LANES; i += 2 * LANES) {
      vf u = load(x + i) - center, v = load(x + i + LANES) - center;
      a = squared ? madd(u, u, a) : a + u, b = squared ? madd(v, v, b) : b + v;
    }
    all += a + b;
  }
  float sum = total(all);
  for (; i < n; i++) sum += squared ? (x[i] - center) * (x[i] - center) : x[i] - center;
  return sum;
}

// x: (rows, n)  gamma, beta: (n)  w: y, mean, scale, x, gamma, beta, rows, n, epsilon
int kernel_layer_norm(word *w, context *c) {
  (void)c;
  float *y = w[0].p, *mean = w[1].p, *scale = w[2].p;
  const float *x = w[3].p, *gamma = w[4].p, *beta = w[5].p, epsilon = (float)w[8].f;
  const int64_t rows = w[6].i, n = w[7].i;
  for (int64_t r = 0; r < rows; r++, x += n, y += n) {
    float m = mean[r] = row_sum(x, n, 0, 0) / (float)n;
    float s = scale[r] = 1 / __builtin_sqrtf(row_sum(x, n, m, 1) / (float)n + epsilon);
    int64_t j = 0;
    for (; n - j >= LANES; j += LANES) store(y + j, madd(load(x + j) - m, s * load(gamma + j), load(beta + j)));
    for (; j < n; j++) y[j] = (x[j] - m) * (s * gamma[j]) + beta[j];
  }
  return DONE;
}

// Some rows of layer_norm_gradient: their numbers, and for each its mean and scale, mean(w) and mean(w · h).
typedef struct {
  float *dx;
  const float *gradient, *x, *gamma;
  int64_t n, count;
  float mean[ROWS], scale[ROWS], along[ROWS], along_h[ROWS];
} few;

INLINE void layer_columns(const few *f, float *dgamma, float *dbeta, int64_t j, ptrdiff_t lanes) {
  vf gamma = load_lanes(f->gamma + j, lanes), sum = splat(0), sum_h = splat(0);
  for (int64_t r = 0; r < f->count; r++) {
    vf g = load_lanes(f->gradient + r * f->n + j, lanes);
    vf h = (load_lanes(f->x + r * f->n + j, lanes) - f->mean[r]) * f->scale[r];
    sum += g, sum_h = madd(g, h, sum_h);
    store_lanes(f->dx + r * f->n + j, (g * gamma - f->along[r] - h * f->along_h[r]) * f->scale[r], lanes);
  }
  store_lanes(dgamma + j, load_lanes(dgamma + j, lanes) + sum_h, lanes);
  store_lanes(dbeta + j, load_lanes(dbeta + j, lanes) + sum, lanes);
}

static void add_up(float *out, const float *x, int64_t n) {
#define ADD(j, lanes) store_lanes(out + (j), load_lanes(out + (j), lanes) + load_lanes(x + (j), lanes), lanes)
  VECTORS(n, ADD);
}

// w: dx, dgamma, dbeta, gradient, x, gamma, mean, scale, rows, n, whether to add to what is in dgamma and dbeta (then so
// many rows came before as a multiple of ROWS · BLOCKS); dx may lie over gradient or x
int kernel_layer_norm_gradient(word *w, context *c) {
  float *dgamma = w[1].p, *dbeta = w[2].p, *sums = (float *)c->workspace, *sums_h;
  const float *mean = w[6].p, *scale = w[7].p;
  const int64_t rows = w[8].i, n = w[9].i;
  const size_t bytes = (size_t)n * sizeof(float);
  few f = {w[0].p, w[3].p, w[4].p, w[5].p, n, 0, {0}, {0}, {0}, {0}};
  sums_h = sums + n;
  if (!w[10].i) memset(dgamma, 0, bytes), memset(dbeta, 0, bytes);
  memset(sums, 0, 2 * bytes);
  for (int64_t row = 0; row < rows; row += ROWS) {
    f.count = rows - row < ROWS ? rows - row : ROWS;
    for (int64_t r = 0; r < f.count; r++) {
      const float *g = f.gradient + r * n, *x = f.x + r * n, m = mean[row + r], s = scale[row + r];
      vf along = splat(0), along_h = splat(0);
#define ALONG(j, lanes)                                                                                                \
  do {                                                                                                                 \
    vf wide = load_lanes(g + (j), lanes) * load_lanes(f.gamma + (j), lanes);                                           \
    along += wide, along_h = madd(wide, load_lanes(x + (j), lanes) - m, along_h);                                      \
  } while (0)
      VECTORS(n, ALONG);
      f.mean[r] = m, f.scale[r] = s;
      f.along[r] = total(along) / (float)n, f.along_h[r] = total(along_h) * s / (float)n;
    }
#define COLUMNS(j, lanes) layer_columns(&f, sums_h, sums, j, lanes)
    VECTORS(n, COLUMNS);
    f.dx += f.count * n, f.gradient += f.count * n, f.x += f.count * n;
    if ((row / ROWS + 1) % BLOCKS == 0 || row + ROWS >= rows) {
      add_up(dgamma, sums_h, n), add_up(dbeta, sums, n);
      memset(sums, 0, 2 * bytes);
    }
  }
  return DONE;
}

// Rows of `channels` numbers as rows of several of them side by side, which vectors fill; the last may be shorter.
typedef struct {
  int64_t beside, width, whole, rest; // rest: numbers behind the last whole row
} layout;

static layout widened(int64_t count, int64_t channels) {
  layout l = {1, channels, count, 0};
  if (channels < NARROW) {
    l.beside = LANES;
    while (l.beside * channels < 2 * NARROW) l.beside *= 2;
    l.width = l.beside * channels, l.whole = count / l.beside, l.rest = (count - l.whole * l.beside) * channels;
  }
  return l;
}

static void repeat(float *out, const float *x, int64_t channels, int64_t beside) {
  for (int64_t b = 0; b < beside; b++)
    for (int64_t k = 0; k < channels; k++) out[b * channels + k] = x[k];
}

// Two sets of numbers become one: of each their number, mean and Σ (x - mean)². (Chan, Golub, LeVeque 1983.)
#define MERGE(mean, square, n, mean2, square2, n2)                                                                     \
  do {                                                                                                                 \
    float share_ = (float)(n2) / (float)((n) + (n2));                                                                  \
    __typeof__(mean) apart_ = (mean2) - (mean);                                                                        \
    mean += apart_ * share_;                                                                                           \
    square += (square2) + apart_ * apart_ * ((float)(n) * share_);                                                     \
  } while (0)

// Both kernels of batch_norm go over all rows twice. They do both, or one of them alone on some of the rows: what the
// first finds is kept in `wide` (two rows of the layout) meanwhile.
enum { BOTH, FIRST, SECOND }; // as encode/normalize.py counts them
typedef struct {
  int64_t phase, done, all; // rows that came before: whole blocks of blocks; rows in all
  float *wide;
} pass;

static pass read_pass(const word *w, int64_t count, float *wide) {
  if (w[0].i == BOTH) return (pass){BOTH, 0, count, wide};
  return (pass){w[0].i, w[1].i, w[2].i, w[3].p};
}

// mean, variance: (channels)  x: (count, channels), done block by block: each is read twice, but only once from afar
static void statistics(float *mean, float *variance, const float *x, int64_t count, int64_t channels, pass p) {
  const layout l = widened(count, channels);
  float *wide = p.wide, *wide_square = wide + l.width;
  const int64_t before = p.done / l.beside;
  for (int64_t row = 0; row < l.whole; row += BLOCK) {
    const float *block = x + row * l.width;
    int64_t n = l.whole - row < BLOCK ? l.whole - row : BLOCK;
#define BLOCK_COLUMNS(j, lanes)                                                                                        \
  do {                                                                                                                 \
    vf m[2] = {splat(0), splat(0)}, s[2] = {splat(0), splat(0)}, center;                                               \
    for (int64_t r = 0; r < n; r++) m[0] += load_lanes(block + r * l.width + (j), lanes);                              \
    center = m[0] / (float)n;                                                                                          \
    for (int64_t r = 0; r < n; r++) {                                                                                  \
      vf d = load_lanes(block + r * l.width + (j), lanes) - center;                                                    \
      s[0] = madd(d, d, s[0]);                                                                                         \
    }                                                                                                                  \
    if (before + row) {                                                                                                \
      m[1] = load_lanes(wide + (j), lanes), s[1] = load_lanes(wide_square + (j), lanes);                               \
      MERGE(m[1], s[1], before + row, center, s[0], n);                                                                \
      center = m[1], s[0] = s[1];                                                                                      \
    }                                                                                                                  \
    store_lanes(wide + (j), center, lanes), store_lanes(wide_square + (j), s[0], lanes);                               \
  } while (0)
    VECTORS(l.width, BLOCK_COLUMNS);
  }
  if (p.done + count < p.all) return;
  const float *last = x + l.whole * l.width;
  const int64_t whole = before + l.whole;
  for (int64_t k = 0; k < channels; k++) {
    float m = 0, s = 0;
    int64_t n = 0;
    for (int64_t b = 0; b < l.beside && whole; b++, n += whole)
      MERGE(m, s, n, wide[b * channels + k], wide_square[b * channels + k], whole);
    for (int64_t i = k; i < l.rest; i += channels, n++) MERGE(m, s, n, last[i], 0, 1);
    mean[k] = m, variance[k] = s / (float)p.all;
  }
}

// x: (count, channels)  w: y, mean, variance, x, gamma, beta, count, channels, epsilon, pass; y may lie over x
int kernel_batch_norm(word *w, context *c) {
  float *y = w[0].p, *mean = w[1].p, *variance = w[2].p;
  const float *x = w[3].p, *gamma = w[4].p, *beta = w[5].p, epsilon = (float)w[8].f;
  const int64_t count = w[6].i, channels = w[7].i;
  const layout l = widened(count, channels);
  float *center = (float *)c->workspace, *scale = center + l.width, *offset = scale + l.width;
  const pass p = read_pass(w + 9, count, center);
  if (p.phase != SECOND) statistics(mean, variance, x, count, channels, p);
  if (p.phase == FIRST) return DONE;
  for (int64_t k = 0; k < channels; k++) offset[k] = 1 / __builtin_sqrtf(variance[k] + epsilon) * gamma[k];
  repeat(scale, offset, channels, l.beside), repeat(offset, beta, channels, l.beside);
  repeat(center, mean, channels, l.beside);
  for (int64_t row = 0; row <= l.whole; row++, x += l.width, y += l.width) {
#define NORMALIZE(j, lanes)                                                                                            \
  store_lanes(y + (j),                                                                                                 \
              madd(load_lanes(x + (j), lanes) - load_lanes(center + (j), lanes), load_lanes(scale + (j), lanes),       \
                   load_lanes(offset + (j), lanes)),                                                                   \
              lanes)
    VECTORS(row < l.whole ? l.width : l.rest, NORMALIZE);
  }
  return DONE;
}

// w: dx, dgamma, dbeta, gradient, x, gamma, mean, variance, count, channels, epsilon, pass; dx may lie over gradient or x
int kernel_batch_norm_gradient(word *w, context *c) {
  float *dx = w[0].p, *dgamma = w[1].p, *dbeta = w[2].p;
  const float *g = w[3].p, *x = w[4].p, *gamma = w[5].p, *mean = w[6].p, *variance = w[7].p, epsilon = (float)w[10].f;
  const int64_t count = w[8].i, channels = w[9].i;
  const layout l = widened(count, channels);
  float *center = (float *)c->workspace, *sums = center + l.width, *sums_x = sums + l.width;
  float *part = sums_x + l.width, *part_x = part + l.width;
  const size_t two_rows = (size_t)(2 * l.width) * sizeof(float);
  const pass p = read_pass(w + 11, count, sums);
  repeat(center, mean, channels, l.beside);
  memset(part, 0, two_rows);
  if (!p.done && p.phase != SECOND) memset(p.wide, 0, two_rows);
  for (int64_t row = 0; row <= l.whole && p.phase != SECOND; row += BLOCK) {
    int64_t n = l.whole - row < BLOCK ? l.whole - row : BLOCK;
    const float *block = x + row * l.width, *block_g = g + row * l.width;
#define SUMS(j, lanes)                                                                                                 \
  do {                                                                                                                 \
    vf sum = load_lanes(part + (j), lanes), sum_x = load_lanes(part_x + (j), lanes);                                   \
    vf m = load_lanes(center + (j), lanes);                                                                            \
    for (int64_t r = 0; r < n; r++) {                                                                                  \
      vf one = load_lanes(block_g + r * l.width + (j), lanes);                                                         \
      sum += one, sum_x = madd(one, load_lanes(block + r * l.width + (j), lanes) - m, sum_x);                          \
    }                                                                                                                  \
    store_lanes(part + (j), sum, lanes), store_lanes(part_x + (j), sum_x, lanes);                                      \
  } while (0)
    VECTORS(l.width, SUMS);
    if (n < BLOCK && l.rest) { // the shorter row
      block += n * l.width, block_g += n * l.width, n = 1;
      VECTORS(l.rest, SUMS);
      n = 0;
    }
    if ((row / BLOCK + 1) % BLOCKS == 0 || n < BLOCK) {
      add_up(p.wide, part, 2 * l.width);
      memset(part, 0, two_rows);
    }
  }
  if (p.phase == FIRST) return DONE;
  if (p.phase == SECOND) memcpy(sums, p.wide, two_rows);
  // dx = gamma · scale · (gradient - mean(gradient) - h · mean(gradient · h)) = a · gradient - b - (x - mean) · d
  float *a = sums, *b = part, *d = part_x;
  for (int64_t k = 0; k < channels; k++) {
    float scale = 1 / __builtin_sqrtf(variance[k] + epsilon), sum = 0, sum_x = 0;
    for (int64_t i = k; i < l.width; i += channels) sum += sums[i], sum_x += sums_x[i];
    dbeta[k] = sum, dgamma[k] = sum_x * scale;
    for (int64_t i = k; i < l.width; i += channels) {
      a[i] = gamma[k] * scale;
      b[i] = a[i] * sum / (float)p.all, d[i] = a[i] * scale * dgamma[k] / (float)p.all;
    }
  }
  for (int64_t row = 0; row <= l.whole; row++, x += l.width, g += l.width, dx += l.width) {
#define BACK(j, lanes)                                                                                                 \
  do {                                                                                                                 \
    vf h = load_lanes(x + (j), lanes) - load_lanes(center + (j), lanes);                                               \
    vf straight = load_lanes(a + (j), lanes) * load_lanes(g + (j), lanes) - load_lanes(b + (j), lanes);                \
    store_lanes(dx + (j), straight - h * load_lanes(d + (j), lanes), lanes);                                           \
  } while (0)
    VECTORS(row < l.whole ? l.width : l.rest, BACK);
  }
  return DONE;
}
