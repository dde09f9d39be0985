// Reductions: sums, extrema and truth over any axes; where the extrema stand; running sums.
//
// An encoder merges neighbouring axes, so that kept and folded ones alternate. The last three at most, (outer, length,
// inner) with `length` folded away, are done here by rows: numbers one behind the other, or rows onto rows. Those before
// them are loops. The order of every sum depends on the shape alone, and goes by stretches whose results are added in
// turn: the error grows with a stretch and with their number, not with the length.
#include "pyengine.h"

enum { SUM_FLOAT, MAX_FLOAT, MIN_FLOAT, SUM_INT, MAX_INT, MIN_INT };

#define STRETCH 64    // vectors whose numbers are folded before they meet the others
#define ROWS 16       // rows folded in registers before they meet memory
#define MANY_ROWS 256 // rows folded before they meet the others
#define COLUMNS 1024  // columns done at a time: their partial sums stay in the first-level cache
#define NARROW 32     // rows shorter than this are folded several side by side

// All 32-bit types go through the same loops as bit patterns; `kind` is known when they are compiled.
INLINE vi fold(int kind, vi a, vi x) {
  vf fa = (vf)a, fx = (vf)x;
  switch (kind) {
  case SUM_FLOAT: return (vi)(fa + fx);
  case MAX_FLOAT: return choose_i((fa >= fx) | (fa != fa), a, x); // a NaN stays, and comes in
  case MIN_FLOAT: return choose_i((fa <= fx) | (fa != fa), a, x);
  case SUM_INT: return (vi)((vu)a + (vu)x);
  case MAX_INT: return choose_i(a > x, a, x);
  default: return choose_i(a < x, a, x);
  }
}

typedef union {
  int32_t i;
  float f;
} number;

INLINE int32_t fold_one(int kind, int32_t a, int32_t x) {
  number na = {a}, nx = {x};
  switch (kind) {
  case SUM_FLOAT: na.f += nx.f; return na.i;
  case MAX_FLOAT: return na.f >= nx.f || na.f != na.f ? a : x;
  case MIN_FLOAT: return na.f <= nx.f || na.f != na.f ? a : x;
  case SUM_INT: return (int32_t)((uint32_t)a + (uint32_t)x);
  case MAX_INT: return a > x ? a : x;
  default: return a < x ? a : x;
  }
}

// What changes nothing that it is folded with; -0.0 for a sum, so that sums of -0.0 keep their sign.
INLINE int32_t neutral(int kind) {
  switch (kind) {
  case SUM_FLOAT: return INT32_MIN;
  case MAX_FLOAT: return (int32_t)0xff800000;
  case MIN_FLOAT: return 0x7f800000;
  case SUM_INT: return 0;
  case MAX_INT: return INT32_MIN;
  default: return INT32_MAX;
  }
}

INLINE int32_t across(int kind, vi x) {
  int32_t lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vi *)lanes = x;
  for (int half = LANES / 2; half; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] = fold_one(kind, lanes[i], lanes[i + half]);
  return lanes[0];
}

// n numbers one behind the other.
INLINE int32_t row(int kind, const int32_t *x, int64_t n) {
  const vi nothing = splat_i(neutral(kind));
  vi all = nothing;
  int64_t i = 0;
  while (n - i >= 8 * LANES) {
    vi part[8];
    int64_t end = n - i >= STRETCH * LANES ? i + STRETCH * LANES : n;
    for (int k = 0; k < 8; k++) part[k] = load_i(x + i + k * LANES);
    for (i += 8 * LANES; end - i >= 8 * LANES; i += 8 * LANES)
      for (int k = 0; k < 8; k++) part[k] = fold(kind, part[k], load_i(x + i + k * LANES));
    for (int half = 4; half; half /= 2)
      for (int k = 0; k < half; k++) part[k] = fold(kind, part[k], part[k + half]);
    all = fold(kind, all, part[0]);
  }
  for (; n - i >= LANES; i += LANES) all = fold(kind, all, load_i(x + i));
  int32_t result = n >= LANES ? across(kind, all) : neutral(kind);
  for (; i < n; i++) result = fold_one(kind, result, x[i]);
  return result;
}

