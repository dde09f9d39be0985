// Matrix products: out (M, N) = act(a (M, K) · b (K, N) + bias), either one stored transposed, stacks of them too.
//
// A tile of ROWS × VECTORS vectors of the result stays in registers while it goes down K: numbers of a are splat, b
// comes in vectors from a panel that is one tile wide and packed, so that it is read in one row. K is cut into DEPTH,
// so that a panel stays in the fastest cache while all rows of a pass it. Every number of the result is summed in the
// order of K, whatever the tile: strict builds give the same bits everywhere.
#include "pyengine.h"

enum {
  ROWS = LANES == 4 ? 4 : 8, // with VECTORS: as many sums as leave registers for what is multiplied
  VECTORS = 2,
  WIDTH = VECTORS * LANES,
  DEPTH = 256,
  COLUMNS = 512,    // of b packed at a time
  HEIGHT = 256,     // rows of a packed at a time
  FEW = 2 * ROWS,   // rows for which b need not be packed
};

typedef struct {
  const float *a, *b, *bias;
  float *out;
  ptrdiff_t m, n, k;
  ptrdiff_t a_row, a_step, b_step, b_column, out_row, bias_step; // in numbers; a_step and b_step go down K
  int adds, activation; // to what stands in out; 0: none, 1: not below 0, 2: nor above 6
} product;

INLINE ptrdiff_t least(ptrdiff_t x, ptrdiff_t y) { return x < y ? x : y; }

// Where a tile's sums come from and go to.
typedef struct {
  float *out;
  ptrdiff_t row, width; // of out: step from row to row; columns that exist
  const float *bias;    // of this tile's columns, or NULL
  int adds, activation; // to what stands there; of the final sum
} target;

INLINE vf get(const float *p, ptrdiff_t n) { return n >= LANES ? load(p) : load_some(p, n); }

// Rows of a as they lie (steps `row` and `step`), or packed: then tile by tile, `depth` by the tile's rows.
typedef struct {
  const float *at;
  ptrdiff_t row, step;
  int packed;
} source;

INLINE void tile(const float *a, ptrdiff_t a_row, ptrdiff_t a_step, const float *b, ptrdiff_t b_step, ptrdiff_t depth,
                 float *out, const target *t, const int rows, const int vectors) {
  vf sum[ROWS * VECTORS];
  const float *from[ROWS];
  for (int i = 0; i < rows * vectors; i++) sum[i] = (vf){0};
  for (int r = 0; r < rows; r++) from[r] = a + r * a_row;
  for (ptrdiff_t k = 0; k < depth; k++) {
    vf x[VECTORS];
    for (int v = 0; v < vectors; v++) x[v] = load(b + v * LANES);
    for (int r = 0; r < rows; r++) {
      const vf y = splat(*from[r]);
      for (int v = 0; v < vectors; v++) sum[r * vectors + v] = madd(y, x[v], sum[r * vectors + v]);
      from[r] += a_step;
    }
    b += b_step;
  }
  // Step by step over the whole tile, so that what a product does not have costs one question. Only the last vector
  // may be cut off.
  const ptrdiff_t n = t->width - (vectors - 1) * LANES;
  if (t->adds)
    for (int r = 0; r < rows; r++)
      for (int v = 0; v < vectors; v++)
        sum[r * vectors + v] += get(out + r * t->row + v * LANES, v + 1 < vectors ? LANES : n);
  if (t->bias)
    for (int v = 0; v < vectors; v++) {
      const vf bias = get(t->bias + v * LANES, v + 1 < vectors ? LANES : n);
      for (int r = 0; r < rows; r++) sum[r * vectors + v] += bias;
    }
  if (t->activation)
    for (int i = 0; i < rows * vectors; i++) sum[i] = choose(sum[i] <= 0, (vf){0}, sum[i]); // NaN stays
  if (t->activation == 2)
    for (int i = 0; i < rows * vectors; i++) sum[i] = choose(sum[i] > 6, splat(6), sum[i]);
  for (int r = 0; r < rows; r++)
    for (int v = 0; v + 1 < vectors; v++) store(out + r * t->row + v * LANES, sum[r * vectors + v]);
  float *const edge = out + (vectors - 1) * LANES;
  if (n >= LANES)
    for (int r = 0; r < rows; r++) store(edge + r * t->row, sum[r * vectors + vectors - 1]);
  else
    for (int r = 0; r < rows; r++) store_some(edge + r * t->row, sum[r * vectors + vectors - 1], n);
}

