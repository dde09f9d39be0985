// Pools: the largest or the mean of what a sliding window sees. Padding is never counted.
//
// A window's numbers of LANES channels are looked at together; windows follow each other in the order of the output.
#include "pyengine.h"

// x: (B, H, W, C)  out: (B, OH, OW, C)
typedef struct {
  ptrdiff_t images, height, width, channels, rows, columns, high, wide, down, right, top, left;
} pool;

static pool read_pool(const word *w) {
  return (pool){(ptrdiff_t)w[0].i, (ptrdiff_t)w[1].i, (ptrdiff_t)w[2].i,  (ptrdiff_t)w[3].i,
                (ptrdiff_t)w[4].i, (ptrdiff_t)w[5].i, (ptrdiff_t)w[6].i,  (ptrdiff_t)w[7].i,
                (ptrdiff_t)w[8].i, (ptrdiff_t)w[9].i, (ptrdiff_t)w[10].i, (ptrdiff_t)w[11].i};
}

// What one window sees of the image: its first number's place in x, and how many rows and columns.
typedef struct {
  ptrdiff_t first, rows, columns, pitch;
} view;

INLINE ptrdiff_t clipped(ptrdiff_t from, ptrdiff_t size, ptrdiff_t length, ptrdiff_t *count) {
  ptrdiff_t end = from + size < length ? from + size : length;
  if (from < 0) from = 0;
  *count = end > from ? end - from : 0;
  return from;
}

INLINE view look(const pool *p, ptrdiff_t image, ptrdiff_t row, ptrdiff_t column) {
  view v;
  ptrdiff_t h = clipped(row * p->down - p->top, p->high, p->height, &v.rows);
  ptrdiff_t x = clipped(column * p->right - p->left, p->wide, p->width, &v.columns);
  v.pitch = p->width * p->channels;
  v.first = (image * p->height + h) * v.pitch + x * p->channels;
  return v;
}

// For each window `v` (a view) and each number `o` of the output that begins a channel.
#define EACH_WINDOW(p)                                                                                                 \
  for (ptrdiff_t image = 0, o = 0; image < (p).images; image++)                                                        \
    for (ptrdiff_t row = 0; row < (p).rows; row++)                                                                     \
      for (ptrdiff_t column = 0; column < (p).columns; column++, o += (p).channels)

// Windows of 2 × 2 side by side, which most networks have, get code of their own: the compiler sees the numbers.
static int halves(const pool *p) {
  return p->high == 2 && p->wide == 2 && p->down == 2 && p->right == 2 && !p->top && !p->left &&
         2 * p->rows <= p->height && 2 * p->columns <= p->width;
}
#define HALVES(v) ((view){(v).first, 2, 2, (v).pitch})

// Channels behind the last whole vector are rare: not worth copies of this code.
static __attribute__((noinline)) vf get_some(const float *p, ptrdiff_t n) { return load_some(p, n); }
static __attribute__((noinline)) void put_some(float *p, vf x, ptrdiff_t n) { store_some(p, x, n); }
INLINE vf get(const float *p, ptrdiff_t n) { return n < LANES ? get_some(p, n) : load(p); }
INLINE void put(float *p, vf x, ptrdiff_t n) {
  if (n < LANES) put_some(p, x, n);
  else store(p, x);
}

INLINE void largest(float *out, const float *x, view v, ptrdiff_t channels) {
  for (ptrdiff_t c = 0; c < channels; c += LANES) {
    vf most = splat(-__builtin_inff());
    for (ptrdiff_t i = 0; i < v.rows; i++)
      for (ptrdiff_t j = 0; j < v.columns; j++) {
        vf seen = get(x + v.first + i * v.pitch + j * channels + c, channels - c);
        most = choose((seen > most) | (seen != seen), seen, most); // NaN wins
      }
    put(out + c, most, channels - c);
  }
}

// out, x, pool
int kernel_max_pool2d(word *w, context *context) {
  (void)context;
  float *out = w[0].p;
  const float *x = w[1].p;
  const pool p = read_pool(w + 2);
  if (halves(&p)) EACH_WINDOW(p) largest(out + o, x, HALVES(look(&p, image, row, column)), p.channels);
  else EACH_WINDOW(p) largest(out + o, x, look(&p, image, row, column), p.channels);
  return DONE;
}

// 1 where x is its window's first number equal to the largest, 0 elsewhere. `open` lanes have not found it yet.
INLINE vf picked(vf x, vf largest, vi *open) {
  vi chosen = (x == largest) & *open;
  *open ^= chosen;
  return (vf)(chosen & (vi)splat(1));
}

INLINE void give_to_largest(float *out, const float *gradient, const float *x, const float *largest, view v,
                            ptrdiff_t channels, int alone) {
  for (ptrdiff_t c = 0; c < channels; c += LANES) {
    ptrdiff_t n = channels - c;
    vf most = get(largest + c, n), share = get(gradient + c, n);
    vi open = splat_i(-1);
    for (ptrdiff_t i = 0; i < v.rows; i++)
      for (ptrdiff_t j = 0; j < v.columns; j++) {
        ptrdiff_t place = v.first + i * v.pitch + j * channels + c;
        vf given = share * picked(get(x + place, n), most, &open);
        put(out + place, alone ? given : get(out + place, n) + given, n);
      }
  }
}