// out: (width)  x: (count ≤ ROWS, width), rows `pitch` numbers apart; `add` to what is in `out`, or begin there.
INLINE void few_rows(int kind, int32_t *out, const int32_t *x, int64_t count, int64_t pitch, int64_t width, int add) {
  int64_t j = 0;
  for (; width - j >= LANES; j += LANES) {
    const int32_t *p = x + j;
    vi sum = load_i(p);
    if (count == ROWS) { // four chains, so that additions need not wait for each other
      vi more[3];
      for (int k = 0; k < 3; k++) more[k] = load_i(p += pitch);
      for (int r = 4; r < ROWS; r += 4) {
        sum = fold(kind, sum, load_i(p += pitch));
        for (int k = 0; k < 3; k++) more[k] = fold(kind, more[k], load_i(p += pitch));
      }
      sum = fold(kind, fold(kind, sum, more[1]), fold(kind, more[0], more[2]));
    } else {
      for (int64_t r = 1; r < count; r++) sum = fold(kind, sum, load_i(p += pitch));
    }
    store_i(out + j, add ? fold(kind, load_i(out + j), sum) : sum);
  }
  for (; j < width; j++) {
    int32_t sum = x[j];
    for (int64_t r = 1; r < count; r++) sum = fold_one(kind, sum, x[r * pitch + j]);
    out[j] = add ? fold_one(kind, out[j], sum) : sum;
  }
}

// out: (width)  x: (count ≥ 1, width)
INLINE void rows(int kind, int32_t *out, const int32_t *x, int64_t count, int64_t width, int add, int32_t *partial) {
  for (int64_t j = 0; j < width; j += COLUMNS) {
    int64_t columns = width - j < COLUMNS ? width - j : COLUMNS;
    for (int64_t begin = 0; begin < count; begin += MANY_ROWS) {
      int64_t end = count - begin < MANY_ROWS ? count : begin + MANY_ROWS, r = begin;
      int apart = add || begin > 0;
      int32_t *sum = apart ? partial : out + j;
      for (; end - r >= ROWS; r += ROWS) few_rows(kind, sum, x + r * width + j, ROWS, width, columns, r > begin);
      if (r < end) few_rows(kind, sum, x + r * width + j, end - r, width, columns, r > begin);
      if (apart) few_rows(kind, out + j, partial, 1, 0, columns, 1);
    }
  }
}

// Several rows side by side are one long row, which vectors fill; what they come to is folded at the end.
INLINE void narrow_rows(int kind, int32_t *out, const int32_t *x, int64_t count, int64_t width, int add,
                        int32_t *partial) {
  int64_t beside = LANES;
  while (beside * width < 4 * NARROW) beside *= 2;
  if (width >= NARROW || count < 4 * beside) {
    rows(kind, out, x, count, width, add, partial);
    return;
  }
  int32_t *wide = partial + COLUMNS;
  int64_t whole = count / beside;
  rows(kind, wide, x, whole, beside * width, 0, partial);
  for (int64_t left = beside; left > 1; left /= 2) few_rows(kind, wide, wide + left / 2 * width, 1, 0, left / 2 * width, 1);
  few_rows(kind, out, wide, 1, 0, width, add);
  if (count > whole * beside) rows(kind, out, x + whole * beside * width, count - whole * beside, width, 1, partial);
}

