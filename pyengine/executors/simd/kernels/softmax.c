// Scores to probabilities: softmax, its logarithm, the logarithm of a sum of exponentials, and the loss of probabilities
// against targets with its gradient.
#define FOUR_LANES
#include "indices.h"
#include "math.h"

enum { SOFTMAX, LOG_SOFTMAX, LOG_SUM_EXP };
names softmax_names = {[SOFTMAX] = "softmax", [LOG_SOFTMAX] = "log_softmax", [LOG_SUM_EXP] = "logsumexp", NULL};

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

// LANES columns of x: (n, step) numbers; out: the same, or one row.
static void along_columns(int what, float *out, const float *x, int64_t n, int64_t step) {
  vf top = load(x), sum = splat(0);
  for (int64_t i = 1; i < n; i++) top = higher(top, load(x + i * step));
  for (int64_t i = 0; i < n;) {
    int64_t end = n - i < STRETCH ? n : i + STRETCH;
    vf part = splat(0);
    for (; i < end; i++) {
      vf e = exp_below(load(x + i * step) - top);
      part += e;
      if (what == SOFTMAX) store(out + i * step, e);
    }
    sum += part;
  }
  if (what == SOFTMAX) {
    vf scale = 1 / sum;
    for (int64_t i = 0; i < n; i++) store(out + i * step, load(out + i * step) * scale);
    return;
  }
  vf log_sum = log_f(sum);
  if (what == LOG_SUM_EXP)
    store(out, choose(top - top == 0, log_sum + top, top));
  else
    for (int64_t i = 0; i < n; i++) store(out + i * step, (load(x + i * step) - top) - log_sum);
}

// `count` ≤ LANES runs of n numbers each, brought side by side: numbers of a run are `step` apart, runs `apart`.
static void gather_runs(float *turned, const float *x, int64_t n, int64_t step, int64_t apart, int64_t count) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < LANES; k++) turned[i * LANES + k] = k < count ? x[i * step + k * apart] : 0;
}
static void scatter_runs(float *out, const float *turned, int64_t n, int64_t step, int64_t apart, int64_t count) {
  for (int64_t k = 0; k < count; k++)
    for (int64_t i = 0; i < n; i++) out[i * step + k * apart] = turned[i * LANES + k];
}

// w: what, out, x, outer, length (≥ 1), inner
int kernel_softmax(word *w, context *c) {
  int what = (int)w[0].i;
  int64_t outer = w[3].i, n = w[4].i, inner = w[5].i, made = what == LOG_SUM_EXP ? 1 : n;
  float *out = w[1].p, *turned = (float *)c->workspace;
  const float *x = w[2].p;
  if (inner == 1 && n > SHORT) {
    for (int64_t o = 0; o < outer; o++) along_row(what, out + o * made, x + o * n, n);
  } else if (inner == 1) {
    for (int64_t o = 0; o < outer; o += LANES) {
      int64_t count = outer - o < LANES ? outer - o : LANES;
      gather_runs(turned, x + o * n, n, 1, n, count);
      along_columns(what, turned, turned, n, LANES);
      scatter_runs(out + o * made, turned, made, 1, made, count);
    }
  } else {
    for (int64_t o = 0; o < outer; o++, out += made * inner, x += n * inner) {
      int64_t j = 0;
      for (; inner - j >= LANES; j += LANES) along_columns(what, out + j, x + j, n, inner);
      if (j == inner) continue;
      gather_runs(turned, x + j, n, inner, 1, inner - j);
      along_columns(what, turned, turned, n, LANES);
      scatter_runs(out + j, turned, made, inner, 1, inner - j);
    }
  }
  return DONE;
}

// The same row by row as (…, N) scores have it: likelihood, Σ targets · log softmax; gradient, slope · targets - softmax ·
// Σ slope · targets. The latter may lie over the scores or the targets.
typedef struct {
  float *likelihood, *gradient;
  const float *scores, *targets; // targets: NULL where they are classes
  const float *slope;
  int64_t n, slope_step; // 0: all rows have the same slope
} losses;