// Zeros in what windows of 2 × 2 leave over of images with an odd height or width.
static void clear_rest(float *out, const pool *p) {
  ptrdiff_t pitch = p->width * p->channels, used = 2 * p->columns * p->channels, below = p->height - 2 * p->rows;
  for (ptrdiff_t image = 0; image < p->images; image++, out += p->height * pitch) {
    if (used < pitch)
      for (ptrdiff_t h = 0; h < 2 * p->rows; h++)
        memset(out + h * pitch + used, 0, sizeof(float) * (size_t)(pitch - used));
    memset(out + 2 * p->rows * pitch, 0, sizeof(float) * (size_t)(below * pitch));
  }
}

static void clear(float *out, const pool *p) {
  memset(out, 0, sizeof(float) * (size_t)(p->images * p->height * p->width * p->channels));
}

// out, gradient, x, largest (the pool's output), pool
int kernel_max_pool2d_gradient(word *w, context *context) {
  (void)context;
  float *out = w[0].p;
  const float *gradient = w[1].p, *x = w[2].p, *largest = w[3].p;
  const pool p = read_pool(w + 4);
  if (halves(&p)) {
    clear_rest(out, &p);
    EACH_WINDOW(p) {
      view v = HALVES(look(&p, image, row, column));
      give_to_largest(out, gradient + o, x, largest + o, v, p.channels, 1);
    }
  } else {
    clear(out, &p);
    EACH_WINDOW(p)
    give_to_largest(out, gradient + o, x, largest + o, look(&p, image, row, column), p.channels, 0);
  }
  return DONE;
}

// out, values, x, largest (the pool's output), pool
int kernel_max_pool2d_pick(word *w, context *context) {
  (void)context;
  float *out = w[0].p;
  const float *values = w[1].p, *x = w[2].p, *largest = w[3].p;
  const pool p = read_pool(w + 4);
  EACH_WINDOW(p) {
    view v = look(&p, image, row, column);
    for (ptrdiff_t c = 0; c < p.channels; c += LANES) {
      ptrdiff_t n = p.channels - c;
      vf most = get(largest + o + c, n), sum = splat(0);
      vi open = splat_i(-1);
      for (ptrdiff_t i = 0; i < v.rows; i++)
        for (ptrdiff_t j = 0; j < v.columns; j++) {
          ptrdiff_t place = v.first + i * v.pitch + j * p.channels + c;
          sum += get(values + place, n) * picked(get(x + place, n), most, &open);
        }
      put(out + o + c, sum, n);
    }
  }
  return DONE;
}

INLINE void mean(float *out, const float *x, view v, ptrdiff_t channels) {
  vf count = splat((float)(v.rows * v.columns));
  for (ptrdiff_t c = 0; c < channels; c += LANES) {
    vf sum = splat(0);
    for (ptrdiff_t i = 0; i < v.rows; i++)
      for (ptrdiff_t j = 0; j < v.columns; j++)
        sum += get(x + v.first + i * v.pitch + j * channels + c, channels - c);
    put(out + c, sum / count, channels - c);
  }
}

// out, x, pool
int kernel_average_pool2d(word *w, context *context) {
  (void)context;
  float *out = w[0].p;
  const float *x = w[1].p;
  const pool p = read_pool(w + 2);
  if (halves(&p)) EACH_WINDOW(p) mean(out + o, x, HALVES(look(&p, image, row, column)), p.channels);
  else EACH_WINDOW(p) mean(out + o, x, look(&p, image, row, column), p.channels);
  return DONE;
}

INLINE void give_to_all(float *out, const float *gradient, view v, ptrdiff_t channels, int alone) {
  vf count = splat((float)(v.rows * v.columns));
  for (ptrdiff_t c = 0; c < channels; c += LANES) {
    ptrdiff_t n = channels - c;
    vf share = get(gradient + c, n) / count;
    for (ptrdiff_t i = 0; i < v.rows; i++)
      for (ptrdiff_t j = 0; j < v.columns; j++) {
        float *place = out + v.first + i * v.pitch + j * channels + c;
        put(place, alone ? share : get(place, n) + share, n);
      }
  }
}

// out, gradient, pool
int kernel_average_pool2d_gradient(word *w, context *context) {
  (void)context;
  float *out = w[0].p;
  const float *gradient = w[1].p;
  const pool p = read_pool(w + 2);
  if (halves(&p)) {
    clear_rest(out, &p);
    EACH_WINDOW(p) give_to_all(out, gradient + o, HALVES(look(&p, image, row, column)), p.channels, 1);
  } else {
    clear(out, &p);
    EACH_WINDOW(p) give_to_all(out, gradient + o, look(&p, image, row, column), p.channels, 0);
  }
  return DONE;
}