// w: out, x, outer, length, inner, number of loops before them, and for each: count, step in x, step in out (0: folded)
INLINE int reduce(int kind, word *w, context *c) {
  int64_t outer = w[2].i, length = w[3].i, inner = w[4].i, loops = w[5].i, index[6] = {0};
  int32_t *out = w[0].p, *partial = (int32_t *)c->workspace;
  const int32_t *x = w[1].p;
  const word *loop = w + 6;
  for (;;) {
    int add = 0;
    for (int64_t k = 0; k < loops; k++) add |= index[k] > 0 && !loop[3 * k + 2].i;
    for (int64_t o = 0; o < outer; o++) {
      if (inner != 1) {
        narrow_rows(kind, out + o * inner, x + o * length * inner, length, inner, add, partial);
      } else {
        int32_t sum = row(kind, x + o * length, length);
        out[o] = add ? fold_one(kind, out[o], sum) : sum;
      }
    }
    int64_t k = loops - 1;
    for (; k >= 0; k--) {
      x += loop[3 * k + 1].i, out += loop[3 * k + 2].i;
      if (++index[k] < loop[3 * k].i) break;
      x -= index[k] * loop[3 * k + 1].i, out -= index[k] * loop[3 * k + 2].i;
      index[k] = 0;
    }
    if (k < 0) return DONE;
  }
}

int kernel_sum_float(word *w, context *c) { return reduce(SUM_FLOAT, w, c); }
int kernel_max_float(word *w, context *c) { return reduce(MAX_FLOAT, w, c); }
int kernel_min_float(word *w, context *c) { return reduce(MIN_FLOAT, w, c); }
int kernel_sum_int(word *w, context *c) { return reduce(SUM_INT, w, c); }
int kernel_max_int(word *w, context *c) { return reduce(MAX_INT, w, c); }
int kernel_min_int(word *w, context *c) { return reduce(MIN_INT, w, c); }

// w: as above, then whether one true value decides (any) or one false (all). Truth values are bytes 0 and 1.
int kernel_truth(word *w, context *c) {
  (void)c;
  int64_t outer = w[2].i, length = w[3].i, inner = w[4].i, loops = w[5].i, index[6] = {0};
  uint8_t *out = w[0].p;
  const uint8_t *x = w[1].p;
  const word *loop = w + 6;
  const uint8_t any = w[6 + 3 * loops].i != 0; // all(x) is not any(not x)
  for (;;) {
    int add = 0;
    for (int64_t k = 0; k < loops; k++) add |= index[k] > 0 && !loop[3 * k + 2].i;
    for (int64_t o = 0; o < outer; o++) {
      uint8_t *to = out + o * inner;
      const uint8_t *from = x + o * length * inner;
      if (!add) memset(to, !any, (size_t)inner);
      if (inner == 1) {
        uint8_t found = 0;
        for (int64_t i = 0; i < length; i++) found |= from[i] ^ !any;
        if (found) *to = any;
      } else {
        for (int64_t i = 0; i < length; i++, from += inner)
          for (int64_t j = 0; j < inner; j++) to[j] = any ? to[j] | from[j] : to[j] & from[j];
      }
    }
    int64_t k = loops - 1;
    for (; k >= 0; k--) {
      x += loop[3 * k + 1].i, out += loop[3 * k + 2].i;
      if (++index[k] < loop[3 * k].i) break;
      x -= index[k] * loop[3 * k + 1].i, out -= index[k] * loop[3 * k + 2].i;
      index[k] = 0;
    }
    if (k < 0) return DONE;
  }
}

// Floats as whole numbers in the same order, -0.0 like 0.0; a NaN is above all, whichever way the order is turned.
INLINE vi rank(int of_floats, vi turned, vi x) {
  if (!of_floats) return x ^ turned;
  vf f = (vf)x + 0.0f;
  vi bits = (vi)f, ordered = bits ^ ((bits >> 31) & INT32_MAX) ^ turned;
  return choose_i(f != f, splat_i(INT32_MAX), ordered);
}

INLINE int32_t rank_one(int of_floats, int32_t turned, int32_t x) {
  if (!of_floats) return x ^ turned;
  number n = {x};
  n.f += 0.0f;
  return n.f != n.f ? INT32_MAX : n.i ^ ((n.i >> 31) & INT32_MAX) ^ turned;
}

// The first of the highest in a column `step` apart.
INLINE int32_t place(int of_floats, int32_t turned, const int32_t *x, int64_t n, int64_t step) {
  int32_t at = 0, best = rank_one(of_floats, turned, x[0]);
  for (int64_t i = 1; i < n; i++) {
    int32_t one = rank_one(of_floats, turned, x[i * step]);
    if (one > best) best = one, at = (int32_t)i;
  }
  return at;
}