// A wide tile takes all the registers for addresses that x86 has: none is left for a loop around it. In V8 the call
// would cost more.
#if LANES > 4
#define TILE static __attribute__((noinline))
#else
#define TILE INLINE
#endif

// The tiles of some height in one panel, as many as there are in `count` rows from `first`; answers where they end.
#define TILES(ROWS_, VECTORS_)                                                                                         \
  TILE void tile_##ROWS_##_##VECTORS_(const float *a, ptrdiff_t a_row, ptrdiff_t a_step, const float *b,               \
                                      ptrdiff_t b_step, ptrdiff_t depth, float *out, const target *t) {                \
    tile(a, a_row, a_step, b, b_step, depth, out, t, ROWS_, VECTORS_);                                                 \
  }                                                                                                                    \
  static __attribute__((noinline)) ptrdiff_t tiles_##ROWS_##_##VECTORS_(                                               \
      const source *a, ptrdiff_t first, ptrdiff_t count, const float *b, ptrdiff_t b_step, ptrdiff_t depth,            \
      const target *t) {                                                                                               \
    for (; first + ROWS_ <= count; first += ROWS_)                                                                     \
      tile_##ROWS_##_##VECTORS_(a->packed ? a->at + first * depth : a->at + first * a->row, a->packed ? 1 : a->row,    \
                                a->packed ? ROWS_ : a->step, b, b_step, depth, t->out + first * t->row, t);            \
    return first;                                                                                                      \
  }
#if LANES > 4
TILES(8, 1)
TILES(8, 2)
#endif
TILES(4, 1)
TILES(4, 2)
TILES(1, 1)
TILES(1, 2)

// One panel: `rows` rows of a against it.
static void column(const source *a, ptrdiff_t rows, const float *b, ptrdiff_t b_step, ptrdiff_t depth, target t) {
  ptrdiff_t i = 0;
  if (t.width > LANES) {
#if LANES > 4
    i = tiles_8_2(a, i, rows, b, b_step, depth, &t);
#endif
    i = tiles_4_2(a, i, rows, b, b_step, depth, &t);
    tiles_1_2(a, i, rows, b, b_step, depth, &t);
  } else {
#if LANES > 4
    i = tiles_8_1(a, i, rows, b, b_step, depth, &t);
#endif
    i = tiles_4_1(a, i, rows, b, b_step, depth, &t);
    tiles_1_1(a, i, rows, b, b_step, depth, &t);
  }
}

typedef float v4 __attribute__((vector_size(16)));
typedef float v4_memory __attribute__((vector_size(16), aligned(4), may_alias));

