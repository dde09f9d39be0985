// Reductions: sums, extrema and truth over any axes; where the extrema stand; running sums.
//
// An encoder merges neighbouring axes, so that kept and folded ones alternate. The last three at most, (outer, length,
// inner) with `length` folded away, are done here by rows: numbers one behind the other, or rows onto rows. Those before
// them are loops. The order of every sum depends on the shape alone, and goes by stretches, blocks and blocks of blocks:
// the error grows with how many numbers one of them has, not with the length.
#define FOUR_LANES
#include "pyengine.h"

enum { SUM_FLOAT, MAX_FLOAT, MIN_FLOAT, SUM_INT, MAX_INT, MIN_INT };
names reduce_names = {[SUM_FLOAT] = "float32 sum",
                      [MAX_FLOAT] = "float32 max",
                      [MIN_FLOAT] = "float32 min",
                      [SUM_INT] = "int32 sum",
                      [MAX_INT] = "int32 max",
                      [MIN_INT] = "int32 min",
                      NULL};

#define STRETCH 64    // vectors whose numbers are folded before they meet the others
#define STRETCHES 40  // 2 to the power of this are more than memory holds
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

// What changes nothing that it is folded with.
INLINE int32_t neutral(int kind) {
  switch (kind) {
  case MAX_FLOAT: return (int32_t)0xff800000;
  case MIN_FLOAT: return 0x7f800000;
  case MAX_INT: return INT32_MIN;
  case MIN_INT: return INT32_MAX;
  default: return 0;
  }
}

INLINE int32_t across(int kind, vi x) {
  int32_t lanes[LANES] __attribute__((aligned(4 * LANES)));
  *(vi *)lanes = x;
  for (int half = LANES / 2; half; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] = fold_one(kind, lanes[i], lanes[i + half]);
  return lanes[0];
}

// A long reduction may go on where an earlier call ended, behind whole blocks.
typedef struct {
  int64_t done, all; // numbers or rows: before, and in all
  int32_t *kept;     // what was found before, or NULL: then it is all done at once
} progress;

#define KEPT_LEVELS 16 // before these, `kept` of a row holds how many stretches there were

// n numbers one behind the other; nothing comes of them before the last are among them.
INLINE int32_t row(int kind, const int32_t *x, int64_t n, progress p) {
  vi all = splat_i(neutral(kind));
  int32_t local[STRETCHES * LANES], *level = p.kept ? p.kept + KEPT_LEVELS : local;
  int64_t i = 0, count = p.done ? p.kept[0] : 0;
  while (n - i >= 8 * LANES) {
    vi part[8];
    int64_t end = n - i >= STRETCH * LANES ? i + STRETCH * LANES : n;
    for (int k = 0; k < 8; k++) part[k] = load_i(x + i + k * LANES);
    for (i += 8 * LANES; end - i >= 8 * LANES; i += 8 * LANES)
      for (int k = 0; k < 8; k++) part[k] = fold(kind, part[k], load_i(x + i + k * LANES));
    for (int half = 4; half; half /= 2)
      for (int k = 0; k < half; k++) part[k] = fold(kind, part[k], part[k + half]);
    int at = 0; // like carries in a binary number: only what stands for equally many numbers is added
    for (int64_t bits = count++; bits & 1; bits >>= 1) part[0] = fold(kind, load_i(level + LANES * at++), part[0]);
    store_i(level + LANES * at, part[0]);
  }
  if (p.done + n < p.all) return p.kept[0] = (int32_t)count;
  const int vectors = count || n >= LANES;
  for (int at = 0; count; at++, count >>= 1)
    if (count & 1) all = fold(kind, all, load_i(level + LANES * at));
  for (; n - i >= LANES; i += LANES) all = fold(kind, all, load_i(x + i));
  int32_t result = vectors ? across(kind, all) : neutral(kind);
  for (; i < n; i++) result = fold_one(kind, result, x[i]);
  return result;
}

// out: (count)  x: (count, n)
INLINE void each_row(int kind, int32_t *out, const int32_t *x, int64_t count, int64_t n, int add, progress p) {
  for (int64_t r = 0; r < count; r++, x += n) {
    int32_t result = row(kind, x, n, p);
    if (p.done + n == p.all) out[r] = add ? fold_one(kind, out[r], result) : result;
  }
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

// What is compiled for each kind; all else is the same code for all of them.
typedef struct {
  void (*each_row)(int32_t *out, const int32_t *x, int64_t count, int64_t n, int add, progress p);
  void (*few_rows)(int32_t *out, const int32_t *x, int64_t count, int64_t pitch, int64_t width, int add);
} folding;

#define FOLDING(kind)                                                                                                  \
  static void each_row_##kind(int32_t *out, const int32_t *x, int64_t count, int64_t n, int add, progress p) {         \
    each_row(kind, out, x, count, n, add, p);                                                                          \
  }                                                                                                                    \
  static void few_rows_##kind(int32_t *out, const int32_t *x, int64_t count, int64_t pitch, int64_t width, int add) { \
    few_rows(kind, out, x, count, pitch, width, add);                                                                  \
  }