INLINE int32_t place_in_row(int of_floats, int32_t turned, const int32_t *x, int64_t n) {
  if (n < 4 * LANES) return place(of_floats, turned, x, n, 1);
  vi best = rank(of_floats, splat_i(turned), load_i(x)), at = splat_i(0);
  int64_t i = LANES;
  for (; n - i >= LANES; i += LANES) {
    vi one = rank(of_floats, splat_i(turned), load_i(x + i)), higher = one > best;
    best = choose_i(higher, one, best), at = choose_i(higher, splat_i((int32_t)i), at);
  }
  int32_t result = at[0], highest = best[0];
  for (int32_t k = 1; k < LANES; k++) {
    int32_t where = at[k] + k;
    if (best[k] > highest || (best[k] == highest && where < result)) highest = best[k], result = where;
  }
  for (; i < n; i++) {
    int32_t one = rank_one(of_floats, turned, x[i]);
    if (one > highest) highest = one, result = (int32_t)i;
  }
  return result;
}

INLINE void places(int of_floats, int32_t turned, int32_t *out, const int32_t *x, int64_t n, int64_t inner) {
  int64_t j = 0;
  for (; inner - j >= LANES; j += LANES) {
    vi best = rank(of_floats, splat_i(turned), load_i(x + j)), at = splat_i(0);
    for (int64_t i = 1; i < n; i++) {
      vi one = rank(of_floats, splat_i(turned), load_i(x + i * inner + j)), higher = one > best;
      best = choose_i(higher, one, best), at = choose_i(higher, splat_i((int32_t)i), at);
    }
    store_i(out + j, at);
  }
  for (; j < inner; j++) out[j] = place(of_floats, turned, x + j, n, inner);
}

// w: out, x, outer, length, inner, whether floats, whether the lowest
int kernel_argument(word *w, context *c) {
  (void)c;
  int64_t outer = w[2].i, length = w[3].i, inner = w[4].i;
  int32_t *out = w[0].p, turned = w[6].i ? -1 : 0;
  const int32_t *x = w[1].p;
  for (int64_t o = 0; o < outer; o++, x += length * inner, out += inner)
    if (inner == 1)
      *out = w[5].i ? place_in_row(1, turned, x, length) : place_in_row(0, turned, x, length);
    else if (w[5].i)
      places(1, turned, out, x, length, inner);
    else
      places(0, turned, out, x, length, inner);
  return DONE;
}

INLINE void running_sums(int kind, int32_t *out, const int32_t *x, int64_t length, int64_t inner, int64_t step) {
  if (inner == 1) {
    int32_t sum = *out = *x;
    for (int64_t i = 1; i < length; i++) sum = *(out += step) = fold_one(kind, sum, *(x += step));
    return;
  }
  memcpy(out, x, (size_t)(4 * inner));
  for (int64_t i = 1; i < length; i++) {
    const int32_t *before = out;
    int64_t j = 0;
    x += step, out += step;
    for (; inner - j >= LANES; j += LANES) store_i(out + j, fold(kind, load_i(before + j), load_i(x + j)));
    for (; j < inner; j++) out[j] = fold_one(kind, before[j], x[j]);
  }
}

// w: out, x, outer, length, inner, whether floats, whether from the end
int kernel_cumsum(word *w, context *c) {
  (void)c;
  int64_t outer = w[2].i, length = w[3].i, inner = w[4].i, size = length * inner;
  int64_t first = w[6].i ? size - inner : 0, step = w[6].i ? -inner : inner;
  int32_t *out = w[0].p;
  const int32_t *x = w[1].p;
  if (!size) return DONE;
  for (int64_t o = 0; o < outer; o++, x += size, out += size)
    if (w[5].i)
      running_sums(SUM_FLOAT, out + first, x + first, length, inner, step);
    else
      running_sums(SUM_INT, out + first, x + first, length, inner, step);
  return DONE;
}
