// Scores to probabilities: softmax, its logarithm, and the logarithm of a sum of exponentials.
#include "pyengine.h"

#include "math.h"

enum { SOFTMAX, LOG_SOFTMAX, LOG_SUM_EXP }; // as encode/normalize.py counts them

#define STRETCH 64 // vectors added up before they meet the others: the error does not grow with the length

#define SHORT 32   // rows up to this length are done as many at a time as a vector has lanes

// eˣ for x ≤ 0: the quicker for it. Where it would be subnormal it is 0.
INLINE vf exp_below(vf x) {
  vu exponent;
  vf p = expm1_near_0(exp_reduced(x, &exponent)) + 1;
  return masked(~(x < -87), p * (vf)(exponent + 0x3f800000u));
}

INLINE vf higher(vf a, vf x) { return choose((a >= x) | (a != a), a, x); } // a NaN stays, and comes in

// The last numbers of a row, fewer than a vector has, at the upper end of one; below them what counts for nothing.
INLINE vf load_last(const float *end, int64_t count, int64_t n) {
  if (n < LANES) {
    float lanes[LANES] __attribute__((aligned(4 * LANES)));
    for (int i = 0; i < LANES; i++) lanes[i] = i < LANES - count ? -INF : end[i - LANES];
    return *(vf *)lanes;
  }
  vi lane;
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return choose(lane >= splat_i((int32_t)(LANES - count)), load(end - LANES), splat(-INF));
}

INLINE void store_last(float *end, vf x, int64_t count) {
  float lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vf *)lanes = x;
  for (int64_t i = LANES - count; i < LANES; i++) end[i - LANES] = lanes[i];
}

static float highest(const float *x, int64_t n) {
  int64_t i = 0, rest = n % LANES;
  vf top = rest ? load_last(x + n, rest, n) : load(x), other = top;
  for (; n - i >= 2 * LANES; i += 2 * LANES) top = higher(top, load(x + i)), other = higher(other, load(x + i + LANES));
  if (n - i >= LANES) top = higher(top, load(x + i));
  top = higher(top, other);
  float lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vf *)lanes = top;
  for (int half = LANES / 2; half; half /= 2)
    for (int k = 0; k < half; k++)
      lanes[k] = lanes[k] >= lanes[k + half] || lanes[k] != lanes[k] ? lanes[k] : lanes[k + half];
  return lanes[0];
}

// Σ exp(x - top); the exponentials themselves to `out`, where there is one. It may be x.
static float exponentials(float *out, const float *x, int64_t n, float top) {
  int64_t i = 0, rest = n % LANES, whole = n - rest;
  vf sum = splat(0), last = splat(0);
  if (rest) { // before anything is written over it
    last = exp_below(load_last(x + n, rest, n) - top);
    sum = last;
  }
  while (i < whole) {
    int64_t end = whole - i < STRETCH * LANES ? whole : i + STRETCH * LANES;
    vf part = splat(0);
    for (; i < end; i += LANES) {
      vf e = exp_below(load(x + i) - top);
      part += e;
      if (out) store(out + i, e);
    }
    sum += part;
  }
  if (out && rest) store_last(out + n, last, rest);
  return total(sum);
}

// out: (n), or one number  x: (n)
static void along_row(int what, float *out, const float *x, int64_t n) {
  float top = highest(x, n);
  if (what == LOG_SUM_EXP && top - top != 0) { // ∞, -∞ or NaN: so is the sum, and x - top would be NaN
    *out = top;
    return;
  }
  float sum = exponentials(what == SOFTMAX ? out : NULL, x, n, top);
  int64_t i = 0;
  if (what == SOFTMAX) {
    float scale = 1 / sum;
    for (; n - i >= LANES; i += LANES) store(out + i, load(out + i) * scale);
    for (; i < n; i++) out[i] *= scale;
  } else {
    float log_sum = log_f(splat(sum))[0];
    if (what == LOG_SUM_EXP) {
      *out = log_sum + top;
      return;
    }
    for (; n - i >= LANES; i += LANES) store(out + i, (load(x + i) - top) - log_sum);
    for (; i < n; i++) out[i] = (x[i] - top) - log_sum;
  }
}

INLINE vf load_lanes(const float *p, ptrdiff_t count) { return count == LANES ? load(p) : load_some(p, count); }
INLINE void store_lanes(float *p, vf x, ptrdiff_t count) {
  if (count == LANES)
    store(p, x);
  else
    store_some(p, x, count);
}

// out: (n, inner), or (inner)  x: (n, inner), of which `count` columns from here on
static void along_columns(int what, float *out, const float *x, int64_t n, int64_t inner, ptrdiff_t count) {
  vf top = load_lanes(x, count), sum = splat(0);
  for (int64_t i = 1; i < n; i++) top = higher(top, load_lanes(x + i * inner, count));
  for (int64_t i = 0; i < n;) {
    int64_t end = n - i < STRETCH ? n : i + STRETCH;
    vf part = splat(0);
    for (; i < end; i++) {
      vf e = exp_below(load_lanes(x + i * inner, count) - top);
      part += e;
      if (what == SOFTMAX) store_lanes(out + i * inner, e, count);
    }
    sum += part;
  }
  if (what == SOFTMAX) {
    vf scale = 1 / sum;
    for (int64_t i = 0; i < n; i++) store_lanes(out + i * inner, load_lanes(out + i * inner, count) * scale, count);
    return;
  }
  vf log_sum = log_f(sum);
  if (what == LOG_SUM_EXP) {
    store_lanes(out, choose(top - top == 0, log_sum + top, top), count);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    store_lanes(out + i * inner, (load_lanes(x + i * inner, count) - top) - log_sum, count);
}

// LANES short rows at once: turned into columns, and back.
static void along_short_rows(int what, float *out, const float *x, int64_t n, float *turned) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < LANES; k++) turned[i * LANES + k] = x[k * n + i];
  along_columns(what, turned, turned, n, LANES, LANES);
  if (what == LOG_SUM_EXP) n = 1;
  for (int64_t k = 0; k < LANES; k++)
    for (int64_t i = 0; i < n; i++) out[k * n + i] = turned[i * LANES + k];
}

// w: what, out, x, outer, length (≥ 1), inner
int kernel_softmax(word *w, context *c) {
  int what = (int)w[0].i;
  int64_t outer = w[3].i, n = w[4].i, inner = w[5].i, made = what == LOG_SUM_EXP ? inner : n * inner, o = 0;
  float *out = w[1].p;
  const float *x = w[2].p;
  if (inner == 1) {
    for (; n <= SHORT && outer - o >= LANES; o += LANES)
      along_short_rows(what, out + o * made, x + o * n, n, (float *)c->workspace);
    for (; o < outer; o++) along_row(what, out + o * made, x + o * n, n);
  }
  for (; o < outer; o++)
    for (int64_t j = 0; j < inner; j += LANES) {
      ptrdiff_t count = inner - j < LANES ? (ptrdiff_t)(inner - j) : LANES;
      along_columns(what, out + o * made + j, x + o * n * inner + j, n, inner, count);
    }
  return DONE;
}