FOLDING(SUM_FLOAT) FOLDING(MAX_FLOAT) FOLDING(MIN_FLOAT) FOLDING(SUM_INT) FOLDING(MAX_INT) FOLDING(MIN_INT)
#define BOTH(kind) [kind] = {each_row_##kind, few_rows_##kind}
static const folding FOLDINGS[] = {BOTH(SUM_FLOAT), BOTH(MAX_FLOAT), BOTH(MIN_FLOAT),
                                   BOTH(SUM_INT),   BOTH(MAX_INT),   BOTH(MIN_INT)};

// out: (width)  x: (count ≥ 1, width)
static void rows(const folding *f, int32_t *out, const int32_t *x, int64_t count, int64_t width, int add,
                 int32_t *partial) {
  for (int64_t j = 0; j < width; j += COLUMNS) {
    int64_t columns = width - j < COLUMNS ? width - j : COLUMNS;
    for (int64_t begin = 0; begin < count; begin += MANY_ROWS) {
      int64_t end = count - begin < MANY_ROWS ? count : begin + MANY_ROWS;
      int apart = begin > 0 || (add && count > ROWS);
      int32_t *sum = apart ? partial : out + j;
      for (int64_t r = begin; r < end; r += ROWS)
        f->few_rows(sum, x + r * width + j, end - r < ROWS ? end - r : ROWS, width, columns,
                    r > begin || (add && !apart));
      if (apart) f->few_rows(out + j, partial, 1, 0, columns, 1);
    }
  }
}

// Several rows side by side are one long row, which vectors fill; what they come to is folded at the end.
static void narrow_rows(const folding *f, int32_t *out, const int32_t *x, int64_t count, int64_t width, int add,
                        int32_t *partial, progress p) {
  int64_t beside = LANES;
  while (beside * width < 4 * NARROW) beside *= 2;
  if (width < NARROW && p.all >= 4 * beside) {
    int32_t *wide = p.kept ? p.kept : partial + COLUMNS;
    int64_t whole = count / beside;
    rows(f, wide, x, whole, beside * width, p.done > 0, partial);
    if (p.done + count < p.all) return;
    for (int64_t half = beside / 2 * width; half >= width; half /= 2) f->few_rows(wide, wide + half, 1, 0, half, 1);
    f->few_rows(out, wide, 1, 0, width, add);
    add = 1, x += whole * beside * width, count -= whole * beside;
  }
  if (count) rows(f, out, x, count, width, add, partial);
}

// The loops before the three axes that are done by rows: where they are, in numbers from the start of x and of out.
typedef struct {
  int64_t x, out, index[6];
  int add; // to what is in `out`: some folded loop is beyond its first round
} position;

// On to the next round. `loop`: for each its count, its step in x, and its step in out (0: it is folded away).
static int advance(position *at, const word *loop, int64_t loops) {
  int64_t k = loops - 1;
  for (; k >= 0; k--) {
    at->x += loop[3 * k + 1].i, at->out += loop[3 * k + 2].i;
    if (++at->index[k] < loop[3 * k].i) break;
    at->x -= at->index[k] * loop[3 * k + 1].i, at->out -= at->index[k] * loop[3 * k + 2].i;
    at->index[k] = 0;
  }
  at->add = 0;
  for (int64_t j = 0; j < loops; j++) at->add |= at->index[j] > 0 && !loop[3 * j + 2].i;
  return k >= 0;
}

// w: kind, out, x, outer, length, inner, whether to add to what is in out, progress along length, number of loops, and
// three words for each
int kernel_reduce(word *w, context *c) {
  const folding *f = &FOLDINGS[w[0].i];
  int64_t outer = w[3].i, length = w[4].i, inner = w[5].i;
  const progress p = {w[7].i, w[8].i, w[9].p};
  position at = {0};
  do {
    int add = at.add || w[6].i;
    int32_t *out = (int32_t *)w[1].p + at.out;
    const int32_t *x = (const int32_t *)w[2].p + at.x;
    if (inner == 1) f->each_row(out, x, outer, length, add, p);
    for (int64_t o = 0; o < outer && inner != 1; o++, out += inner, x += length * inner)
      narrow_rows(f, out, x, length, inner, add, (int32_t *)c->workspace, p);
  } while (advance(&at, w + 11, w[10].i));
  return DONE;
}

// Truth values, bytes 0 and 1. w: whether one true value is enough (any) or all must be true, then as above
int kernel_truth(word *w, context *c) {
  (void)c;
  int64_t outer = w[3].i, length = w[4].i, inner = w[5].i;
  const uint8_t any = w[0].i != 0;
  position at = {0};
  do {
    uint8_t *out = (uint8_t *)w[1].p + at.out;
    const uint8_t *x = (const uint8_t *)w[2].p + at.x;
    for (int64_t o = 0; o < outer; o++, out += inner) {
      if (!at.add && !w[6].i) memset(out, !any, (size_t)inner);
      if (inner == 1) {
        uint8_t decided = 0; // by one true value for `any`, by one false for `all`
        for (int64_t i = 0; i < length; i++) decided |= x[i] ^ !any;
        if (decided) *out = any;
      } else {
        for (int64_t i = 0; i < length; i++)
          for (int64_t j = 0; j < inner; j++)
            out[j] = any ? out[j] | x[i * inner + j] : out[j] & x[i * inner + j];
      }
      x += length * inner;
    }
  } while (advance(&at, w + 11, w[10].i));
  return DONE;
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