// `count` ≤ LANES rows at once, turned into columns. classes: of these rows, where there are no targets.
static void short_losses(const losses *l, int64_t row, int64_t count, const int64_t *classes, float *turned) {
  const int64_t n = l->n;
  float *goals = turned + n * LANES, likelihoods[LANES], slopes[LANES];
  gather_runs(turned, l->scores + row * n, n, 1, n, count);
  if (classes) {
    memset(goals, 0, (size_t)(n * LANES) * sizeof(float));
    for (int64_t k = 0; k < count; k++) goals[classes[k] * LANES + k] = 1;
  } else {
    gather_runs(goals, l->targets + row * n, n, 1, n, count);
  }
  gather_runs(slopes, l->slope + row * l->slope_step, 1, 1, l->slope_step, count);
  vf top = load(turned), sum = splat(0), chosen = splat(0), goal = splat(0), slope = load(slopes);
  for (int64_t i = 1; i < n; i++) top = higher(top, load(turned + i * LANES));
  for (int64_t i = 0; i < n; i++) {
    vf x = load(turned + i * LANES) - top, e = exp_below(x), y = load(goals + i * LANES);
    sum += e, goal += y;
    chosen += classes ? masked(y != 0, x) : x * y; // a class says nothing of the others, be they -∞
    store(turned + i * LANES, e);
  }
  vf share = slope * goal / sum;
  for (int64_t i = 0; i < n; i++)
    store(turned + i * LANES, slope * load(goals + i * LANES) - load(turned + i * LANES) * share);
  store(likelihoods, chosen - goal * log_f(sum));
  scatter_runs(l->likelihood + row, likelihoods, 1, 1, 1, count);
  scatter_runs(l->gradient + row * n, turned, n, 1, n, count);
}

// A row against its targets. exps: room for n numbers.
static void long_loss(const losses *l, int64_t row, float *exps) {
  const int64_t n = l->n;
  const float *scores = l->scores + row * n, *targets = l->targets + row * n, slope = l->slope[row * l->slope_step];
  const float top = highest(scores, n), all = exponentials(exps, scores, n, top);
  float *gradient = l->gradient + row * n;
  vf chosen = splat(0), goal = splat(0);
  int64_t i = 0;
  for (; n - i >= LANES; i += LANES) {
    vf y = load(targets + i);
    goal += y, chosen += y * (load(scores + i) - top);
  }
  float all_chosen = total(chosen), goals = total(goal);
  for (; i < n; i++) goals += targets[i], all_chosen += targets[i] * (scores[i] - top);
  l->likelihood[row] = all_chosen - goals * log_f(splat(all))[0];
  float share = slope * goals / all;
  for (i = 0; n - i >= LANES; i += LANES) store(gradient + i, slope * load(targets + i) - load(exps + i) * share);
  for (; i < n; i++) gradient[i] = slope * targets[i] - exps[i] * share;
}

// A row against its class.
static void long_class_loss(const losses *l, int64_t row, int64_t class) {
  const int64_t n = l->n;
  const float *scores = l->scores + row * n, slope = l->slope[row * l->slope_step];
  float *gradient = l->gradient + row * n, top = highest(scores, n), chosen = scores[class] - top;
  float sum = exponentials(gradient, scores, n, top), share = -slope / sum;
  int64_t i = 0;
  l->likelihood[row] = chosen - log_f(splat(sum))[0];
  for (; n - i >= LANES; i += LANES) store(gradient + i, load(gradient + i) * share);
  for (; i < n; i++) gradient[i] *= share;
  gradient[class] += slope;
}

// w: likelihood, gradient, scores, targets, slope, rows, n (its exponentials fit into the workspace), step in slope
int kernel_softmax_crossentropy(word *w, context *c) {
  const losses l = {w[0].p, w[1].p, w[2].p, w[3].p, w[4].p, w[6].i, w[7].i};
  for (int64_t row = 0, rows = w[5].i; row < rows;)
    if (l.n <= SHORT) {
      int64_t count = rows - row < LANES ? rows - row : LANES;
      short_losses(&l, row, count, NULL, (float *)c->workspace);
      row += count;
    } else {
      long_loss(&l, row++, (float *)c->workspace);
    }
  return DONE;
}