// Four rows of four numbers become columns.
INLINE void transposed(float *to, ptrdiff_t to_row, const float *from, ptrdiff_t from_row) {
  const v4 a = *(const v4_memory *)from, b = *(const v4_memory *)(from + from_row);
  const v4 c = *(const v4_memory *)(from + 2 * from_row), d = *(const v4_memory *)(from + 3 * from_row);
  const v4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const v4 ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(v4_memory *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(v4_memory *)(to + to_row) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(v4_memory *)(to + 2 * to_row) = __builtin_shufflevector(ef, gh, 0, 1, 4, 5);
  *(v4_memory *)(to + 3 * to_row) = __builtin_shufflevector(ef, gh, 2, 3, 6, 7);
}

// `width` columns of b, `depth` of its rows, side by side in rows of `wide` numbers; zeros fill the last.
static void pack_panel(float *panel, const float *b, ptrdiff_t step, ptrdiff_t column, ptrdiff_t depth,
                       ptrdiff_t width, ptrdiff_t wide) {
  if (column == 1) {
    for (ptrdiff_t k = 0; k < depth; k++, b += step, panel += wide)
      for (ptrdiff_t j = 0; j < wide; j += LANES)
        if (width - j >= LANES) store(panel + j, load(b + j));
        else
          for (ptrdiff_t i = j; i < j + LANES; i++) panel[i] = i < width ? b[i] : 0;
    return;
  }
  ptrdiff_t j = 0;
  for (; j + 4 <= width; j += 4) {
    ptrdiff_t k = 0;
    if (step == 1)
      for (; k + 4 <= depth; k += 4) transposed(panel + k * wide + j, wide, b + j * column + k, column);
    for (; k < depth; k++)
      for (ptrdiff_t i = j; i < j + 4; i++) panel[k * wide + i] = b[i * column + k * step];
  }
  for (; j < wide; j++)
    for (ptrdiff_t k = 0; k < depth; k++) panel[k * wide + j] = j < width ? b[j * column + k * step] : 0;
}

// Rows of a that lie across (step from row to row is 1), tile by tile as `column` takes them.
static void pack_rows(float *to, const float *a, ptrdiff_t step, ptrdiff_t depth, ptrdiff_t rows) {
  for (ptrdiff_t i = 0; i < rows;) {
    const ptrdiff_t height = rows - i >= ROWS ? ROWS : rows - i >= 4 ? 4 : 1;
    for (ptrdiff_t k = 0; k < depth; k++, to += height) {
      const float *from = a + k * step + i;
      if (height == 4) *(v4_memory *)to = *(const v4_memory *)from;
      else if (height == 1) *to = *from;
      else
        for (ptrdiff_t r = 0; r < height; r += 4) *(v4_memory *)(to + r) = *(const v4_memory *)(from + r);
    }
    i += height;
  }
}

// One number from v4s in one fixed order: the same for every width of vectors.
INLINE float sum_of_four(v4 x) { return (x[0] + x[2]) + (x[1] + x[3]); }

// One row a (K) times rows of b, each K numbers that lie side by side: so K is what the vectors go along. Four rows at
// a time, in 8 partial sums each, of 4 lanes in all builds.
static void dots(const product *p) {
  const ptrdiff_t k = p->k;
  for (ptrdiff_t j = 0; j < p->n; j += 4) {
    const int rows = (int)least(4, p->n - j);
    const float *b[4];
    v4 even[4], odd[4];
    for (int r = 0; r < 4; r++) b[r] = p->b + (j + (r < rows ? r : 0)) * k, even[r] = odd[r] = (v4){0};
    ptrdiff_t i = 0;
    for (; i + 8 <= k; i += 8) {
      const v4 x = *(const v4_memory *)(p->a + i), y = *(const v4_memory *)(p->a + i + 4);
      for (int r = 0; r < 4; r++) {
        even[r] += x * *(const v4_memory *)(b[r] + i);
        odd[r] += y * *(const v4_memory *)(b[r] + i + 4);
      }
    }
    for (int r = 0; r < 4; r++) {
      if (r >= rows) break;
      float x = sum_of_four(even[r] + odd[r]);
      for (ptrdiff_t e = i; e < k; e++) x += p->a[e] * b[r][e];
      float *out = p->out + j + r;
      if (p->adds) x += *out;
      if (p->bias) x += p->bias[(j + r) * p->bias_step];
      if (p->activation && x <= 0) x = 0;
      if (p->activation == 2 && x > 6) x = 6;
      *out = x;
    }
  }
}

static void multiply(const product *p, char *workspace) {
  if (p->m == 1 && p->a_step == 1 && p->b_step == 1 && p->b_column != 1) {
    dots(p);
    return;
  }
  float *panels = (float *)workspace, *heap = panels + DEPTH * COLUMNS;
  const int direct = p->b_column == 1 && p->m <= FEW;              // b as it lies
  const int packs = p->a_row == 1 && p->a_step != 1 && p->n > WIDTH && p->m >= 4; // a across, and used again
  ptrdiff_t k = 0;
  do { // once even for K = 0: then the sums are empty
    const ptrdiff_t depth = least(DEPTH, p->k - k);
    const int last = k + depth == p->k;
    for (ptrdiff_t n = 0; n < p->n; n += COLUMNS) {
      const ptrdiff_t columns = least(COLUMNS, p->n - n);
      const float *b = p->b + k * p->b_step + n * p->b_column;
      for (ptrdiff_t m = 0; m < p->m; m += HEIGHT) {
        const ptrdiff_t rows = least(HEIGHT, p->m - m);
        source a = {p->a + m * p->a_row + k * p->a_step, p->a_row, p->a_step, packs};
        if (packs) pack_rows(heap, a.at, p->a_step, depth, rows), a.at = heap;
        for (ptrdiff_t j = 0; j < columns; j += WIDTH) {
          const ptrdiff_t width = least(WIDTH, columns - j), wide = width > LANES ? WIDTH : LANES;
          const target t = {p->out + m * p->out_row + n + j, p->out_row, width,
                            last && p->bias ? p->bias + n + j : NULL, k > 0 || p->adds, last ? p->activation : 0};
          float *panel = panels + j * DEPTH;
          if (direct && width == wide) {
            column(&a, rows, b + j, p->b_step, depth, t);
          } else {
            if (m == 0) pack_panel(panel, b + j * p->b_column, p->b_step, p->b_column, depth, width, wide);
            column(&a, rows, panel, wide, depth, t);
          }
        }
      }
    }
    k += depth;
  } while (k < p->k);
}

// out, a, b, bias (or 0), added (or 0: what the sums begin with, M × N as out), rows M, columns N, inner K,
// whether a and b are stored transposed, numbers from row to row of a stored so (M, or more: then it is a part of it),
// activation, numbers from row to row of out, added and b as it is (N, or more: then they are parts), how much of the
// inner length came before (a multiple of DEPTH; its sums are in out), all of it, leading axes (up to 6, or none in
// parts), then for each of those: length, steps of a and of b; out's batches lie one behind the other.
enum { OUT, A, B, BIAS, ADDED, M, N, K, TURNED_A, TURNED_B, ACROSS, ACTIVATION, PITCH, DONE_K, ALL_K, AXES, LENGTHS };

int kernel_matmul(word *w, context *c) {
  const ptrdiff_t m = (ptrdiff_t)w[M].i, n = (ptrdiff_t)w[N].i, k = (ptrdiff_t)w[K].i, axes = (ptrdiff_t)w[AXES].i;
  const int turned_a = w[TURNED_A].i != 0, turned_b = w[TURNED_B].i != 0;
  const ptrdiff_t across = (ptrdiff_t)w[ACROSS].i, pitch = (ptrdiff_t)w[PITCH].i;
  const ptrdiff_t all = (ptrdiff_t)w[ALL_K].i, done = (ptrdiff_t)w[DONE_K].i;
  const int last = done + k == all, begins = !done && w[ADDED].p && w[ADDED].p != w[OUT].p;
  product p = {.a = w[A].p, .b = w[B].p, .bias = last ? w[BIAS].p : NULL, .out = w[OUT].p, .m = m, .n = n, .k = k,
               .a_row = turned_a ? 1 : all, .a_step = turned_a ? across : 1, .b_step = turned_b ? 1 : pitch,
               .b_column = turned_b ? all : 1, .out_row = pitch, .bias_step = 1, .adds = done || w[ADDED].p,
               .activation = last ? (int)w[ACTIVATION].i : 0};
  const word *lengths = w + LENGTHS;
  // One column is one row of the product turned round, whose vectors then go along K where they can. Its only bias is
  // every number's, which `dots` alone knows.
  const int swapped = n == 1 && (!p.bias || (!turned_a && k != 1));
  if (swapped) {
    p.a = w[B].p, p.a_row = k, p.a_step = 1, p.m = 1;
    p.b = w[A].p, p.b_step = turned_a ? across : 1, p.b_column = turned_a ? 1 : k, p.n = m;
    p.out_row = m, p.bias_step = 0;
  }
  ptrdiff_t at[6] = {0}, count = 1;
  for (ptrdiff_t i = 0; i < axes; i++) count *= (ptrdiff_t)lengths[3 * i].i;
  if (begins)
    for (ptrdiff_t i = 0, rows = pitch == n ? 1 : m; i < rows; i++)
      memcpy((float *)w[OUT].p + i * pitch, (float *)w[ADDED].p + i * pitch,
             (size_t)(rows == 1 ? count * m * n : n) * sizeof(float));
  if (!m || !n) return DONE;
  for (ptrdiff_t batch = 0; batch < count; batch++) {
    multiply(&p, c->workspace);
    p.out += m * n;
    for (ptrdiff_t i = axes - 1; i >= 0; i--) {
      const ptrdiff_t length = (ptrdiff_t)lengths[3 * i].i;
      const ptrdiff_t a = (ptrdiff_t)lengths[3 * i + 1 + swapped].i, b = (ptrdiff_t)lengths[3 * i + 2 - swapped].i;
      p.a += a, p.b += b;
      if (++at[i] < length) break;
      at[i] = 0;
      p.a -= length * a, p.b -= length * b;
    }
  }
  return DONE;
}