// w: likelihood, gradient, scores, classes, slope, rows, n, step in slope, type of the classes
int kernel_sparse_softmax_crossentropy(word *w, context *c) {
  const losses l = {w[0].p, w[1].p, w[2].p, NULL, w[4].p, w[6].i, w[7].i};
  const int64_t rows = w[5].i;
  const int type = (int)w[8].i;
  if (!in_range(w[3].p, type, rows, l.n)) return WRONG;
  for (int64_t row = 0; row < rows;)
    if (l.n <= SHORT) {
      int64_t classes[LANES], count = rows - row < LANES ? rows - row : LANES;
      for (int64_t k = 0; k < count; k++) classes[k] = index_at(w[3].p, type, row + k);
      short_losses(&l, row, count, classes, (float *)c->workspace);
      row += count;
    } else {
      long_class_loss(&l, row, index_at(w[3].p, type, row));
      row++;
    }
  return DONE;
}

#define FAR -1e9f  // the score of what is hidden
#define NEAR -1e8f // beside scores above this, what is hidden has no share at all

// The scores of a row, those that its mask hides replaced. step: of the mask, 0 or 1
static void seen_scores(float *out, const float *x, const uint8_t *mask, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = mask[i * step] ? x[i] : FAR;
}

// x: (rows, n): row r asks as query number r modulo `queries`; if causal, keys behind that are hidden.
// w: out, x, mask or 0, rows, n, queries, causal, step along a row of the mask, number of loops over its rows, and for
// each: count, step
int kernel_masked_softmax(word *w, context *c) {
  float *out = w[0].p, *scores = (float *)c->workspace;
  const float *x = w[1].p;
  const uint8_t *mask = w[2].p;
  const int64_t rows = w[3].i, n = w[4].i, queries = w[5].i, causal = w[6].i, step = w[7].i, loops = w[8].i;
  int64_t index[8] = {0};
  for (int64_t r = 0; r < rows; r++, x += n, out += n) {
    int64_t before = causal && r % queries + 1 < n ? r % queries + 1 : n, i = 0;
    const float *from = x;
    if (mask) seen_scores(scores, x, mask, step, before), from = scores;
    float top = highest(from, before);
    if (!(top > NEAR && top < INF) && before < n) { // none is seen, or a NaN is on its way: all of them count
      if (!mask) memcpy(scores, x, (size_t)before * sizeof(float));
      for (i = before; i < n; i++) scores[i] = FAR;
      before = n, from = scores, top = highest(from, n);
    }
    float scale = 1 / exponentials(out, from, before, top);
    for (i = 0; before - i >= LANES; i += LANES) store(out + i, load(out + i) * scale);
    for (; i < before; i++) out[i] *= scale;
    memset(out + before, 0, (size_t)(n - before) * sizeof(float));
    for (int64_t k = loops - 1; mask && k >= 0; k--) { // on to the next row of the mask
      const word *loop = w + 9 + 2 * k;
      mask += loop[1].i;
      if (++index[k] < loop[0].i) break;
      mask -= index[k] * loop[1].i, index[k] = 0;
    }
  }
  return DONE;
}

// out = y (dy - Σ dy y), row by row; it may lie over either.  w: out, dy, y, rows, n
int kernel_softmax_gradient(word *w, context *c) {
  (void)c;
  float *out = w[0].p;
  const float *dy = w[1].p, *y = w[2].p;
  for (int64_t rows = w[3].i, n = w[4].i; rows > 0; rows--, out += n, dy += n, y += n) {
    vf sums = splat(0);
    int64_t i = 0;
    for (; n - i >= LANES; i += LANES) sums = madd(load(dy + i), load(y + i), sums);
    float sum = total(sums);
    for (; i < n; i++) sum += dy[i] * y[i];
    for (i = 0; n - i >= LANES; i += LANES) store(out + i, load(y + i) * (load(dy + i) - sum));
    for (; i < n; i++) out[i] = y[i] * (dy[i] - sum);
  }
  return DONE;
}
